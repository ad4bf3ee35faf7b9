"""Taking back: refunds, voids and the insurance part that comes later (Article 17)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.desk import (
    LateInsuranceForm,
    NumberSearch,
    RefundForm,
    StaleTicket,
    lead_with,
    pack_insurance,
    read_ticket,
    unpack_giving,
    unpack_insurance,
    write_ticket,
)
from billing.models import Bill, Refund
from billing.operations.charges import Insurance
from billing.operations.desk import (
    bill_at_desk,
    check_late_insurance,
    check_refund,
    giving_of,
    may_be_voided,
    refund_at_desk,
    refund_given_at_desk,
    settle_insurance_at_desk,
    void_at_desk,
)
from billing.operations.once import StillUnderWay
from billing.views.desk import check_again
from billing.views.desk_access import at_desk, typed
from billing.views.desk_paper import paper_of
from common.errors import Refusal
from hospitals.models import HospitalStaff

REFUND = "refund"
INSURANCE = "insurance"


def _find(post: HospitalStaff, number: str) -> Bill:
    """A bill of this hospital; another's is as unknown as one that does not exist."""
    try:
        return bill_at_desk(hospital=post.hospital, number=number, cashier=post.user, at=timezone.now())
    except Bill.DoesNotExist as error:
        raise Http404 from error


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """Which bill? The number is on the slip."""
    form = NumberSearch(typed(request))
    if request.method == "POST" and form.is_valid():
        number = form.cleaned_data["number"]
        if Bill.objects.at_hospital(post.hospital).filter(number=number).exists():
            return redirect("desk_refund_bill", number=number)
        form.add_error("number", _("No bill of this hospital has this number."))
    return render(
        request,
        "billing/desk/refund_start.html",
        {"post": post, "form": form},
        status=422 if form.errors else 200,
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def refund_bill(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """What was charged, given back and is left; the amount and its reason; a check."""
    bill = _find(post, number)
    form = RefundForm(typed(request))
    if request.method != "POST" or not form.is_valid():
        return _show(request, post, bill, form)
    wanted = form.cleaned_data
    try:
        made = check_refund(bill=bill, cashier=post.user, at=timezone.now(), **wanted)
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show(request, post, bill, form, refusal=refusal)
        form.add_error(refusal.field, str(refusal))
        return _show(request, post, bill, form)
    ticket = write_ticket(
        act=REFUND, subject=bill.number, cashier=post.user, wanted=wanted, giving=giving_of(made)
    )
    return _show(request, post, bill, form, made=made, ticket=ticket)


@at_desk
@require_POST
def give_refund(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Refund what was checked. The same form sent twice leads to the same refund."""
    bill = _find(post, number)
    text = request.POST.get("ticket", "")
    try:
        ticket = read_ticket(text, act=REFUND, subject=bill.number, cashier=post.user)
    except StaleTicket:
        return check_again(request, "desk_refund_bill", number=bill.number)
    try:
        made = refund_at_desk(
            token=ticket["token"],
            bill=bill,
            giving=unpack_giving(ticket["giving"]),
            cashier=post.user,
            at=timezone.now(),
            **ticket["wanted"],
        )
    except Refusal as refusal:
        form = RefundForm(initial=ticket["wanted"])
        kept = text if isinstance(refusal, StillUnderWay) else ""
        return _show(request, post, bill, form, refusal=refusal, ticket=kept)
    messages.success(request, _("Refunded: %(number)s.") % {"number": made})
    return redirect("desk_refund", number=made)


def _show(
    request: HttpRequest,
    post: HospitalStaff,
    bill: Bill,
    form: RefundForm | LateInsuranceForm,
    *,
    refusal: Refusal | None = None,
    made: Refund | None = None,
    ticket: str = "",
    page: str = "refund",
) -> HttpResponse:
    lead_with(form, "amount_fen" if page == "refund" else "pooled_fund_fen")
    given = list(bill.refunds.order_by("at"))
    given_fen = sum(refund.amount_fen for refund in given)
    context: dict[str, Any] = {
        "post": post,
        "bill": bill,
        "form": form,
        "refusal": refusal,
        "made": made,
        "ticket": ticket,
        "given": given,
        "given_fen": given_fen,
        "left_fen": 0 if bill.state == Bill.State.VOID else bill.self_paid_fen - given_fen,
        "may_be_voided": may_be_voided(bill=bill, at=timezone.now()),
    }
    status = 422 if form.errors else refusal.status if refusal else 200
    return render(request, f"billing/desk/{page}.html", context, status=status)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def late_insurance(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """The insurance part of a bill charged without it: the difference is a refund."""
    bill = _find(post, number)
    form = LateInsuranceForm(typed(request))
    if request.method != "POST" or not form.is_valid():
        return _show(request, post, bill, form, page="insurance")
    insurance = form.parts()
    try:
        made = check_late_insurance(bill=bill, insurance=insurance, cashier=post.user, at=timezone.now())
    except Refusal as refusal:
        return _show(request, post, bill, form, refusal=refusal, page="insurance")
    ticket = write_ticket(
        act=INSURANCE,
        subject=bill.number,
        cashier=post.user,
        insurance=pack_insurance(insurance),
        giving=giving_of(made),
    )
    return _show(request, post, bill, form, made=made, ticket=ticket, page="insurance")


@at_desk
@require_POST
def settle_late_insurance(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Settle the insurance part as checked. The same form sent twice leads to the same refund."""
    bill = _find(post, number)
    text = request.POST.get("ticket", "")
    try:
        ticket = read_ticket(text, act=INSURANCE, subject=bill.number, cashier=post.user)
    except StaleTicket:
        return check_again(request, "desk_late_insurance", number=bill.number)
    insurance = unpack_insurance(ticket["insurance"]) or Insurance()
    try:
        made = settle_insurance_at_desk(
            token=ticket["token"],
            bill=bill,
            insurance=insurance,
            giving=unpack_giving(ticket["giving"]),
            cashier=post.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form = LateInsuranceForm(initial=ticket["insurance"])
        kept = text if isinstance(refusal, StillUnderWay) else ""
        return _show(request, post, bill, form, refusal=refusal, ticket=kept, page="insurance")
    messages.success(request, _("Refunded: %(number)s.") % {"number": made})
    return redirect("desk_refund", number=made)


@at_desk
@require_safe
def refund(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """The refund's slip; its address can be kept and printed again."""
    try:
        made = refund_given_at_desk(
            hospital=post.hospital, number=number, cashier=post.user, at=timezone.now()
        )
    except Refund.DoesNotExist as error:
        raise Http404 from error
    return render(
        request,
        "billing/desk/refund_slip.html",
        {"post": post, "refund": made, "bill": made.bill, "paper": paper_of(request)},
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def void(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Ask once, then undo the bill; a bill that is void already stays so."""
    bill, refusal = _find(post, number), None
    if request.method == "POST":
        try:
            void_at_desk(bill=bill, cashier=post.user, at=timezone.now())
        except Refusal as error:
            refusal = error
        else:
            messages.success(
                request, _("Bill %(number)s is void: nothing is owed.") % {"number": bill.number}
            )
            return redirect("desk_bill", number=bill.number)
    return render(
        request,
        "billing/desk/void.html",
        {
            "post": post,
            "bill": bill,
            "refusal": refusal,
            "may_be_voided": may_be_voided(bill=bill, at=timezone.now()),
        },
        status=refusal.status if refusal else 200,
    )

"""Visits that hold credit: opened without a deposit, settled or cancelled (Articles 14, 17)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q, Sum
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from billing.forms.desk import (
    ItemForm,
    OpenVisitForm,
    SettleForm,
    StaleTicket,
    VisitSearch,
    insured_as,
    lead_with,
    pack_insurance,
    pack_terms,
    read_ticket,
    unpack_insurance,
    unpack_terms,
    write_ticket,
)
from billing.models import Visit
from billing.operations.charges import Insurance, Line
from billing.operations.desk import (
    Check,
    add_items_at_desk,
    cancel_at_desk,
    check_settling,
    open_visit_at_desk,
    settle_at_desk,
    visit_at_desk,
)
from billing.operations.eligibility import Eligibility, eligibility_of, looked_up
from billing.operations.once import StillUnderWay
from billing.same_day import fates_of, hour_of
from billing.views.desk import LAST_SCENE, check_again, scan_again
from billing.views.desk_access import at_desk, typed
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import HospitalStaff, Scene

SETTLE = "settle"
VISITS_A_PAGE = 50


def _find(post: HospitalStaff, number: str) -> Visit:
    """A visit of this hospital; another's is as unknown as one that does not exist."""
    try:
        return visit_at_desk(hospital=post.hospital, number=number, cashier=post.user, at=timezone.now())
    except Visit.DoesNotExist as error:
        raise Http404 from error


@at_desk
@require_safe
def visits(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """What is still open, the oldest first. Nobody's name stands in a list."""
    form = VisitSearch(request.GET or None)
    found = Visit.objects.filter(hospital=post.hospital, state=Visit.State.OPEN)
    wanted = form.cleaned_data["number"] if form.is_valid() else ""
    if wanted:
        found = found.filter(Q(number=wanted.upper()) | Q(hospital_visit_no=wanted))
    found = found.annotate(items_fen=Sum("items__amount_fen")).order_by("opened_at", "pk")
    page = Paginator(found.select_related("account"), VISITS_A_PAGE).get_page(request.GET.get("page"))
    listed = list(page)
    fates = fates_of(listed)
    return render(
        request,
        "billing/desk/visits.html",
        {
            "post": post,
            "form": form,
            "page": page,
            "rows": [(visit, fates[visit.pk]) for visit in listed],
            "hour": hour_of(timezone.now()),
            "to_settle": found.exclude(scene=Scene.INPATIENT).count(),
            "wanted": wanted,
        },
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def open_one(request: HttpRequest, post: HospitalStaff, code: str) -> HttpResponse:
    """Register or admit the patient without a deposit; the same form sent twice opens one visit."""
    at = timezone.now()
    person = looked_up(cashier=post.user, at=at).by_credit_code(code).first()
    if person is None:
        return scan_again(request)
    eligibility = eligibility_of(patient=person, on=business_date(at))
    form = OpenVisitForm(
        typed(request),
        hospital=post.hospital,
        on=business_date(at),
        lenders=eligibility.lenders,
        default=eligibility.lender,
        initial={"scene": request.session.get(LAST_SCENE, "outpatient")},
    )
    if request.method != "POST" or not eligibility.eligible or not form.is_valid():
        return _show_opening(request, post, eligibility, form, eligibility.refusal)
    try:
        number = open_visit_at_desk(
            token=form.cleaned_data["token"],
            hospital=post.hospital,
            patient=person,
            scene=form.cleaned_data["scene"],
            hold_fen=form.cleaned_data["hold_fen"],
            lender=form.lender_named(),
            hospital_visit_no=form.cleaned_data["hospital_visit_no"],
            cashier=post.user,
            at=at,
        )
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show_opening(request, post, eligibility, form, refusal)
        form.add_error(refusal.field, str(refusal))
        return _show_opening(request, post, eligibility, form, None)
    messages.success(request, _("Visit %(number)s is open.") % {"number": number})
    return redirect("desk_visit", number=number)


def _show_opening(
    request: HttpRequest,
    post: HospitalStaff,
    eligibility: Eligibility,
    form: OpenVisitForm,
    refusal: Refusal | None,
) -> HttpResponse:
    lead_with(form, "hold_fen")
    return render(
        request,
        "billing/desk/visit_open.html",
        {
            "post": post,
            "eligibility": eligibility,
            "patient": eligibility.patient,
            "form": form,
            "refusal": refusal,
        },
        status=422 if form.errors else refusal.status if refusal and request.method == "POST" else 200,
    )


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def visit(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """What the visit holds and has used; its end is checked here before it is settled."""
    found = _find(post, number)
    form = _settle_form(found, data=typed(request))
    if request.method != "POST" or not form.is_valid():
        return _show(request, post, found, form)
    insurance = form.insurance()
    try:
        check = check_settling(visit=found, insurance=insurance, cashier=post.user, at=timezone.now())
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show(request, post, found, form, refusal=refusal)
        form.add_error(refusal.field, str(refusal))
        return _show(request, post, found, form)
    ticket = write_ticket(
        act=SETTLE,
        subject=found.number,
        cashier=post.user,
        insurance=pack_insurance(insurance),
        terms=pack_terms(check.terms),
    )
    return _show(request, post, found, form, check=check, ticket=ticket)


@at_desk
@require_POST
def settle(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Settle as checked. The same form sent twice leads to the same slip."""
    found = _find(post, number)
    text = request.POST.get("ticket", "")
    try:
        ticket = read_ticket(text, act=SETTLE, subject=found.number, cashier=post.user)
    except StaleTicket:
        return check_again(request, "desk_visit", number=found.number)
    insurance = unpack_insurance(ticket["insurance"])
    try:
        bill = settle_at_desk(
            token=ticket["token"],
            visit=found,
            insurance=insurance,
            terms=unpack_terms(ticket["terms"]),
            cashier=post.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        form = _settle_form(found, insurance)
        kept = text if isinstance(refusal, StillUnderWay) else ""
        return _show(request, post, _find(post, number), form, refusal=refusal, ticket=kept)
    messages.success(request, _("Settled into bill %(number)s.") % {"number": bill})
    return redirect("desk_bill", number=bill)


@at_desk
@require_POST
def add_item(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """One more line of what was used. The same form sent twice adds it once."""
    found = _find(post, number)
    form = ItemForm(request.POST)
    settling = _settle_form(found)
    if not form.is_valid():
        return _show(request, post, found, settling, item_form=form)
    line = Line(form.cleaned_data["name"], form.cleaned_data["amount_fen"])
    try:
        add_items_at_desk(
            token=form.cleaned_data["token"],
            visit=found,
            items=[line],
            cashier=post.user,
            at=timezone.now(),
        )
    except Refusal as refusal:
        return _show(request, post, found, settling, refusal=refusal)
    return redirect("desk_visit", number=found.number)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def cancel(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """Ask once, then release the hold without a bill."""
    found, refusal = _find(post, number), None
    if request.method == "POST":
        try:
            cancel_at_desk(visit=found, at=timezone.now())
        except Refusal as error:
            refusal = error
        else:
            messages.success(
                request, _("Visit %(number)s is cancelled and its hold released.") % {"number": found.number}
            )
            return redirect("desk_visit", number=found.number)
    return render(
        request,
        "billing/desk/visit_cancel.html",
        {"post": post, "visit": found, "refusal": refusal},
        status=refusal.status if refusal else 200,
    )


def _settle_form(visit: Visit, insurance: Insurance | None = None, data: Any = None) -> SettleForm:
    """The insurance step as it was checked, or as the hospital's system has reported it."""
    reported = Insurance(**visit.insurance) if visit.insurance is not None else None
    return SettleForm(data, reported=reported is not None, initial=insured_as(insurance or reported))


def _show(
    request: HttpRequest,
    post: HospitalStaff,
    visit: Visit,
    form: SettleForm,
    *,
    item_form: ItemForm | None = None,
    refusal: Refusal | None = None,
    check: Check | None = None,
    ticket: str = "",
) -> HttpResponse:
    items = list(visit.items.order_by("pk"))
    item_form = item_form or ItemForm()
    # The next item by a key; of a visit without any, that is where the work starts.
    item_form.fields["name"].widget.attrs |= {"data-key": "F3"} | ({} if items else {"data-focus": True})
    bad = form if form.errors else item_form if item_form.is_bound else None
    return render(
        request,
        "billing/desk/visit.html",
        {
            "post": post,
            "visit": visit,
            "items": items,
            "items_fen": sum(item.amount_fen for item in items),
            "form": bad or form,
            "settle_form": form,
            "item_form": item_form,
            "refusal": refusal,
            "check": check,
            "bill": check.bill if check else None,
            "ticket": ticket,
        },
        status=422 if bad and bad.errors else refusal.status if refusal else 200,
    )

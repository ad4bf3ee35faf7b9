"""The cashier's path: who it is, what is charged, a check, the slip (Articles 15, 17)."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from accounts.models import Person
from billing.forms.desk import (
    ChargeForm,
    PatientSearch,
    StaleTicket,
    Ticket,
    insured_as,
    lead_with,
    pack_order,
    pack_terms,
    read_ticket,
    unpack_order,
    unpack_terms,
    write_ticket,
)
from billing.models import Bill, Visit
from billing.operations.desk import (
    Check,
    Order,
    RepeatedCharge,
    TermsChanged,
    bill_at_desk,
    charge_at_desk,
    check_charge,
    visit_to_settle,
)
from billing.operations.eligibility import Eligibility, eligibility_of, look_up_patient, looked_up
from billing.operations.once import StillUnderWay
from billing.same_day import duties_of
from billing.shifts import shift_of
from billing.views.desk_access import at_desk, typed
from billing.views.desk_paper import paper_of
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.money import format_yuan
from common.numbers import is_number
from hospitals.models import HospitalStaff

CHARGE = "charge"
LAST_BILLS = 8
# What this cashier charged last is what the next patient most likely comes for.
LAST_SCENE = "desk_scene"


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest, post: HospitalStaff) -> HttpResponse:
    """One box: a patient's code or resident ID; the number of a bill or a visit is understood as well."""
    form, refusal = PatientSearch(typed(request)), None
    to_visit = request.GET.get("for") == "visit"
    if request.method == "POST" and form.is_valid():
        text = form.cleaned_data["patient"]
        if address := _page_of_number(text, post):
            return redirect(address, number=text.upper())
        try:
            person = look_up_patient(text=text, cashier=post.user, at=timezone.now())
        except BadInput as error:
            form.add_error("patient", str(error))
        except Refusal as error:
            # Nobody's number stays on a screen that the next patient sees.
            form, refusal = PatientSearch(), error
        else:
            return _page_of_patient(post, person, to_visit)
    bills = Bill.objects.at_hospital(post.hospital).filter(
        cashier=post.user, business_on=business_date(timezone.now())
    )
    return render(
        request,
        "billing/desk/start.html",
        {
            "post": post,
            "form": form,
            "refusal": refusal,
            "to_visit": to_visit,
            "shift": shift_of(post.user),
            "bills": bills.select_related("lender").order_by("-posted_at")[:LAST_BILLS],
            "duties": duties_of(post.hospital),
        },
        status=422 if form.errors else refusal.status if refusal else 200,
    )


def _page_of_number(text: str, post: HospitalStaff) -> str:
    number = text.upper()
    if is_number(number):
        if Bill.objects.at_hospital(post.hospital).filter(number=number).exists():
            return "desk_bill"
        if Visit.objects.filter(hospital=post.hospital, number=number).exists():
            return "desk_visit"
    return ""


def _page_of_patient(post: HospitalStaff, person: Person, to_visit: bool) -> HttpResponse:
    """The amount, unless the hospital's system has sent it: then the visit that waits to be settled."""
    if to_visit:
        return redirect("desk_open_visit", code=person.credit_code)
    waiting = visit_to_settle(hospital=post.hospital, patient=person)
    if waiting:
        return redirect("desk_visit", number=waiting.number)
    return redirect("desk_patient", code=person.credit_code)


@at_desk
@require_http_methods(["GET", "HEAD", "POST"])
def patient(request: HttpRequest, post: HospitalStaff, code: str) -> HttpResponse:
    """The patient's card and the amount; Enter shows what would happen."""
    at = timezone.now()
    person = looked_up(cashier=post.user, at=at).by_credit_code(code).first()
    if person is None:
        return scan_again(request)
    eligibility = eligibility_of(patient=person, on=business_date(at))
    form = _charge_form(request, post, eligibility)
    if request.method != "POST" or not eligibility.eligible or not form.is_valid():
        return _show(request, post, eligibility, form, refusal=eligibility.refusal)
    order = form.order()
    try:
        check = check_charge(hospital=post.hospital, patient=person, order=order, cashier=post.user, at=at)
    except Refusal as refusal:
        if refusal.field not in form.fields:
            return _show(request, post, eligibility, form, refusal=refusal)
        form.add_error(refusal.field, str(refusal))
        return _show(request, post, eligibility, form)
    return _show(request, post, eligibility, form, order=order, check=check)


@at_desk
@require_POST
def make_charge(request: HttpRequest, post: HospitalStaff, code: str) -> HttpResponse:
    """Charge what was checked. The same form sent twice leads to the same slip."""
    at = timezone.now()
    person = looked_up(cashier=post.user, at=at).by_credit_code(code).first()
    if person is None:
        return scan_again(request)
    form = Ticket(request.POST)
    try:
        ticket = read_ticket(
            form.data.get("ticket", ""), act=CHARGE, subject=person.credit_code, cashier=post.user
        )
    except StaleTicket:
        return check_again(request, "desk_patient", code=person.credit_code)
    form.full_clean()
    order = unpack_order(ticket["order"])
    try:
        number = charge_at_desk(
            token=ticket["token"],
            hospital=post.hospital,
            patient=person,
            order=order,
            terms=unpack_terms(ticket["terms"]),
            again=form.cleaned_data.get("again", False),
            cashier=post.user,
            at=at,
        )
    except Refusal as refusal:
        return _not_charged(request, post, person, order, refusal, form.data["ticket"])
    request.session[LAST_SCENE] = order.scene
    messages.success(request, _("Charged: %(amount)s.") % {"amount": format_yuan(order.self_paid_fen)})
    return redirect("desk_bill", number=number)


def _not_charged(
    request: HttpRequest, post: HospitalStaff, person: Person, order: Order, refusal: Refusal, ticket: str
) -> HttpResponse:
    """The page again: to be asked once more, checked anew, or told why not."""
    at = timezone.now()
    eligibility = eligibility_of(patient=person, on=business_date(at))
    form = _charge_form(request, post, eligibility, order)
    if isinstance(refusal, StillUnderWay):
        return _show(request, post, eligibility, form, refusal=refusal, ticket=ticket)
    if not isinstance(refusal, TermsChanged | RepeatedCharge):
        return _show(request, post, eligibility, form, refusal=refusal)
    try:
        check = check_charge(hospital=post.hospital, patient=person, order=order, cashier=post.user, at=at)
    except Refusal as newer:
        return _show(request, post, eligibility, form, refusal=newer)
    return _show(request, post, eligibility, form, order=order, check=check, changed=refusal)


def _charge_form(
    request: HttpRequest, post: HospitalStaff, eligibility: Eligibility, order: Order | None = None
) -> ChargeForm:
    initial: dict[str, Any] = {"scene": request.session.get(LAST_SCENE, "outpatient")}
    if order:
        initial = {**pack_order(order), **insured_as(order.insurance)}
    return ChargeForm(
        typed(request) if order is None else None,
        hospital=post.hospital,
        on=business_date(timezone.now()),
        lenders=eligibility.lenders,
        default=eligibility.lender,
        initial=initial,
    )


def _show(
    request: HttpRequest,
    post: HospitalStaff,
    eligibility: Eligibility,
    form: ChargeForm,
    *,
    refusal: Refusal | None = None,
    order: Order | None = None,
    check: Check | None = None,
    changed: Refusal | None = None,
    ticket: str = "",
) -> HttpResponse:
    person = eligibility.patient
    lead_with(form, "self_paid_fen")
    if check and order:
        ticket = write_ticket(
            act=CHARGE,
            subject=person.credit_code,
            cashier=post.user,
            order=pack_order(order),
            terms=pack_terms(check.terms),
        )
    visits = Visit.objects.filter(hospital=post.hospital, patient=person, state=Visit.State.OPEN)
    trouble = refusal or changed
    return render(
        request,
        "billing/desk/patient.html",
        {
            "post": post,
            "eligibility": eligibility,
            "patient": person,
            "form": form,
            "refusal": refusal,
            "changed": changed,
            "check": check,
            "bill": check.bill if check else None,
            "ticket": ticket,
            "visits": visits.order_by("opened_at") if not check else (),
        },
        status=422 if form.errors else trouble.status if trouble and request.method == "POST" else 200,
    )


@at_desk
@require_safe
def bill(request: HttpRequest, post: HospitalStaff, number: str) -> HttpResponse:
    """The slip, as printed on 80 mm; its address can be kept and printed again."""
    try:
        found = bill_at_desk(hospital=post.hospital, number=number, cashier=post.user, at=timezone.now())
    except Bill.DoesNotExist as error:
        raise Http404 from error
    return render(
        request, "billing/desk/slip.html", {"post": post, "bill": found, "paper": paper_of(request)}
    )


def scan_again(request: HttpRequest) -> HttpResponse:
    """Nobody's page opens without a look that is written down."""
    messages.info(request, _("Scan the patient's code again: this page opens for half an hour after a scan."))
    return redirect("desk")


def check_again(request: HttpRequest, address: str, **arguments: Any) -> HttpResponse:
    messages.warning(request, _("Nothing was done: the check was too old. Please check once more."))
    return redirect(reverse(address, kwargs=arguments))

"""A citizen's bills: the list, one bill from beginning to end, its charges, and an objection (23, 28, 29)."""

from __future__ import annotations

from django.core.paginator import Paginator
from django.db.models import F
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.due_calendar import calendar_of
from billing.forms.portal import ObjectionForm
from billing.late_days import exact_yuan, spells_of
from billing.models import Bill, Invoice
from billing.models.bills import BillQuerySet
from billing.models.invoices import paired
from billing.operations.objections import object_to
from billing.overview import Shown, day_charge_fen, show_bills, with_standing
from billing.timeline import timeline_of
from common.calendar import business_date
from common.errors import Refusal
from credit.models import FamilyLink

BILLS_A_PAGE = 10
UNPAID, PAID, FAMILY = "unpaid", "paid", "family"


@require_safe
@citizen_page
def bills(request: HttpRequest, person: Person) -> HttpResponse:
    """Unpaid first; paid ones, and those of relatives, one touch away (Article 28)."""
    on = business_date(timezone.now())
    own = Bill.objects.owed_by(person)
    kinds = {
        UNPAID: own.open().oldest_due_first(),
        PAID: own.exclude(state=Bill.State.OPEN).order_by("-posted_at", "-pk"),
        FAMILY: Bill.objects.seen_by(person).exclude(payer=F("patient")).order_by("-posted_at", "-pk"),
    }
    kind = request.GET.get("show", UNPAID)
    if kind not in kinds:
        raise Http404
    counts = {name: bills.count() for name, bills in kinds.items()}
    page = Paginator(with_standing(kinds[kind]), BILLS_A_PAGE).get_page(request.GET.get("page"))
    shown = show_bills(page, person=person, on=on)
    context = {"kind": kind, "counts": counts, "page": page, "bills": shown}
    return render(request, "billing/portal/bills.html", context)


@require_safe
@citizen_page
def bill(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """One bill: what it cost, who paid what, what happened, what comes next."""
    shown = _shown(person, number)
    own = shown.bill
    context = {
        "shown": shown,
        "bill": own,
        "moments": timeline_of(shown),
        "items": own.visit.items.all() if _may_see_items(person, shown) else None,
        "invoices": [one for one in paired(own.invoices.all()) if one.state != Invoice.State.RED],
        "objection": own.objections.last(),
        "day_charge_fen": day_charge_fen([own], on=shown.on) if shown.is_late and not shown.is_frozen else 0,
    }
    return render(request, "billing/portal/bill.html", context)


@require_safe
@citizen_page
def charges(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """The computation sheet 计算书 of the late charges, day by day (Article 23)."""
    shown = _shown(person, number)
    spells = spells_of(shown.bill)
    context = {
        "shown": shown,
        "bill": shown.bill,
        "spells": spells,
        "exact_yuan": exact_yuan(sum(spell.exact for spell in spells)),
    }
    return render(request, "billing/portal/charges.html", context)


@require_safe
@citizen_page
def due(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """One due date for a calendar."""
    own = Bill.objects.owed_by(person).open().filter(number=number).select_related("policy")
    if not own:
        raise Http404
    return _calendar(request, own, f"{number}.ics")


@require_safe
@citizen_page
def all_due(request: HttpRequest, person: Person) -> HttpResponse:
    """Every due date that is still open, as one calendar; an empty one where nothing is owed."""
    own = Bill.objects.owed_by(person).open().oldest_due_first().select_related("policy")
    return _calendar(request, own, "due.ics")


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def object_to_bill(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """Say what is wrong; the clock stops (Article 29). An open objection is shown instead."""
    own = get_object_or_404(Bill.objects.owed_by(person).select_related("hospital"), number=number)
    if request.method != "POST" and own.objections.filter(answered_on=None).exists():
        return redirect("objection", number=number)
    form = ObjectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            object_to(bill=own, statement=form.cleaned_data["statement"], at=timezone.now())
        except Refusal as refusal:
            form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))
        else:
            return redirect("objection", number=number)
    context = {"form": form, "bill": own}
    return render(request, "billing/portal/object.html", context, status=422 if form.errors else 200)


@require_safe
@citizen_page
def objection(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """The confirmation and the answer of the newest objection to a bill; its address can be kept."""
    own = get_object_or_404(Bill.objects.owed_by(person).select_related("hospital"), number=number)
    newest = own.objections.last()
    if newest is None:
        raise Http404
    return render(request, "billing/portal/objection.html", {"bill": own, "objection": newest})


def _calendar(request: HttpRequest, bills: BillQuerySet, name: str) -> HttpResponse:
    body = calendar_of(bills, language=request.LANGUAGE_CODE, at=timezone.now())
    response = HttpResponse(body, content_type="text/calendar; charset=utf-8")
    response["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def _shown(person: Person, number: str) -> Shown:
    """A bill that this person may see. Anybody else's is answered as one that does not exist."""
    on = business_date(timezone.now())
    seen = Bill.objects.seen_by(person).filter(number=number).prefetch_related("invoices")
    seen = seen.select_related("visit", "product", "insurance_settlement")
    found = show_bills(with_standing(seen), person=person, on=on)
    if not found:
        raise Http404
    return found[0]


def _may_see_items(person: Person, shown: Shown) -> bool:
    """What was done is the patient's own matter, and a parent's until the child is 18 (Article 32)."""
    own = shown.bill
    if own.patient_id == person.pk:
        return True
    children = FamilyLink.objects.in_force(shown.on).filter(kind=FamilyLink.Kind.MINOR_CHILD)
    return children.filter(payer=person, dependant=own.patient_id).exists()

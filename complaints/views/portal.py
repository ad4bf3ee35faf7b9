"""A citizen's cases: the list, a new one from any bill, one from beginning to end (Articles 8, 13, 29)."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.models import Bill
from common.calendar import business_date
from common.errors import Refusal
from common.forms import PlainForm
from common.numbers import is_number
from complaints.forms import AdditionForm, CaseForm
from complaints.matters import matters_of, moments_of
from complaints.models import Case
from complaints.operations.cases import add_to_case, open_case


@require_safe
@citizen_page
def cases(request: HttpRequest, person: Person) -> HttpResponse:
    """Every case and every objection to a bill, the newest first."""
    on = business_date(timezone.now())
    page, matters = matters_of(person=person, page=request.GET.get("page"), on=on)
    return render(request, "complaints/portal/cases.html", {"page": page, "matters": matters})


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def new(request: HttpRequest, person: Person) -> HttpResponse:
    """From a bill it is a complaint about it; from elsewhere the address or the reader says what it is."""
    bill = _bill(person, request.GET.get("bill", ""))
    kind = request.GET.get("kind", Case.Kind.COMPLAINT if bill else "")
    if kind not in Case.Kind.values:
        return render(request, "complaints/portal/start.html")
    if bill and kind == Case.Kind.OBJECTION:
        return redirect("object_to_bill", number=bill.number)
    form = CaseForm(
        request.POST if request.method == "POST" else None,
        kind=Case.Kind(kind),
        bill=bill,
        initial={"cause": request.GET.get("cause", "")},
    )
    if request.method == "POST" and form.is_valid():
        try:
            case = open_case(person=person, kind=kind, bill=bill, **form.cleaned_data, at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            return redirect("case", number=case.number)
    context = {"form": form, "kind": kind, "bill": bill}
    return render(request, "complaints/portal/new.html", context, status=422 if form.errors else 200)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def case(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """The confirmation, the deadline, what was said and the answer; while it waits, more can be added."""
    if not is_number(number):
        raise Http404
    own = get_object_or_404(
        Case.objects.of(person).select_related("bill", "hospital", "lender"), number=number
    )
    form = AdditionForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            add_to_case(case=own, text=form.cleaned_data["text"], at=timezone.now())
        except Refusal as refusal:
            _add(form, refusal)
        else:
            return redirect("case", number=own.number)
    on = business_date(timezone.now())
    context = {
        "case": own,
        "form": form,
        "moments": moments_of(own, on=on),
        "days_late": own.days_late(on),
    }
    return render(request, "complaints/portal/case.html", context, status=422 if form.errors else 200)


def _bill(person: Person, number: str) -> Bill | None:
    """The bill that the address names, if any; another's is answered as one that does not exist."""
    if not number:
        return None
    if not is_number(number):
        raise Http404
    return get_object_or_404(Bill.objects.seen_by(person).select_related("hospital", "lender"), number=number)


def _add(form: PlainForm, refusal: Refusal) -> None:
    form.add_error(refusal.field if refusal.field in form.fields else None, str(refusal))

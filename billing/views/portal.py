"""A citizen's home, reminders and credit balance (Articles 8, 17, 27, 28)."""

from __future__ import annotations

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from accounts.citizens import citizen_page
from accounts.models import Person
from billing.forms.portal import WithdrawForm
from billing.ladder import ladders_of
from billing.models import Reminder, Withdrawal
from billing.operations.repayments import withdraw_balance
from billing.overview import balances_of, overview_of
from common.calendar import business_date
from common.errors import Refusal
from credit.calendar import add_working_days
from credit.models import Policy
from lenders.models import Lender

REMINDERS_A_PAGE = 20
# Bank working days that a lender has for paying a balance back.
WITHDRAWAL_DAYS = 2


@require_safe
@citizen_page
def home(request: HttpRequest, person: Person) -> HttpResponse:
    """What is available, what is due, and the one thing to do next."""
    overview = overview_of(person=person, on=business_date(timezone.now()))
    return render(request, "billing/portal/home.html", {"overview": overview})


@require_safe
@citizen_page
def reminders(request: HttpRequest, person: Person) -> HttpResponse:
    """The ladder of every overdue bill, and every reminder that was ever sent."""
    on = business_date(timezone.now())
    sent = (
        Reminder.objects.filter(payer=person)
        .select_related("notice")
        .prefetch_related("lines__bill", "notice__messages")
        .order_by("-on")
    )
    context = {
        "ladders": ladders_of(person=person, on=on),
        "page": Paginator(sent, REMINDERS_A_PAGE).get_page(request.GET.get("page")),
        "policy": Policy.objects.on(on),
    }
    return render(request, "billing/portal/reminders.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@citizen_page
def balance(request: HttpRequest, person: Person) -> HttpResponse:
    """What lenders hold for a person, to be paid back to where it came from."""
    form = WithdrawForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        lender = get_object_or_404(Lender, code=form.cleaned_data["lender"])
        try:
            made = withdraw_balance(
                payer=person, lender=lender, amount_fen=form.cleaned_data["amount_fen"], at=timezone.now()
            )
        except Refusal as refusal:
            messages.error(request, str(refusal))
            return redirect("balance")
        return redirect("withdrawal", number=made.number)
    context = {
        "balances": balances_of(person),
        "withdrawals": Withdrawal.objects.filter(payer=person).select_related("lender").order_by("-at")[:10],
    }
    return render(request, "billing/portal/balance.html", context)


@require_safe
@citizen_page
def withdrawal(request: HttpRequest, person: Person, number: str) -> HttpResponse:
    """Its confirmation; the address can be kept. It says by when the money has to be there."""
    own = get_object_or_404(Withdrawal.objects.filter(payer=person).select_related("lender"), number=number)
    arrives_by = add_working_days(business_date(own.at), WITHDRAWAL_DAYS)
    context = {"withdrawal": own, "by_on": arrives_by, "on": business_date(timezone.now())}
    return render(request, "billing/portal/withdrawal.html", context)

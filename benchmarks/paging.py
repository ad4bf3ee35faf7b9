"""What a citizen waits for: home and bills of somebody who has ten thousand, in a large city."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from functools import partial

from django.utils import timezone

from accounts.models import Person
from benchmarks.bench import Bench
from benchmarks.big_city import Cohort, due_after
from benchmarks.charging import WARM_UP_SECONDS
from benchmarks.databases import rows, settle
from benchmarks.founding import INTEREST_FREE_DAYS
from benchmarks.hands import work
from benchmarks.measure import BenchmarkFailed, Result, compare, in_turns
from benchmarks.server import FOUND, Caller, call_for
from billing.operations.charges import Charge, Insurance, Line, charge_many
from billing.operations.repayments import Method, repay
from common.calendar import SHANGHAI, business_date
from common.errors import Refusal
from hospitals.models import Hospital, Scene
from lenders.models import Lender

BARE = "/floors/page"
PAGES = {"pages_home": "/me/", "pages_bills": "/me/bills/", "pages_settled": "/me/bills/?show=paid&page=2"}
# The last ones are still to be paid: a limit of ¥3,000 leaves room for no more.
UNPAID = 20
BILLS_AT_ONCE = 250
LINE = Line("诊查费", 10_000)


def pages(bench: Bench) -> list[Result]:
    """Milliseconds of the server for each page, beside a page of its own that says nothing."""
    size = bench.size
    on = bench.today  # a date into which nobody spends, for the numbers of loaded bills are their own
    url = bench.city(name="pages", cohorts=[Cohort(size.payers, on, due_after(on))], traces=True)
    browser_of = work(url, "benchmarks.founding.welcome").answer
    work(url, "benchmarks.paging.spend", bills=size.bills_of_one)
    [(counted,)] = rows(
        url,
        "SELECT count(*) FROM billing_bill JOIN accounts_user ON person_id = payer_id WHERE username = %s",
        ["citizen"],
    )
    if counted < size.bills_of_one:
        raise BenchmarkFailed(f"{counted} bills of {size.bills_of_one}")
    settle(url)
    browser = Caller(bench.serve(url), Cookie=f"sessionid={browser_of}")
    results = []
    for name, address in PAGES.items():
        for warmed in (address, BARE):
            _milliseconds(browser, warmed, min(WARM_UP_SECONDS, size.seconds))
        pairs = in_turns(
            size.runs,
            partial(_milliseconds, browser, address, size.seconds),
            partial(_milliseconds, browser, BARE, size.seconds),
        )
        results.append(compare(name, "ms", "<= 4", pairs))
    return results


def _milliseconds(browser: Caller, address: str, seconds: float) -> float:
    """One reader, one page after another."""
    load = call_for(seconds, [browser], lambda caller: caller.get(address))
    load.require_all(FOUND)
    times = load.answers[FOUND]
    return 1000 * sum(times) / len(times)


def spend(*, bills: int) -> None:
    """In a hand: a life of bills within the interest-free days, all repaid but the last."""
    person = Person.objects.get(user__username="citizen")
    hospitals, lender = list(Hospital.objects.order_by("code")), Lender.objects.order_by("code")[0]
    now = timezone.now()
    for first in range(0, bills, BILLS_AT_ONCE):
        count = min(BILLS_AT_ONCE, bills - first)
        back = INTEREST_FREE_DAYS - 2 - first * (INTEREST_FREE_DAYS - 2) // bills
        at = datetime.combine(business_date(now) - timedelta(days=back), time(9), SHANGHAI)
        hospital = hospitals[first // BILLS_AT_ONCE % len(hospitals)]
        asked = [Charge(person, Scene.OUTPATIENT, [LINE], Insurance(), LINE.amount_fen)] * count
        answers = charge_many(hospital=hospital, charges=asked, at=at)
        refused = [answer for answer in answers if isinstance(answer, Refusal)]
        if refused:
            raise refused[0]
    repay(
        payer=person,
        lender=lender,
        amount_fen=LINE.amount_fen * max(0, bills - UNPAID),
        method=Method.LENDER,
        bank_reference="a life of bills",
        at=now,
    )

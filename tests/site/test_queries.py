"""How often a page asks the database: at most so often, and no oftener for whoever has more bills."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import NoReverseMatch, reverse

from tests.cast import Town
from tests.portal.conftest import sign_in, today_is  # noqa: F401 - fixtures
from tests.portal.days import TREATED
from tests.site.crawl import Walk, counted
from tests.site.test_walk import names
from tests.site.town import BEGINNERS, CITIZENS

pytestmark = pytest.mark.django_db

# Two of each are the session and the user. A page that is not named here may ask MOST times.
CEILINGS = {
    "access_log": 8, "account": 3, "add_child": 5, "add_parent": 5, "answer_offer": 5,
    "apply_for_facility": 7, "ask_for_offer": 11, "balance": 5, "bill": 17, "bill_charges": 7, "bills": 8,
    "cases": 6, "change_direct_debit": 6, "check_repayment": 12, "close_account": 12, "close_facility": 4,
    "consent": 6, "consent_to": 6, "consents": 6, "direct_debits": 6, "end_sharing": 6, "enrol_check": 8,
    "export": 3, "family": 11, "fees": 5, "help": 2, "home": 3, "hospitals": 4, "lenders": 5, "limit": 8,
    "me": 12, "message": 7, "messages": 8, "my_lenders": 8, "new_case": 5, "object_to_bill": 5,
    "objection": 5, "offers": 8, "patient_code": 9, "recheck": 3, "refund": 9, "refunds": 5, "relative": 10,
    "relative_limit": 8, "reminders": 12, "repair": 14, "repay": 12, "repayment": 7, "sharing_on_paper": 6,
    "statement": 24, "statements": 6, "status": 4, "suspension": 15,
}  # fmt: skip
MOST = 20


def measured(walks: dict[str, Walk]) -> dict[str, int]:
    """The most that any citizen's page of a name asked, in the small city."""
    most: dict[str, int] = {}
    for username in (*CITIZENS, *BEGINNERS):
        for seen in walks[username].seen:
            if seen.how == "get" and seen.status == 200 and seen.kind == "text/html":
                most[seen.route] = max(most.get(seen.route, 0), seen.queries)
    return most


def test_no_page_of_a_citizen_asks_oftener_than_its_ceiling(walks: dict[str, Walk]) -> None:
    over = {
        name: (asked, CEILINGS.get(name, MOST))
        for name, asked in measured(walks).items()
        if asked > CEILINGS.get(name, MOST)
    }
    assert over == {}


def addresses() -> Iterator[str]:
    """A citizen's own pages, as far as they stand alone, and what hangs on them by a query."""
    for name in sorted(names()):
        try:
            address = reverse(name)
        except NoReverseMatch:
            continue
        if address.startswith("/me/"):
            yield address
    yield from ("/me/bills/?show=paid", "/me/repay/check/?what=all")


def asked_by(browser: Client) -> dict[str, int]:
    asked = {}
    for address in addresses():
        with counted() as queries:
            answer = browser.get(address)
        if answer.status_code == 200:
            asked[address] = len(queries)
    return asked


def test_sixty_bills_cost_no_more_queries_than_ten(
    town: Town,
    sign_in,  # noqa: F811
    today_is,  # noqa: F811
) -> None:
    lin = town.enrol()
    today_is(TREATED, 20)
    browser = sign_in(lin)

    def spend(bills: int) -> None:
        for _bill in range(bills):
            town.treat(lin, TREATED, 2_000)
        town.pay(lin, bills // 2 * 2_000, TREATED)

    spend(10)
    asked_by(browser)  # what is planned or kept once a process is not counted
    few = asked_by(browser)
    spend(50)
    assert asked_by(browser) == few
    assert len(few) > 10

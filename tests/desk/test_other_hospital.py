"""Another hospital's bill, refund or visit answers exactly like one that does not exist."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.urls import URLPattern

from accounts.models import AccessEntry, Person
from billing.desk_urls import urlpatterns
from billing.models import Difference
from billing.operations.days import close_day
from billing.operations.reconciling import state_day
from billing.operations.refunds import refund
from billing.operations.statements import Row
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, handed_over, text_of
from tests.imports.conftest import Sender

MISSING = {
    "B": "B20260109-9999998-9",
    "F": "F20260109-9999998-9",
    "R": "R20260109-9999998-9",
    "V": "V20260109-9999998-9",
    "H": "H20260109-9999998-9",
    "D": "D20260109-9999998-9",
}
LETTERS = {
    "bills": "B",
    "import": "F",
    "refund": "B",
    "refunds": "R",
    "shifts": "H",
    "visits": "V",
    "differences": "D",
}


def differing(town: Town) -> Difference:
    """A line of the hospital's own statement of a closed day that nobody else knows."""
    thursday = FRIDAY - timedelta(days=1)
    town.treat(town.enrol(), thursday)
    close_day(on=thursday, at=town.at(FRIDAY, 0, 30))
    rows = [Row("MZ-404", "bill", 900)]
    at = town.at(FRIDAY, 7)
    state_day(source="hospital", hospital=town.hospital, business_on=thursday, rows=rows, by=None, at=at)
    return Difference.objects.get(reference="MZ-404")


def numbered() -> list[str]:
    """Every address of the desk that holds a number."""
    routes = [str(pattern.pattern) for pattern in urlpatterns if isinstance(pattern, URLPattern)]
    return [route for route in routes if "<number:number>" in route]


def test_the_addresses_are_all_known() -> None:
    assert {route.split("/")[1] for route in numbered()} == set(LETTERS)


@pytest.mark.article(32)
def test_it_is_not_found_with_the_same_words_and_nothing_happens(wang: Desk, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, hour=9)
    made = refund(bill=bill, amount_fen=100, reason="other", note="x", at=town.at(FRIDAY, 9))
    visit = town.admit(lin, FRIDAY, hour=9)
    file = Sender(town).send(b"a,b\n1,2\n")
    ours = {
        "B": bill.number,
        "F": file.number,
        "R": made.number,
        "V": visit.number,
        "H": handed_over(town).number,
        "D": differing(town).number,
    }
    before = row_counts()

    for route in numbered():
        letter = LETTERS[route.split("/")[1]]
        for method in (wang.client.get, wang.client.post):
            theirs, none = (
                method("/en/" + route.replace("<number:number>", number))
                for number in (ours[letter], MISSING[letter])
            )
            assert theirs.status_code == none.status_code, route
            assert theirs.status_code in (404, 405), route
            assert text_of(theirs).replace(ours[letter], "") == text_of(none).replace(MISSING[letter], ""), (
                route
            )
    assert row_counts() == before


def test_the_search_boxes_know_nothing_of_it_either(wang: Desk, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, hour=9)

    assert "No bill of this hospital has this number" in text_of(wang.post("refund/", number=bill.number))
    assert wang.post("", patient=bill.number).status_code == 422
    assert not AccessEntry.objects.exists()

"""A lender words its value-added offers, and hears who asks for one."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from accounts.models import Event, Person
from lenders.models import Offer
from lenders.operations.offers import request_offer
from tests.api.conftest import NOW, Caller, is_problem

OFFERS = "/lender/offers"
WORDING: dict[str, Any] = {
    "kind": "instalments",
    "name_zh": "账单分期",
    "name_en": "Repay in instalments",
    "description_zh": "到期账单可分 3 期归还。",
    "description_en": "Repay a bill in 3 instalments.",
    "valid_from_on": "2026-11-01",
    "valid_until_on": "2027-10-31",
}


def put(system: Caller, code: str, **changes: Any) -> httpx.Response:
    body = {name: value for name, value in (WORDING | changes).items() if value is not None}
    return system.http.put(f"{OFFERS}/{code}", json=body)


@pytest.mark.article(23)
def test_an_offer_is_put_whole_and_the_same_again_changes_nothing(bank: Caller) -> None:
    first, again = put(bank, "FENQI-3"), put(bank, "FENQI-3")

    assert (first.status_code, again.status_code) == (200, 200), first.text
    assert first.json() == again.json() == {"code": "FENQI-3", **WORDING}
    wordings = Offer.pgh_event_model.objects.filter(code="FENQI-3")  # type: ignore[attr-defined]
    assert wordings.count() == 1


def test_another_wording_takes_the_place_of_the_first_and_a_past_day_ends_it(bank: Caller) -> None:
    put(bank, "FENQI-6")

    changed = put(bank, "FENQI-6", name_zh="六期分期", valid_until_on="2026-11-10")

    assert (changed.json()["name_zh"], changed.json()["valid_until_on"]) == ("六期分期", "2026-11-10")
    offer = Offer.objects.get(lender__code="BANK1", code="FENQI-6")
    assert not Offer.objects.open_on(NOW.date()).filter(pk=offer.pk).exists()


@pytest.mark.article(32)
def test_a_code_belongs_to_its_lender(bank: Caller, other_bank: Caller, hospital: Caller) -> None:
    put(bank, "JIANKANG", name_zh="一家的")
    put(other_bank, "JIANKANG", name_zh="另一家的")

    names = Offer.objects.filter(code="JIANKANG").order_by("lender__code").values_list("name_zh", flat=True)
    assert list(names) == ["一家的", "另一家的"]
    assert put(hospital, "JIANKANG").status_code == 403
    assert httpx.put(f"{bank.base_url}/api/v1{OFFERS}/JIANKANG", json=WORDING).status_code == 401


@pytest.mark.article(25)
@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "cash_back"}, "kind"),
        ({"kind": None}, "kind"),
        ({"name_zh": " "}, "name_zh"),
        ({"name_en": "x" * 201}, "name_en"),
        ({"description_zh": "\u202e退"}, "description_zh"),
        ({"description_en": None}, "description_en"),
        ({"valid_from_on": "2026-13-01"}, "valid_from_on"),
        ({"valid_until_on": "2026-10-31"}, "valid_until_on"),
        ({"gift_fen": 100}, "gift_fen"),
        ({"required_card": "gold"}, "required_card"),
    ],
)
def test_what_is_no_offer_is_refused_by_its_field(bank: Caller, changes: dict[str, Any], field: str) -> None:
    answer = put(bank, "BAD", **changes)

    assert answer.status_code == 422, answer.text
    problem = answer.json()
    named = {problem.get("field"), *(error["field"] for error in problem.get("errors", []))}
    assert field in named
    assert not Offer.objects.filter(code="BAD").exists()


@pytest.mark.parametrize("code", ["a", "low", "A" * 25, "A B", "-A"])
def test_a_code_has_the_shape_of_a_code(bank: Caller, code: str) -> None:
    is_problem(put(bank, code), 422, "bad_input", field="code")


@pytest.mark.article(24)
def test_the_lender_hears_who_asks_by_code_alone(bank: Caller, lin: Person) -> None:
    put(bank, "TIJIAN", kind="health")
    offer = Offer.objects.get(lender__code="BANK1", code="TIJIAN")

    request = request_offer(person=lin, offer=offer, agreed=True, at=NOW)

    event = Event.objects.get(client=bank.client, name="offer.requested")
    assert event.payload == {
        "reference": request.reference,
        "offer": "TIJIAN",
        "credit_code": lin.credit_code,
        "requested_at": NOW.isoformat(),
    }

"""A citizen applies, the lender answers; and whom a lender may contact about what."""

from __future__ import annotations

import pytest

from accounts.models import Person
from accounts.operations.consents import give_consent, withdraw_consent
from lenders.models import Facility
from lenders.operations.facilities import apply_for_facility
from tests.api.conftest import NOW, TODAY, Caller, is_problem
from tests.cast import Town

APPLICATIONS, CONTACT = "/lender/applications", "/lender/contact-checks"


@pytest.fixture
def applied(town: Town) -> Facility:
    """By Hua, who has an account and waits for the bank's answer."""
    hua = town.move_in("华先生")
    town.score(hua, 620, TODAY)
    give_consent(person=hua, purpose="lender", subject="BANK1", at=NOW)
    return apply_for_facility(person=hua, product=town.product, at=NOW)


def listed(bank: Caller, **query: str) -> list[str]:
    return [row["id"] for row in bank.rows(APPLICATIONS, **query)]


@pytest.mark.article(22)
def test_a_lender_sees_who_applies_by_code_alone(bank: Caller, applied: Facility) -> None:
    [row] = [row for row in bank.rows(APPLICATIONS) if row["id"] == applied.reference]

    assert row == {
        "id": applied.reference,
        "credit_code": applied.person.credit_code,
        "product": "BANK1-A",
        "applied_at": "2026-11-16T09:00:00+08:00",
        "state": "applied",
        "decided_at": None,
        "reason": "",
    }


@pytest.mark.article(32)
def test_being_listed_is_one_look_a_day_however_often_a_system_asks(bank: Caller, applied: Facility) -> None:
    for _time in range(3):
        bank.rows(APPLICATIONS)

    assert bank.looks_at(applied.person) == ["api.applications"]


@pytest.mark.article(25)
def test_with_the_consent_withdrawn_a_waiting_application_is_not_shown(
    bank: Caller, applied: Facility
) -> None:
    withdraw_consent(person=applied.person, purpose="lender", subject="BANK1", at=NOW)

    assert applied.reference not in listed(bank)
    is_problem(
        bank.post(f"{APPLICATIONS}/{applied.reference}/decision", {"granted": True}),
        409,
        "cannot_decide",
        article=25,
    )


@pytest.mark.article(23)
def test_a_granted_application_waits_no_more(bank: Caller, applied: Facility) -> None:
    path = f"{APPLICATIONS}/{applied.reference}/decision"

    answer = bank.post(path, {"granted": True, "reason": ""})

    assert (answer.status_code, answer.json()["state"]) == (200, "granted"), answer.text
    assert answer.json()["decided_at"]
    assert applied.reference not in listed(bank)
    assert applied.reference in listed(bank, state="granted")
    assert bank.post(path, {"granted": True}).json()["state"] == "granted"
    is_problem(bank.post(path, {"granted": False, "reason": "逾期"}), 409, "cannot_decide", article=23)


@pytest.mark.article(23)
def test_a_decline_needs_a_reason_that_the_citizen_sees(bank: Caller, applied: Facility) -> None:
    path = f"{APPLICATIONS}/{applied.reference}/decision"

    is_problem(bank.post(path, {"granted": False}), 422, "bad_input", article=23, field="reason")
    is_problem(bank.post(path, {"granted": False, "reason": "  "}), 422, "bad_input", field="reason")
    answer = bank.post(path, {"granted": False, "reason": "资料与本行记录不一致"})

    assert (answer.json()["state"], answer.json()["reason"]) == ("declined", "资料与本行记录不一致")


@pytest.mark.article(32)
def test_another_lenders_application_is_answered_like_none(other_bank: Caller, applied: Facility) -> None:
    theirs, none = (
        other_bank.post(f"{APPLICATIONS}/{reference}/decision", {"granted": True})
        for reference in (applied.reference, "AAAAAAAAAAAAAAAA")
    )

    assert theirs.json() == none.json()
    is_problem(theirs, 404, "not_found")
    assert listed(other_bank) == []


def test_applications_are_found_by_the_day_of_applying(bank: Caller, applied: Facility) -> None:
    assert applied.reference in listed(bank, from_=str(TODAY), to=str(TODAY))
    assert listed(bank, to="2026-11-15") == listed(bank, from_="2026-11-17") == []


def may_contact(bank: Caller, credit_code: str, topic: str) -> dict[str, object]:
    answer = bank.http.post(CONTACT, json={"credit_code": credit_code, "topic": topic})
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.article(25)
def test_about_the_scheme_a_lender_may_speak_to_its_own(
    bank: Caller, other_bank: Caller, lin: Person
) -> None:
    assert may_contact(bank, lin.credit_code, "obligation")["allowed"] is True
    assert may_contact(other_bank, lin.credit_code, "obligation")["allowed"] is False


@pytest.mark.article(25)
def test_about_anything_else_only_with_a_separate_consent(bank: Caller, lin: Person) -> None:
    refused = may_contact(bank, lin.credit_code, "marketing")
    give_consent(person=lin, purpose="marketing", subject="BANK1", at=NOW)

    assert (refused["allowed"], refused["article"]) == (False, 25)
    assert refused["reason"]
    assert may_contact(bank, lin.credit_code, "marketing")["allowed"] is True
    assert bank.looks_at(lin) == ["contact.marketing.refused", "contact.marketing.allowed"]


@pytest.mark.article(25)
def test_nobody_is_answered_like_somebody_who_agreed_to_nothing(
    bank: Caller, other_bank: Caller, lin: Person
) -> None:
    for topic in ("obligation", "marketing"):
        assert may_contact(other_bank, "0000000000ZZ", topic) == may_contact(
            other_bank, lin.credit_code, topic
        )

"""The one-time code for the desk: shown to whoever could be charged, taken by one desk, gone in a minute."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.test import Client
from django.utils.translation import override

from accounts.models import AccessEntry, Person
from accounts.operations.consents import withdraw_consent
from billing.forms.desk import DeskAmountField
from billing.models import PatientCodeUse
from billing.operations.eligibility import look_up_patient
from billing.operations.patients import CodeSpent, PatientKey, find_patients, identify, take_code
from billing.patient_codes import UnreadableCode, new_code, read_code
from common.errors import BadInput
from credit.models import CreditAccount, Suspension
from credit.operations.family import add_child
from tests.cast import Town
from tests.connections import Elsewhere, held_open
from tests.desk.conftest import Desk, hire
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

CODE = "/en/me/code/"
SECOND = timedelta(seconds=1)


@pytest.fixture(autouse=True)
def english(first_language: None) -> Iterator[None]:
    """What operations say is quoted in English here."""
    with override("en"):
        yield


def shown_on(page: Any) -> str:
    """The code as its reader types it."""
    [groups] = re.findall(r'id="groups">(.*?)</p>', page.content.decode(), re.S)
    return " ".join(re.findall(r"<span>(\w{4})</span>", groups))


@pytest.mark.article(15)
@pytest.mark.article(32)
def test_a_desk_charges_whoever_shows_the_code_and_the_log_says_so(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED)
    page = sign_in(lin).get(CODE)
    assert "<svg" in page.content.decode() and "Good until 11:01:00, and for one desk." in words(page)
    desk = Desk(hire(town.hospital, "chen"))

    answer = desk.post("", patient=shown_on(page).lower())

    assert answer.url == f"/en/desk/patients/{lin.credit_code}/"
    assert desk.check(lin).status_code == 200
    assert [*AccessEntry.objects.filter(subject=lin).values_list("actor", "purpose")] == [
        ("cashier:chen", "desk.search.code")
    ]
    assert "A desk read your code at 11:00." in words(sign_in(lin).get(CODE))


def test_the_second_desk_is_told_to_ask_for_a_new_code(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin = town.enrol()
    today_is(TREATED)
    code = shown_on(sign_in(lin).get(CODE))
    Desk(hire(town.hospital, "chen")).post("", patient=code)

    answer = Desk(hire(town.build_hospital("XM002"), "wang")).post("", patient=code)

    assert answer.status_code == 409
    assert "This code has been used already. Ask the patient for a new code." in words(answer)
    assert PatientCodeUse.objects.count() == 1
    assert AccessEntry.objects.filter(subject=lin).count() == 1


def test_a_code_is_good_for_a_minute(town: Town) -> None:
    lin, at = town.enrol(), town.at(TREATED)
    code = new_code(person_id=lin.pk, at=at).text

    with pytest.raises(CodeSpent, match="expired"):
        take_code(text=code, at=at + 60 * SECOND)
    assert take_code(text=code, at=at + 59 * SECOND) == lin


def test_the_database_takes_no_late_and_no_second_use(town: Town) -> None:
    lin, at = town.enrol(), town.at(TREATED)
    take_code(text=new_code(person_id=lin.pk, at=at).text, at=at)

    for later, name in ((SECOND, "used_once"), (61 * SECOND, "used_in_time")):
        issued_at = at if name == "used_once" else at - SECOND
        with pytest.raises(IntegrityError, match=f"patient_code_{name}"), transaction.atomic():
            PatientCodeUse.objects.create(person=lin, issued_at=issued_at, at=at + later)


def test_a_code_forged_mistyped_or_of_another_time_is_no_code(town: Town) -> None:
    lin, wang, at = town.enrol(), town.enrol("王小雨"), town.at(TREATED)
    code = new_code(person_id=lin.pk, at=at).text
    other = "0" if code[-1] != "0" else "1"

    for forged in (
        code[:-1] + other,
        other + code[1:],
        code[:10] + other * 10,
        code[::-1],
        "0" * 20,
        "A" * 20,
    ):
        with pytest.raises(UnreadableCode):
            read_code(forged, at=at)
    assert new_code(person_id=wang.pk, at=at).text[:5] == code[:5], "the time"
    assert read_code(code, at=at - 5 * SECOND).person_id == lin.pk
    with pytest.raises(UnreadableCode):
        read_code(code, at=at + timedelta(seconds=1 << 24))
    with pytest.raises(BadInput, match="mistyped"):
        take_code(text=code[::-1], at=at)


def test_letters_taken_for_digits_are_forgiven(town: Town) -> None:
    lin, at = town.enrol(), town.at(TREATED)
    code = new_code(person_id=lin.pk, at=at).text.replace("0", "o").replace("1", "l")

    assert look_up_patient(text=f"{code[:4]}-{code[4:]}", cashier=hire(town.hospital, "chen"), at=at) == lin


def test_a_code_names_one_patient_at_one_desk_and_never_a_batch(town: Town) -> None:
    lin, at = town.enrol(), town.at(TREATED)
    key = PatientKey(patient_code=new_code(person_id=lin.pk, at=at).text)

    [refused] = find_patients([key])

    assert isinstance(refused, BadInput) and refused.field == "patient_code"
    with pytest.raises(BadInput):
        identify(
            actor="test",
            key=PatientKey(credit_code=lin.credit_code, patient_code=key.patient_code),
            purpose="test",
            at=at,
        )
    assert not PatientCodeUse.objects.exists()


def test_two_desks_at_once_and_exactly_one_gets_the_patient(real_town: Town) -> None:
    lin, at = real_town.enrol(), real_town.at(TREATED)
    key = PatientKey(patient_code=new_code(person_id=lin.pk, at=at).text)

    def scan(desk: str) -> Person:
        return identify(actor=desk, key=key, purpose="desk.search", at=at)

    with held_open(lambda: scan("first")) as commit:
        second = Elsewhere(lambda: scan("second"))
        assert commit() == lin
    with pytest.raises(CodeSpent):
        second.join()

    assert [entry.actor for entry in AccessEntry.objects.filter(subject=lin)] == ["first"]


def test_what_was_undone_has_not_used_the_code(real_town: Town) -> None:
    lin, at = real_town.enrol(), real_town.at(TREATED)
    code = new_code(person_id=lin.pk, at=at).text

    with pytest.raises(ZeroDivisionError), transaction.atomic():
        take_code(text=code, at=at)
        raise ZeroDivisionError

    assert take_code(text=code, at=at) == lin


def suspend(town: Town, person: Person) -> None:
    account = town.account(person)
    Suspension.objects.create(
        account=account, bill_number="B20260105-0000001-1", started_at=town.at(TREATED, 9), started_seq=1
    )
    CreditAccount.objects.filter(pk=account.pk).update(state=CreditAccount.State.SUSPENDED)


@pytest.mark.article(27)
def test_a_suspended_citizen_is_told_why_and_how_it_ends(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    suspend(town, lin)
    today_is(TREATED)
    page = sign_in(lin).get(CODE)

    assert '<svg class="qr"' not in page.content.decode()
    assert "bill B20260105-0000001-1 is unpaid after three reminders" in words(page)
    assert "Pay all that is overdue, and it works again at once." in words(page)


@pytest.mark.article(23)
def test_without_a_lender_or_credit_or_an_account_it_says_what_to_do(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    without_lender, poor, stranger = town.enrol(), town.enrol("黄小燕", score=480), town.move_in("周一凡")
    withdraw_consent(person=without_lender, purpose="lender", subject="BANK1", at=town.at(TREATED, 9))
    town.treat(poor, TREATED, 50_000)
    today_is(TREATED)

    said = [words(sign_in(person).get(CODE)) for person in (without_lender, poor, stranger)]

    assert "no lender pays for you yet" in said[0] and "Compare lenders" in said[0]
    assert "no credit is left" in said[1] and "What you repay is available again at once." in said[1]
    assert "there is no credit account" in said[2] and "Open an account" in said[2]
    assert not any("Good until" in page for page in said)


def test_looking_at_the_code_writes_nothing_and_no_two_seconds_look_alike(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin = town.enrol()
    today_is(TREATED, 11)
    first = shown_on(sign_in(lin).get(CODE))
    today_is(TREATED, 12)
    second = shown_on(sign_in(lin).get(CODE))

    assert first[-14:] != second[-14:] and not PatientCodeUse.objects.exists()
    assert "no-store" in sign_in(lin).get(CODE)["Cache-Control"]
    assert Client().get(CODE).status_code == 302


@pytest.mark.article(24)
def test_a_parent_shows_the_code_of_a_child_and_of_nobody_else(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    lin, wang = town.enrol(), town.enrol("王小雨")
    child = town.move_in("林小满", born_on=date(2018, 5, 1))
    add_child(parent=lin, child=child, at=town.at(TREATED, 9))
    today_is(TREATED)
    page = sign_in(lin).get(f"{CODE}?for={child.credit_code}")

    assert "For myself" in words(page) and "林*满" in words(page)
    assert take_code(text=shown_on(page).replace(" ", ""), at=town.at(TREATED, 11)) == child
    assert sign_in(wang).get(f"{CODE}?for={child.credit_code}").status_code == 404
    assert sign_in(lin).get(f"{CODE}?for={wang.credit_code}").status_code == 404
    assert "Who is treated" not in words(sign_in(wang).get(CODE))


def test_a_code_that_is_scanned_into_the_amount_box_is_no_amount(town: Town) -> None:
    for scanned in ("ABCDEFGHJKMNPQRSTVWX", new_code(person_id=1, at=town.at(TREATED)).text):
        with pytest.raises(ValidationError, match="A scan landed here"), override("en"):
            DeskAmountField().clean(scanned)

"""Everything that is held about one person, for that person to take away, and nobody else's."""

import io
import json
import re
import zipfile
from collections.abc import Iterator
from datetime import date
from typing import Any

import pytest
from django.test import Client

from accounts.holdings import PARTS
from accounts.models import AccessEntry, Person
from accounts.views.recheck import KEY
from credit.operations.family import accept_offer, offer_to_pay
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import SignIn, Travel, user_of
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

HERE = "/en/me/export/"
CANARY = "金丝雀"
OTHER = "别家人"


def prove(browser: Client, person: Person, password: str = "demo-demo-demo") -> Any:
    user = user_of(person)
    user.set_password(password)
    user.save()
    browser.force_login(user)
    return browser.post("/en/me/account/check/", {"part": "password", "password": password, "next": HERE})


@pytest.fixture
def lived(town: Town) -> Iterator[tuple[Town, Person, Person]]:
    """A canary with care, debts and a parent, beside somebody else with the same."""
    canary, other = town.enrol(CANARY, score=700), town.enrol(OTHER, score=610)
    parent = town.move_in("金老太", born_on=date(1955, 5, 1))
    accept_offer(link=offer_to_pay(child=canary, parent=parent, at=town.at(TREATED)), at=town.at(TREATED))
    for person in (canary, other, parent):
        town.treat(person, TREATED, 12_345)
    town.pay(canary, 10_000, TREATED)
    yield town, canary, other


def texts(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for key, one in value.items():
            yield key
            yield from texts(one)
    elif isinstance(value, list):
        for one in value:
            yield from texts(one)
    else:
        yield str(value)


@pytest.mark.article(32)
@pytest.mark.article(26)
def test_the_archive_holds_all_of_ones_own_and_nothing_of_anybody_elses(
    lived: tuple[Town, Person, Person], sign_in: SignIn, today_is: Travel
) -> None:
    town, canary, other = lived
    today_is(TREATED)
    browser = sign_in(canary)
    assert prove(browser, canary).headers["Location"] == HERE

    answer = browser.post(f"{HERE}file/", {"format": "zip"})

    assert answer.headers["Content-Disposition"] == 'attachment; filename="my-data-20260109.zip"'
    archive = zipfile.ZipFile(io.BytesIO(answer.content))
    assert archive.namelist() == ["index.html", "style.css", "data.json"]
    page, data = archive.read("index.html").decode(), json.loads(archive.read("data.json"))
    for own in (canary.name, canary.resident_id, canary.phone, "700", "诊查费"):
        assert own in page and own in "\n".join(texts(data))
    for part in PARTS:
        assert part in data and f'id="{part}"' in page
    [bill] = [one for one in data["bills"] if not one["patient"]]
    assert (bill["financed_fen"], bill["hospital"]) == (12_345, "Hospital XM001")
    assert len(data["bills"]) == 2 and len(data["repayments"]) == 1 and len(data["visits"]) == 1
    assert data["family"][0]["relative"] == "金*太"

    whole = page + archive.read("data.json").decode()
    strangers = [*Person.objects.exclude(pk=canary.pk)]
    for one in strangers:
        assert not any(secret in whole for secret in (one.name, one.resident_id, one.phone, one.credit_code))
    numbers = [bill.number for bill in other.bills.all()]
    assert not any(number in whole for number in numbers)


@pytest.mark.article(32)
def test_nothing_internal_leaks(
    lived: tuple[Town, Person, Person], sign_in: SignIn, today_is: Travel
) -> None:
    _town, canary, _other = lived
    today_is(TREATED)
    browser = sign_in(canary)
    prove(browser, canary)

    data = json.loads(browser.post(f"{HERE}file/", {"format": "json"}).content)

    found = list(texts(data))
    assert not [one for one in found if re.fullmatch(r"(id|pk|uid|.+_id|.*hash.*|.*sealed.*|.*index.*)", one)
                and one != "resident_id"]  # fmt: skip
    assert not [one for one in found if re.search(r"[0-9a-f]{32,}|^v\d+:", one)]
    assert str(canary.uid) not in found


@pytest.mark.article(32)
def test_whoever_has_not_proved_it_within_ten_minutes_gets_no_file(
    lived: tuple[Town, Person, Person], sign_in: SignIn, today_is: Travel
) -> None:
    _town, canary, _other = lived
    today_is(TREATED, 11)
    browser = sign_in(canary)

    assert "Show that it is me" in words(browser.get(HERE))
    assert browser.post(f"{HERE}file/").headers["Location"] == HERE
    prove(browser, canary)
    assert "Download the ZIP" in words(browser.get(HERE))
    today_is(TREATED, 11, 11)
    assert browser.post(f"{HERE}file/").headers["Location"] == HERE
    assert not AccessEntry.objects.filter(purpose="export").exists()


@pytest.mark.article(32)
def test_the_download_stands_in_the_access_log(
    lived: tuple[Town, Person, Person], sign_in: SignIn, today_is: Travel
) -> None:
    _town, canary, _other = lived
    today_is(TREATED)
    browser = sign_in(canary)
    prove(browser, canary)

    browser.post(f"{HERE}file/", {"format": "json"})

    assert AccessEntry.objects.get(subject=canary, purpose="export").actor == f"citizen:{canary.credit_code}"
    assert "You yourself" in words(browser.get("/en/me/access-log/"))


def test_a_wrong_password_or_code_proves_nothing(
    town: Town, sign_in: SignIn, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    today_is(TREATED)
    browser = sign_in(lin)
    check = "/en/me/account/check/"

    wrong = browser.post(check, {"part": "password", "password": "no", "next": HERE})
    assert wrong.status_code in (200, 422) and KEY not in browser.session
    browser.post(check, {"part": "send", "next": HERE})
    right = code_of(fresh_sandbox, lin.phone)
    wrong = browser.post(check, {"part": "code", "code": f"{(int(right) + 1) % 10**6:06}", "next": HERE})
    assert wrong.status_code == 422 and KEY not in browser.session
    assert browser.post(check, {"part": "code", "code": right, "next": HERE}).headers["Location"] == HERE
    elsewhere = browser.post(check, {"part": "send", "next": "https://elsewhere.example/"})
    assert "elsewhere" not in elsewhere.headers["Location"]


def test_every_table_that_points_at_a_person_is_held_or_named_here() -> None:
    """A table made later has to be added to somebody's `holdings.py`, or to this list with its reason."""
    covered = {
        "AccessEntry", "Consent", "Notice", "User",
        "CreditScore", "CreditAccount", "FamilyLink", "DueDateOutcome", "ScoreEvent",
        "Facility", "Visit", "Bill", "Repayment", "Collection", "DirectDebit", "Withdrawal", "Reminder",
        "Case", "OfferRequest",
    }  # fmt: skip
    elsewhere = {
        "DunningCase": "a reminder says the same",
        "LedgerAccount": "the balances and the bills say the same",
        "DeskAct": "what a cashier pressed; the bill says the same",
        "PatientCodeUse": "the access log says when a one-time code was shown, and where",
    }
    pointing = {
        relation.related_model.__name__
        for relation in Person._meta.related_objects
        if isinstance(relation.related_model, type)
    }

    assert pointing - covered - elsewhere.keys() == set()

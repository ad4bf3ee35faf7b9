"""Who stands at the desk: scanned or typed, written down, and nobody else's page."""

from __future__ import annotations

import re
from datetime import date, timedelta

import pytest
import time_machine
from django.test import Client

from accounts.models import AccessEntry, Person, User
from billing.models import Bill
from billing.operations.charges import Line, open_visit, report_items
from credit.models import CreditAccount, Suspension
from credit.operations.accounts import close_account
from credit.operations.family import add_child
from hospitals.operations.onboarding import close_scene
from tests.cast import Town
from tests.desk.conftest import FRIDAY, Desk, text_of

WIDE = str.maketrans("0123456789X", "０１２３４５６７８９Ｘ")


def typed_ways(person: Person) -> dict[str, str]:
    code, number = person.credit_code, person.resident_id
    return {
        "the code": code,
        "the code in small letters and groups": "-".join([code[:4], code[4:8], code[8:]]).lower(),
        "the resident ID": number,
        "in small letters": number.lower(),
        "in full width": number.translate(WIDE),
        "with spaces": f" {number[:6]} {number[6:14]} {number[14:]} ",
        "with a scanner's control characters": f"\x02{number}\x03\r\n",
        "with direction marks": f"\u202e{number}\u202c",
    }


@pytest.mark.article(15)
def test_a_patient_is_found_however_the_number_arrives(chen: Desk, lin: Person) -> None:
    for way, text in typed_ways(lin).items():
        answer = chen.post("", patient=text)

        assert answer.status_code == 302, way
        assert answer.url == f"/en/desk/patients/{lin.credit_code}/", way


@pytest.mark.article(32)
def test_the_card_shows_what_is_available_and_neither_score_nor_whole_number(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    page = text_of(chen.get(f"patients/{lin.credit_code}/"))

    assert "林*明" in page and "¥3,000.00" in page and "BANK1 Bank" in page
    for hidden in (lin.name, lin.resident_id, lin.phone, "700", "1985"):
        assert not re.search(rf"\b{hidden}\b", page)


@pytest.mark.article(32)
def test_every_look_is_written_down_once_with_its_purpose(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    chen.get(f"patients/{lin.credit_code}/")
    chen.check(lin)

    entries = AccessEntry.objects.filter(subject=lin).values_list("actor", "purpose")
    assert list(entries) == [("cashier:chen", "desk.search")]


@pytest.mark.article(32)
def test_a_page_that_was_not_looked_up_stays_shut(chen: Desk, lin: Person) -> None:
    unknown = chen.get("patients/000000000000/")
    known = chen.get(f"patients/{lin.credit_code}/")

    assert (known.status_code, known.url) == (unknown.status_code, unknown.url) == (302, "/en/desk/")


def test_a_page_shuts_half_an_hour_after_the_scan(
    chen: Desk, lin: Person, clock: time_machine.Traveller
) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    clock.shift(timedelta(minutes=31))

    assert chen.get(f"patients/{lin.credit_code}/").url == "/en/desk/"
    assert chen.confirm(lin, checked).url == "/en/desk/"
    assert not Bill.objects.exists()


NO_PATIENT = [
    "", " ", "0", "-1", "1e18", "0.001", "NaN", "ABC", "12345", "3502031985030700", "350203198503070017",
    "\x00", "lin\x00", "\u202e", "<script>", "'; DROP TABLE", "９" * 18, "A" * 65, "林志明",
]  # fmt: skip


def test_bad_input_gets_an_error_that_names_the_field_and_looks_at_nobody(chen: Desk, lin: Person) -> None:
    for text in NO_PATIENT:
        answer = chen.post("", patient=text)

        assert answer.status_code == 422, text
        assert "patient" in answer.context["form"].errors, text
    assert not AccessEntry.objects.exists()


def test_a_stranger_and_somebody_without_an_account_get_the_same_answer(chen: Desk, town: Town) -> None:
    stranger = chen.post("", patient="350203199001010018")
    neighbour = chen.post("", patient=town.move_in("周一凡").resident_id)

    assert stranger.status_code == neighbour.status_code == 409
    assert text_of(stranger) == text_of(neighbour)
    assert "has not opened a credit account" in text_of(stranger)
    assert "Care is not refused" in text_of(stranger) and "Article 26" in text_of(stranger)


@pytest.mark.article(24)
def test_a_child_is_shown_with_the_parent_who_owes(chen: Desk, lin: Person, town: Town) -> None:
    child = town.move_in("林小满", born_on=date(2018, 5, 1))
    add_child(parent=lin, child=child, at=town.at(FRIDAY, 9))
    chen.find(child)
    page = text_of(chen.get(f"patients/{child.credit_code}/"))

    assert "owes the bill" in page and "林*明" in page and "¥3,000.00" in page


@pytest.mark.article(24)
def test_an_account_drawn_to_its_limit_is_refused_with_rule_and_way_out(
    chen: Desk, huang: Person, town: Town
) -> None:
    town.treat(huang, FRIDAY, 50_000, hour=9)
    chen.find(huang)
    page = text_of(chen.get(f"patients/{huang.credit_code}/"))

    assert "No credit is left" in page and "Article 24" in page and "Care is not refused" in page
    assert "¥500" not in page, "the limit would tell the tier"


@pytest.mark.article(27)
def test_a_suspended_account_is_refused_on_the_card_and_by_the_check(
    chen: Desk, lin: Person, town: Town
) -> None:
    account = town.account(lin)
    Suspension.objects.create(
        account=account, bill_number="B20260105-0000001-1", started_at=town.at(FRIDAY, 9), started_seq=1
    )
    CreditAccount.objects.filter(pk=account.pk).update(state=CreditAccount.State.SUSPENDED)
    chen.find(lin)

    for answer in (chen.get(f"patients/{lin.credit_code}/"), chen.check(lin)):
        page = text_of(answer)
        assert "suspended" in page and "Article 27" in page and "take another payment" in page
        assert "Check, then charge" not in page


def test_an_account_closed_between_scan_and_check_is_refused(chen: Desk, lin: Person, town: Town) -> None:
    chen.find(lin)
    close_account(person=lin, at=town.at(FRIDAY, 9))

    assert "Article 26" in text_of(chen.check(lin))


@pytest.mark.article(15)
def test_only_the_hospital_s_live_scenes_are_offered(chen: Desk, lin: Person, town: Town) -> None:
    for scene in ("parking", "nursing"):
        close_scene(hospital=town.hospital, scene=scene, on=FRIDAY, at=town.at(FRIDAY, 9))
    chen.find(lin)

    offered = [value for value, _label in chen.check(lin, "").context["form"].fields["scene"].choices]
    refused = chen.check(lin, scene="parking")

    assert offered == ["registration", "outpatient", "inpatient", "checkup"]
    assert refused.status_code == 422 and "scene" in refused.context["form"].errors


def test_a_visit_that_the_hospital_s_system_reported_waits_to_be_settled(
    chen: Desk, lin: Person, town: Town
) -> None:
    visit = open_visit(
        hospital=town.hospital, patient=lin, scene="outpatient", hold_fen=0, at=town.at(FRIDAY, 9)
    )
    assert chen.find(lin).url == f"/en/desk/patients/{lin.credit_code}/"
    report_items(visit=visit, items=[Line("诊查费", 6_000)])

    assert chen.find(lin).url == f"/en/desk/visits/{visit.number}/"


def test_an_inpatient_is_not_sent_home_by_a_scan(chen: Desk, lin: Person, town: Town) -> None:
    visit = open_visit(
        hospital=town.hospital, patient=lin, scene="inpatient", hold_fen=0, at=town.at(FRIDAY, 9)
    )
    report_items(visit=visit, items=[Line("床位费", 6_000)])

    assert chen.find(lin).url == f"/en/desk/patients/{lin.credit_code}/"


def test_the_number_of_a_bill_or_a_visit_may_be_scanned_too(chen: Desk, lin: Person, town: Town) -> None:
    bill = town.treat(lin, FRIDAY, hour=9)
    visit = town.admit(lin, FRIDAY, hour=9)

    assert chen.post("", patient=bill.number.lower()).url == f"/en/desk/bills/{bill.number}/"
    assert chen.post("", patient=visit.number).url == f"/en/desk/visits/{visit.number}/"


def test_without_a_post_at_a_hospital_there_is_no_desk(town: Town) -> None:
    client = Client()
    for role in User.Role.values:
        client.force_login(User.objects.create_user(f"some-{role}", role=role))

        for path in ("", "refund/", "visits/", "close/", "close/2026-01-09/", "bills/B20260109-0000001-1/"):
            assert client.get(f"/desk/{path}").status_code == 404, (role, path)


def test_what_is_no_number_or_code_is_no_address(chen: Desk) -> None:
    for path in (
        "bills/%00/",
        "refund/B1/",
        "visits/V20260109-1-1/give/",
        "patients/%00/",
        "patients/x/visit/",
    ):
        assert chen.get(path).status_code == 404, path


def test_whoever_is_not_signed_in_is_asked_to(db: None) -> None:
    assert Client().get("/desk/")["Location"] == "/sign-in/?next=/desk/"


def test_nothing_of_the_desk_is_kept_by_the_browser(chen: Desk) -> None:
    assert "no-store" in chen.get("")["Cache-Control"]

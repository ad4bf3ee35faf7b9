"""Visits at the desk: opened without a deposit, items added, settled or cancelled."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from accounts.models import AccessEntry, Person
from billing.models import Bill, Item, Visit
from billing.operations.charges import Insurance, Line, report_items
from tests.cast import Town, row_counts
from tests.desk.conftest import FRIDAY, Desk, text_of, ticket_of


def open_visit(desk: Desk, person: Person, hold: str = "100", **changes: Any) -> Any:
    desk.find(person)
    typed = {"token": uuid.uuid4(), "hold_fen": hold, "scene": "registration", **changes}
    return desk.post(f"patients/{person.credit_code}/visit/", **typed)


def add(desk: Desk, visit: Visit, name: str = "药费", amount: str = "60", token: Any = None) -> Any:
    return desk.post(
        f"visits/{visit.number}/items/", token=token or uuid.uuid4(), name=name, amount_fen=amount
    )


@pytest.mark.article(14)
def test_a_visit_is_opened_with_a_hold_and_no_deposit(chen: Desk, lin: Person, town: Town) -> None:
    answer = open_visit(chen, lin, "100", hospital_visit_no="MZ0093")
    visit = Visit.objects.get()

    assert answer.url == f"/en/desk/visits/{visit.number}/"
    assert (visit.hold_fen, visit.scene, visit.hospital_visit_no) == (10_000, "registration", "MZ0093")
    assert (visit.cashier, visit.hospital) == (chen.user, town.hospital)
    assert town.account(lin).available_fen == 290_000


def test_a_scan_for_a_visit_leads_to_its_form(chen: Desk, lin: Person) -> None:
    answer = chen.post("?for=visit", patient=lin.credit_code)

    assert answer.url == f"/en/desk/patients/{lin.credit_code}/visit/"
    assert "Hold" in text_of(chen.client.get(answer.url))


def test_the_same_form_opens_one_visit(chen: Desk, lin: Person) -> None:
    token = uuid.uuid4()

    assert open_visit(chen, lin, token=token).url == open_visit(chen, lin, token=token).url
    assert Visit.objects.count() == 1


@pytest.mark.article(24)
def test_a_hold_above_what_is_available_is_refused_with_figures_and_article(
    chen: Desk, huang: Person
) -> None:
    answer = open_visit(chen, huang, "500.01")

    assert answer.status_code == 409
    assert "¥500.01" in text_of(answer) and "Article 24" in text_of(answer)
    assert not Visit.objects.exists()


def test_bad_input_opens_nothing_and_names_its_field(chen: Desk, lin: Person) -> None:
    for field, text in (
        ("hold_fen", ""), ("hold_fen", "-1"), ("hold_fen", "1e18"), ("hold_fen", "0.001"),
        ("hold_fen", "NaN"), ("hold_fen", "1\x00"), ("hold_fen", lin.resident_id), ("scene", "casino"),
        ("token", "x"), ("token", ""),
        ("hospital_visit_no", "9" * 65),
    ):  # fmt: skip
        answer = open_visit(chen, lin, **{field: text} if field != "hold_fen" else {"hold": text})
        assert (answer.status_code, list(answer.context["form"].errors)) == (422, [field]), (field, text)
    assert not Visit.objects.exists()


def test_items_are_added_once_however_often_the_form_is_sent(chen: Desk, lin: Person, town: Town) -> None:
    visit, token = town.admit(lin, FRIDAY, 10_000, hour=9), uuid.uuid4()
    for _time in range(2):
        assert add(chen, visit, token=token).status_code == 302

    assert [(item.name, item.amount_fen) for item in visit.items.all()] == [("药费", 6_000)]
    for name, amount in (("", "1"), ("药", ""), ("药", "0"), ("药", "-1"), ("a\x00", "1"), ("药" * 101, "1")):
        assert add(chen, visit, name, amount).status_code == 422, (name, amount)
    assert Item.objects.count() == 1


@pytest.mark.article(17)
def test_settling_shows_the_strip_then_makes_the_bill_and_releases_the_rest(
    chen: Desk, lin: Person, town: Town
) -> None:
    visit = town.admit(lin, FRIDAY, 100_000, hour=9)
    report_items(
        visit=visit,
        items=[Line("床位费", 24_000), Line("西药费", 45_850)],
        insurance=Insurance(41_000, 6_000),
    )
    chen.get(f"visits/{visit.number}/")
    before = row_counts()
    checked = chen.post(
        f"visits/{visit.number}/", insured="settled", pooled_fund_fen="410", personal_account_fen="60"
    )
    unchanged = row_counts()
    answers = [chen.post(f"visits/{visit.number}/settle/", ticket=ticket_of(checked)) for _time in range(2)]
    bill = Bill.objects.get()

    assert before == unchanged
    assert "¥228.50" in text_of(checked) and "¥698.50" in text_of(checked)
    assert answers[0].url == answers[1].url == f"/en/desk/bills/{bill.number}/"
    assert (bill.financed_fen, bill.pooled_fund_fen, bill.insurance) == (22_850, 41_000, "settled")
    assert town.account(lin).available_fen == 277_150
    assert bill.number in text_of(chen.get(f"visits/{visit.number}/"))


def test_settling_without_items_or_with_parts_above_the_total_is_refused(
    chen: Desk, lin: Person, town: Town
) -> None:
    visit = town.admit(lin, FRIDAY, hour=9)
    empty = chen.post(f"visits/{visit.number}/", insured="none")
    add(chen, visit)
    too_much = chen.post(f"visits/{visit.number}/", insured="settled", pooled_fund_fen="70")
    nothing_left = chen.post(f"visits/{visit.number}/", insured="settled", pooled_fund_fen="60")

    assert "at least one item" in text_of(empty)
    assert too_much.status_code == 422 and nothing_left.status_code == 422
    assert not Bill.objects.exists()


@pytest.mark.article(17)
def test_cancelling_asks_once_and_gives_the_hold_back(chen: Desk, lin: Person, town: Town) -> None:
    visit = town.admit(lin, FRIDAY, 10_000, hour=9)
    assert "Keep it open" in text_of(chen.get(f"visits/{visit.number}/cancel/"))
    assert town.account(lin).available_fen == 290_000

    for _time in range(2):
        assert chen.post(f"visits/{visit.number}/cancel/").url == f"/en/desk/visits/{visit.number}/"
    assert town.account(lin).available_fen == 300_000
    assert add(chen, visit).status_code == 409


def test_a_settled_visit_cannot_be_cancelled(chen: Desk, lin: Person, town: Town) -> None:
    visit = town.admit(lin, FRIDAY, hour=9)
    add(chen, visit)
    checked = chen.post(f"visits/{visit.number}/", insured="none")
    chen.post(f"visits/{visit.number}/settle/", ticket=ticket_of(checked))
    answer = chen.post(f"visits/{visit.number}/cancel/")

    assert answer.status_code == 409 and "has ended" in text_of(answer)


@pytest.mark.article(32)
def test_the_list_shows_open_visits_of_this_hospital_without_a_name_or_a_look(
    chen: Desk, wang: Desk, lin: Person, huang: Person, town: Town
) -> None:
    assert "No visit is open" in text_of(chen.get("visits/"))
    ours = town.admit(lin, FRIDAY, 10_000, hour=9)
    ended = town.admit(huang, FRIDAY, hour=9)
    chen.post(f"visits/{ended.number}/cancel/")
    open_visit(wang, lin)
    looks = AccessEntry.objects.filter(purpose="desk.visit").count()
    page = chen.get("visits/")

    assert [visit.number for visit in page.context["page"]] == [ours.number]
    assert "林" not in text_of(page)
    assert AccessEntry.objects.filter(purpose="desk.visit").count() == looks


def test_the_list_is_searched_by_either_number_and_nonsense_finds_nothing(
    chen: Desk, lin: Person, town: Town
) -> None:
    open_visit(chen, lin, hospital_visit_no="MZ0093")
    visit = Visit.objects.get()
    for wanted in (visit.number, visit.number.lower(), "MZ0093", "ＭＺ0093"):
        assert len(chen.client.get("/en/desk/visits/", {"number": wanted}).context["page"]) == 1
    for wanted in ("MZ009", "\x00", "%", "1e18", "x" * 99):
        page = chen.client.get("/en/desk/visits/", {"number": wanted, "page": "NaN"})
        assert page.status_code == 200, wanted
    assert "No open visit has this number" in text_of(chen.client.get("/en/desk/visits/?number=MZ009"))


@pytest.mark.article(32)
def test_opening_a_visit_s_page_is_written_down(chen: Desk, lin: Person, town: Town) -> None:
    visit = town.admit(lin, FRIDAY, hour=9)
    for _time in range(2):
        chen.get(f"visits/{visit.number}/")

    looks = AccessEntry.objects.filter(subject=lin).values_list("actor", "purpose")
    assert list(looks) == [("cashier:chen", "desk.visit")]

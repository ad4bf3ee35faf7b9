"""The answer was lost: asking tells what was made, or makes certain that nothing will be."""

from __future__ import annotations

import uuid

import pytest

from accounts.models import Person
from billing.models import Bill, DeskAct, Refund, Visit
from tests.cast import Town, row_counts
from tests.connections import held_open
from tests.desk.conftest import FRIDAY, Desk, hire, text_of, ticket_of

pytestmark = pytest.mark.article(17)


def test_what_was_done_is_shown_and_not_done_again(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    made = chen.confirm(lin, checked)
    before = row_counts()
    asked = chen.post("recheck/", ticket=ticket_of(checked))

    assert asked.url == made.url
    assert row_counts() == before
    assert "It was done" in text_of(chen.client.get(asked.url))


def test_what_was_not_done_never_will_be_by_that_form(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    asked = chen.post("recheck/", ticket=ticket_of(checked))
    assert asked.url == f"/en/desk/patients/{lin.credit_code}/"
    assert "It was not done" in text_of(chen.client.get(asked.url))
    late = chen.confirm(lin, checked)

    assert late.status_code == 409 and "came after you had asked for it" in text_of(late)
    assert not Bill.objects.exists()
    assert chen.charge(lin).status_code == 302 and Bill.objects.count() == 1


def test_every_act_of_the_desk_can_be_asked_for(chen: Desk, lin: Person, town: Town) -> None:
    bill, visit = town.treat(lin, FRIDAY, hour=9), town.admit(lin, FRIDAY, hour=9)
    chen.post(f"visits/{visit.number}/items/", token=uuid.uuid4(), name="药费", amount_fen="60")
    settling = chen.post(f"visits/{visit.number}/", insured="none")
    refunding = chen.post(f"refund/{bill.number}/", amount_fen="20", reason="not_used")

    assert chen.post("recheck/", ticket=ticket_of(settling)).url == f"/en/desk/visits/{visit.number}/"
    assert chen.post("recheck/", ticket=ticket_of(refunding)).url == f"/en/desk/refund/{bill.number}/"
    chen.post(f"visits/{visit.number}/settle/", ticket=ticket_of(settling))
    chen.post(f"refund/{bill.number}/give/", ticket=ticket_of(refunding))
    assert not Refund.objects.exists() and Visit.objects.get(pk=visit.pk).state == "open"


def test_a_visit_is_asked_for_by_the_token_of_its_form(chen: Desk, lin: Person) -> None:
    token = uuid.uuid4()
    chen.find(lin)
    form = {"token": token, "hold_fen": "100", "scene": "registration"}
    chen.post(f"patients/{lin.credit_code}/visit/", **form)

    assert chen.post("recheck/", token=token).url == f"/en/desk/visits/{Visit.objects.get().number}/"
    assert chen.post("recheck/", token=uuid.uuid4()).url == "/en/desk/"


def test_another_cashier_asks_for_nothing_and_gives_nothing_up(chen: Desk, lin: Person, town: Town) -> None:
    zhou = Desk(hire(town.hospital, "zhou"))
    chen.find(lin)
    checked = chen.check(lin)
    token = uuid.uuid4()
    chen.post(f"patients/{lin.credit_code}/visit/", token=token, hold_fen="1", scene="registration")
    before = row_counts()

    assert zhou.post("recheck/", ticket=ticket_of(checked)).url == "/en/desk/"
    assert zhou.post("recheck/", token=token).url == "/en/desk/"
    assert row_counts() == before
    assert chen.confirm(lin, checked).status_code == 302


def test_nonsense_asks_for_nothing(chen: Desk) -> None:
    for sent in ({}, {"ticket": "x"}, {"token": "x"}, {"ticket": "\x00"}, {"token": "\x00"}):
        assert chen.post("recheck/", **sent).url == "/en/desk/"
    assert chen.get("recheck/").status_code == 405
    assert not DeskAct.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_while_it_is_at_work_nothing_is_promised(chen: Desk, lin: Person) -> None:
    chen.find(lin)
    checked = chen.check(lin)
    with held_open(lambda: chen.confirm(lin, checked)) as finish:
        meanwhile = chen.post("recheck/", ticket=ticket_of(checked))
        made = finish()

    assert meanwhile.status_code == 503
    assert "do not charge again" in text_of(meanwhile) and "Ask whether it is done" in text_of(meanwhile)
    assert chen.post("recheck/", ticket=ticket_of(checked)).url == made.url
    assert Bill.objects.count() == 1


def test_a_script_is_told_where_to_go_and_anybody_else_is_led_there(chen: Desk, lin: Person) -> None:
    by_script = chen.client.post("/en/desk/", {"patient": lin.credit_code}, headers={"X-Desk": "1"})

    assert by_script.status_code == 204
    assert by_script["X-Desk-Location"] == chen.find(lin).url

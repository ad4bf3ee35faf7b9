"""The two queues: repairs to decide and objections to answer, in five working days each (Articles 29, 30)."""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import User
from billing.models import Bill, Objection, Refund
from billing.operations.objections import answer_objection, object_to
from credit.models import RepairApplication, ScoreEvent
from credit.operations.standing import decide_repair
from tests.cast import Town
from tests.office.conftest import TODAY, three_defaults

REPAIRS = "admin:credit_repairapplication_changelist"
OBJECTIONS = "admin:billing_objection_changelist"


def repair_page(application: RepairApplication) -> str:
    return reverse("admin:credit_repairapplication_change", args=[application.pk])


def objection_page(objection: Objection) -> str:
    return reverse("admin:billing_objection_change", args=[objection.pk])


@pytest.mark.article(30)
@pytest.mark.parametrize(("decision", "state"), [("grant", "granted"), ("decline", "declined")])
def test_a_repair_is_decided_with_its_reason(
    office: Client, ou: User, application: RepairApplication, decision: str, state: str
) -> None:
    answer = office.post(repair_page(application), {"decision": decision, "reason": "已连续按时还款"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    application.refresh_from_db()
    assert (application.state, application.reason, application.decided_by) == (state, "已连续按时还款", ou)
    repaired = ScoreEvent.objects.filter(kind=ScoreEvent.Kind.REPAIR)
    assert repaired.exists() == (state == "granted")
    shown = office.get(repair_page(application)).content.decode()
    assert "已连续按时还款" in shown and 'name="decision"' not in shown


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"decision": "", "reason": "好"}, ["decision"]),
        ({"decision": "perhaps", "reason": "好"}, ["decision"]),
        ({"decision": "grant", "reason": "  "}, ["reason"]),
        ({"decision": "grant", "reason": "长" * 1001}, ["reason"]),
        ({}, ["decision", "reason"]),
    ],
)
def test_a_repair_without_decision_or_reason_waits_on(
    office: Client, application: RepairApplication, typed: dict[str, str], fields: list[str]
) -> None:
    answer = office.post(repair_page(application), typed)

    assert sorted(answer.context["adminform"].form.errors) == fields
    application.refresh_from_db()
    assert application.state == "applied"


def test_a_repair_that_somebody_else_decided_meanwhile_is_refused_with_the_article(
    office: Client, ou: User, application: RepairApplication, town: Town
) -> None:
    decide_repair(application=application, granted=False, reason="仍有逾期", by=ou, at=town.at(TODAY, 9))

    answer = office.post(repair_page(application), {"decision": "grant", "reason": "可以"})

    [error] = answer.context["adminform"].form.non_field_errors()
    assert "30" in error
    application.refresh_from_db()
    assert application.state == "declined"


def test_repairs_that_run_out_first_stand_first_and_decided_ones_last(
    office: Client, ou: User, application: RepairApplication, town: Town, english: Callable[[str], str]
) -> None:
    late = three_defaults(town, town.enrol("林志明"))
    decided = three_defaults(town, town.enrol("赵小燕"))
    RepairApplication.objects.filter(pk=late.pk).update(answer_by_on=TODAY - timedelta(days=2))
    decide_repair(application=decided, granted=True, reason="好", by=ou, at=town.at(TODAY, 9))

    page = office.get(english(reverse(REPAIRS)))

    assert list(page.context["cl"].queryset) == [late, application, decided]
    assert "2 days late" in page.content.decode() and "7 days" in page.content.decode()


@pytest.mark.article(29)
def test_an_objection_that_is_upheld_brings_its_refund(
    office: Client, objection: Objection, owing: Bill
) -> None:
    answer = office.post(
        objection_page(objection), {"decision": "upheld", "answer": "医院多收", "refund_fen": "２00.50"}
    )

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    objection.refresh_from_db()
    assert (objection.upheld, objection.answer, objection.answered_on) == (True, "医院多收", TODAY)
    given_back = Refund.objects.get()
    assert (given_back.bill, given_back.amount_fen, given_back.reason) == (owing, 20_050, "upheld")


def test_an_objection_that_is_not_upheld_is_answered_and_kept_with_who_answered(
    office: Client, ou: User, objection: Objection, english: Callable[[str], str]
) -> None:
    office.post(objection_page(objection), {"decision": "not_upheld", "answer": "收费无误", "refund_fen": ""})

    objection.refresh_from_db()
    assert (objection.upheld, objection.answered_by) == (False, ou)
    shown = office.get(english(objection_page(objection))).content.decode()
    assert "收费无误" in shown and 'name="answer"' not in shown
    assert re.search(r"Answered by.{1,200}\bou\b", shown, re.DOTALL)
    assert not Refund.objects.exists()


@pytest.mark.parametrize(
    ("typed", "fields"),
    [
        ({"decision": "", "answer": "好"}, ["decision"]),
        ({"decision": "upheld", "answer": "\n"}, ["answer"]),
        ({"decision": "upheld", "answer": "好", "refund_fen": "1000.01"}, ["refund_fen"]),
        ({"decision": "not_upheld", "answer": "好", "refund_fen": "1"}, ["refund_fen"]),
        ({"decision": "upheld", "answer": "好", "refund_fen": "-1"}, ["refund_fen"]),
        ({"decision": "upheld", "answer": "好", "refund_fen": "0.001"}, ["refund_fen"]),
        ({"decision": "upheld", "answer": "好", "refund_fen": "0"}, ["refund_fen"]),
    ],
)
def test_an_answer_that_cannot_be_given_names_its_field(
    office: Client, objection: Objection, typed: dict[str, str], fields: list[str]
) -> None:
    answer = office.post(objection_page(objection), typed)

    assert sorted(answer.context["adminform"].form.errors) == fields
    objection.refresh_from_db()
    assert objection.answered_on is None and not Refund.objects.exists()
    assert all(value in answer.content.decode() for value in typed.values())


def test_a_refund_above_the_bill_is_refused_with_the_figures_and_the_article(
    office: Client, objection: Objection
) -> None:
    answer = office.post(
        objection_page(objection), {"decision": "upheld", "answer": "好", "refund_fen": "1000.01"}
    )

    [error] = answer.context["adminform"].form.errors["refund_fen"]
    assert "¥1,000.00" in error and "17" in error


def test_an_objection_that_somebody_else_answered_meanwhile_is_refused(
    office: Client, objection: Objection, town: Town
) -> None:
    answer_objection(objection=objection, upheld=False, answer="收费无误", at=town.at(TODAY, 9))

    answer = office.post(objection_page(objection), {"decision": "upheld", "answer": "好"})

    assert answer.context["adminform"].form.non_field_errors()
    objection.refresh_from_db()
    assert objection.upheld is False


def test_objections_that_run_out_first_stand_first_and_answered_ones_last(
    office: Client, objection: Objection, town: Town
) -> None:
    lin, zhao = town.enrol("林志明"), town.enrol("赵小燕")
    early = object_to(
        bill=town.treat(lin, date(2026, 4, 13)), statement="不对", at=town.at(date(2026, 4, 13), 12)
    )
    answered = object_to(bill=town.treat(zhao, TODAY, hour=8), statement="不对", at=town.at(TODAY, 9))
    answer_objection(objection=answered, upheld=False, answer="收费无误", at=town.at(TODAY, 9))

    assert list(office.get(reverse(OBJECTIONS)).context["cl"].queryset) == [early, objection, answered]

"""The service centre's queue: what runs out first on top, answered once and in writing (Articles 13, 29)."""

from collections.abc import Callable
from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEntry, Notice, User
from complaints.models import Case
from complaints.operations.cases import add_to_case, answer_case, open_case
from tests.cast import Town
from tests.office.conftest import TODAY

CASES = "admin:complaints_case_changelist"


def case_page(case: Case) -> str:
    return reverse("admin:complaints_case_change", args=[case.pk])


@pytest.mark.article(13)
def test_a_case_is_answered_in_writing_and_kept_with_who_answered(
    office: Client, ou: User, case: Case, english: Callable[[str], str]
) -> None:
    add_to_case(case=case, text="附上收据", at=case.opened_at)
    assert "附上收据" in office.get(case_page(case)).content.decode()

    answer = office.post(case_page(case), {"answer": "已请医院核实。"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    case.refresh_from_db()
    assert (case.state, case.answer, case.answered_by) == ("answered", "已请医院核实。", ou)
    assert Notice.objects.filter(person=case.person, kind="case.answered").count() == 1
    shown = office.get(english(case_page(case))).content.decode()
    assert "已请医院核实。" in shown and 'name="answer"' not in shown
    assert AccessEntry.objects.filter(subject=case.person, purpose="office.open").exists()


@pytest.mark.parametrize("answer", ["", " \n", "长" * 2001])
def test_an_answer_that_says_nothing_or_too_much_is_asked_for_again(
    office: Client, case: Case, answer: str
) -> None:
    page = office.post(case_page(case), {"answer": answer})

    assert sorted(page.context["adminform"].form.errors) == ["answer"]
    case.refresh_from_db()
    assert case.is_open


def test_a_case_that_somebody_else_answered_meanwhile_is_refused_with_the_article(
    office: Client, ou: User, case: Case, town: Town
) -> None:
    answer_case(case=case, answer="收费无误", by=ou, at=town.at(TODAY, 9))

    page = office.post(case_page(case), {"answer": "另一个答复"})

    [error] = page.context["adminform"].form.non_field_errors()
    assert "29" in error
    case.refresh_from_db()
    assert case.answer == "收费无误"


@pytest.mark.article(29)
def test_cases_that_run_out_first_stand_first_and_answered_ones_last(
    office: Client, ou: User, case: Case, town: Town, english: Callable[[str], str]
) -> None:
    lin, zhao = town.enrol("林志明"), town.enrol("赵小燕")
    late, answered = (
        open_case(person=person, kind="inquiry", cause="use", statement="？", at=town.at(on))
        for person, on in ((lin, date(2026, 4, 1)), (zhao, TODAY))
    )
    answer_case(case=answered, answer="答", by=ou, at=town.at(TODAY, 11))

    page = office.get(english(reverse(CASES)))

    assert list(page.context["cl"].queryset) == [late, case, answered]
    assert "days late" in page.content.decode()

"""The database is the last judge of what a case says."""

from __future__ import annotations

import pytest
from django.db import models

from accounts.models import User
from complaints.models import Case, CaseMessage
from complaints.operations.cases import add_to_case, answer_case, open_case
from tests.attacks import (
    Attack,
    Move,
    again,
    append_only_models,
    assert_append_only,
    assert_move_refused,
    assert_refused,
    change,
    illegal_moves,
    named_guards,
    sql,
)
from tests.cast import Town
from tests.portal.days import TREATED

pytestmark = pytest.mark.django_db


class Court:
    """A complaint about Lin's bill that waits, with an addition, and a question that has its answer."""

    def __init__(self, town: Town) -> None:
        at = town.at(TREATED, 15)
        self.lin, self.wang = town.enrol(), town.enrol("王丽珠")
        self.ou = User.objects.create_user("judge", role=User.Role.OPERATOR)
        self.bill = town.treat(self.lin, TREATED)
        self.complaint = open_case(
            person=self.lin, kind="complaint", cause="amount", statement="", bill=self.bill, at=at
        )
        self.message = add_to_case(case=self.complaint, text="补充", at=at)
        asked = open_case(person=self.lin, kind="inquiry", cause="use", statement="？", at=at)
        self.answered = answer_case(case=asked, answer="答", by=self.ou, at=at)


def fresh(court: Court, **changes: object) -> None:
    """The answered question once more, as it was when it was asked."""
    asked = {
        "number": "C20260109-0000001-1", "state": "open", "answer": "", "answered_at": None,
        "answered_by": None,
    }  # fmt: skip
    again(court.answered, **(asked | changes))


ATTACKS = [
    Attack("case_cause_fits_its_kind", lambda c: fresh(c, cause="score")),
    Attack("case_cause_fits_its_kind", lambda c: fresh(c, kind="threat")),
    Attack(
        "case_objection_names_no_bill",
        lambda c: fresh(
            c, kind="objection", cause="score", bill=c.bill, hospital=c.bill.hospital, lender=c.bill.lender
        ),
    ),
    Attack("case_says_what_it_is_about", lambda c: fresh(c, statement="")),
    Attack("case_answered_in_writing", lambda c: change(c.complaint, state="answered")),
    Attack("case_answered_in_writing", lambda c: change(c.complaint, answer="答")),
    Attack("case_begins_open", lambda c: fresh(c, state="answered")),
    Attack("case_begins_open", lambda c: fresh(c, bill=c.bill)),
    Attack(
        "case_begins_open",
        lambda c: fresh(
            c, bill=c.bill, hospital=c.bill.hospital, lender=c.bill.lender, person=c.wang, kind="complaint",
            cause="amount",
        ),
    ),
    Attack("case_keeps_what_was_said", lambda c: change(c.complaint, statement="改了")),
    Attack("case_keeps_what_was_said", lambda c: change(c.complaint, answer_by_on=TREATED)),
    Attack("case_answer_stands", lambda c: change(c.answered, answer="改了")),
    Attack("case_is_kept", lambda c: sql("DELETE FROM complaints_case WHERE id = %(id)s", id=c.answered.pk)),
    Attack("case_message_has_words", lambda c: again(c.message, text="")),
    Attack("case_message_while_open", lambda c: again(c.message, case=c.answered)),
]  # fmt: skip


@pytest.fixture(scope="module")
def court(shared_town: Town) -> Court:
    return Court(shared_town)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.guard for attack in ATTACKS])
def test_the_guard_of_that_name_says_no(court: Court, attack: Attack) -> None:
    assert_refused(attack, court, "complaints")


def test_every_named_guard_is_attacked() -> None:
    assert {attack.guard for attack in ATTACKS} == named_guards("complaints")


@pytest.mark.parametrize("model", append_only_models("complaints"), ids=lambda model: model.__name__)
def test_what_was_added_is_neither_changed_nor_deleted_nor_emptied(
    court: Court, model: type[models.Model]
) -> None:
    assert_append_only(model)


@pytest.mark.parametrize("move", illegal_moves("complaints"), ids=lambda m: f"{m.before} to {m.after}")
def test_an_answer_is_not_taken_back(court: Court, move: Move) -> None:
    assert_move_refused(move)


def test_what_a_case_stands_on_is_not_taken_away(court: Court) -> None:
    for row in (court.lin, court.bill.hospital):
        with pytest.raises(models.ProtectedError):
            row.delete()
    assert Case.objects.exists() and CaseMessage.objects.exists()

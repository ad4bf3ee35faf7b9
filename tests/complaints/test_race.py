"""What two presses at once do to one person's cases."""

from __future__ import annotations

import pytest

from accounts.models import Person
from complaints.models import Case
from complaints.operations.cases import MOST_OPEN, CannotOpenCase, open_case
from tests.cast import Town
from tests.connections import Elsewhere, held_open
from tests.portal.days import TREATED


def ask(town: Town, person: Person, statement: str) -> Case:
    return open_case(person=person, kind="inquiry", cause="use", statement=statement, at=town.at(TREATED))


def test_the_same_case_pressed_twice_at_once_is_one(real_town: Town) -> None:
    lin = real_town.enrol()

    with held_open(lambda: ask(real_town, lin, "怎么用？")) as commit:
        second = Elsewhere(lambda: ask(real_town, lin, "怎么用？"))
        first = commit()

    assert second.join() == first and Case.objects.count() == 1


def test_two_at_once_do_not_both_find_the_last_place(real_town: Town) -> None:
    lin = real_town.enrol()
    for n in range(MOST_OPEN - 1):
        ask(real_town, lin, f"第 {n} 问")

    with held_open(lambda: ask(real_town, lin, "甲")) as commit:
        second = Elsewhere(lambda: ask(real_town, lin, "乙"))
        commit()

    with pytest.raises(CannotOpenCase):
        second.join()
    assert Case.objects.count() == MOST_OPEN

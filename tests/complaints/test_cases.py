"""A case is opened, added to and answered; the clock of five working days is never stopped."""

from datetime import date
from typing import Any

import pytest

from accounts.models import Notice, User
from common.errors import BadInput, Refusal
from common.numbers import parse_number
from complaints.models import Case, CaseMessage
from complaints.operations.cases import (
    MOST_MESSAGES,
    MOST_OPEN,
    CannotAddToCase,
    CannotAnswerCase,
    CannotOpenCase,
    add_to_case,
    answer_case,
    open_case,
)
from tests.cast import Town, row_counts

FRIDAY = date(2026, 3, 6)


@pytest.fixture
def ou(db: None) -> User:
    return User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True)


@pytest.mark.article(13)
@pytest.mark.article(29)
@pytest.mark.parametrize(
    ("received", "answer_by"),
    [
        (date(2026, 3, 6), date(2026, 3, 13)),  # a Friday: Monday is day 1
        (date(2026, 3, 7), date(2026, 3, 13)),  # a Saturday, and Monday is day 1 all the same
        (date(2026, 2, 13), date(2026, 2, 27)),  # a Saturday that is worked, and the Spring Festival
        (date(2026, 4, 29), date(2026, 5, 9)),  # Labour Day, and a Saturday that is worked
    ],
)
def test_the_day_after_receipt_is_day_one_of_five_working_days(
    town: Town, received: date, answer_by: date
) -> None:
    lin = town.enrol()
    case = open_case(
        person=lin, kind="inquiry", cause="use", statement="怎么用？", at=town.at(received, 23, 59)
    )
    assert case.answer_by_on == answer_by
    assert parse_number(case.number)[:2] == ("C", received)
    notice = Notice.objects.get(person=lin, kind="case.opened")
    assert notice.params == {"number": case.number, "answer_by_on": answer_by.isoformat()}


@pytest.mark.article(13)
def test_a_bill_brings_its_hospital_and_lender_and_a_cause_says_enough(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FRIDAY)
    case = open_case(
        person=lin, kind="complaint", cause="amount", statement=" ", bill=bill, at=town.at(FRIDAY, 15)
    )
    assert (case.bill, case.hospital, case.lender, case.statement) == (bill, town.hospital, town.bank, "")


def test_the_same_case_pressed_twice_is_one(town: Town) -> None:
    lin = town.enrol()
    made = [
        open_case(person=lin, kind="inquiry", cause="use", statement="怎么用？", at=town.at(FRIDAY, hour))
        for hour in (9, 10)
    ]
    assert made[0] == made[1] and Notice.objects.filter(kind="case.opened").count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"kind": "threat"}, "kind"),
        ({"cause": "score"}, "cause"),
        ({"cause": ""}, "cause"),
        ({"statement": ""}, "statement"),
        ({"statement": "长" * 1001}, "statement"),
        ({"statement": "a\x00b"}, "statement"),
    ],
)
def test_what_cannot_be_a_case_names_its_field_and_leaves_nothing(
    town: Town, changes: dict[str, str], field: str
) -> None:
    lin = town.enrol()
    before = row_counts()
    asked: dict[str, Any] = {"kind": "complaint", "cause": "service", "statement": "态度不好"} | changes
    with pytest.raises(BadInput) as refused:
        open_case(person=lin, **asked, at=town.at(FRIDAY))
    assert refused.value.field == field and row_counts() == before


@pytest.mark.article(29)
def test_a_dispute_about_a_bill_is_sent_to_the_bills_own_page(town: Town) -> None:
    lin = town.enrol()
    bill = town.treat(lin, FRIDAY)
    with pytest.raises(CannotOpenCase) as refused:
        open_case(
            person=lin, kind="objection", cause="other", statement="不该付", bill=bill, at=town.at(FRIDAY)
        )
    assert refused.value.article == 29 and refused.value.figures["bill"] == bill.number


def test_anothers_bill_is_no_bill(town: Town) -> None:
    lin, wang = town.enrol(), town.enrol("王丽珠")
    bill = town.treat(wang, FRIDAY)
    with pytest.raises(BadInput) as refused:
        open_case(person=lin, kind="complaint", cause="amount", statement="", bill=bill, at=town.at(FRIDAY))
    assert refused.value.field == "bill"


def test_no_more_than_ten_wait_and_an_answer_makes_room(town: Town, ou: User) -> None:
    lin = town.enrol()
    cases = [
        open_case(person=lin, kind="inquiry", cause="use", statement=f"第 {n} 问", at=town.at(FRIDAY))
        for n in range(MOST_OPEN)
    ]
    with pytest.raises(CannotOpenCase) as refused:
        open_case(person=lin, kind="inquiry", cause="use", statement="再问", at=town.at(FRIDAY))
    assert refused.value.figures["count"] == MOST_OPEN
    answer_case(case=cases[0], answer="可以。", by=ou, at=town.at(FRIDAY, 11))
    assert open_case(person=lin, kind="inquiry", cause="use", statement="再问", at=town.at(FRIDAY, 12))


@pytest.mark.article(29)
def test_an_addition_does_not_move_the_day_of_the_answer(town: Town) -> None:
    lin = town.enrol()
    case = open_case(person=lin, kind="objection", cause="score", statement="分数不对", at=town.at(FRIDAY))
    for _press in range(2):
        add_to_case(case=case, text="附上还款记录", at=town.at(date(2026, 3, 12)))
    case.refresh_from_db()
    assert case.answer_by_on == date(2026, 3, 13)
    assert [message.text for message in case.messages.all()] == ["附上还款记录"]


@pytest.mark.parametrize("text", ["", " \n", "长" * 1001, "a\x00"])
def test_an_addition_that_says_nothing_or_cannot_be_kept_is_refused(town: Town, text: str) -> None:
    case = open_case(person=town.enrol(), kind="inquiry", cause="use", statement="？", at=town.at(FRIDAY))
    with pytest.raises(BadInput) as refused:
        add_to_case(case=case, text=text, at=town.at(FRIDAY))
    assert refused.value.field == "text"


def test_additions_end_somewhere(town: Town) -> None:
    case = open_case(person=town.enrol(), kind="inquiry", cause="use", statement="？", at=town.at(FRIDAY))
    for n in range(MOST_MESSAGES):
        add_to_case(case=case, text=f"补充 {n}", at=town.at(FRIDAY))
    with pytest.raises(CannotAddToCase):
        add_to_case(case=case, text="再补充", at=town.at(FRIDAY))
    assert CaseMessage.objects.count() == MOST_MESSAGES


@pytest.mark.article(13)
def test_an_answer_is_given_once_in_writing_and_the_citizen_is_told(town: Town, ou: User) -> None:
    lin = town.enrol()
    case = open_case(person=lin, kind="inquiry", cause="use", statement="怎么用？", at=town.at(FRIDAY))
    at = town.at(date(2026, 3, 10))
    with pytest.raises(BadInput):
        answer_case(case=case, answer=" ", by=ou, at=at)
    answered = answer_case(case=case, answer="出示就医码。", by=ou, at=at)
    assert (answered.state, answered.answer, answered.answered_by) == ("answered", "出示就医码。", ou)
    notice = Notice.objects.get(person=lin, kind="case.answered")
    assert notice.params == {"number": case.number}  # the words stay on the page
    for refused_act in (
        lambda: answer_case(case=case, answer="改了", by=ou, at=at),
        lambda: add_to_case(case=case, text="还有", at=at),
    ):
        with pytest.raises(Refusal) as refused:
            refused_act()
        assert isinstance(refused.value, CannotAnswerCase | CannotAddToCase)
    case.refresh_from_db()
    assert case.answer == "出示就医码。"


def test_a_case_is_late_from_the_day_after_its_day_until_it_is_answered(town: Town, ou: User) -> None:
    case = open_case(person=town.enrol(), kind="inquiry", cause="use", statement="？", at=town.at(FRIDAY))
    days = {on: case.days_late(date(2026, 3, on)) for on in (12, 13, 14, 16)}
    assert days == {12: 0, 13: 0, 14: 1, 16: 3}
    case = answer_case(case=case, answer="答", by=ou, at=town.at(date(2026, 3, 16)))
    assert case.days_late(date(2026, 3, 20)) == 0
    assert Case.objects.waiting().count() == 0

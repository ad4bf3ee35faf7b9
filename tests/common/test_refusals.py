import pickle
from datetime import date

import pytest
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from common.errors import BadInput, Refusal
from common.wording import fill, show


class CannotCharge(Refusal):
    code = "cannot_charge"


def test_a_refusal_fills_its_sentence_with_yuan_and_dates() -> None:
    refusal = CannotCharge(
        "Only %(available_fen)s is available until %(due_on)s, not %(asked_fen)s.",
        article=24,
        available_fen=123450,
        asked_fen=300000,
        due_on=date(2026, 11, 22),
    )
    with translation.override("en"):
        assert str(refusal) == "Only ¥1,234.50 is available until 22 Nov 2026, not ¥3,000.00."
    assert (refusal.code, refusal.status, refusal.article, refusal.field) == ("cannot_charge", 409, 24, None)
    assert refusal.figures["available_fen"] == 123450


def test_a_refusal_is_read_in_the_language_of_its_reader() -> None:
    refusal = Refusal(_("Yes"))
    with translation.override("en"):
        assert str(refusal) == "Yes"
    with translation.override("zh-hans"):
        assert str(refusal) == "是"


def test_a_sentence_without_figures_may_hold_a_percent_sign() -> None:
    assert str(Refusal("At most 100 %.")) == "At most 100 %."


def test_bad_input_names_its_field() -> None:
    refusal = BadInput("No such scene.", field="scene")
    assert (refusal.status, refusal.code, refusal.field) == (422, "bad_input", "scene")


def test_a_refusal_survives_the_way_to_another_process() -> None:
    refusal = pickle.loads(pickle.dumps(CannotCharge("%(n)s bills", article=17, field="bill", n=2)))  # noqa: S301
    assert (str(refusal), refusal.article, refusal.field) == ("2 bills", 17, "bill")


def test_a_missing_figure_is_a_mistake_and_not_a_silent_gap() -> None:
    with pytest.raises(KeyError):
        str(Refusal("%(limit_fen)s", available_fen=1))


@pytest.mark.parametrize(("language", "shown"), [("zh-hans", "2026年11月2日"), ("en", "2 Nov 2026")])
def test_a_date_is_shown_as_each_language_writes_it(language: str, shown: str) -> None:
    with translation.override(language):
        assert show("due_on", date(2026, 11, 2)) == shown


def test_a_date_that_came_through_json_is_shown_as_a_date() -> None:
    with translation.override("en"):
        assert fill("Due %(due_on)s, bill %(number)s", {"due_on": "2026-11-22", "number": 7}) == (
            "Due 22 Nov 2026, bill 7"
        )

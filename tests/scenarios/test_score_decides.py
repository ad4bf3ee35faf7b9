"""A score decides the limit: at its edges, when it falls, and when it is no score at all."""

from datetime import date
from typing import Any

import pytest

from accounts.models import Notice
from accounts.operations.consents import give_consent
from billing.models import Bill
from credit.models import CreditAccount, CreditScore
from credit.operations.accounts import (
    CannotOpenAccount,
    open_account,
    record_score,
    refresh_due_scores,
    refresh_score,
)
from credit.operations.limits import CannotDraw
from credit.operations.policy import adopt_policy
from credit.score_operator import GivenScore, ScoreOperatorUnavailable
from tests.cast import OPENING_ON, Town, row_counts
from tests.sandbox_process import SandboxProcess

MONDAY = date(2026, 3, 2)
NEXT_MONTH = date(2026, 4, 1)


@pytest.mark.article(9)
@pytest.mark.article(24)
@pytest.mark.parametrize(
    ("score", "limit_fen", "value_added"),
    [
        (350, 50_000, False),
        (500, 50_000, False),
        (501, 100_000, False),
        (600, 100_000, False),
        (601, 300_000, False),
        (650, 300_000, False),
        (651, 300_000, True),
        (950, 300_000, True),
    ],
)
def test_the_tier_of_a_score_at_its_edge(
    town: Town, fresh_sandbox: SandboxProcess, score: int, limit_fen: int, value_added: bool
) -> None:
    lin = town.move_in()
    give_consent(person=lin, purpose="score", at=town.at(OPENING_ON))
    fresh_sandbox.set_score(lin.resident_id, score)

    account = open_account(person=lin, at=town.at(OPENING_ON))

    assert (account.limit_fen, account.tier.value_added) == (limit_fen, value_added)
    assert (account.score.value, account.available_fen) == (score, limit_fen)
    assert open_account(person=lin, at=town.at(MONDAY)) == account
    assert Notice.objects.filter(person=lin, kind="credit.opened").count() == 1


@pytest.mark.article(24)
def test_the_ends_of_the_range_belong_to_it(town: Town) -> None:
    lowest, highest = town.move_in("陈建国"), town.move_in("王丽")

    assert town.score(lowest, 300, MONDAY).limit_fen == 50_000
    assert town.score(highest, 1000, MONDAY).limit_fen == 300_000


@pytest.mark.article(24)
@pytest.mark.parametrize("value", [650.5, 650.0, "651", True, -1, 0, 299, 1001, 10**18, None])
def test_what_is_no_whole_number_in_the_range_is_refused_not_rounded(town: Town, value: Any) -> None:
    lin = town.move_in()
    before = row_counts()

    with pytest.raises(CannotOpenAccount) as refused:
        record_score(person=lin, given=GivenScore(value, MONDAY, "SC1"), at=town.at(MONDAY))

    assert (refused.value.article, refused.value.field) == (24, "value")
    assert row_counts() == before


@pytest.mark.article(9)
def test_who_has_no_score_yet_gets_no_account_and_is_told_why(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.move_in()
    give_consent(person=lin, purpose="score", at=town.at(OPENING_ON))
    fresh_sandbox.set_score(lin.resident_id, None)
    before = row_counts()

    with pytest.raises(CannotOpenAccount) as refused:
        open_account(person=lin, at=town.at(OPENING_ON))

    assert refused.value.article == 9
    assert row_counts() == before


@pytest.mark.article(9)
@pytest.mark.article(24)
def test_a_lower_tier_stops_new_use_and_calls_nothing_in(town: Town, fresh_sandbox: SandboxProcess) -> None:
    lin = town.enrol(score=700)
    bill = town.treat(lin, MONDAY, 250_000)

    # April: the monthly refresh finds 550. Outstanding is 2,500 above a limit of 1,000: available is 0.
    fresh_sandbox.set_score(lin.resident_id, 550)
    town.live(NEXT_MONTH)
    account = town.account(lin)
    assert (account.limit_fen, account.outstanding_fen, account.available_fen) == (100_000, 250_000, 0)
    assert account.state == CreditAccount.State.ACTIVE
    bill.refresh_from_db()
    assert (bill.due_on, bill.owed_fen, bill.state) == (date(2026, 4, 13), 250_000, Bill.State.OPEN)
    assert Notice.objects.get(person=lin, kind="credit.limit_changed").params == {"limit_fen": 100_000}
    with pytest.raises(CannotDraw) as refused:
        town.treat(lin, NEXT_MONTH, 100)
    assert refused.value.article == 24

    # Repaying makes room only once it comes below the new limit.
    town.pay(lin, 150_000, NEXT_MONTH, hour=11)
    assert town.account(lin).available_fen == 0
    town.pay(lin, 10_000, NEXT_MONTH, hour=12)
    assert town.account(lin).available_fen == 10_000
    assert town.treat(lin, NEXT_MONTH, 15_000, hour=13).financed_fen == 10_000
    assert town.broken_books(NEXT_MONTH) == {}


@pytest.mark.article(9)
def test_scores_are_asked_for_again_a_month_after_the_last_one(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol(score=550)  # on 5 January
    fresh_sandbox.set_score(lin.resident_id, 620)

    at = town.at(date(2026, 2, 4), 9, 59)
    assert refresh_due_scores(on=date(2026, 2, 4), at=at) == 0
    assert town.account(lin).limit_fen == 100_000
    at = town.at(date(2026, 2, 4), 10)
    assert refresh_due_scores(on=date(2026, 2, 4), at=at) == 1
    assert town.account(lin).limit_fen == 300_000
    assert refresh_due_scores(on=date(2026, 2, 4), at=at) == 0


@pytest.mark.article(9)
def test_one_score_outside_the_range_does_not_keep_the_others_from_theirs(
    town: Town, fresh_sandbox: SandboxProcess
) -> None:
    people = [town.enrol(name, score=550) for name in ("林志明", "陈建国", "王丽")]
    adopt_policy(in_force_from=date(2026, 2, 1), score_min=450, at=town.at(date(2026, 1, 20)))
    for person, score in zip(people, (620, 449, 480), strict=True):
        fresh_sandbox.set_score(person.resident_id, score)

    refresh_due_scores(on=MONDAY, at=town.at(MONDAY, 1))

    limits = [town.account(person).limit_fen for person in people]
    assert limits == [300_000, 100_000, 50_000]
    assert not CreditScore.objects.filter(value=449).exists()


@pytest.mark.article(9)
def test_a_citizen_may_ask_again_and_a_silent_operator_changes_nothing(
    town: Town, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    lin = town.enrol(score=550)
    fresh_sandbox.set_score(lin.resident_id, 651)
    assert refresh_score(person=lin, at=town.at(MONDAY)).tier.value_added

    fresh_sandbox.set_score(lin.resident_id, None)
    before = row_counts()
    with pytest.raises(CannotOpenAccount):
        refresh_score(person=lin, at=town.at(NEXT_MONTH))
    settings.SCORE_OPERATOR_URL = "http://127.0.0.1:9/score"
    with pytest.raises(ScoreOperatorUnavailable):
        refresh_score(person=lin, at=town.at(NEXT_MONTH))
    assert row_counts() == before
    assert town.account(lin).limit_fen == 300_000

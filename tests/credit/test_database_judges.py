"""The database is the last judge of limits, standing and family, whoever asks it."""

from datetime import date

import pytest
from django.db import Error, models, transaction

from accounts.models import User
from credit.models import CreditAccount, CreditScore, DueDateOutcome, FamilyLink, LendingRate, Policy, Tier
from credit.operations.family import add_child
from credit.operations.limits import lock_accounts
from credit.operations.policy import adopt_policy
from credit.operations.standing import apply_for_repair, suspend
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
)
from tests.billing.months import Months
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(24)]

MAY = date(2026, 5, 7)


class Court(Months):
    """Those months, a child, a repair asked for, and somebody suspended right now."""

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        at = town.at(MAY)
        self.child = town.move_in("林小雨", born_on=date(2012, 1, 1))
        self.link = add_child(parent=self.lin, child=self.child, at=at)
        self.repair = apply_for_repair(person=self.chen, at=at)
        locked = lock_accounts([town.account(self.wang).pk])
        self.standing = suspend(account=next(iter(locked.values())), bill_number=self.wangs.number, at=at)
        self.account = town.account(self.lin)
        self.clerk = User.objects.create(username="clerk", role=User.Role.OPERATOR)
        self.event = self.account.events.get(kind="hold")
        self.score = CreditScore.objects.get(person=self.lin)
        self.outcome = DueDateOutcome.objects.filter(payer=self.chen).earliest("due_on")
        self.policy: Policy = town.policy


def raise_outstanding(court: Court) -> None:
    change(court.account, outstanding_fen=court.account.limit_fen + 1)


ATTACKS = [
    # Family.
    Attack("family_one_payer_per_dependant", lambda c: again(c.link, payer=c.wang)),
    Attack(
        "family_one_live_link_per_pair", lambda c: again(c.link, state="offered", kind="parent", ends_on=None)
    ),
    Attack("family_of_two_people", lambda c: change(c.link, payer=c.child)),
    Attack("family_minor_has_an_end", lambda c: change(c.link, ends_on=None)),
    Attack("family_limit_positive", lambda c: change(c.link, limit_fen=0)),
    Attack(
        "family_recorded_agreement_has_its_time",
        lambda c: change(c.link, agreed_at=None, agreed_by=c.clerk),
    ),
    # Scores, accounts, and each step in their lives.
    Attack("credit_score_recorded_once", lambda c: again(c.score)),
    Attack("account_outstanding_not_negative", lambda c: change(c.account, outstanding_fen=-1)),
    Attack("account_closed_owes_nothing", lambda c: change(c.account, state="closed")),
    Attack("account_drawn_within_limit", raise_outstanding),
    Attack("account_event_seq_once", lambda c: again(c.event)),
    Attack("account_event_granted_within_limit", lambda c: again(c.event, seq=999, limit_fen=1)),
    # The numbers of the law.
    Attack("policy_periods_do_not_overlap", lambda c: again(c.policy, in_force_from=date(2026, 6, 1))),
    Attack("policy_period_is_forward", lambda c: change(c.policy, in_force_until=date(2025, 1, 1))),
    Attack("policy_has_three_reminders", lambda c: change(c.policy, reminder_days=[1, 8])),
    Attack("policy_reminds_of_insurance", lambda c: change(c.policy, insurance_reminder_days=0)),
    Attack("tier_once_per_score", lambda c: again(Tier.objects.earliest("pk"))),
    Attack("lending_rate_is_positive", lambda c: change(LendingRate.objects.get(), one_year_bp=0)),
    # Standing.
    Attack("outcome_once_per_due_date", lambda c: again(c.outcome)),
    Attack("outcome_streak_agrees", lambda c: change(c.outcome, streak=0)),
    Attack("suspension_one_open_per_account", lambda c: again(c.standing)),
    Attack(
        "suspension_lifted_after_start", lambda c: change(c.standing, lifted_seq=c.standing.started_seq)
    ),
    Attack("repair_one_live_per_event", lambda c: again(c.repair)),
    Attack("repair_decided_with_reason", lambda c: change(c.repair, decided_at=c.town.at(MAY))),
]  # fmt: skip


@pytest.fixture(scope="module")
def court(shared_town: Town) -> Court:
    return Court(shared_town)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.guard for attack in ATTACKS])
def test_the_guard_of_that_name_says_no(court: Court, attack: Attack) -> None:
    assert_refused(attack, court, "credit")


def test_every_named_guard_is_attacked() -> None:
    assert {attack.guard for attack in ATTACKS} == named_guards("credit")


@pytest.mark.parametrize("model", append_only_models("credit"), ids=lambda model: model.__name__)
def test_what_was_written_is_neither_changed_nor_deleted_nor_emptied(
    court: Court, model: type[models.Model]
) -> None:
    assert_append_only(model)


@pytest.mark.parametrize(
    "move", illegal_moves("credit"), ids=lambda m: f"{m.model.__name__} {m.before} to {m.after}"
)
def test_no_state_is_reached_by_an_unlawful_move(court: Court, move: Move) -> None:
    assert_move_refused(move)


@pytest.mark.article(27)
def test_nothing_is_drawn_by_one_fen_while_suspended_or_closed(court: Court) -> None:
    suspended = court.town.account(court.wang)
    closed = court.town.account(court.chen)
    change(closed, state="closed")
    assert suspended.outstanding_fen < suspended.limit_fen

    for account in (suspended, closed):
        with pytest.raises(Error, match="drawn above its limit or while not active"), transaction.atomic():
            change(account, outstanding_fen=account.outstanding_fen + 1)


def test_an_account_above_a_lowered_limit_may_stand_and_fall_but_not_rise(court: Court) -> None:
    change(court.account, limit_fen=1)

    with pytest.raises(Error, match="drawn above its limit"), transaction.atomic():
        change(court.account, outstanding_fen=court.account.outstanding_fen + 1)

    change(court.account, outstanding_fen=court.account.outstanding_fen - 1)
    assert CreditAccount.objects.get(pk=court.account.pk).available_fen == 0


@pytest.mark.article(37)
def test_a_new_policy_ends_the_one_before_it_without_a_gap(court: Court) -> None:
    new = adopt_policy(in_force_from=date(2026, 6, 1), score_max=950, at=court.town.at(MAY))

    assert Policy.objects.on(date(2026, 5, 31)) == court.policy
    assert Policy.objects.on(date(2026, 6, 1)) == new
    assert FamilyLink.objects.filter(pk=court.link.pk).exists()

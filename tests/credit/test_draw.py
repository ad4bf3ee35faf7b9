"""What is outstanding rises within the limit only, whoever asks and however."""

from datetime import date

import pytest
from django.db import IntegrityError, transaction

from credit.models import AccountEvent, CreditAccount
from credit.operations.limits import CannotDraw, Step, draw, draw_checked, lock_accounts
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(24)]

ON = date(2026, 1, 9)


def step(account: CreditAccount, fen: int) -> Step:
    return Step(account, AccountEvent.Kind.CHARGE, fen, f"bill of {fen}")


def test_more_than_is_left_is_refused_with_both_figures(town: Town) -> None:
    account = town.account(town.enrol(score=600))

    with pytest.raises(CannotDraw) as refused:
        draw([step(account, 100_001)], at=town.at(ON))

    assert (refused.value.figures["asked_fen"], refused.value.figures["available_fen"]) == (100_001, 100_000)


def test_an_account_that_would_not_move_ends_the_transaction(town: Town) -> None:
    """Even where whoever asks has looked at the limit wrongly."""
    account = town.account(town.enrol(score=600))

    with pytest.raises(IntegrityError), transaction.atomic():
        locked = lock_accounts([account.pk])[account.pk]
        draw_checked([step(locked, 60_000), step(locked, 40_001)], at=town.at(ON))

    account.refresh_from_db()
    assert (account.outstanding_fen, account.seq) == (0, 1)
    assert list(account.events.values_list("kind", flat=True)) == ["opened"]


def test_several_steps_of_one_account_count_from_where_it_stood(town: Town) -> None:
    account = town.account(town.enrol(score=600))

    with transaction.atomic():
        locked = lock_accounts([account.pk])[account.pk]
        draw_checked([step(locked, 60_000), step(locked, 40_000)], at=town.at(ON))

    account.refresh_from_db()
    assert (account.outstanding_fen, account.seq) == (locked.outstanding_fen, locked.seq) == (100_000, 3)
    charged = account.events.filter(kind="charge").order_by("seq")
    assert list(charged.values_list("seq", "outstanding_after_fen")) == [(2, 60_000), (3, 100_000)]

"""The one place where what an account has outstanding changes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from common.articles import enforces
from common.errors import Refusal
from common.statements import Statement
from credit.models import AccountEvent, CreditAccount

Kind = AccountEvent.Kind

# Accounts move and their events are written in one statement, so that neither can be had without the other.
# Several steps of one account are one move, counted from where the account stood.
_MOVED = """
    WITH moved AS (
        UPDATE credit_creditaccount account
           SET outstanding_fen = account.outstanding_fen + move.delta_fen, seq = account.seq + move.steps
          FROM unnest(%(accounts)s::bigint[], %(deltas)s::bigint[], %(steps)s::int[])
               AS move (id, delta_fen, steps)
         WHERE account.id = move.id
           AND (move.delta_fen <= 0
                OR (account.state = 'active'
                    AND account.outstanding_fen + move.delta_fen <= account.limit_fen))
     RETURNING account.id, account.limit_fen, account.seq - move.steps AS seq_before,
               account.outstanding_fen - move.delta_fen AS outstanding_before_fen)
    INSERT INTO credit_accountevent
           (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen, reference, at)
    SELECT step.account_id, seq_before + step.nth, step.kind, abs(step.delta_fen),
           outstanding_before_fen + sum(step.delta_fen) OVER (PARTITION BY moved.id ORDER BY step.nth),
           moved.limit_fen, step.reference, %(at)s::timestamptz
      FROM unnest(%(step_accounts)s::bigint[], %(nths)s::int[], %(kinds)s::text[], %(step_deltas)s::bigint[],
                  %(references)s::text[]) AS step (account_id, nth, kind, delta_fen, reference)"""
_MOVE = Statement(
    f"""
    {_MOVED} JOIN moved ON moved.id = step.account_id
    RETURNING account_id, seq, outstanding_after_fen"""
)
# An account that would not move leaves its event without a sequence number, which no event may be.
_MOVE_ALL = Statement(f"{_MOVED} LEFT JOIN moved ON moved.id = step.account_id")


class Step(NamedTuple):
    """One thing that happens to an account: what it adds to what is outstanding, or takes off it."""

    account: CreditAccount
    kind: AccountEvent.Kind
    delta_fen: int
    reference: str


class CannotDraw(Refusal):
    code = "over_limit"
    articles = (24,)
    meaning = _("The amount is more than the limit has left.")
    remedy = _(
        "Charge at most what is available, and take another payment for the rest. Care is not refused."
    )


class AccountNotActive(Refusal):
    code = "account_not_active"
    articles = (26, 27)
    meaning = _("The credit account is suspended or closed, or its owner has left the scheme.")
    remedy = _(
        "Take another payment; care is not refused. Paying all that is overdue lifts a suspension at once;"
        " whoever has left the scheme can agree to it again on the consents page."
    )


# What charges and repayments ask of an account.
ACCOUNT = "id, person_id, state, limit_fen, outstanding_fen, seq, caps_family"
_LOCK = Statement(
    """
    SELECT * FROM credit_creditaccount WHERE id = ANY(%(ids)s::bigint[]) ORDER BY id FOR NO KEY UPDATE"""
)
_LOCK_OF = Statement(
    """
    SELECT * FROM credit_creditaccount WHERE person_id = ANY(%(people)s::bigint[])
     ORDER BY id FOR NO KEY UPDATE"""
)


def lock_accounts(ids: Iterable[int]) -> dict[int, CreditAccount]:
    """Lock accounts in the order of their ids: first of all locks, and the same order everywhere."""
    return {account.pk: account for account in _LOCK.rows(CreditAccount, ids=list(ids))}


def lock_accounts_of(people: Iterable[int]) -> dict[int, CreditAccount]:
    """The same by the ids of the people whose accounts they are."""
    return {account.person_id: account for account in _LOCK_OF.rows(CreditAccount, people=list(people))}


@enforces(24)
def draw(steps: Sequence[Step], *, at: datetime) -> None:
    """Raise what is outstanding by charges or holds, where the accounts are active and their limits allow it.

    All of them or none. Raises AccountNotActive, CannotDraw (Article 24).
    """
    refused = _move(steps, at)
    for account in refused:
        account.refresh_from_db()
        require_active(account)
        raise CannotDraw(
            _("%(asked_fen)s is more than the %(available_fen)s available."),
            article=24,
            asked_fen=sum(step.delta_fen for step in steps if step.account.pk == account.pk),
            available_fen=account.available_fen,
        )


def draw_checked(steps: Sequence[Step], *, at: datetime) -> None:
    """The same for accounts that are locked and were found active with room enough; nobody waits for it.

    Were one of them not so after all, the database would refuse the whole transaction.
    """
    _move_all(steps, at)


def give_back(steps: Sequence[Step], *, at: datetime) -> None:
    """Lower what is outstanding on locked accounts by releases, voids, refunds or repayments, whatever their
    state; nobody waits for it.
    """
    if steps := [step for step in steps if step.delta_fen]:
        _move_all(steps, at)


def note(account: CreditAccount, kind: AccountEvent.Kind, reference: str, *, at: datetime) -> int:
    """Record an event that moves no money and return its sequence number."""
    note_many([Step(account, kind, 0, reference)], at=at)
    return account.seq


def note_many(steps: Sequence[Step], *, at: datetime) -> None:
    """Record events that move no money; each account then stands at its last one's sequence number."""
    _move(steps, at)


def require_active(account: CreditAccount) -> None:
    """Raises AccountNotActive with the reason that the desk may show (Article 27)."""
    if account.state == CreditAccount.State.SUSPENDED:
        bill = account.suspensions.get(lifted_seq=None).bill_number
        raise AccountNotActive(
            _(
                "This credit account is suspended: bill %(bill)s is unpaid after three reminders."
                " Please take another payment; care is not refused."
            ),
            article=27,
            bill=bill,
        )
    if account.state == CreditAccount.State.CLOSED:
        raise AccountNotActive(_("This credit account was closed by its owner."), article=26)
    if account.state == CreditAccount.State.WITHDRAWN:
        raise AccountNotActive(
            _(
                "The owner of this credit account has withdrawn the consent to the scheme."
                " Please take another payment; care is not refused."
            ),
            article=26,
        )


def _move(steps: Sequence[Step], at: datetime) -> list[CreditAccount]:
    """Take the steps, in this order. Returns the accounts that would not move."""
    accounts = {step.account.pk: step.account for step in steps}
    moved = _MOVE.run(**_moves(steps), at=at)
    for pk, seq, outstanding_fen in sorted(moved):
        accounts[pk].seq, accounts[pk].outstanding_fen = seq, outstanding_fen
    standing = {pk for pk, _seq, _outstanding in moved}
    return [account for pk, account in accounts.items() if pk not in standing]


def _move_all(steps: Sequence[Step], at: datetime) -> None:
    """Take the steps on locked accounts; one that would not move ends the transaction."""
    _MOVE_ALL.send(**_moves(steps), at=at)
    for step in steps:
        step.account.seq += 1
        step.account.outstanding_fen += step.delta_fen


def _moves(steps: Sequence[Step]) -> dict[str, list[Any]]:
    """What a move is told: what each account adds up to, and each step with its place among its account's."""
    deltas: dict[int, int] = {}
    counts: dict[int, int] = {}
    nths = []
    for step in steps:
        pk = step.account.pk
        deltas[pk] = deltas.get(pk, 0) + step.delta_fen
        counts[pk] = counts.get(pk, 0) + 1
        nths.append(counts[pk])
    return {
        "accounts": list(deltas),
        "deltas": list(deltas.values()),
        "steps": list(counts.values()),
        "step_accounts": [step.account.pk for step in steps],
        "nths": nths,
        "kinds": [step.kind.value for step in steps],
        "step_deltas": [step.delta_fen for step in steps],
        "references": [step.reference for step in steps],
    }

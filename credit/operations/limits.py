"""The one place where what an account has outstanding changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.db import connection
from django.utils.translation import gettext_lazy as _

from common.articles import enforces
from common.errors import Refusal
from credit.models import AccountEvent, CreditAccount

Kind = AccountEvent.Kind

# The account moves and its event is written in one statement, so that neither can be had without the other.
_MOVE = """
    WITH moved AS (
        UPDATE credit_creditaccount
           SET outstanding_fen = outstanding_fen + %(delta)s, seq = seq + 1
         WHERE id = %(account)s
           AND (%(delta)s <= 0 OR (state = 'active' AND outstanding_fen + %(delta)s <= limit_fen))
     RETURNING id, seq, outstanding_fen, limit_fen)
    INSERT INTO credit_accountevent
           (account_id, seq, kind, amount_fen, outstanding_after_fen, limit_fen, reference, at)
    SELECT id, seq, %(kind)s, %(amount)s, outstanding_fen, limit_fen, %(reference)s, %(at)s FROM moved
    RETURNING seq, outstanding_after_fen"""


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
    meaning = _("The credit account is suspended or closed.")
    remedy = _(
        "Take another payment; care is not refused. Paying all that is overdue lifts a suspension at once."
    )


def lock_accounts(ids: Iterable[int]) -> dict[int, CreditAccount]:
    """Lock accounts in the order of their ids: first of all locks, and the same order everywhere."""
    accounts = CreditAccount.objects.filter(pk__in=set(ids)).order_by("pk").select_for_update(no_key=True)
    return {account.pk: account for account in accounts}


@enforces(24)
def draw(*, account: CreditAccount, kind: Kind, amount_fen: int, reference: str, at: datetime) -> None:
    """Raise what is outstanding by a charge or a hold, if the account is active and its limit allows it.

    Raises AccountNotActive, CannotDraw (Article 24).
    """
    if not _move(account, kind, amount_fen, amount_fen, reference, at):
        account.refresh_from_db()
        require_active(account)
        raise CannotDraw(
            _("%(asked_fen)s is more than the %(available_fen)s available."),
            article=24,
            asked_fen=amount_fen,
            available_fen=account.available_fen,
        )


def give_back(*, account: CreditAccount, kind: Kind, amount_fen: int, reference: str, at: datetime) -> None:
    """Lower what is outstanding by a release, void, refund or repayment, whatever the account's state."""
    if amount_fen:
        _move(account, kind, -amount_fen, amount_fen, reference, at)


def note(*, account: CreditAccount, kind: Kind, reference: str, at: datetime) -> int:
    """Record an event that moves no money and return its sequence number."""
    _move(account, kind, 0, 0, reference, at)
    return account.seq


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


def _move(
    account: CreditAccount, kind: Kind, delta_fen: int, amount_fen: int, reference: str, at: datetime
) -> bool:
    with connection.cursor() as cursor:
        cursor.execute(
            _MOVE,
            {
                "delta": delta_fen,
                "account": account.pk,
                "kind": kind.value,
                "amount": amount_fen,
                "reference": reference,
                "at": at,
            },
        )
        row = cursor.fetchone()
    if row is None:
        return False
    account.seq, account.outstanding_fen = row
    return True

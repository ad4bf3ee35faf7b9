"""A form of the desk counts once, however often it is sent and wherever its answer was lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations.retry import sqlstate, whole_transaction
from billing.models import DeskAct, HandOver
from common.articles import enforces
from common.errors import BadInput, Refusal

LOCK_NOT_AVAILABLE = "55P03"


class StillUnderWay(Refusal):
    """The same form, or another act on the same account, has not finished."""

    code = "still_under_way"
    status = 503
    meaning = _("The same form, or another act on the same account, has not finished.")
    remedy = _("Do not charge again: look in a moment whether it was done.")


class FormGivenUp(Refusal):
    """A form that came too late: its cashier was told already that nothing had been done by it."""

    code = "form_given_up"
    meaning = _("The cashier asked whether this form had been carried out and was told no. It arrived later.")
    remedy = _("Nothing was done by it. Do it anew if it is still wanted.")


class ShiftEnded(Refusal):
    """The cashier's shift was handed over while this was on its way."""

    code = "shift_ended"
    meaning = _("The cashier's shift was handed over while this was on its way.")
    remedy = _("Nothing was done. Do it anew: it counts in the next shift.")


def lock_shift(cashier: User, *, shared: bool) -> None:
    """Hold a cashier's shift as it is: shared by what is done in it, alone by its hand-over.

    Raises StillUnderWay where it takes longer than a lock may wait.
    """
    with waiting(), connection.cursor() as cursor:
        call = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
        cursor.execute(f"SELECT {call}(hashtextextended(%s, 0))", [f"shift of {cashier.pk}"])


def require_shift_goes_on(*, cashier: User, at: datetime) -> None:
    """What happened at `at` is in no shift that was handed over. Raises ShiftEnded."""
    lock_shift(cashier, shared=True)
    if HandOver.objects.filter(shift__cashier=cashier, at__gte=at).exists():
        raise ShiftEnded(
            _("Your shift was handed over while this was on its way. Nothing was done; do it anew.")
        )


def once(*, token: UUID, cashier: User, at: datetime, effect: Callable[[], str]) -> str:
    """Do what a form asks and return the number it made, or the number that the same form made before.

    A refusal rolls everything back, the token too, so that the form may be sent again. Raises StillUnderWay
    where the same form, or another act on the same account, takes longer than a lock may wait; FormGivenUp
    for one that was rechecked before it arrived; ShiftEnded.
    """

    def work() -> str:
        # Waits for the same form under way elsewhere; the unique token stays the judge.
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [_key(token)])
        act = DeskAct.objects.filter(token=token).first()
        if act and not act.made:
            raise FormGivenUp(
                _("This form came after you had asked for it and were told no. Nothing was done; do it anew.")
            )
        if act:
            return act.made
        require_shift_goes_on(cashier=cashier, at=at)
        return DeskAct.objects.create(token=token, cashier=cashier, made=effect(), at=at).made

    with waiting():
        return whole_transaction(work)


@enforces(17)
def recheck(*, token: UUID, cashier: User, at: datetime) -> str:
    """What a form made whose answer was lost: its number, or "" where it made nothing and never will.

    It does nothing itself. A form that has not arrived yet is given up: should it come later, it is refused,
    so that whoever does it anew does it once. Raises StillUnderWay, and BadInput for another's form.
    """

    def work() -> str:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(hashtextextended(%s, 0))", [_key(token)])
            if not cursor.fetchone()[0]:
                raise still_under_way()
        act = DeskAct.objects.filter(token=token).first()
        if act and act.cashier_id != cashier.pk:
            raise BadInput(_("This form is another cashier's."), field="token")
        return (act or DeskAct.objects.create(token=token, cashier=cashier, made="", at=at)).made

    return whole_transaction(work)


@contextmanager
def waiting() -> Iterator[None]:
    """Says that somebody else is still at work, where a lock could not be had in time."""
    try:
        yield
    except OperationalError as error:
        if sqlstate(error) != LOCK_NOT_AVAILABLE:
            raise
        raise still_under_way() from error


def still_under_way() -> StillUnderWay:
    return StillUnderWay(_("Still being processed. Do not charge again; check again in a moment."))


def _key(token: UUID) -> str:
    return f"desk act {token}"

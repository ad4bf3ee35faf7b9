"""Opening a shift, handing it over with its cash counted, and receiving it (Article 17)."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime, time

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.models import HandOver, Receipt, Shift
from billing.numbering import next_number
from billing.operations.once import lock_shift
from billing.shifts import shift_of, shift_totals
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from hospitals.models import Hospital, HospitalStaff


class CannotHandOver(Refusal):
    code = "cannot_hand_over"
    articles = (17,)
    meaning = _("No shift goes on, or whoever should take it is not another member of the hospital's staff.")
    remedy = _("Open a shift first, and hand it over to somebody else of the same hospital.")


class CannotReceive(Refusal):
    code = "cannot_receive"
    articles = (17,)
    meaning = _("A shift is received once, by whom it is handed over to or a head cashier, never by its own.")
    remedy = _("Let somebody else receive it.")


@enforces(17)
@transaction.atomic
def open_shift(*, hospital: Hospital, cashier: User, float_fen: int, at: datetime) -> Shift:
    """Begin a shift with what is in the drawer; one that goes on is returned as it is.

    What the cashier did since the last hand-over counts in it. Raises BadInput.
    """
    if float_fen < 0:
        raise BadInput(_("Cash in the drawer is an amount of 0 fen or more."), field="float_fen", article=17)
    lock_shift(cashier, shared=False)
    shift = shift_of(cashier)
    if shift:
        return shift
    ended_at = HandOver.objects.filter(shift__cashier=cashier).aggregate(at=Max("at"))["at"]
    return Shift.objects.create(
        number=next_number("H", business_date(at)),
        hospital=hospital,
        cashier=cashier,
        since_at=ended_at or datetime.combine(business_date(at), time(), SHANGHAI),
        opened_at=at,
        float_fen=float_fen,
    )


@enforces(17)
@transaction.atomic
def hand_over_shift(
    *, hospital: Hospital, cashier: User, to: User, counted_fen: int, note: str = "", at: datetime
) -> Shift:
    """End the cashier's shift with the cash that was counted, for somebody else of the hospital to receive.

    Waits for what the cashier still has under way, so that every act is in one shift. A difference between
    what was counted and what should be there needs a note. Raises BadInput, CannotHandOver.
    """
    check_text(note, HandOver.note.field, article=17)
    if counted_fen < 0:
        raise BadInput(_("Counted cash is an amount of 0 fen or more."), field="counted_fen", article=17)
    lock_shift(cashier, shared=False)
    shift = shift_of(cashier)
    if shift is None:
        raise CannotHandOver(_("You have no shift open. Open one, then hand it over."), article=17)
    if to == cashier or not HospitalStaff.objects.at(hospital).filter(user=to).exists():
        raise CannotHandOver(
            _("A shift is handed over to somebody else of the same hospital."), article=17, field="to"
        )
    totals = shift_totals(shift, until_at=at)
    expected_fen = shift.float_fen + totals.cash_fen
    if counted_fen != expected_fen and not note.strip():
        raise BadInput(
            _("%(counted_fen)s was counted, %(expected_fen)s should be there: write what explains it."),
            field="note",
            article=17,
            counted_fen=counted_fen,
            expected_fen=expected_fen,
        )
    HandOver.objects.create(
        shift=shift,
        to=to,
        at=at,
        expected_fen=expected_fen,
        counted_fen=counted_fen,
        note=note.strip(),
        **asdict(totals),
    )
    return shift


@enforces(17)
@transaction.atomic
def receive_shift(
    *, hospital: Hospital, number: str, receiver: User, counted_fen: int, note: str = "", at: datetime
) -> Receipt:
    """Take over what was handed over, after counting it anew. Received already by the same person: as it is.

    Raises Shift.DoesNotExist, BadInput, CannotReceive.
    """
    check_text(note, Receipt.note.field, article=17)
    if counted_fen < 0:
        raise BadInput(_("Counted cash is an amount of 0 fen or more."), field="counted_fen", article=17)
    shift = Shift.objects.at_hospital(hospital).select_related("cashier").get(number=number)
    lock_shift(shift.cashier, shared=False)
    given = HandOver.objects.filter(shift=shift).first()
    post = HospitalStaff.objects.at(hospital).filter(user=receiver).first()
    if given is None:
        raise CannotReceive(_("Shift %(shift)s has not been handed over yet."), article=17, shift=number)
    if receiver == shift.cashier or post is None:
        raise CannotReceive(_("Nobody receives their own shift: let somebody else count it."), article=17)
    if given.to != receiver and post.position == HospitalStaff.Position.CASHIER:
        raise CannotReceive(
            _("Shift %(shift)s was handed over to %(to)s, who receives it, or a head cashier does."),
            article=17,
            shift=number,
            to=given.to.username,
        )
    done = Receipt.objects.filter(hand_over=given).first()
    if done and done.received_by == receiver:
        return done
    if done:
        raise CannotReceive(
            _("Shift %(shift)s has been received by %(by)s."),
            article=17,
            shift=number,
            by=done.received_by.username,
        )
    if counted_fen != given.counted_fen and not note.strip():
        raise BadInput(
            _("%(counted_fen)s was counted, %(given_fen)s was handed over: write what explains it."),
            field="note",
            article=17,
            counted_fen=counted_fen,
            given_fen=given.counted_fen,
        )
    return Receipt.objects.create(
        hand_over=given, received_by=receiver, counted_fen=counted_fen, note=note.strip(), at=at
    )

"""Paying hospitals on T+1: instructed, paid, returned, reconciled (Articles 2, 17)."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from billing.models import Settlement, SettlementStep, Transfer
from billing.operations.ledger import Books, Move, post
from billing.operations.telling import tell_hospital, tell_lender
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text

State = Settlement.State


class CannotPay(Refusal):
    code = "cannot_pay"
    articles = (17,)
    meaning = _("The settlement is in a state in which this cannot be done.")
    remedy = _("Fetch the settlement, and go on from its state.")


class CannotReconcile(Refusal):
    code = "cannot_reconcile"
    articles = (17,)
    meaning = _("The amount received is not the amount paid, or nothing was paid yet.")
    remedy = _("Compare both with the bank. Nothing is corrected by itself.")


@enforces(17)
@transaction.atomic
def instruct_payout(*, settlement: Settlement, at: datetime) -> Settlement:
    """The lender has told its bank to pay. Raises CannotPay where it is not due or returned."""
    settlement = _lock(settlement)
    if settlement.state == State.INSTRUCTED:
        return settlement
    _move(settlement, State.INSTRUCTED, {State.DUE, State.RETURNED}, at)
    return settlement


@enforces(17)
@transaction.atomic
def confirm_payout(
    *, settlement: Settlement, bank_reference: str, value_on: date, at: datetime
) -> Settlement:
    """The bank has paid: the hospital's claim for that date is met, and the hospital is told.

    The same bank reference again changes nothing. Raises BadInput, CannotPay.
    """
    if not bank_reference.strip():
        raise BadInput(_("Give the bank's reference of the payment."), field="bank_reference", article=17)
    check_text(bank_reference, SettlementStep.bank_reference.field, article=17)
    settlement = _lock(settlement)
    if not settlement.business_on < value_on <= business_date(at):
        raise BadInput(
            _("The value date lies after the business date %(business_on)s and not in the future."),
            field="value_on",
            article=17,
            business_on=settlement.business_on,
        )
    if _known(settlement, State.PAID, bank_reference):
        return settlement
    if settlement.state in {State.DUE, State.RETURNED}:
        _move(settlement, State.INSTRUCTED, {State.DUE, State.RETURNED}, at)
    _move(settlement, State.PAID, {State.INSTRUCTED}, at, bank_reference=bank_reference, value_on=value_on)
    _pay(settlement, Transfer.Kind.PAYOUT, bank_reference, at)
    tell_hospital(hospital=settlement.hospital, name="settlement.paid", payload=_payload(settlement), at=at)
    return settlement


@enforces(17)
@transaction.atomic
def return_payout(*, settlement: Settlement, bank_reference: str, reason: str, at: datetime) -> Settlement:
    """A bank has sent the money back: the hospital's claim stands again, to be instructed anew.

    The same bank reference again changes nothing. Raises BadInput, CannotPay.
    """
    for field, text in (("bank_reference", bank_reference), ("reason", reason)):
        if not text.strip():
            raise BadInput(_("Give the bank's reference and reason."), field=field, article=17)
    check_text(bank_reference, SettlementStep.bank_reference.field, article=17)
    check_text(reason, SettlementStep.reason.field, article=17)
    settlement = _lock(settlement)
    if _known(settlement, State.RETURNED, bank_reference):
        return settlement
    was_paid = settlement.state == State.PAID
    _move(
        settlement,
        State.RETURNED,
        {State.INSTRUCTED, State.PAID},
        at,
        bank_reference=bank_reference,
        reason=reason,
    )
    if was_paid:
        _pay(settlement, Transfer.Kind.PAYOUT_RETURN, bank_reference, at)
    tell_hospital(
        hospital=settlement.hospital, name="settlement.returned", payload=_payload(settlement), at=at
    )
    tell_lender(lender=settlement.lender, name="settlement.returned", payload=_payload(settlement), at=at)
    return settlement


@enforces(17)
@transaction.atomic
def reconcile_settlement(*, settlement: Settlement, received_fen: int, at: datetime) -> Settlement:
    """The hospital has found the payment on its account, and it agrees to the fen.

    Raises CannotReconcile where it differs or was not paid: nothing is corrected by itself.
    """
    settlement = _lock(settlement)
    if settlement.state == State.RECONCILED:
        return settlement
    if settlement.state != State.PAID:
        raise CannotReconcile(
            _("Settlement %(number)s has not been paid."), article=17, number=settlement.number
        )
    if received_fen != settlement.net_fen:
        raise CannotReconcile(
            _("Settlement %(number)s paid %(net_fen)s, but %(received_fen)s was received."),
            article=17,
            field="received_fen",
            number=settlement.number,
            net_fen=settlement.net_fen,
            received_fen=received_fen,
        )
    _move(settlement, State.RECONCILED, {State.PAID}, at)
    return settlement


def _lock(settlement: Settlement) -> Settlement:
    rows = Settlement.objects.select_for_update(no_key=True, of=("self",)).select_related(
        "hospital", "lender"
    )
    return rows.get(pk=settlement.pk)


def _known(settlement: Settlement, state: Settlement.State, bank_reference: str) -> bool:
    return settlement.steps.filter(state=state, bank_reference=bank_reference).exists()


def _move(
    settlement: Settlement,
    to: Settlement.State,
    allowed: set[Settlement.State],
    at: datetime,
    *,
    bank_reference: str = "",
    value_on: date | None = None,
    reason: str = "",
) -> None:
    if settlement.state not in allowed:
        raise CannotPay(
            _("Settlement %(number)s is %(state)s; that cannot be done now."),
            article=17,
            number=settlement.number,
            state=settlement.get_state_display(),
        )
    settlement.state = to
    settlement.save(update_fields=["state"])
    SettlementStep.objects.create(
        settlement=settlement,
        state=to,
        bank_reference=bank_reference,
        value_on=value_on,
        reason=reason,
        at=at,
    )


def _pay(settlement: Settlement, kind: Transfer.Kind, bank_reference: str, at: datetime) -> None:
    books = Books(settlement.lender_id)
    payable = books.payable(settlement.hospital_id)
    debit, credit = (payable, books.cash) if kind == Transfer.Kind.PAYOUT else (books.cash, payable)
    reference = f"{settlement.number}:{bank_reference}"
    move = Move(kind, reference, debit, credit, settlement.net_fen)
    post([move], business_on=settlement.business_on, at=at)


def _payload(settlement: Settlement) -> dict[str, str | int]:
    return {
        "number": settlement.number,
        "lender": settlement.lender.code,
        "hospital": settlement.hospital.code,
        "business_on": settlement.business_on.isoformat(),
        "net_fen": settlement.net_fen,
        "state": settlement.state,
    }

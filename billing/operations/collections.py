"""Asking a lender to collect: by the citizen's own wish, or as a direct debit on the due date."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from itertools import groupby

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.operations.jobs import track
from accounts.operations.notices import notify
from billing import notices
from billing.allocation import spread
from billing.models import Bill, Collection, DirectDebit, Repayment
from billing.numbering import next_number
from billing.operations.accruals import accrue_before
from billing.operations.locking import lock_bills_of
from billing.operations.repayments import repay
from billing.operations.telling import tell_lender
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from lenders.models import Facility, Lender

Kind = Collection.Kind
State = Collection.State


class CannotCollect(Refusal):
    code = "cannot_collect"
    articles = (23, 27)
    meaning = _("The payment has ended, another is on its way, or the lender has not agreed to it.")


@enforces(27)
@transaction.atomic
def start_repayment(
    *, payer: Person, bills: Iterable[Bill], amount_fen: int | None = None, reference: str, at: datetime
) -> list[Collection]:
    """The citizen pays chosen bills, or an amount spread over them oldest first; one collection a lender.

    The same `reference` again returns the same collections. Raises BadInput where the amount is more than
    the bills, CannotCollect where another payment of a bill is still on its way.
    """
    chosen = Bill.objects.owed_by(payer).open().filter(pk__in=[bill.pk for bill in bills])
    locked, _accounts = lock_bills_of(payer, chosen)
    known = list(Collection.objects.filter(payer=payer, reference__startswith=f"{reference}:"))
    if known:
        return known
    accrue_before(locked, on=business_date(at), at=at)
    total = sum(bill.to_pay_fen for bill in locked)
    if not locked:
        raise BadInput(_("Choose at least one bill that is not paid yet."), field="bills", article=27)
    if amount_fen is None:
        amount_fen = total
    if not 0 < amount_fen <= total:
        raise BadInput(
            _("Choose an amount of more than ¥0.00 and up to %(total_fen)s."),
            field="amount",
            article=27,
            total_fen=total,
        )
    _require_none_pending(locked)
    shares, _left = spread(amount_fen, locked)
    started = []
    for lender_id, group in groupby(
        sorted(shares, key=lambda share: share.bill.lender_id), lambda s: s.bill.lender_id
    ):
        of_lender = list(group)
        started.append(
            _start(
                payer_id=payer.pk,
                lender_id=lender_id,
                kind=Kind.CITIZEN,
                amount_fen=sum(share.principal_fen + share.charges_fen for share in of_lender),
                bills=[share.bill for share in of_lender],
                reference=f"{reference}:{lender_id}",
                at=at,
            )
        )
    return started


@enforces(27)
@transaction.atomic
def finish_collection(
    *, collection: Collection, succeeded: bool, bank_reference: str = "", reason: str = "", at: datetime
) -> Collection:
    """The lender says how it ended: a success is a repayment, a failure is told with its reason.

    The same answer again changes nothing. Raises CannotCollect where the other answer was given before,
    BadInput without a bank reference or a reason.
    """
    check_text(bank_reference, Repayment.bank_reference.field, article=27)
    check_text(reason, Collection.reason.field, article=27)
    # Account before collection, as everywhere; the repayment below locks the account anyway.
    lock_bills_of(collection.payer, Bill.objects.none())
    collection = (
        Collection.objects.select_for_update(no_key=True, of=("self",))
        .select_related("payer", "lender")
        .get(pk=collection.pk)
    )
    ended = State.SUCCEEDED if succeeded else State.FAILED
    if collection.state == ended:
        return collection
    if collection.state != State.PENDING:
        raise CannotCollect(
            _("Collection %(number)s has already ended."), article=27, number=collection.number
        )
    if succeeded and not bank_reference.strip():
        raise BadInput(_("Give the bank's reference of the payment."), field="bank_reference", article=27)
    if not succeeded and not reason.strip():
        raise BadInput(_("Give the reason; the payer reads it."), field="reason", article=27)
    collection.state, collection.ended_at, collection.reason = ended, at, reason
    collection.save(update_fields=["state", "ended_at", "reason"])
    if succeeded:
        repay(
            payer=collection.payer,
            lender=collection.lender,
            amount_fen=collection.amount_fen,
            method=Repayment.Method(collection.kind),
            bank_reference=bank_reference,
            bills=collection.bills.all(),
            collection_id=collection.pk,
            paid_on=business_date(collection.started_at),
            at=at,
        )
    else:
        due = collection.bills.oldest_due_first().first()
        notify(
            person=collection.payer,
            kind=notices.COLLECTION_FAILED,
            params={
                "amount_fen": collection.amount_fen,
                "reason": reason,
                "due_on": due.due_on.isoformat() if due else "",
            },
            reference=f"collection-failed:{collection.number}",
            at=at,
        )
    return collection


@transaction.atomic
def set_direct_debit(*, payer: Person, lender: Lender, on: bool, at: datetime) -> bool:
    """Start or end the standing order with a lender that has agreed to pay for the person (Article 23).

    Once it has ended, no collection starts. Returns whether it stands. Raises CannotCollect.
    """
    Person.objects.select_for_update(no_key=True).get(pk=payer.pk)
    order = DirectDebit.objects.filter(payer=payer, lender=lender, ended_at=None).first()
    if on == bool(order):
        return on
    if order:
        order.ended_at = at
        order.save(update_fields=["ended_at"])
    else:
        if not Facility.objects.of(payer).at(lender).granted().exists():
            raise CannotCollect(_("Direct debit needs an agreement with this lender first."), article=23)
        order = DirectDebit.objects.create(payer=payer, lender=lender, started_at=at)
    notify(
        person=payer,
        kind=notices.DIRECT_DEBIT_ON if on else notices.DIRECT_DEBIT_OFF,
        params={"lender": lender.name_in(payer.language)},
        reference=f"direct-debit-{'on' if on else 'off'}:{order.pk}",
        at=at,
        channels=(),
    )
    return on


@enforces(27)
def collect_due(*, on: date, at: datetime) -> int:
    """Start the direct debits of a due date; once a payer, lender and date, however often it runs."""
    standing = DirectDebit.objects.filter(payer=OuterRef("payer"), lender=OuterRef("lender"), ended_at=None)
    due = (
        Bill.objects.open()
        .filter(Exists(standing), due_on=on)
        .select_related("payer")
        .order_by("payer_id", "lender_id", "pk")
    )
    started = 0
    with track("collect_due", on) as job:
        for (_payer_id, lender_id), group in groupby(due, lambda bill: (bill.payer_id, bill.lender_id)):
            bills = list(group)
            started += _collect_of_payer(bills[0].payer, lender_id, bills, on, at)
            job.advance(started)
    return started


@transaction.atomic
def _collect_of_payer(payer: Person, lender_id: int, bills: list[Bill], on: date, at: datetime) -> int:
    locked, _accounts = lock_bills_of(payer, Bill.objects.filter(pk__in=[bill.pk for bill in bills]))
    # Asked again under a lock: it may have been ended since the due date's bills were listed.
    standing = DirectDebit.objects.filter(payer=payer, lender=lender_id, ended_at=None)
    if not standing.select_for_update(no_key=True):
        return 0
    reference = f"debit:{on}:{payer.pk}:{lender_id}"
    pending = Collection.objects.filter(bills__in=locked, state=State.PENDING)
    owing = [bill for bill in locked if bill.state == Bill.State.OPEN and not bill.is_frozen]
    if not owing or pending.exists() or Collection.objects.filter(reference=reference).exists():
        return 0
    _start(
        payer_id=payer.pk,
        lender_id=lender_id,
        kind=Kind.DIRECT_DEBIT,
        amount_fen=sum(bill.to_pay_fen for bill in owing),
        bills=owing,
        reference=reference,
        at=at,
    )
    return 1


def _start(
    *,
    payer_id: int,
    lender_id: int,
    kind: Kind,
    amount_fen: int,
    bills: list[Bill],
    reference: str,
    at: datetime,
) -> Collection:
    collection = Collection.objects.create(
        number=next_number("K", business_date(at)),
        reference=reference,
        payer_id=payer_id,
        lender_id=lender_id,
        kind=kind,
        amount_fen=amount_fen,
        started_at=at,
    )
    collection.bills.set(bills)
    tell_lender(
        lender=collection.lender,
        name="collection.started",
        payload={"number": collection.number, "amount_fen": amount_fen, "kind": kind.value},
        at=at,
    )
    return collection


def _require_none_pending(bills: list[Bill]) -> None:
    pending = Collection.objects.filter(bills__in=bills, state=State.PENDING).first()
    if pending:
        raise CannotCollect(
            _("A payment of %(amount_fen)s is already on its way (%(number)s). Wait until it has ended."),
            article=27,
            amount_fen=pending.amount_fen,
            number=pending.number,
        )

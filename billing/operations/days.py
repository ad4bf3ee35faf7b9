"""The business day 日切: which date is open, and closing it."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import connection, transaction
from django.db.models import Min
from django.utils.translation import gettext_lazy as _

from billing.models import Bill, DayClose, Refund, Settlement, Transfer
from billing.models.settlements import SettlementQuerySet
from billing.numbering import next_numbers
from billing.operations.ledger import Books, Move, post
from billing.operations.telling import Fact, tell_lenders
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput
from common.statements import Statement, columns_of, rows_as_json
from credit.calendar import next_working_day
from hospitals.models import Hospital

# First key of the advisory lock on a business date; the second is its day number. The database functions
# billing_open_date and billing_require_open_date take the same lock, shared.
LOCK_CLASS = 7301
DAY_ZERO = date(2000, 1, 1)

_SUMS = """
    SELECT hospital_id, lender_id,
           sum(bills)::int, sum(bills_fen)::bigint, sum(refunds)::int, sum(refunds_fen)::bigint
      FROM (SELECT hospital_id, lender_id, count(*) AS bills, sum(financed_fen) AS bills_fen,
                   0 AS refunds, 0 AS refunds_fen
              FROM billing_bill WHERE business_on = %(on)s AND state <> 'void' GROUP BY 1, 2
             UNION ALL
            SELECT hospital_id, lender_id, 0, 0, count(*), sum(credit_fen)
              FROM billing_refund WHERE business_on = %(on)s GROUP BY 1, 2) AS posted
     GROUP BY 1, 2 ORDER BY 1, 2"""

_COLUMNS = columns_of(Settlement, but={"id"})
_SETTLE = Statement(
    f"""
    INSERT INTO billing_settlement ({_COLUMNS})
    SELECT {_COLUMNS} FROM json_populate_recordset(NULL::billing_settlement, %(settlements)s::json)"""  # noqa: S608 - names of columns
)


def open_business_day(*, at: datetime) -> date:
    """The date into which something happening now is posted, held open until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT billing_open_date(%s)", [business_date(at)])
        (on,) = cursor.fetchone()
    return on


@enforces(2, 17)
def close_day(*, on: date, at: datetime) -> SettlementQuerySet:
    """Close a business date, and any earlier one still open, and write what T+1 has to pay.

    Run twice or by two at once it writes the same rows. Returns the settlements of that date, each with its
    hospital and lender. Raises BadInput for a date still to come.
    """
    if on > business_date(at):
        raise BadInput(
            _("%(on)s has not come yet; only a day that has begun can be closed."), field="on", on=on
        )
    for day in _open_dates(on):
        _close_one(day, at)
    return Settlement.objects.filter(business_on=on).select_related("hospital", "lender")


def _open_dates(on: date) -> list[date]:
    last = _last_closed_on()
    if last is None:
        starts = [
            Bill.objects.aggregate(on=Min("business_on"))["on"],
            Refund.objects.aggregate(on=Min("business_on"))["on"],
        ]
        last = min((start for start in starts if start), default=on) - timedelta(days=1)
    return [last + timedelta(days=n + 1) for n in range((on - last).days)]


@transaction.atomic
def _close_one(on: date, at: datetime) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, %s)", [LOCK_CLASS, (on - DAY_ZERO).days])
    _row, created = DayClose.objects.get_or_create(on=on, defaults={"closed_at": at})
    if not created:
        return
    with connection.cursor() as cursor:
        cursor.execute(_SUMS, {"on": on})
        sums = cursor.fetchall()
    left = Settlement.objects.filter(state=Settlement.State.CARRIED, carried_to=None)
    carried = {(before.hospital_id, before.lender_id): before for before in left}
    hospitals = Hospital.objects.in_bulk({hospital for hospital, *_sums in sums})
    pay_on = next_working_day(on)
    settlements = []
    numbers = next_numbers("S", on, len(sums))
    for number, row in zip(numbers, sums, strict=True):
        hospital_id, lender_id, bills, bills_fen, refunds, refunds_fen = row
        before = carried.get((hospital_id, lender_id))
        carried_in = before.net_fen if before else 0
        net = bills_fen - refunds_fen + carried_in
        settlements.append(
            Settlement(
                number=number,
                hospital=hospitals[hospital_id],
                lender_id=lender_id,
                business_on=on,
                pay_on=pay_on,
                bills=bills,
                bills_fen=bills_fen,
                refunds=refunds,
                refunds_fen=refunds_fen,
                carried_from=before,
                carried_in_fen=carried_in,
                net_fen=net,
                state=Settlement.State.DUE if net > 0 else Settlement.State.CARRIED,
                closed_at=at,
            )
        )
    _SETTLE.send(settlements=rows_as_json(settlements))
    post([move for settlement in settlements for move in _carry(settlement)], business_on=on, at=at)
    due = [settlement for settlement in settlements if settlement.state == Settlement.State.DUE]
    tell_lenders([_fact(settlement) for settlement in due], at=at)


def _fact(settlement: Settlement) -> Fact:
    payload = {
        "number": settlement.number,
        "hospital": settlement.hospital.code,
        "business_on": settlement.business_on.isoformat(),
        "pay_on": settlement.pay_on.isoformat(),
        "net_fen": settlement.net_fen,
    }
    return Fact(settlement.lender_id, "settlement.due", payload)


def _carry(settlement: Settlement) -> list[Move]:
    books = Books(settlement.lender_id)
    payable, carried = books.payable(settlement.hospital_id), books.carried(settlement.hospital_id)
    return [
        Move(Transfer.Kind.CARRY_IN, settlement.number, payable, carried, -settlement.carried_in_fen),
        Move(Transfer.Kind.CARRY_OUT, settlement.number, carried, payable, max(0, -settlement.net_fen)),
    ]


def _last_closed_on() -> date | None:
    return DayClose.objects.order_by("-on").values_list("on", flat=True).first()

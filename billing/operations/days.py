"""The business day 日切: which date is open, and closing it."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta
from typing import NamedTuple

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
from common.statements import Statement, columns_of, together
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
        last = min([on, *(start for start in starts if start)]) - timedelta(days=1)
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
    carried = {
        (hospital, lender): (pk, fen)
        for hospital, lender, pk, fen in left.values_list("hospital", "lender", "pk", "net_fen")
    }
    pay_on = next_working_day(on)
    settlements = []
    for number, row in zip(next_numbers("S", on, len(sums)), sums, strict=True):
        hospital, lender, bills, bills_fen, refunds, refunds_fen = row
        carried_from, carried_in = carried.get((hospital, lender), (None, 0))
        net = bills_fen - refunds_fen + carried_in
        settlements.append(
            _Row(
                number=number,
                hospital_id=hospital,
                lender_id=lender,
                business_on=on,
                pay_on=pay_on,
                bills=bills,
                bills_fen=bills_fen,
                refunds=refunds,
                refunds_fen=refunds_fen,
                carried_from_id=carried_from,
                carried_in_fen=carried_in,
                net_fen=net,
                state=(Settlement.State.DUE if net > 0 else Settlement.State.CARRIED).value,
                closed_at=at,
            )
        )
    codes = dict(Hospital.objects.values_list("pk", "code"))
    with together():
        _SETTLE.send(settlements=json.dumps([row._asdict() for row in settlements], default=str))
        post([move for row in settlements for move in _carry(row)], business_on=on, at=at)
        facts = [_fact(row, codes[row.hospital_id]) for row in settlements if row.state == "due"]
        tell_lenders(facts, at=at)


class _Row(NamedTuple):
    """A settlement as it is written; a day may have thousands, and each instance of a model costs."""

    number: str
    hospital_id: int
    lender_id: int
    business_on: date
    pay_on: date
    bills: int
    bills_fen: int
    refunds: int
    refunds_fen: int
    carried_from_id: int | None
    carried_in_fen: int
    net_fen: int
    state: str
    closed_at: datetime


def _fact(row: _Row, hospital: str) -> Fact:
    payload = {
        "number": row.number,
        "hospital": hospital,
        "business_on": row.business_on.isoformat(),
        "pay_on": row.pay_on.isoformat(),
        "net_fen": row.net_fen,
    }
    return Fact(row.lender_id, "settlement.due", payload)


def _carry(row: _Row) -> list[Move]:
    if not row.carried_in_fen and row.net_fen >= 0:
        return []
    books = Books(row.lender_id)
    payable, carried = books.payable(row.hospital_id), books.carried(row.hospital_id)
    return [
        Move(Transfer.Kind.CARRY_IN, row.number, payable, carried, -row.carried_in_fen),
        Move(Transfer.Kind.CARRY_OUT, row.number, carried, payable, max(0, -row.net_fen)),
    ]


def _last_closed_on() -> date | None:
    return DayClose.objects.order_by("-on").values_list("on", flat=True).first()

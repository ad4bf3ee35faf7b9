"""Four-way reconciliation 对账: what hospital, insurer and lenders state beside the platform's books.

It compares sets and writes a row for every difference; nothing is corrected by it (Article 17).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, User
from accounts.operations.jobs import track
from billing import matching
from billing.insurer import InsurerUnavailable, insurers_rows
from billing.models import DayClose, Reconciliation, Settlement, Statement
from billing.models.reconciliation import Source
from billing.operations.statements import ControlTotal, Row, lock_scope, take_statement
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from common.spans import EVERYBODY, Span
from hospitals.models import Hospital
from lenders.models import Lender

# From so many lines on the comparison is given room, so that it need not be written to disk in parts.
MANY_LINES = 10_000
ROOM = "SET LOCAL work_mem = '64MB'"


logger = logging.getLogger(__name__)


class DayStillOpen(Refusal):
    code = "day_still_open"
    articles = (17,)
    meaning = _("The business date is not closed yet; until then bills can still come and go.")
    remedy = _("Nothing to do: what was stated is kept, and compared once the day is closed.")


def is_closed(on: date) -> bool:
    """Whether nothing can be posted into that date any more."""
    return DayClose.objects.filter(on__gte=on).exists()


@enforces(17)
def reconcile_day(*, on: date, at: datetime, hospitals: Span = EVERYBODY) -> list[Reconciliation]:
    """Fetch what the insurer states, and compare every hospital's day, each in a transaction of its own.

    A hospital whose comparison somebody else has in hand is left to them. Safe to run twice, late, or by two
    at once. Raises DayStillOpen.
    """
    _require_closed(on)
    found = []
    own = Hospital.objects.filter(pk__gte=hospitals.first, pk__lte=hospitals.last)
    with track("reconcile", on, hospitals) as job:
        posting = set(Settlement.objects.filter(business_on=on).values_list("hospital", flat=True))
        stated = set(Statement.objects.filter(business_on=on).values_list("hospital", flat=True))
        concerned = list(own.filter(pk__in=posting | stated).order_by("pk"))
        for place, hospital in enumerate(concerned, 1):
            told = _ask_insurer(hospital, on, at) if hospital.pk in posting else False
            if told or hospital.pk in stated:
                found += reconcile_hospital(hospital=hospital, on=on, at=at)
            job.advance(place, len(concerned))
        job.remark(f"{len(found)} statements, {sum(side.differences for side in found)} differences")
    return found


def _ask_insurer(hospital: Hospital, on: date, at: datetime) -> bool:
    """Whether it states the day. Where it does not answer the others are compared all the same."""
    try:
        with insurers_rows(hospital=hospital.code, on=on) as rows:
            if rows is None:
                return False
            take_statement(
                source=Source.INSURER, hospital=hospital, business_on=on, rows=rows, by=None, at=at
            )
    except (InsurerUnavailable, Refusal) as trouble:
        logger.warning("no statement of the insurer for %s on %s: %s", hospital.code, on, trouble)
        return False
    return True


@enforces(17)
@transaction.atomic
def state_day(
    *,
    source: str,
    hospital: Hospital,
    lender: Lender | None = None,
    business_on: date,
    rows: Iterable[Row],
    control: ControlTotal | None = None,
    by: User | ApiClient | None,
    at: datetime,
    first_line: int = 1,
) -> tuple[Statement, Reconciliation | None]:
    """Take a statement and say at once how it compares; None while its day is open: it waits for the close.

    Raises BadInput, which names line and field.
    """
    statement = take_statement(
        source=source,
        hospital=hospital,
        lender=lender,
        business_on=business_on,
        rows=rows,
        control=control,
        by=by,
        at=at,
        first_line=first_line,
    )
    if not is_closed(business_on):
        return statement, None
    return statement, reconcile_side(hospital=hospital, on=business_on, source=source, lender=lender, at=at)


@enforces(17)
@transaction.atomic
def reconcile_hospital(*, hospital: Hospital, on: date, at: datetime) -> list[Reconciliation]:
    """Compare every side of one hospital's day. Run twice, late or by two at once it finds the same rows.

    Raises DayStillOpen.
    """
    _require_closed(on)
    lock_scope(hospital, on)
    found = [_compare(statement, at) for statement in Statement.objects.newest_of(hospital, on)]
    _judge_owners(hospital, on)
    return found


@enforces(17)
@transaction.atomic
def reconcile_side(
    *, hospital: Hospital, on: date, source: str, lender: Lender | None, at: datetime
) -> Reconciliation | None:
    """Compare one side's newest statement of a hospital's day with the platform; None where there is none.

    Raises DayStillOpen.
    """
    _require_closed(on)
    lock_scope(hospital, on)
    statement = Statement.objects.of(source=source, hospital=hospital, lender=lender, business_on=on).first()
    side = _compare(statement, at) if statement else None
    _judge_owners(hospital, on)
    return side


def _compare(statement: Statement, at: datetime) -> Reconciliation:
    hospital, lender = statement.hospital, statement.lender
    on, source = statement.business_on, statement.source
    here, here_fen = _posted(hospital, on, source, lender)
    side, _created = Reconciliation.objects.get_or_create(
        hospital=hospital,
        business_on=on,
        source=source,
        lender=lender,
        defaults={
            "statement": statement, "here": here, "here_fen": here_fen, "there": 0, "there_fen": 0,
            "agreed": 0, "differences": 0, "run_at": at,
        },
    )  # fmt: skip
    with connection.cursor() as cursor:
        if statement.lines + here > MANY_LINES:
            cursor.execute(ROOM)
        cursor.execute(
            matching.COMPARE[Source(source)],
            {
                "hospital": hospital.pk,
                "lender": lender.pk if lender else None,
                "on": on,
                "source": source,
                "statement": statement.pk,
                "taken_at": statement.taken_at,
                "reconciliation": side.pk,
                "today": business_date(at),
                "at": at,
            },
        )
        rows = cursor.fetchall()
    side.statement = statement
    side.here, side.here_fen = here, here_fen
    side.there, side.there_fen = statement.lines, statement.bills_fen - statement.refunds_fen
    side.kinds = {kind: count for kind, count, _here in rows}
    side.differences = sum(side.kinds.values())
    side.agreed = max(0, here - sum(items for _kind, _count, items in rows))
    side.run_at = at
    side.save()
    return side


def _require_closed(on: date) -> None:
    if not is_closed(on):
        raise DayStillOpen(
            _("%(on)s is not closed yet; it is compared after its close."), article=17, field="on", on=on
        )


def _judge_owners(hospital: Hospital, on: date) -> None:
    with connection.cursor() as cursor:
        cursor.execute(matching.OWNERS, {"hospital": hospital.pk, "on": on})


def _posted(hospital: Hospital, on: date, source: str, lender: Lender | None) -> tuple[int, int]:
    """How many items the platform has of what that side states, and their sum; refunds taken off."""
    if source == Source.INSURER:
        with connection.cursor() as cursor:
            cursor.execute(matching.INSURED, {"hospital": hospital.pk, "on": on})
            [row] = cursor.fetchall()
        return row
    settled = Settlement.objects.filter(hospital=hospital, business_on=on)
    if lender:
        settled = settled.filter(lender=lender)
    sums = settled.aggregate(
        bills=Sum("bills"), refunds=Sum("refunds"), plus=Sum("bills_fen"), minus=Sum("refunds_fen")
    )
    return (
        (sums["bills"] or 0) + (sums["refunds"] or 0),
        (sums["plus"] or 0) - (sums["minus"] or 0),
    )

"""Four-way reconciliation 对账: what hospital, insurer and lenders state beside the platform's books.

It compares sets and writes a row for every difference; nothing is corrected by it (Article 17).
"""

from __future__ import annotations

from datetime import date, datetime

from django.db import connection, transaction
from django.db.models import Sum
from django.utils.translation import gettext_lazy as _

from billing import matching
from billing.models import DayClose, Reconciliation, Settlement, Statement
from billing.models.reconciliation import Source
from billing.operations.statements import lock_scope
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from hospitals.models import Hospital
from lenders.models import Lender

# From so many lines on the comparison is given room, so that it need not be written to disk in parts.
MANY_LINES = 10_000
ROOM = "SET LOCAL work_mem = '64MB'"


class DayStillOpen(Refusal):
    code = "day_still_open"
    articles = (17,)
    meaning = _("The business date is not closed yet; until then bills can still come and go.")
    remedy = _("Nothing to do: what was stated is kept, and compared once the day is closed.")


def is_closed(on: date) -> bool:
    """Whether nothing can be posted into that date any more."""
    return DayClose.objects.filter(on__gte=on).exists()


@enforces(17)
@transaction.atomic
def reconcile_hospital(*, hospital: Hospital, on: date, at: datetime) -> list[Reconciliation]:
    """Compare every side of one hospital's day. Run twice, late or by two at once it finds the same rows.

    Raises DayStillOpen.
    """
    _require_closed(on)
    lock_scope(hospital, on)
    found = [reconcile_side(hospital=hospital, on=on, source=Source.HOSPITAL, lender=None, at=at)]
    found.append(reconcile_side(hospital=hospital, on=on, source=Source.INSURER, lender=None, at=at))
    for lender in _lenders_of(hospital, on):
        found.append(reconcile_side(hospital=hospital, on=on, source=Source.LENDER, lender=lender, at=at))
    with connection.cursor() as cursor:
        cursor.execute(matching.OWNERS, {"hospital": hospital.pk, "on": on})
    return found


@enforces(17)
@transaction.atomic
def reconcile_side(
    *, hospital: Hospital, on: date, source: str, lender: Lender | None, at: datetime
) -> Reconciliation:
    """Compare one side's newest statement of a hospital's day with the platform.

    Without a statement nothing is compared, and no difference made up. Raises DayStillOpen.
    """
    _require_closed(on)
    lock_scope(hospital, on)
    statement = Statement.objects.of(source=source, hospital=hospital, lender=lender, business_on=on).first()
    here, here_fen = _posted(hospital, on, source, lender)
    side, _created = Reconciliation.objects.get_or_create(
        hospital=hospital,
        business_on=on,
        source=source,
        lender=lender,
        defaults={
            "here": here, "here_fen": here_fen, "there": 0, "there_fen": 0,
            "agreed": 0, "differences": 0, "run_at": at,
        },
    )  # fmt: skip
    if statement is None:
        return side
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


def _lenders_of(hospital: Hospital, on: date) -> list[Lender]:
    """Those with something to settle for that day, or that have stated something about it."""
    settling = Settlement.objects.filter(hospital=hospital, business_on=on).values("lender")
    stating = Statement.objects.filter(hospital=hospital, business_on=on, source=Source.LENDER)
    return list(
        Lender.objects.filter(pk__in=settling.union(stating.values("lender")).values("lender")).order_by("pk")
    )


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

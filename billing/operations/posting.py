"""Posting bills, one or a thousand by the same few statements: limit, rows, ledger, and who has to hear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta

from django.db import connection
from django.db.models import Model

from accounts.models import User
from accounts.notices import NoticeKind
from accounts.operations.notices import NewNotice, notify_many
from billing import notices
from billing.models import Bill, Transfer, Visit
from billing.operations.ledger import Books, Move, post
from billing.operations.telling import Fact, tell_hospital, tell_lenders
from billing.parts import Insurance, Line
from common.calendar import business_date, on_or_next_working_day
from common.numbers import make_number
from credit.models import AccountEvent, Policy
from credit.operations.limits import Step, draw


@dataclass(frozen=True)
class Draft:
    """A bill that may be posted: its visit's account is locked and leaves room for what is financed.

    A visit without a number is made with the bill. `items` are those that the visit does not have yet.
    """

    visit: Visit
    items: Sequence[Line]
    insurance: Insurance | None
    self_paid_fen: int
    financed_fen: int


def _columns(model: type[Model]) -> str:
    fields = (field for field in model._meta.concrete_fields if not field.generated)
    return ", ".join(f'"{field.column}"' for field in fields)


# Rows go over as JSON: one parameter a table, however many rows.
_ROWS = f"""
    WITH visits AS (
        INSERT INTO billing_visit ({_columns(Visit)})
        SELECT {_columns(Visit)} FROM json_populate_recordset(NULL::billing_visit, %(visits)s)),
    items AS (
        INSERT INTO billing_item (visit_id, name, category, amount_fen)
        SELECT visit_id, name, category, amount_fen
          FROM json_populate_recordset(NULL::billing_item, %(items)s))
    INSERT INTO billing_bill ({_columns(Bill)})
    SELECT {_columns(Bill)} FROM json_populate_recordset(NULL::billing_bill, %(bills)s)"""  # noqa: S608 - names of columns

# The open business date with what rules it, and for every bill its number and the ids of its visit and it.
_PLACES = """
    SELECT day, policy.id, policy.reminder_days[1],
           (SELECT json_object_agg("on", working) FROM credit_calendarday WHERE "on" > day),
           ARRAY(SELECT ARRAY[nextval('billing_number'),
                              nextval(pg_get_serial_sequence('billing_visit', 'id')),
                              nextval(pg_get_serial_sequence('billing_bill', 'id'))]
                   FROM generate_series(1, %(count)s))
      FROM billing_open_date(%(on)s) AS day
      JOIN credit_policy policy ON policy.in_force_from <= day
       AND (policy.in_force_until IS NULL OR policy.in_force_until > day)"""


@dataclass(frozen=True)
class _Day:
    """A business date as bills are posted into it; held open until the transaction ends."""

    on: date
    policy_id: int
    first_reminder_day: int
    moved: dict[date, bool]
    places: list[list[int]]

    @classmethod
    def open(cls, *, count: int, at: datetime) -> _Day:
        with connection.cursor() as cursor:
            cursor.execute(_PLACES, {"on": business_date(at), "count": count})
            found = cursor.fetchone()
        if found is None:
            raise Policy.DoesNotExist(f"no policy is in force on {business_date(at)}")
        on, policy_id, first_reminder_day, moved, places = found
        days = {date.fromisoformat(day): working for day, working in (moved or {}).items()}
        return cls(on, policy_id, first_reminder_day, days, places)


def post_bills(drafts: Sequence[Draft], *, cashier: User | None, at: datetime) -> list[Bill]:
    """Post drafts into the open business date, in the caller's transaction and in this order."""
    if not drafts:
        return []
    day = _Day.open(count=len(drafts), at=at)
    bills, new_visits = [], []
    for draft, (sequence, visit_id, bill_id) in zip(drafts, day.places, strict=True):
        if not draft.visit.number:
            draft.visit.pk, draft.visit.number = visit_id, make_number("V", day.on, sequence)
            new_visits.append(draft.visit)
        bill = _bill(draft, day)
        bill.pk, bill.number, bill.cashier, bill.posted_at = (
            bill_id,
            make_number("B", day.on, sequence),
            cashier,
            at,
        )
        bills.append(bill)
    draw(
        [Step(bill.account, AccountEvent.Kind.CHARGE, bill.financed_fen, bill.number) for bill in bills],
        at=at,
    )
    items = [{"visit_id": draft.visit.pk, **line._asdict()} for draft in drafts for line in draft.items]
    with connection.cursor() as cursor:
        cursor.execute(
            _ROWS, {"visits": _json(new_visits), "items": json.dumps(items), "bills": _json(bills)}
        )
    for row in (*new_visits, *bills):
        row._state.adding = False
    post([_move(bill) for bill in bills], business_on=day.on, at=at)
    _tell(bills, at)
    return bills


def _json(rows: Sequence[Model]) -> str:
    return json.dumps(
        [
            {
                field.column: getattr(row, field.attname)
                for field in row._meta.concrete_fields
                if not field.generated
            }
            for row in rows
        ],
        default=str,
    )


def _bill(draft: Draft, day: _Day) -> Bill:
    visit, product = draft.visit, draft.visit.product
    parts = draft.insurance or Insurance()
    return Bill(
        visit=visit,
        hospital=visit.hospital,
        lender=product.lender,
        product=product,
        policy_id=day.policy_id,
        patient=visit.patient,
        payer=visit.payer,
        account=visit.account,
        scene=visit.scene,
        business_on=day.on,
        due_on=on_or_next_working_day(day.on + timedelta(days=product.interest_free_days), day.moved),
        total_fen=parts.total_fen + draft.self_paid_fen,
        self_paid_fen=draft.self_paid_fen,
        insurance=Bill.Insurance.SETTLED if draft.insurance else Bill.Insurance.MISSING,
        financed_fen=draft.financed_fen,
        paid_on_site_fen=draft.self_paid_fen - draft.financed_fen,
        owed_fen=draft.financed_fen,
        late_rate_ppm=product.late_rate_ppm,
        next_step_day=day.first_reminder_day,
        **asdict(parts),
    )


def _move(bill: Bill) -> Move:
    books = Books(bill.lender_id)
    return Move(
        Transfer.Kind.CHARGE,
        bill.number,
        books.receivable(bill.payer_id),
        books.payable(bill.hospital_id),
        bill.financed_fen,
    )


def _tell(bills: Sequence[Bill], at: datetime) -> None:
    told, facts = [], []
    for bill in bills:
        due_on = bill.due_on.isoformat()
        told.append(
            _notice(bill, notices.BILL_POSTED, "posted", financed_fen=bill.financed_fen, due_on=due_on)
        )
        payload = {
            "number": bill.number,
            "hospital": bill.hospital.code,
            "business_on": bill.business_on.isoformat(),
            "financed_fen": bill.financed_fen,
            "due_on": due_on,
        }
        facts.append(Fact(bill.lender_id, "bill.posted", payload))
        if bill.insurance == Bill.Insurance.MISSING:
            told.append(_notice(bill, notices.INSURANCE_MISSING, "insurance-missing"))
            missing = {"number": bill.number}
            tell_hospital(hospital=bill.hospital, name="bill.insurance_missing", payload=missing, at=at)
    notify_many(told, at=at)
    tell_lenders(facts, at=at)


def _notice(bill: Bill, kind: NoticeKind, word: str, **figures: int | str) -> NewNotice:
    return NewNotice(
        person_id=bill.payer_id,
        kind=kind,
        params={"bill": bill.number, "hospital": bill.hospital.name_in(bill.payer.language), **figures},
        reference=f"{word}:{bill.number}",
        channels=(),
    )

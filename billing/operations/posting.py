"""Posting bills, one or a thousand by the same few statements: limit, rows, ledger, and who has to hear."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from typing import Any, TypeVar

from accounts.models import User
from accounts.notices import NoticeKind
from accounts.operations.notices import NewNotice, notify_many
from billing import notices
from billing.models import Bill, Transfer, Visit
from billing.operations.ledger import Books, Move, post
from billing.operations.telling import Fact, Speakers, speakers_of, tell_hospital, tell_lenders
from billing.parts import Insurance, Line
from common.calendar import business_date, on_or_next_working_day
from common.numbers import make_number
from common.statements import Statement, columns_of, rows_as_json, together
from credit.models import AccountEvent, Policy
from credit.operations.limits import Step, draw_checked
from lenders.models import Product

T = TypeVar("T")

# So far after its day a due date is looked for among those that the calendar moves.
LONGEST_BREAK_DAYS = 60


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


_ROWS = Statement(
    f"""
    WITH visits AS (
        INSERT INTO billing_visit ({columns_of(Visit)})
        SELECT {columns_of(Visit)} FROM json_populate_recordset(NULL::billing_visit, %(visits)s::json)),
    items AS (
        INSERT INTO billing_item (visit_id, name, category, amount_fen)
        SELECT visit_id, name, category, amount_fen
          FROM json_populate_recordset(NULL::billing_item, %(items)s::json))
    INSERT INTO billing_bill ({columns_of(Bill)})
    SELECT {columns_of(Bill)} FROM json_populate_recordset(NULL::billing_bill, %(bills)s::json)"""  # noqa: S608 - names of columns
)


def day_for(*, soonest: str, latest: str, lenders: str) -> str:
    """Part of a question: the open business date with what rules it, who hears of it, and for `count` bills a
    number each and the ids of visit and bill. Interest-free days and lenders' ids are given as SQL.
    """
    return f"""
    SELECT day, policy.id, policy.reminder_days[1],
           (SELECT json_object_agg("on", working) FROM credit_calendarday
             WHERE "on" >= day + {soonest} AND "on" < day + {latest} + {LONGEST_BREAK_DAYS}),
           ({speakers_of(lenders)}),
           ARRAY(SELECT ARRAY[nextval('billing_number'), nextval('billing_visit_id_seq'),
                              nextval('billing_bill_id_seq')]
                   FROM generate_series(1, %(count)s::int))
      FROM billing_open_date(%(on)s::date) AS day
      JOIN credit_policy policy ON policy.in_force_from <= day
       AND (policy.in_force_until IS NULL OR policy.in_force_until > day)"""  # noqa: S608 - a question of ours


_DAY = Statement(
    day_for(soonest="%(soonest)s::int", latest="%(latest)s::int", lenders="%(lenders)s::bigint[]")
)


@dataclass(frozen=True)
class PostingDay:
    """A business date as bills are posted into it; held open until the transaction ends.

    `places` are what each bill is called: the sequence of its number, its visit's id and its own.
    """

    on: date
    policy_id: int
    first_reminder_day: int
    moved: dict[date, bool]
    speakers: Speakers
    places: list[list[int]]

    @classmethod
    def read(cls, row: Sequence[Any]) -> PostingDay:
        """From the columns of `day_for`."""
        on, policy_id, first_reminder_day, moved, speakers, places = row
        exceptions = {date.fromisoformat(day): working for day, working in (moved or {}).items()}
        return cls(on, policy_id, first_reminder_day, exceptions, Speakers.read(speakers), places)

    @classmethod
    def open(cls, *, product: Product, at: datetime) -> PostingDay:
        """For one bill."""
        days = product.interest_free_days
        found = _DAY.run(
            soonest=days, latest=days, lenders=[product.lender_id], count=1, on=business_date(at)
        )
        return cls.read(only(found, at))


def only(found: Sequence[T], at: datetime) -> T:
    """The one row that `day_for` finds. Raises Policy.DoesNotExist before the first policy."""
    if not found:
        raise Policy.DoesNotExist(f"no policy is in force on {business_date(at)}")
    return found[0]


def post_bills(drafts: Sequence[Draft], *, day: PostingDay, cashier: User | None, at: datetime) -> list[Bill]:
    """Post drafts into the open business date, in the caller's transaction and in this order."""
    if not drafts:
        return []
    bills, new_visits = [], []
    for draft, (sequence, visit_id, bill_id) in zip(drafts, day.places, strict=False):
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
    steps = [Step(bill.account, AccountEvent.Kind.CHARGE, bill.financed_fen, bill.number) for bill in bills]
    items = [{"visit_id": draft.visit.pk, **line._asdict()} for draft in drafts for line in draft.items]
    with together():
        draw_checked(steps, at=at)
        _ROWS.send(visits=rows_as_json(new_visits), items=json.dumps(items), bills=rows_as_json(bills))
        post([_move(bill) for bill in bills], business_on=day.on, at=at)
        _tell(bills, day.speakers, at)
    for row in (*new_visits, *bills):
        row._state.adding = False
    return bills


def _bill(draft: Draft, day: PostingDay) -> Bill:
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


def _tell(bills: Sequence[Bill], speakers: Speakers, at: datetime) -> None:
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
    tell_lenders(facts, at=at, speakers=speakers)


def _notice(bill: Bill, kind: NoticeKind, word: str, **figures: int | str) -> NewNotice:
    return NewNotice(
        person_id=bill.payer_id,
        kind=kind,
        params={"bill": bill.number, "hospital": bill.hospital.name_in(bill.payer.language), **figures},
        reference=f"{word}:{bill.number}",
        channels=(),
    )

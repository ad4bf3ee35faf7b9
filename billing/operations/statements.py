"""Taking what a hospital, an insurer or a lender states about a day (Article 17)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from hashlib import sha256
from itertools import islice
from typing import NamedTuple

from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, User
from billing.models import Statement
from billing.models.reconciliation import Kind, Source
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput
from hospitals.models import Hospital
from lenders.models import Lender

MOST_LINES = 1_000_000
MOST_FEN = 10**12
LONGEST_REFERENCE = 64
NOT_AN_AMOUNT = _("must be a whole number of fen, from 1 to 10^12")
# So many lines are checked before the database is given them: what a statement needs of memory.
ROWS_AT_ONCE = 4_096

# An insurer knows no refund of a hospital's, and a hospital pays nothing out.
KINDS = {
    Source.HOSPITAL: frozenset({Kind.BILL.value, Kind.REFUND.value, Kind.VOID.value}),
    Source.INSURER: frozenset({Kind.BILL.value, Kind.VOID.value}),
    Source.LENDER: frozenset({Kind.BILL.value, Kind.REFUND.value, Kind.VOID.value, Kind.PAYOUT.value}),
}

_COPY = "COPY billing_statementline (statement_id, line, kind, reference, amount_fen) FROM STDIN"
_LOCK = "SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))"


class Row(NamedTuple):
    """One line as stated: our number or the hospital's visit number, what it is about, and how much."""

    reference: str
    kind: str
    amount_fen: int


@dataclass(frozen=True)
class ControlTotal:
    """What whoever states it counted: a statement that comes to something else is refused whole."""

    lines: int | None = None
    bills_fen: int | None = None
    refunds_fen: int | None = None


class _Unchanged(Exception):
    """The newest statement says the same already."""

    def __init__(self, statement: Statement) -> None:
        super().__init__()
        self.statement = statement


@enforces(17)
def take_statement(
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
) -> Statement:
    """Keep a statement with every line, all or none, and as the next revision of its scope.

    The rows are read once, a few thousand at a time. Amounts are what the credit account bears: of a bill
    what was financed, of a refund what went back to credit; an insurer states what insurance paid. What says
    the same as the newest statement, line by line, is that statement. `first_line` is where the rows begin
    in their file, for the words of a refusal. Raises BadInput, which names line and field.
    """
    _check_scope(source, lender, business_on, at)
    try:
        with transaction.atomic():
            return _take(source, hospital, lender, business_on, rows, control, by, at, first_line)
    except _Unchanged as unchanged:
        return unchanged.statement


def lock_scope(hospital: Hospital, business_on: date) -> None:
    """Whoever adds a statement of a hospital's day, or compares them, waits for the others."""
    with connection.cursor() as cursor:
        cursor.execute(_LOCK, [f"reconcile {hospital.pk} {business_on}"])


def _take(
    source: str,
    hospital: Hospital,
    lender: Lender | None,
    business_on: date,
    rows: Iterable[Row],
    control: ControlTotal | None,
    by: User | ApiClient | None,
    at: datetime,
    first_line: int,
) -> Statement:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('billing_statement', 'id'))")
        [pk] = cursor.fetchone()
        stated = _Lines(pk, rows, KINDS[Source(source)], first_line)
        try:
            with connection.wrap_database_errors:
                cursor.copy_expert(_COPY, stated)
        except DatabaseError:
            # The driver tells of any trouble with its file in words of its own.
            if stated.trouble:
                raise stated.trouble from None
            raise
    if control:
        _check_control(stated, control)
    digest = stated.digest.hexdigest()
    # As late as possible: while somebody's file comes in slowly, nobody else waits for it.
    lock_scope(hospital, business_on)
    scope = {"source": source, "hospital": hospital, "lender": lender, "business_on": business_on}
    last = Statement.objects.of(**scope).first()  # type: ignore[arg-type]
    if last and last.digest == digest:
        raise _Unchanged(last)
    return Statement.objects.create(
        pk=pk,
        **scope,
        revision=last.revision + 1 if last else 1,
        lines=stated.lines,
        bills_fen=stated.fen[Kind.BILL],
        refunds_fen=stated.fen[Kind.REFUND],
        digest=digest,
        taken_at=at,
        client=by if isinstance(by, ApiClient) else None,
        user=by if isinstance(by, User) else None,
    )


class _Lines:
    """The rows as the file that COPY reads; counts them, adds them up, and refuses the first bad one."""

    def __init__(
        self, statement_id: int, rows: Iterable[Row], kinds: frozenset[str], first_line: int
    ) -> None:
        self.rows: Iterator[Row] = iter(rows)
        self.kinds = kinds
        self.before = f"{statement_id}\t"
        self.first_line = first_line
        self.lines = 0
        self.fen = dict.fromkeys(Kind.values, 0)
        self.digest = sha256()
        self.trouble: Exception | None = None

    def read(self, size: int) -> bytes:
        """The next lines, whatever their size: the driver takes them as they come."""
        try:
            return self._next()
        except Exception as trouble:
            self.trouble = trouble
            raise

    def _next(self) -> bytes:
        rows = list(islice(self.rows, ROWS_AT_ONCE))
        if self.lines + len(rows) > MOST_LINES:
            raise BadInput(
                _("A statement has at most %(most)s lines."), field="lines", article=17, most=MOST_LINES
            )
        before, kinds, fen, line, told = self.before, self.kinds, self.fen, self.lines, []
        for reference, kind, amount_fen in rows:
            line += 1
            # Printable text has no control character, tab or line break; the backslash is COPY's own.
            if not (
                type(kind) is str
                and kind in kinds
                and type(amount_fen) is int
                and 0 < amount_fen <= MOST_FEN
                and type(reference) is str
                and 0 < len(reference) <= LONGEST_REFERENCE
                and reference.isprintable()
                and "\\" not in reference
                and reference.strip() == reference
            ):
                raise self._fault(line, reference, kind, amount_fen)
            fen[kind] += amount_fen
            told.append(f"{line}\t{kind}\t{reference}\t{amount_fen}\n")
        self.lines = line
        if not told:
            return b""
        self.digest.update("".join(told).encode())
        return (before + before.join(told)).encode()

    def _fault(self, line: int, reference: object, kind: object, amount_fen: object) -> BadInput:
        at = self.first_line + line - 1
        if not isinstance(reference, str) or not reference.strip() == reference != "":
            return fault(at, "reference", _("must be given, without spaces around it"))
        if len(reference) > LONGEST_REFERENCE:
            return fault(at, "reference", _("has more than 64 characters"))
        if not reference.isprintable() or "\\" in reference:
            return fault(at, "reference", _("must not contain control characters or a backslash"))
        if not isinstance(kind, str) or kind not in self.kinds:
            return fault(
                at, "kind", _("must be one of: %(kinds)s") % {"kinds": ", ".join(sorted(self.kinds))}
            )
        return fault(at, "amount_fen", NOT_AN_AMOUNT)


def fault(line: int, field: str, why: object) -> BadInput:
    """What is wrong with one line of a statement."""
    return BadInput(
        _("Line %(line)s, %(what)s: %(why)s."),
        field=f"{line}.{field}",
        article=17,
        line=line,
        what=field,
        why=str(why),
    )


def _check_scope(source: str, lender: Lender | None, business_on: date, at: datetime) -> None:
    if source not in Source.values or (source == Source.LENDER) != (lender is not None):
        raise BadInput(_("A lender states as a lender, everybody else without one."), field="lender")
    if business_on > business_date(at):
        raise BadInput(
            _("%(business_on)s has not come yet; a statement is about a day that has begun."),
            field="business_on",
            article=17,
            business_on=business_on,
        )


def _check_control(stated: _Lines, control: ControlTotal) -> None:
    found = {
        "lines": stated.lines,
        "bills_fen": stated.fen[Kind.BILL],
        "refunds_fen": stated.fen[Kind.REFUND],
    }
    for field, value in found.items():
        told = getattr(control, field)
        if told is not None and told != value:
            raise BadInput(
                _("The control total %(what)s is %(told)s, but the lines come to %(found)s."),
                field=field,
                what=field,
                article=17,
                told=told,
                found=value,
            )

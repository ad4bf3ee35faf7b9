"""Hospital files: received, checked whole, then taken line by line or put in quarantine (17, 18)."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from functools import partial
from typing import IO, Any

from django.db import IntegrityError, InterfaceError, OperationalError, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _
from rest_framework.exceptions import ValidationError

from accounts.models import User
from accounts.operations.retry import whole_transaction
from billing.import_files import Given, look_at, pieces, read_on
from billing.import_rows import COLUMNS, Rules, failure, raising
from billing.models import Import, ImportFailure, ImportPart
from billing.numbering import next_number
from billing.operations.import_lines import take_bills, take_lines
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from hospitals.models import Hospital

logger = logging.getLogger(__name__)

MOST_ROWS = 1_000_000
MOST_FAILURES = 100_000
# What one task does before it asks for the next: seconds of work, far below the limit of a task.
CHECKED_AT_ONCE = 20_000
FAULTS_AT_ONCE = 2_000
SECONDS_AT_ONCE = 10
# Lines that are charged in one transaction: enough to be worth it, few enough for those who wait for locks.
ROWS_A_PART = 100
# A worker that is silent for so long is dead, and another goes on.
LEASE = timedelta(seconds=30)
REST = timedelta(seconds=5)
MOST_BREAKDOWNS = 5


class SameFile(Refusal):
    code = "same_file"
    articles = (17,)
    meaning = _("The hospital has sent a file of the same content before, and it was not put in quarantine.")
    remedy = _("Look at the import that is named. Send only what it does not hold.")


class CannotGoOn(Refusal):
    code = "cannot_go_on"
    articles = (17,)
    meaning = _("Only an import that was interrupted can be gone on with.")
    remedy = _("Look at its page: it is at work, done, or in quarantine.")


class _LostTurn(Exception):
    """Another worker has taken over in the meantime; what this one was about to write is not written."""


@enforces(17, 18)
def receive_file(
    *,
    hospital: Hospital,
    kind: str,
    business_on: date | None,
    file: IO[bytes],
    file_name: str,
    declared_rows: int,
    declared_fen: int,
    user: User,
    at: datetime,
) -> Import:
    """Keep a hospital's file with what its sender says of it; a worker goes on from here.

    `business_on` is the day that a statement is about; bills are posted into whatever date is open when they
    are taken. Raises BadInput for what is no table, SameFile.
    """
    today = business_date(at)
    on = business_on if kind == Import.Kind.STATEMENT and business_on else today
    if on > today:
        raise BadInput(_("This day has not come yet."), field="business_on", article=17)
    if not 1 <= declared_rows <= MOST_ROWS:
        raise BadInput(
            _("A file has 1 to %(most)s lines."), field="declared_rows", article=17, most=MOST_ROWS
        )
    look = look_at(file)
    batch = Import(
        number=next_number("F", today),
        hospital=hospital,
        kind=kind,
        business_on=on,
        uploaded_by=user,
        uploaded_at=at,
        file_name=file_name,
        declared_rows=declared_rows,
        declared_fen=declared_fen,
        **look._asdict(),
    )
    _refuse_same(batch)
    try:
        with transaction.atomic():
            batch.save(force_insert=True)
            for place, piece in enumerate(pieces(file)):
                ImportPart.of(batch, ImportPart.Kind.FILE, place, piece).save(force_insert=True)
    except IntegrityError:
        # Somebody sent the same in the meantime; anything else is not ours to hide.
        _refuse_same(batch)
        raise
    return batch


def _refuse_same(batch: Import) -> None:
    same = Import.objects.at_hospital(batch.hospital).filter(kind=batch.kind, digest=batch.digest)
    before = same.exclude(state=Import.State.QUARANTINED).first()
    if before is not None:
        raise SameFile(
            _("This very file was sent before, as %(number)s on %(sent_on)s."),
            field="file",
            article=17,
            number=before.number,
            sent_on=business_date(before.uploaded_at),
        )


@enforces(17)
@transaction.atomic
def go_on_with(*, batch: Import, at: datetime) -> Import:
    """Have an interrupted import taken up again, from where it stands. Raises CannotGoOn."""
    batch = Import.objects.select_for_update(no_key=True).get(pk=batch.pk)
    if batch.state != Import.State.FAILED:
        raise CannotGoOn(_("Import %(number)s is not interrupted."), article=17, number=batch.number)
    batch.state = Import.State.LOADING if batch.checked_at else Import.State.CHECKING
    batch.breakdowns, batch.finished_at, batch.leased_until = 0, None, None
    batch.stage_began_at = at
    batch.save()
    return batch


def hand_out_imports(*, hand_out: Callable[[int], object]) -> int:
    """Every import that waits and that no worker has, by its id. Read from the database alone."""
    waiting = list(Import.objects.unattended().order_by("pk").values_list("pk", flat=True))
    for pk in waiting:
        hand_out(pk)
    return len(waiting)


@enforces(17)
def work_on_import(*, pk: int, at: datetime) -> bool:
    """Do a stretch of an import's work, unless another worker has it. Whether there is more to do.

    Every write asks whether the turn is still this worker's: one that was held up and overtaken writes
    nothing. Whatever goes wrong leaves the import as it stood after the last stretch, to be tried again.
    """
    turn = _lease(pk)
    if turn is None:
        return False
    try:
        return _work(pk, turn, at)
    except _LostTurn:
        return False
    except Exception as error:
        # Its words may quote a line.
        logger.error("import_broke_down %s %s", pk, type(error).__name__)  # noqa: TRY400
        # A lock that was not to be had, a server that restarts: waited for, however long it lasts.
        is_ours = not isinstance(error, OperationalError | InterfaceError)
        _break_down(pk, turn, at, breakdowns=int(is_ours))
        return False


@transaction.atomic
def _lease(pk: int) -> int | None:
    found = Import.objects.unattended().select_for_update(no_key=True, skip_locked=True).filter(pk=pk)
    batch = found.only("turn").first()
    if batch is None:
        return None
    Import.objects.filter(pk=pk).update(turn=F("turn") + 1, leased_until=Now() + LEASE)
    return batch.turn + 1


def _mine(pk: int, turn: int) -> Import:
    """The import, locked, for whoever has the turn, and the lease anew. Raises _LostTurn."""
    if not Import.objects.filter(pk=pk, turn=turn).update(leased_until=Now() + LEASE):
        raise _LostTurn
    return Import.objects.select_related("hospital", "uploaded_by").get(pk=pk)


def _work(pk: int, turn: int, at: datetime) -> bool:
    until = time.monotonic() + SECONDS_AT_ONCE
    while time.monotonic() < until:
        batch = whole_transaction(partial(_stretch_of, pk, turn, at))
        if batch.is_over:
            return False
    Import.objects.filter(pk=pk, turn=turn).update(leased_until=None)
    return True


def _stretch_of(pk: int, turn: int, at: datetime) -> Import:
    batch = _mine(pk, turn)
    match batch.state:
        case Import.State.UPLOADED:
            batch.state, batch.stage_began_at = Import.State.CHECKING, at
        case Import.State.CHECKING:
            _check(batch, at)
        case Import.State.LOADING:
            _take(batch, at)
    batch.breakdowns = 0
    if batch.is_over:
        batch.finished_at, batch.leased_until = at, None
        batch.parts.all().delete()
    batch.save()
    return batch


@transaction.atomic
def _break_down(pk: int, turn: int, at: datetime, *, breakdowns: int) -> None:
    batch = Import.objects.select_for_update(no_key=True).filter(pk=pk, turn=turn).first()
    if batch is None or batch.is_over:
        return
    batch.breakdowns += breakdowns
    if batch.breakdowns >= MOST_BREAKDOWNS:
        # From `uploaded` there is no way to `failed`: whoever goes on with it begins by checking.
        if batch.state == Import.State.UPLOADED:
            Import.objects.filter(pk=pk).update(state=Import.State.CHECKING)
        batch.state, batch.finished_at = Import.State.FAILED, at
        batch.leased_until = None
        batch.save()
    else:
        batch.save(update_fields=["breakdowns"])
        Import.objects.filter(pk=pk).update(leased_until=Now() + REST)


# Checking: every line is read, nothing is done


def _check(batch: Import, at: datetime) -> None:
    rules = Rules.of(kind=batch.kind, hospital=batch.hospital, on=business_date(at))
    columns = {column.name: column.is_needed for column in COLUMNS[Import.Kind(batch.kind)]}
    kept: list[tuple[int, dict[str, Any]]] = []
    failures: list[ImportFailure] = []
    is_whole = True
    try:
        for given in read_on(batch, columns):
            _judge(batch, rules, given, kept, failures)
            batch.position, batch.line = given.position, given.line
            if len(failures) >= FAULTS_AT_ONCE or batch.read_rows % CHECKED_AT_ONCE == 0:
                is_whole = False
                break
    except BadInput as fault:
        # The file as a whole: a heading that is none, a workbook that breaks off.
        failures.append(failure(batch, batch.line + 1, "", raising(fault)))
        batch.bad_rows += 1
        is_whole = True
    ImportPart.objects.bulk_create(_packed(batch, kept), batch_size=50)
    ImportFailure.objects.bulk_create(failures, batch_size=500)
    is_hopeless = batch.bad_rows >= MOST_FAILURES or batch.read_rows > MOST_ROWS
    if is_whole or is_hopeless:
        _conclude_check(batch, at)


def _judge(
    batch: Import,
    rules: Rules,
    given: Given,
    kept: list[tuple[int, dict[str, Any]]],
    failures: list[ImportFailure],
) -> None:
    batch.read_rows += 1

    def judged() -> tuple[dict[str, Any], int]:
        if given.fault is not None:
            raise given.fault
        is_table = batch.file_format != Import.Format.JSONL
        return rules.judged(rules.body(given.value) if is_table else given.value)

    try:
        row, fen = judged()
    except (Refusal, ValidationError):
        batch.bad_rows += 1
        failures.append(failure(batch, given.line, given.value, judged))
    else:
        batch.read_fen += fen
        kept.append((given.line, row))


def _packed(batch: Import, kept: list[tuple[int, dict[str, Any]]]) -> Iterator[ImportPart]:
    for first in range(0, len(kept), ROWS_A_PART):
        rows = kept[first : first + ROWS_A_PART]
        yield ImportPart.of_rows(batch, rows)


def _conclude_check(batch: Import, at: datetime) -> None:
    """All or nothing: one bad line, or one fen beside the control total, and nothing of the file counts."""
    batch.checked_at, batch.stage_began_at = at, at
    agrees = (batch.read_rows, batch.read_fen) == (batch.declared_rows, batch.declared_fen)
    if agrees and not batch.bad_rows:
        batch.state = Import.State.LOADING
        batch.parts.filter(kind=ImportPart.Kind.FILE).delete()
    else:
        batch.state = Import.State.QUARANTINED


# Taking: line by line, each once


def _take(batch: Import, at: datetime) -> None:
    parts = batch.parts.filter(kind=ImportPart.Kind.ROWS).order_by("place")
    if batch.kind == Import.Kind.STATEMENT:
        take_lines(batch, parts, at)
        batch.state = Import.State.DONE
        return
    part = parts.first()
    if part is not None:
        take_bills(batch, part.rows(), at)
        part.delete()
    if not parts.exists():
        batch.state = Import.State.DONE

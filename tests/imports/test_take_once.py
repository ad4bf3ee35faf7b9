"""All or nothing, each line once: whatever is counted wrongly, sent twice, or dies in the middle."""

from __future__ import annotations

import threading
import tracemalloc
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError, connection, transaction
from django.utils import timezone
from django.utils.translation import override

from accounts.models import Person
from billing import import_files, tasks
from billing.models import Bill, Import, ImportedBill, ImportPart
from billing.operations import imports
from billing.operations.imports import (
    MOST_BREAKDOWNS,
    CannotGoOn,
    SameFile,
    go_on_with,
    hand_out_imports,
    work_on_import,
)
from common.errors import BadInput
from credit.models import CreditAccount
from tests.cast import Town
from tests.connections import Elsewhere
from tests.imports.conftest import FRIDAY, Sender, at, charge, finish, objects, reasons, table

pytestmark = [pytest.mark.article(17)]


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


def fall_silent(batch: Import) -> None:
    """The lease of a dead worker runs out."""
    Import.objects.filter(pk=batch.pk).update(leased_until=timezone.now() - timedelta(days=400))


# All or nothing


@pytest.mark.django_db
@pytest.mark.parametrize(("rows", "fen"), [(2, 199), (2, 201), (1, 200), (3, 200)])
def test_one_fen_or_one_line_beside_the_control_total_and_nothing_is_charged(
    wu: Sender, lin: Person, rows: int, fen: int
) -> None:
    batch = wu.take(table(wu.rows(lin, 2)), rows=rows, fen=fen)

    assert (batch.state, batch.bad_rows, reasons(batch)) == ("quarantined", 0, [])
    assert (batch.read_rows, batch.read_fen) == (2, 200)
    assert not Bill.objects.exists()
    assert not ImportPart.objects.exists()


@pytest.mark.django_db
def test_one_bad_line_and_nothing_is_charged_each_bad_line_told_of(wu: Sender, lin: Person) -> None:
    rows = wu.rows(lin, 250)
    for place in (0, 99, 249):
        rows[place][2] = "cinema"

    batch = wu.take(table(rows), rows=250, fen=25_000)

    assert (batch.state, batch.bad_rows, batch.read_rows) == ("quarantined", 3, 250)
    assert [line for line, _field, _reason in reasons(batch)] == [2, 101, 251]
    assert not Bill.objects.exists()


@pytest.mark.django_db
def test_a_file_that_was_cut_short_is_found_by_its_control_total(wu: Sender, lin: Person) -> None:
    whole = table(wu.rows(lin, 20))

    for cut in (len(whole) // 2, len(whole) - 4, len(whole) - 60):
        batch = wu.take(whole[:cut], rows=20, fen=2_000)
        assert batch.state == "quarantined"
    assert not Bill.objects.exists()


@pytest.mark.django_db
def test_only_a_heading_is_no_file_of_charges(wu: Sender) -> None:
    assert wu.take(table([])).state == "quarantined"


@pytest.mark.django_db
def test_too_many_lines_are_not_read_to_the_end(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "MOST_ROWS", 100)
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 40)

    batch = wu.take(table(wu.rows(lin, 300)), rows=100, fen=10_000)

    assert (batch.state, batch.read_rows) == ("quarantined", 120)
    with pytest.raises(BadInput):
        wu.send(table(wu.rows(lin, 300)), rows=101)


@pytest.mark.django_db
def test_a_file_full_of_mistakes_is_not_read_to_the_end(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "FAULTS_AT_ONCE", 10)
    monkeypatch.setattr(imports, "MOST_FAILURES", 25)

    batch = wu.take(table([["x"] * 5] * 300), rows=300)

    assert (batch.state, batch.bad_rows, batch.failures.count()) == ("quarantined", 30, 30)


# What a rule refuses when it is charged


@pytest.mark.django_db
def test_what_a_rule_refuses_is_told_and_the_totals_say_so(wu: Sender, lin: Person, town: Town) -> None:
    stranger = town.move_in("过路人")
    bodies = [
        charge(lin, "MZ-1", 250_000),
        charge(lin, "MZ-2", 100_000),
        charge(lin, "MZ-3", 7),
        charge(stranger),
    ]

    batch = wu.take(objects(*bodies), rows=4, fen=350_107)

    assert batch.state == "done"
    assert (batch.taken_rows, batch.taken_fen, batch.financed_fen) == (2, 350_000, 300_000)
    assert (batch.refused_rows, batch.refused_fen) == (2, 107)
    assert [(line, row.code) for row in batch.failures.order_by("line") for line in [row.line]] == [
        (3, "over_limit"),
        (4, "no_account"),
    ]
    assert town.broken_books(FRIDAY) == {}


@pytest.mark.django_db
def test_what_went_through_before_the_line_was_lost_is_not_charged_again(
    wu: Sender, lin: Person, town: Town
) -> None:
    wu.take(objects(charge(lin, "MZ-1")))
    again = objects(charge(lin, "MZ-1"), charge(lin, "MZ-1", 101), charge(lin, "MZ-2"), charge(lin, "MZ-2"))

    batch = wu.take(again, rows=4, fen=401)

    assert (batch.taken_rows, batch.refused_rows) == (2, 2)
    assert [(row.line, row.code) for row in batch.failures.all()] == [
        (1, "already_charged"),
        (4, "already_charged"),
    ]
    assert Bill.objects.count() == 3


# Sent twice


@pytest.mark.django_db
def test_the_same_file_is_known_again_unless_it_was_put_in_quarantine(
    wu: Sender, lin: Person, town: Town
) -> None:
    content = table(wu.rows(lin, 2))
    wrong = wu.take(content, rows=2, fen=199)
    right = wu.send(content, rows=2, fen=200)

    for _twice in range(2):
        with override("en"), pytest.raises(SameFile, match=right.number):
            wu.send(content, rows=2, fen=200, file_name="renamed.csv")
        finish(right)
    assert wrong.state == "quarantined"
    assert Bill.objects.count() == 2
    # Another hospital knows nothing of it.
    assert Sender(town, town.build_hospital("XM002"), "wang").send(content, rows=2, fen=200).pk


@pytest.mark.django_db(transaction=True)
def test_the_same_file_sent_twice_at_once_is_kept_once(real_town: Town) -> None:
    wu, lin = Sender(real_town), real_town.enrol()
    content = table(wu.rows(lin, 2))

    def send() -> Any:
        try:
            return wu.send(content, rows=2, fen=200)
        except (SameFile, IntegrityError) as refusal:
            return refusal

    outcomes = [one.join() for one in [Elsewhere(send) for _twice in range(4)]]

    assert sum(isinstance(one, Import) for one in outcomes) == 1
    assert {type(one) for one in outcomes} == {Import, SameFile}
    assert Import.objects.count() == 1


# Killed in the middle


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("where", "times"),
    [("_check", 1), ("_check", 2), ("_judge", 150), ("_conclude_check", 1), ("_take", 1), ("take_bills", 2)],
)
@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
def test_a_worker_that_dies_leaves_what_the_next_goes_on_from(
    wu: Sender, lin: Person, town: Town, monkeypatch: pytest.MonkeyPatch, where: str, times: int, after: bool
) -> None:
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 120)
    batch = wu.send(table(wu.rows(lin, 250)), rows=250, fen=25_000)
    real, calls = getattr(imports, where), []

    def dying(*arguments: Any) -> Any:
        calls.append(1)
        if len(calls) == times and not after:
            raise Killed
        result = real(*arguments)
        if len(calls) == times:
            raise Killed
        return result

    monkeypatch.setattr(imports, where, dying)
    with pytest.raises(Killed):
        finish(batch)
    assert Bill.objects.count() % 100 == 0
    assert not work_on_import(pk=batch.pk, at=at())  # nobody else touches it while it may be alive
    assert hand_out_imports(hand_out=lambda pk: pytest.fail(str(pk))) == 0

    fall_silent(batch)
    monkeypatch.setattr(imports, where, real)
    assert hand_out_imports(hand_out=lambda pk: None) == 1
    finish(batch)

    assert (batch.state, batch.taken_rows, batch.financed_fen) == ("done", 250, 25_000)
    assert list(ImportedBill.objects.order_by("line").values_list("line", flat=True)) == list(range(2, 252))
    assert CreditAccount.objects.get(person=lin).outstanding_fen == 25_000
    assert town.broken_books(FRIDAY) == {}


@pytest.mark.django_db
def test_what_breaks_off_again_and_again_is_interrupted_and_can_be_gone_on_with(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    batch = wu.send(table(wu.rows(lin, 150)), rows=150, fen=15_000)
    real, calls = imports.take_bills, []

    def failing(*arguments: Any) -> None:
        calls.append(1)
        if len(calls) > 1:
            raise RuntimeError(f"no luck with {lin.credit_code}")
        real(*arguments)

    monkeypatch.setattr(imports, "take_bills", failing)
    for _try in range(MOST_BREAKDOWNS):
        assert not work_on_import(pk=batch.pk, at=at())
        fall_silent(batch)
    batch.refresh_from_db()
    assert (batch.state, batch.taken_rows, Bill.objects.count()) == ("failed", 100, 100)
    assert lin.credit_code not in caplog.text
    with pytest.raises(SameFile):
        wu.send(table(wu.rows(lin, 150)), rows=150, fen=15_000)

    monkeypatch.setattr(imports, "take_bills", real)
    go_on_with(batch=batch, at=at())
    assert finish(batch).state == "done"
    assert Bill.objects.count() == 150
    with pytest.raises(CannotGoOn):
        go_on_with(batch=batch, at=at())


@pytest.mark.django_db
def test_a_lock_that_is_not_to_be_had_is_waited_for_however_often(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = wu.send(table(wu.rows(lin, 2)), rows=2, fen=200)

    def busy(*arguments: Any) -> None:
        raise OperationalError("canceling statement due to lock timeout")

    with monkeypatch.context() as patch:
        patch.setattr(imports, "take_bills", busy)
        for _try in range(2 * MOST_BREAKDOWNS):
            work_on_import(pk=batch.pk, at=at())
            fall_silent(batch)

    assert finish(batch).state == "done"


@pytest.mark.django_db
def test_a_breakdown_before_anything_was_checked_is_gone_on_with_from_the_beginning(
    wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    batch = wu.send(table(wu.rows(lin, 2)), rows=2, fen=200)
    real = imports._stretch_of

    def failing(*arguments: Any) -> None:
        raise RuntimeError

    monkeypatch.setattr(imports, "_stretch_of", failing)
    for _try in range(MOST_BREAKDOWNS):
        work_on_import(pk=batch.pk, at=at())
        fall_silent(batch)
    batch.refresh_from_db()
    assert batch.state == "failed"

    monkeypatch.setattr(imports, "_stretch_of", real)
    assert finish(go_on_with(batch=batch, at=at())).state == "done"


# Two workers


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_charge_each_line_once(real_town: Town) -> None:
    wu, lin = Sender(real_town), real_town.enrol()
    batch = wu.send(table(wu.rows(lin, 450)), rows=450, fen=45_000)

    def work() -> int:
        return sum(1 for _turn in range(20) if work_on_import(pk=batch.pk, at=at()))

    for one in [Elsewhere(work) for _worker in range(3)]:
        one.join()
    finish(batch)

    assert (batch.state, Bill.objects.count()) == ("done", 450)
    assert CreditAccount.objects.get(person=lin).outstanding_fen == 45_000
    assert real_town.broken_books(FRIDAY) == {}


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_was_held_up_and_overtaken_writes_nothing(
    real_town: Town, monkeypatch: pytest.MonkeyPatch
) -> None:
    wu, lin = Sender(real_town), real_town.enrol()
    batch = wu.send(table(wu.rows(lin, 250)), rows=250, fen=25_000)
    while Import.objects.get(pk=batch.pk).state != "loading":
        monkeypatch.setattr(imports, "SECONDS_AT_ONCE", 0.001)
        work_on_import(pk=batch.pk, at=at())
    monkeypatch.setattr(imports, "SECONDS_AT_ONCE", 10)
    has_turn, may_go_on = threading.Event(), threading.Event()
    real: Callable[..., Any] = imports._stretch_of

    def held_up(*arguments: Any) -> Any:
        if threading.current_thread() is not threading.main_thread() and not has_turn.is_set():
            has_turn.set()
            assert may_go_on.wait(timeout=15)
        return real(*arguments)

    monkeypatch.setattr(imports, "_stretch_of", held_up)
    slow = Elsewhere(lambda: work_on_import(pk=batch.pk, at=at()))
    assert has_turn.wait(timeout=15)
    fall_silent(batch)
    Import.objects.filter(pk=batch.pk).update(turn=Import.objects.get(pk=batch.pk).turn)
    assert work_on_import(pk=batch.pk, at=at()) is False
    may_go_on.set()

    assert slow.join() is False
    batch.refresh_from_db()
    assert (batch.state, batch.taken_rows, Bill.objects.count()) == ("done", 250, 250)


@pytest.mark.django_db
def test_the_beat_finds_what_no_worker_has(wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    handed_out: list[int] = []
    monkeypatch.setattr(tasks.work_on_import, "delay", handed_out.append)
    batch = wu.send(table(wu.rows(lin, 2)), rows=2, fen=200)
    tasks.sweep_imports()
    assert handed_out == [batch.pk]

    monkeypatch.setattr(imports, "SECONDS_AT_ONCE", 0.0001)
    tasks.work_on_import(batch.pk)
    assert handed_out == [batch.pk, batch.pk]  # there is more to do, and it asks for the next task
    finish(batch)
    tasks.sweep_imports()
    tasks.work_on_import(batch.pk)
    assert handed_out == [batch.pk, batch.pk]


@pytest.mark.django_db
def test_memory_does_not_grow_with_the_file(wu: Sender, lin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_files, "PIECE_BYTES", 2**15)
    monkeypatch.setattr(imports, "CHECKED_AT_ONCE", 500)

    def most_held(rows: int) -> int:
        items = [{"name": "诊" * 150, "amount_fen": 100}]
        bodies = (charge(lin, f"MZ-{rows}-{place}", items=items) for place in range(rows))
        batch = wu.send(objects(*bodies), rows=rows, fen=1)
        tracemalloc.start()
        finish(batch)
        most = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return most

    most_held(100)  # what is made once
    assert most_held(2_000) < 1.5 * most_held(500)


# The database itself


@pytest.mark.django_db
def test_a_line_that_has_its_bill_cannot_get_another_and_quarantine_gets_none(
    wu: Sender, lin: Person
) -> None:
    done = wu.take(table(wu.rows(lin, 2)), rows=2, fen=200)
    other = wu.take(table(wu.rows(lin, 3)), rows=3, fen=1)
    bill = done.bills.first()
    assert bill is not None

    for batch in (done, other):
        with pytest.raises(Exception, match="not being loaded|Cannot"), transaction.atomic():
            ImportedBill.objects.create(batch=batch, line=900, bill=bill.bill)
    assert connection.is_usable()

"""What becomes of the lines of a hospital's file that was found right: bills, or a statement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from billing.charge_input import asked_from
from billing.import_rows import failure, raising
from billing.models import Bill, Import, ImportedBill, ImportFailure, ImportPart
from billing.models.reconciliation import Source
from billing.operations.batches import Asked, charge_batch
from billing.operations.patients import find_patients
from billing.operations.reconciling import state_day
from billing.operations.statements import ControlTotal, Row
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal

PURPOSE = "import.charge"
# So far back the same visit, patient and amount are taken for the same charge.
DAYS_LOOKED_BACK = timedelta(days=31)

Same = tuple[int, str, str, int]
Line = tuple[int, dict[str, Any]]


class AlreadyCharged(Refusal):
    code = "already_charged"
    articles = (17,)
    meaning = _(
        "A bill of this hospital charges the same patient the same amount for the same visit and service."
    )
    remedy = _("If it is another charge all the same, charge it at the desk.")


@enforces(17)
def take_bills(batch: Import, rows: Sequence[Line], at: datetime) -> None:
    """Charge these lines, each once; what a rule refuses is told with its reason and stops no other.

    In the caller's transaction, which holds the import: a line that has its bill cannot get another.
    """
    asked = [asked_from(given) for _line, given in rows]
    before = _charged_before(batch, asked, at)
    todo = [one for one, refusal in zip(asked, before, strict=True) if refusal is None]
    made = iter(
        charge_batch(
            actor=batch.uploaded_by,
            hospital=batch.hospital,
            asked=todo,
            purpose=PURPOSE,
            cashier=batch.uploaded_by,
            at=at,
        )
        if todo
        else ()
    )
    bills, failures = [], []
    for (line, given), refusal in zip(rows, before, strict=True):
        answer = refusal or next(made)
        fen = given["self_paid_fen"]
        if isinstance(answer, Bill):
            bills.append(ImportedBill(batch=batch, line=line, bill=answer))
            batch.taken_rows += 1
            batch.taken_fen += fen
            batch.financed_fen += answer.financed_fen
        else:
            failures.append(failure(batch, line, given, raising(answer)))
            batch.refused_rows += 1
            batch.refused_fen += fen
    ImportedBill.objects.bulk_create(bills)
    ImportFailure.objects.bulk_create(failures)


def _charged_before(batch: Import, asked: Sequence[Asked], at: datetime) -> list[Refusal | None]:
    """For each line the refusal where the same stands in a bill already, or in a line before.

    A line may have gone through just before the connection was lost; nobody pays it twice.
    """
    people = find_patients([one.key for one in asked])
    found = [person for person in people if isinstance(person, Person)]
    bills = Bill.objects.filter(
        hospital=batch.hospital,
        patient__in=found,
        visit__patient__in=found,
        visit__hospital_visit_no__in={one.hospital_visit_no for one in asked},
        business_on__gte=business_date(at) - DAYS_LOOKED_BACK,
    ).exclude(state=Bill.State.VOID)
    known: dict[Same, str] = {
        (bill.patient_id, bill.visit.hospital_visit_no, bill.scene, bill.self_paid_fen): bill.number
        for bill in bills.select_related("visit")
    }
    answers: list[Refusal | None] = []
    for person, one in zip(people, asked, strict=True):
        if not isinstance(person, Person):
            answers.append(None)  # the charge itself says why it cannot be
            continue
        same = (person.pk, one.hospital_visit_no, one.scene, one.self_paid_fen)
        answers.append(_already(known[same]) if same in known else None)
        known.setdefault(same, "")
    return answers


def _already(bill: str) -> AlreadyCharged:
    if bill:
        return AlreadyCharged(
            _("Bill %(bill)s charges the same patient the same amount for this visit already."),
            article=17,
            field="visit_number",
            bill=bill,
        )
    return AlreadyCharged(
        _("A line above is about the same visit, patient and amount."),
        article=17,
        field="visit_number",
    )


@enforces(17)
def take_lines(batch: Import, parts: QuerySet[ImportPart], at: datetime) -> None:
    """Hand the lines over as the hospital's statement of that day, all in one, to be compared with the books.

    Of a day that is still open they wait for its close.
    """
    # The connection is taken up by the lines on their way in: what is sealed is fetched before.
    sealed = list(parts)
    batch.statement, _compared = state_day(
        source=Source.HOSPITAL,
        hospital=batch.hospital,
        business_on=batch.business_on,
        rows=_rows(sealed),
        control=ControlTotal(lines=batch.declared_rows),
        by=batch.uploaded_by,
        at=at,
    )
    batch.taken_rows, batch.taken_fen = batch.read_rows, batch.read_fen


def _rows(sealed: list[ImportPart]) -> Iterator[Row]:
    for part in sealed:
        for _line, given in part.rows():
            yield Row(given["reference"], given["kind"], given["amount_fen"])

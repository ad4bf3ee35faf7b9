"""Who the patient is that a hospital treats (Article 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.models.people import canonical_credit_code
from accounts.operations.access import RECORD_SEEN, Actor, entry, record_access
from billing.patient_codes import UnreadableCode, read_code
from common.articles import enforces
from common.crypto import blind_index
from common.errors import BadInput, Refusal
from common.identity import InvalidResidentId, check_resident_id
from common.statements import Statement
from credit.operations.family import NoAccount

# Ends the purpose of a look for which the patient showed a one-time code.
SHOWN = ".code"


class CodeSpent(Refusal):
    code = "patient_code_spent"
    articles = (15, 32)
    meaning = _("The one-time code that the patient showed is used already, or older than a minute.")
    remedy = _("Ask the patient for a new code: their page shows one at once.")


@dataclass(frozen=True)
class PatientKey:
    """What a hospital knows a patient by: one of the three. Never shown in logs.

    `patient_code` is the one-time code on the patient's phone, and is taken by being looked up.
    """

    resident_id: str = ""
    credit_code: str = ""
    patient_code: str = ""

    def __repr__(self) -> str:
        return "<PatientKey>"


@enforces(32)
def identify(*, actor: Actor, key: PatientKey, purpose: str, at: datetime) -> Person:
    """The patient of that number or code, the look written into the access log.

    Raises BadInput for a malformed number and without exactly one key, NoAccount, CodeSpent.
    """
    if key == PatientKey(patient_code=key.patient_code) and key.patient_code:
        with transaction.atomic():
            person = take_code(text=key.patient_code, at=at)
            record_access(actor=actor, subject=person, purpose=purpose + SHOWN, at=at)
        return person
    wanted = _wanted(key)
    if isinstance(wanted, Refusal):
        raise wanted
    column, value = wanted
    found = _SEE[column].rows(Person, values=[value], **entry(actor, purpose, at))
    if not found:
        raise _unknown()
    return found[0]


_TAKE = Statement(
    """
    INSERT INTO billing_patientcodeuse (person_id, issued_at, at)
    SELECT id, %(issued_at)s::timestamptz, %(at)s::timestamptz
      FROM accounts_person WHERE id = %(person)s::bigint
        ON CONFLICT ON CONSTRAINT patient_code_used_once DO NOTHING
    RETURNING person_id"""
)


@enforces(15, 32)
def take_code(*, text: str, at: datetime) -> Person:
    """Whose one-time code this is; it counts for nobody else afterwards, were they a moment behind.

    Raises BadInput for what is no code of ours, CodeSpent.
    """
    try:
        code = read_code(text, at=at)
    except UnreadableCode:
        raise BadInput(
            _("This is no code of ours: a sign may be mistyped. Scan it, or ask for a new code."),
            field="patient_code",
        ) from None
    if at >= code.until_at:
        raise CodeSpent(
            _("This code has expired: it is good for one minute. Ask the patient for a new code."),
            article=32,
            field="patient_code",
        )
    if not _TAKE.run(person=code.person_id, issued_at=code.issued_at, at=at):
        raise CodeSpent(
            _("This code has been used already. Ask the patient for a new code."),
            article=32,
            field="patient_code",
        )
    return Person.objects.get(pk=code.person_id)


_QUESTIONS = {
    column: f"SELECT * FROM accounts_person WHERE {column} = ANY(%(values)s::text[])"  # noqa: S608 - a name of ours
    for column in ("resident_id_index", "credit_code")
}
_FIND = {column: Statement(question) for column, question in _QUESTIONS.items()}
# Whoever is found is written into the access log by the same statement.
_SEE = {
    column: Statement(f"WITH seen AS ({question}), noted AS ({RECORD_SEEN}) SELECT * FROM seen")  # noqa: S608 - ours
    for column, question in _QUESTIONS.items()
}


def fault_of_key(key: PatientKey) -> Refusal | None:
    """What is wrong with a number or code in itself, whoever it may belong to."""
    wanted = _wanted(key)
    return wanted if isinstance(wanted, Refusal) else None


def find_patients(keys: Sequence[PatientKey]) -> list[Person | Refusal]:
    """The patients of those numbers or codes, or what is wrong with a key, in order.

    Whoever is unknown here is answered like somebody without an account, so that nobody can find out who is
    in the scheme's books.
    """
    wanted = [_wanted(key) for key in keys]
    people: dict[tuple[str, str], Person] = {}
    for column in _FIND:
        values = {one[1] for one in wanted if not isinstance(one, Refusal) and one[0] == column}
        if values:
            for person in _FIND[column].rows(Person, values=list(values)):
                people[column, getattr(person, column)] = person
    return [one if isinstance(one, Refusal) else people.get(one) or _unknown() for one in wanted]


def _wanted(key: PatientKey) -> tuple[str, str] | Refusal:
    """The column and the value that a patient is found by."""
    if [key.resident_id, key.credit_code, key.patient_code].count("") != 2:
        return BadInput(_("Give one of resident_id, credit_code and patient_code."), field="resident_id")
    if key.patient_code:
        return BadInput(
            _("A one-time code names the patient at one desk, not in a batch."), field="patient_code"
        )
    if key.credit_code:
        return "credit_code", canonical_credit_code(key.credit_code)
    try:
        return "resident_id_index", blind_index(check_resident_id(key.resident_id).number, "resident_id")
    except InvalidResidentId as invalid:
        return BadInput(invalid.reason, field="resident_id")


def _unknown() -> NoAccount:
    return NoAccount(
        _("This person has not opened a credit account. Please take another payment."), article=26
    )

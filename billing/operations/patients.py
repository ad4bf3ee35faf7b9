"""Who the patient is that a hospital treats (Article 32)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from accounts.models.people import canonical_credit_code
from accounts.operations.access import RECORD_SEEN, Actor, entry
from common.articles import enforces
from common.crypto import blind_index
from common.errors import BadInput, Refusal
from common.identity import InvalidResidentId, check_resident_id
from common.statements import Statement
from credit.operations.family import NoAccount


@dataclass(frozen=True)
class PatientKey:
    """What a hospital knows a patient by: one of the two. Never shown in logs."""

    resident_id: str = ""
    credit_code: str = ""

    def __repr__(self) -> str:
        return "<PatientKey>"


@enforces(32)
def identify(*, actor: Actor, key: PatientKey, purpose: str, at: datetime) -> Person:
    """The patient of that number or code, the look written into the access log.

    Raises BadInput for a malformed number and without exactly one key, NoAccount.
    """
    wanted = _wanted(key)
    if isinstance(wanted, Refusal):
        raise wanted
    column, value = wanted
    found = _SEE[column].rows(Person, values=[value], **entry(actor, purpose, at))
    if not found:
        raise _unknown()
    return found[0]


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
    if bool(key.resident_id) == bool(key.credit_code):
        return BadInput(_("Give either resident_id or credit_code."), field="resident_id")
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

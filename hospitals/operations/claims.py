"""What public hospitals claim for rebuilding their systems: filed, checked, decided, paid (Article 4)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import connection, transaction
from django.db.models import Field
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.numbers import make_number
from common.text import check_text
from hospitals.models import Hospital, RetrofitClaim

State = RetrofitClaim.State
MOST_FEN = 10**12
LETTER = "F"


class CannotClaim(Refusal):
    code = "cannot_claim"
    articles = (4,)
    meaning = _("The finance bureau bears what public hospitals spend on their systems, no more.")


class CannotDecideClaim(Refusal):
    code = "cannot_decide_claim"
    articles = (4,)
    meaning = _(
        "A claim is filed, checked, decided and paid in this order, each by another person; the finance"
        " bureau decides."
    )
    remedy = _("Let the person whose turn it is do it.")


@enforces(4)
@transaction.atomic
def file_claim(
    *, hospital: Hospital, amount_fen: int, purpose: str, evidence: str, by: User, at: datetime
) -> RetrofitClaim:
    """A public hospital claims what rebuilding its system cost.

    Raises CannotClaim for a community health centre or a private hospital, BadInput.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    if hospital.kind != Hospital.Kind.PUBLIC:
        raise CannotClaim(
            _("The finance bureau bears the cost of public hospitals; %(hospital)s is a %(kind)s."),
            article=4,
            field="hospital",
            hospital=hospital.name,
            kind=hospital.get_kind_display(),
        )
    purpose, evidence = _terms(amount_fen, purpose, evidence)
    claim = RetrofitClaim(
        number=_next_number(business_date(at)),
        hospital=hospital,
        amount_fen=amount_fen,
        purpose=purpose,
        evidence=evidence,
        filed_by=by,
        filed_at=at,
    )
    claim.save()
    return claim


@transaction.atomic
def complete_claim(
    *, claim: RetrofitClaim, amount_fen: int, purpose: str, evidence: str, by: User, at: datetime
) -> RetrofitClaim:
    """The hospital files a returned claim again, completed. Raises CannotDecideClaim, BadInput."""
    claim = _locked(claim, State.RETURNED)
    claim.purpose, claim.evidence = _terms(amount_fen, purpose, evidence)
    claim.state, claim.amount_fen, claim.filed_by, claim.filed_at = State.FILED, amount_fen, by, at
    claim.save(update_fields=["state", "amount_fen", "purpose", "evidence", "filed_by", "filed_at"])
    return claim


@enforces(4)
@transaction.atomic
def check_claim(*, claim: RetrofitClaim, complete: bool, note: str, by: User, at: datetime) -> RetrofitClaim:
    """An operator passes a claim on to the finance bureau, or returns it and says what is missing.

    Raises CannotDecideClaim, BadInput.
    """
    claim = _locked(claim, State.FILED)
    if by.pk == claim.filed_by_id or by.role != User.Role.OPERATOR:
        raise CannotDecideClaim(_("A claim is checked by the operator, not by whoever filed it."), article=4)
    claim.check_note = _words(note, RetrofitClaim.check_note.field, "note")
    claim.state = State.CHECKED if complete else State.RETURNED
    claim.checked_by, claim.checked_at = by, at
    claim.save(update_fields=["state", "checked_by", "checked_at", "check_note"])
    return claim


@enforces(4)
@transaction.atomic
def decide_claim(
    *, claim: RetrofitClaim, granted_fen: int, reasons: str, by: User, at: datetime
) -> RetrofitClaim:
    """The finance bureau grants a claim, whole or in part, or refuses it (0), with its reasons.

    Raises CannotDecideClaim for anybody else and for who filed or checked it, BadInput.
    """
    claim = _locked(claim, State.CHECKED)
    _require_bureau(by)
    if by.pk in (claim.filed_by_id, claim.checked_by_id):
        raise CannotDecideClaim(_("Who filed or checked a claim does not decide it."), article=4)
    if not 0 <= granted_fen <= claim.amount_fen:
        raise BadInput(
            _("At most what was claimed can be granted: %(most_fen)s."),
            field="granted_fen",
            article=4,
            most_fen=claim.amount_fen,
        )
    claim.reasons = _words(reasons, RetrofitClaim.reasons.field)
    claim.state = State.GRANTED if granted_fen else State.REFUSED
    claim.granted_fen, claim.decided_by, claim.decided_at = granted_fen, by, at
    claim.save(update_fields=["state", "granted_fen", "reasons", "decided_by", "decided_at"])
    return claim


@enforces(4)
@transaction.atomic
def pay_claim(
    *, claim: RetrofitClaim, paid_on: date, reference: str, by: User, at: datetime
) -> RetrofitClaim:
    """Another person at the bureau records the payment of what was granted.

    Raises CannotDecideClaim for who granted it, and where the reference has paid another claim; BadInput.
    """
    claim = _locked(claim, State.GRANTED)
    _require_bureau(by)
    if by.pk == claim.decided_by_id:
        raise CannotDecideClaim(
            _("You granted this claim yourself: a second person at the bureau records its payment."),
            article=4,
        )
    decided_on = business_date(claim.decided_at) if claim.decided_at else paid_on
    if not decided_on <= paid_on <= business_date(at):
        raise BadInput(
            _("It was paid between the decision on %(decided_on)s and today."),
            field="paid_on",
            decided_on=decided_on,
        )
    reference = _words(reference, RetrofitClaim.payment_reference.field, "reference")
    if RetrofitClaim.objects.filter(payment_reference=reference).exists():
        raise CannotDecideClaim(
            _("This bank reference has paid another claim."), article=4, field="reference"
        )
    claim.state, claim.paid_by, claim.paid_on, claim.payment_reference = State.PAID, by, paid_on, reference
    claim.save(update_fields=["state", "paid_by", "paid_on", "payment_reference"])
    return claim


def _require_bureau(by: User) -> None:
    if not by.is_finance_bureau:
        raise CannotDecideClaim(_("Only the finance bureau decides and pays claims."), article=4)


def _locked(claim: RetrofitClaim, wanted: RetrofitClaim.State) -> RetrofitClaim:
    claim = RetrofitClaim.objects.select_for_update(no_key=True).get(pk=claim.pk)
    if claim.state != wanted:
        raise CannotDecideClaim(
            _("The claim %(number)s has moved on: %(state)s."),
            article=4,
            number=claim.number,
            state=claim.get_state_display(),
        )
    return claim


def _terms(amount_fen: int, purpose: str, evidence: str) -> tuple[str, str]:
    if not 1 <= amount_fen <= MOST_FEN:
        raise BadInput(
            _("Enter an amount from %(least_fen)s to %(most_fen)s."),
            field="amount_fen",
            least_fen=1,
            most_fen=MOST_FEN,
        )
    return _words(purpose, RetrofitClaim.purpose.field), _words(evidence, RetrofitClaim.evidence.field)


def _words(text: str, column: Field[Any, Any], field: str = "") -> str:
    text = text.strip()
    if not text:
        raise BadInput(_("Say it in words: this cannot stay empty."), field=field or column.name)
    check_text(text, column, field=field or column.name)
    return text


def _next_number(on: date) -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval('hospitals_claim_number')")
        return make_number(LETTER, on, cursor.fetchone()[0])

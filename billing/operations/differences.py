"""Answering a difference with evidence, and closing it by a second person where money moved (Article 17)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from billing.models import Difference, DifferenceStep
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text

State = Difference.State


class CannotSettleDifference(Refusal):
    code = "cannot_settle_difference"
    articles = (17,)
    meaning = _("The difference is in a state in which this cannot be done, or it takes another person.")
    remedy = _("Read the difference anew. What moved money is closed by somebody who did not answer it.")


@enforces(17)
@transaction.atomic
def answer_difference(
    *, difference: Difference, evidence: str, moves_money: bool, by: User, at: datetime
) -> Difference:
    """Say why there is a difference, or by which movement of money it was made good.

    Nothing is posted by it: a refund or a charge is made where such things are made, and named here as the
    evidence. Raises BadInput, CannotSettleDifference.
    """
    _check_evidence(evidence)
    difference = _lock(difference)
    _require(difference, State.OPEN)
    difference.moves_money = moves_money
    difference.maker = by
    return _move(difference, State.RESOLVED if moves_money else State.EXPLAINED, evidence, by, at)


@enforces(17)
@transaction.atomic
def close_difference(*, difference: Difference, evidence: str, by: User, at: datetime) -> Difference:
    """The operator accepts the answer; where money was moved it is not whoever gave it.

    Raises BadInput, CannotSettleDifference.
    """
    _check_evidence(evidence)
    difference = _lock(difference)
    _require(difference, State.EXPLAINED, State.RESOLVED)
    if difference.moves_money and difference.maker_id == by.pk:
        raise CannotSettleDifference(
            _("You answered %(number)s yourself, and money was moved: a second person closes it."),
            article=17,
            number=difference.number,
        )
    difference.checker = by
    difference.closed_on = business_date(at)
    return _move(difference, State.CLOSED, evidence, by, at)


@enforces(17)
@transaction.atomic
def send_back_difference(*, difference: Difference, evidence: str, by: User, at: datetime) -> Difference:
    """The answer does not hold: the difference is open again, with the reason.

    Raises BadInput, CannotSettleDifference.
    """
    _check_evidence(evidence)
    difference = _lock(difference)
    _require(difference, State.EXPLAINED, State.RESOLVED)
    difference.moves_money = False
    difference.maker = None
    return _move(difference, State.OPEN, evidence, by, at)


def _lock(difference: Difference) -> Difference:
    rows = Difference.objects.select_for_update(no_key=True, of=("self",)).select_related("hospital")
    return rows.get(pk=difference.pk)


def _check_evidence(evidence: str) -> None:
    if not evidence.strip():
        raise BadInput(_("Give the evidence: what was looked at, and what was found."), field="evidence")
    check_text(evidence, DifferenceStep.evidence.field, article=17)


def _require(difference: Difference, *states: Difference.State) -> None:
    if difference.state not in states:
        raise CannotSettleDifference(
            _("%(number)s is %(state)s; that cannot be done now."),
            article=17,
            number=difference.number,
            state=difference.get_state_display(),
        )


def _move(difference: Difference, to: Difference.State, evidence: str, by: User, at: datetime) -> Difference:
    difference.state = to
    difference.save(update_fields=["state", "moves_money", "maker", "checker", "closed_on"])
    DifferenceStep.objects.create(difference=difference, state=to, evidence=evidence.strip(), by=by, at=at)
    return difference

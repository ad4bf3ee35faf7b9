"""Suspension and its lifting, successive defaults, and repair."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person, User
from accounts.operations.events import publish
from accounts.operations.notices import notify
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from credit import notices
from credit.calendar import add_working_days
from credit.models import (
    AccountEvent,
    CreditAccount,
    DueDateOutcome,
    RepairApplication,
    ScoreEvent,
    Suspension,
)
from credit.operations.limits import note

DEFAULTS_IN_A_ROW = 3
REPAIR_WORKING_DAYS = 5


class CannotRepair(Refusal):
    code = "cannot_repair"
    articles = (30,)
    meaning = _("Something is still overdue, there is nothing to repair, or it was decided before.")


@enforces(27)
def suspend(*, account: CreditAccount, bill_number: str, at: datetime) -> Suspension:
    """Suspend a locked, active account in every scene that uses the score, and say so to all (Article 27)."""
    account.state = CreditAccount.State.SUSPENDED
    account.save(update_fields=["state"])
    seq = note(account=account, kind=AccountEvent.Kind.SUSPENDED, reference=bill_number, at=at)
    suspension = Suspension.objects.create(
        account=account, bill_number=bill_number, started_at=at, started_seq=seq
    )
    _tell_scenes(account, "account.suspended", seq, at)
    notify(
        person=account.person,
        kind=notices.SUSPENDED,
        params={"bill": bill_number},
        reference=f"suspended:{account.pk}:{seq}",
        at=at,
    )
    return suspension


@enforces(30)
def lift_suspension(
    *, account: CreditAccount, because: Suspension.LiftedBecause, at: datetime
) -> Suspension | None:
    """Lift the suspension of a locked account; nothing happens where there is none (Article 30)."""
    suspension = Suspension.objects.filter(account=account, lifted_seq=None).first()
    if suspension is None:
        return None
    account.state = CreditAccount.State.ACTIVE
    account.save(update_fields=["state"])
    seq = note(account=account, kind=AccountEvent.Kind.LIFTED, reference=suspension.bill_number, at=at)
    suspension.lifted_at, suspension.lifted_seq, suspension.lifted_because = at, seq, because
    suspension.save(update_fields=["lifted_at", "lifted_seq", "lifted_because"])
    _tell_scenes(account, "account.lifted", seq, at)
    notify(
        person=account.person, kind=notices.LIFTED, params={}, reference=f"lifted:{account.pk}:{seq}", at=at
    )
    return suspension


@enforces(27)
@transaction.atomic
def report_successive_defaults(*, outcome: DueDateOutcome, at: datetime) -> ScoreEvent | None:
    """Tell the score's operator of a run of three successive defaults, once for every run of three."""
    if outcome.met or outcome.streak % DEFAULTS_IN_A_ROW:
        return None
    run = DueDateOutcome.objects.filter(payer=outcome.payer_id, due_on__lte=outcome.due_on)
    due_dates = list(run.order_by("-due_on").values_list("due_on", flat=True)[:DEFAULTS_IN_A_ROW])
    event, created = ScoreEvent.objects.get_or_create(
        reference=f"three-defaults:{outcome.payer.credit_code}:{outcome.due_on}",
        defaults={
            "person": outcome.payer,
            "kind": ScoreEvent.Kind.THREE_DEFAULTS,
            "on": outcome.due_on,
            "due_dates": [due_on.isoformat() for due_on in sorted(due_dates)],
            "at": at,
        },
    )
    if created:
        _tell_score_operator(event, at)
        notify(
            person=event.person,
            kind=notices.SCORE_EVENT,
            params={"due_on": outcome.due_on.isoformat()},
            reference=f"score-event:{event.pk}",
            at=at,
        )
    return event


@enforces(30)
@transaction.atomic
def apply_for_repair(*, person: Person, statement: str = "", at: datetime) -> RepairApplication:
    """Ask that the last unrepaired score event be repaired, once what is owed has been made good.

    An application already waiting is returned as it is. Raises BadInput, CannotRepair (Article 30).
    """
    check_text(statement, RepairApplication.statement.field, article=30)
    # The account is the lock: rows of a table that only grows cannot be locked by the application's own role.
    CreditAccount.objects.select_for_update(no_key=True).filter(person=person).first()
    if Suspension.objects.filter(account__person=person, lifted_seq=None).exists():
        raise CannotRepair(
            _("Your account is suspended. Pay everything overdue, then apply for repair."), article=30
        )
    event = (
        ScoreEvent.objects.filter(person=person, kind=ScoreEvent.Kind.THREE_DEFAULTS)
        .exclude(repairs__state=RepairApplication.State.GRANTED)
        .order_by("-on")
        .first()
    )
    if event is None:
        raise CannotRepair(_("There is nothing on your score that needs repair."), article=30)
    waiting = event.repairs.filter(state=RepairApplication.State.APPLIED).first()
    if waiting:
        return waiting
    application = RepairApplication.objects.create(
        score_event=event,
        statement=statement,
        applied_at=at,
        answer_by_on=add_working_days(business_date(at), REPAIR_WORKING_DAYS),
    )
    notify(
        person=person,
        kind=notices.REPAIR_APPLIED,
        params={"answer_by_on": application.answer_by_on.isoformat()},
        reference=f"repair-applied:{application.pk}",
        at=at,
    )
    return application


@enforces(30)
@transaction.atomic
def decide_repair(
    *, application: RepairApplication, granted: bool, reason: str, by: User | None, at: datetime
) -> RepairApplication:
    """Grant or decline a repair with its reason; a grant goes to the score's operator.

    Raises BadInput without a reason, CannotRepair where it is already decided.
    """
    check_text(reason, RepairApplication.reason.field, article=30)
    application = RepairApplication.objects.select_for_update().get(pk=application.pk)
    if application.state != RepairApplication.State.APPLIED:
        raise CannotRepair(_("This application has already been decided."), article=30)
    if not reason.strip():
        raise BadInput(
            _("Give the reason for the decision; the applicant reads it."), field="reason", article=30
        )
    application.state = RepairApplication.State.GRANTED if granted else RepairApplication.State.DECLINED
    application.reason, application.decided_at, application.decided_by = reason, at, by
    application.save(update_fields=["state", "reason", "decided_at", "decided_by"])
    person = application.score_event.person
    if granted:
        on = business_date(at)
        repair = ScoreEvent.objects.create(
            person=person,
            kind=ScoreEvent.Kind.REPAIR,
            reference=f"repair:{application.score_event.reference}",
            on=on,
            due_dates=application.score_event.due_dates,
            at=at,
        )
        _tell_score_operator(repair, at)
    notify(
        person=person,
        kind=notices.REPAIR_GRANTED if granted else notices.REPAIR_DECLINED,
        params={"reason": reason},
        reference=f"repair-decided:{application.pk}",
        at=at,
    )
    return application


def _tell_scenes(account: CreditAccount, name: str, seq: int, at: datetime) -> None:
    code = account.person.credit_code
    payload = {"kind": name, "credit_code": code, "reference": f"{name}:{code}:{seq}", "at": at.isoformat()}
    publish(name=name, payload=payload, scenes=True, at=at)


def _tell_score_operator(event: ScoreEvent, at: datetime) -> None:
    payload = {
        "kind": event.kind,
        "credit_code": event.person.credit_code,
        "reference": event.reference,
        "on": event.on.isoformat(),
    }
    publish(name=f"score.{event.kind}", payload=payload, score_operator=True, at=at)

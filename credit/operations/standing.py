"""Suspension and its lifting, successive defaults, and repair."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from django.db import connection, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person, User
from accounts.operations.events import NewEvent, publish_many
from accounts.operations.notices import NewNotice, notify, notify_many
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from credit import notices
from credit.calendar import add_working_days
from credit.models import (
    AccountEvent,
    CreditAccount,
    RepairApplication,
    ScoreEvent,
    Suspension,
)
from credit.operations.limits import Step, note, note_many

DEFAULTS_IN_A_ROW = 3
REPAIR_WORKING_DAYS = 5


class CannotRepair(Refusal):
    code = "cannot_repair"
    articles = (30,)
    meaning = _("Something is still overdue, there is nothing to repair, or it was decided before.")


def suspend(*, account: CreditAccount, bill_number: str, at: datetime) -> Suspension:
    """Suspend one account, as `suspend_many` does."""
    [suspension] = suspend_many({account: bill_number}, at=at)
    return suspension


@enforces(27)
def suspend_many(unpaid: Mapping[CreditAccount, str], *, at: datetime) -> list[Suspension]:
    """Suspend locked, active accounts in every scene that uses the score, and say so to all (Article 27).

    `unpaid` gives for each account the number of the bill that is the reason.
    """
    CreditAccount.objects.filter(pk__in=[account.pk for account in unpaid]).update(
        state=CreditAccount.State.SUSPENDED
    )
    for account in unpaid:
        account.state = CreditAccount.State.SUSPENDED
    steps = [Step(account, AccountEvent.Kind.SUSPENDED, 0, bill) for account, bill in unpaid.items()]
    note_many(steps, at=at)
    suspensions = Suspension.objects.bulk_create(
        Suspension(account=account, bill_number=bill, started_at=at, started_seq=account.seq)
        for account, bill in unpaid.items()
    )
    publish_many((_for_scenes(account, "account.suspended", at) for account in unpaid), at=at)
    notify_many(
        [
            NewNotice(
                person_id=account.person_id,
                kind=notices.SUSPENDED,
                params={"bill": bill},
                reference=f"suspended:{account.pk}:{account.seq}",
            )
            for account, bill in unpaid.items()
        ],
        at=at,
    )
    return suspensions


@enforces(30)
def lift_suspension(
    *, account: CreditAccount, because: Suspension.LiftedBecause, at: datetime
) -> Suspension | None:
    """Lift the suspension of a locked account; nothing happens where there is none (Article 30)."""
    suspension = Suspension.objects.filter(account=account, lifted_seq=None).first()
    if suspension is None:
        return None
    left = Consent.objects.is_withdrawn(account.person, Consent.Purpose.SCHEME)
    account.state = CreditAccount.State.WITHDRAWN if left else CreditAccount.State.ACTIVE
    account.save(update_fields=["state"])
    seq = note(account, AccountEvent.Kind.LIFTED, suspension.bill_number, at=at)
    suspension.lifted_at, suspension.lifted_seq, suspension.lifted_because = at, seq, because
    suspension.save(update_fields=["lifted_at", "lifted_seq", "lifted_because"])
    publish_many([_for_scenes(account, "account.lifted", at)], at=at)
    notify(
        person=account.person, kind=notices.LIFTED, params={}, reference=f"lifted:{account.pk}:{seq}", at=at
    )
    return suspension


# Of everybody whose run of defaults has just become a multiple of three, its last three due dates.
_RUNS = """
    INSERT INTO credit_scoreevent (person_id, kind, reference, "on", due_dates, at)
    SELECT outcome.payer_id, 'three_defaults',
           'three-defaults:' || person.credit_code || ':' || outcome.due_on, outcome.due_on,
           (SELECT jsonb_agg(due_on ORDER BY due_on)
              FROM (SELECT due_on FROM credit_duedateoutcome
                     WHERE payer_id = outcome.payer_id AND due_on <= outcome.due_on
                     ORDER BY due_on DESC LIMIT %(in_a_row)s) AS run), %(at)s
      FROM credit_duedateoutcome outcome
      JOIN accounts_person person ON person.id = outcome.payer_id
     WHERE outcome.due_on = %(on)s AND NOT outcome.met AND outcome.streak %% %(in_a_row)s = 0
     ORDER BY outcome.payer_id
        ON CONFLICT (reference) DO NOTHING
    RETURNING id"""


@enforces(27)
@transaction.atomic
def report_successive_defaults(*, on: date, at: datetime) -> int:
    """Tell the score's operator of each run of three successive defaults that a due date completed.

    Once for every run of three. Returns how many.
    """
    with connection.cursor() as cursor:
        cursor.execute(_RUNS, {"on": on, "at": at, "in_a_row": DEFAULTS_IN_A_ROW})
        made = [pk for (pk,) in cursor.fetchall()]
    events = list(ScoreEvent.objects.filter(pk__in=made).select_related("person").order_by("pk"))
    publish_many((_for_score_operator(event) for event in events), at=at)
    notify_many(
        [
            NewNotice(
                person_id=event.person_id,
                kind=notices.SCORE_EVENT,
                params={"due_on": on.isoformat()},
                reference=f"score-event:{event.pk}",
            )
            for event in events
        ],
        at=at,
    )
    return len(events)


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
    event = ScoreEvent.objects.unrepaired(person).first()
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
        publish_many([_for_score_operator(repair)], at=at)
    notify(
        person=person,
        kind=notices.REPAIR_GRANTED if granted else notices.REPAIR_DECLINED,
        params={"reason": reason},
        reference=f"repair-decided:{application.pk}",
        at=at,
    )
    return application


def _for_scenes(account: CreditAccount, name: str, at: datetime) -> NewEvent:
    code = account.person.credit_code
    reference = f"{name}:{code}:{account.seq}"
    payload = {"kind": name, "credit_code": code, "reference": reference, "at": at.isoformat()}
    return NewEvent(name, payload, scenes=True)


def _for_score_operator(event: ScoreEvent) -> NewEvent:
    payload = {
        "kind": event.kind,
        "credit_code": event.person.credit_code,
        "reference": event.reference,
        "on": event.on.isoformat(),
    }
    return NewEvent(f"score.{event.kind}", payload, score_operator=True)

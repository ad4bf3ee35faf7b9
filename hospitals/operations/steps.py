"""The steps of a hospital into the scheme, and going live (Articles 14–16, 20)."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from hospitals.checklists import STEPS_OF, Step
from hospitals.models import Hospital, OnboardingTask

State = OnboardingTask.State


class CannotTakeStep(Refusal):
    code = "cannot_take_step"
    articles = (14, 15, 16, 20)
    meaning = _("A step into the scheme cannot be taken now: an earlier one is missing, or it was taken.")
    remedy = _("Do first what is named.")


def lay_out_steps(*, hospital: Hospital, taken_over_on: date | None = None, at: datetime) -> None:
    """Writes the steps that the hospital's kind demands and that it does not have.

    With dates spread evenly up to the hospital's own; or done, where it was online before.
    """
    has = set(hospital.tasks.values_list("step", flat=True))
    steps = STEPS_OF[hospital.kind]
    for place, step in enumerate(steps, start=1):
        if step in has:
            continue
        task = OnboardingTask(hospital=hospital, step=step)
        if taken_over_on is not None:
            task.state, task.done_on, task.taken_over = State.DONE, taken_over_on, True
        else:
            task.due_on = _share_of_the_time(hospital.target_on, at, place, len(steps))
        task.save(force_insert=True)


@enforces(14)
@transaction.atomic
def plan_step(
    *, task: OnboardingTask, due_on: date | None, in_charge: User | None = None, at: datetime
) -> OnboardingTask:
    """Gives an open step its date and the operator who sees to it. Raises CannotTakeStep, BadInput."""
    task = _locked(task)
    if task.is_done:
        raise CannotTakeStep(_("This step is done already."), article=14, field="due_on")
    if due_on is not None and due_on != task.due_on and due_on < business_date(at):
        raise BadInput(_("This date is over. Name today or a later one."), field="due_on", article=14)
    if in_charge is not None and in_charge.role != User.Role.OPERATOR:
        raise BadInput(_("Choose one of the operator’s people."), field="in_charge")
    task.due_on, task.in_charge = due_on, in_charge
    task.save(update_fields=["due_on", "in_charge"])
    return task


@transaction.atomic
def begin_step(*, task: OnboardingTask, at: datetime) -> OnboardingTask:
    """Somebody is at it. Once begun or done it stays as it is."""
    task = _locked(task)
    if task.state == State.OPEN:
        task.state = State.DOING
        task.save(update_fields=["state"])
    return task


@enforces(15, 16, 20)
@transaction.atomic
def finish_step(*, task: OnboardingTask, on: date, by: User, evidence: str, at: datetime) -> OnboardingTask:
    """A step is done: on which date, who says so and what shows it.

    Training wants a record of the training (Articles 10, 16). Going live is `put_online`'s. Raises
    CannotTakeStep, BadInput.
    """
    task = _locked(task)
    if task.step == Step.GO_LIVE:
        raise CannotTakeStep(_("Going live has a form of its own."), article=15, field="step")
    if task.is_done:
        raise CannotTakeStep(_("This step is done already."), article=15, field="step")
    evidence = check_evidence(evidence)
    check_done_on(on, at)
    if task.step == Step.TRAINING and not task.hospital.trainings.filter(held_on__lte=on).exists():
        raise CannotTakeStep(
            _("No training of this hospital is recorded up to %(until_on)s. Record it first."),
            article=16,
            field="evidence",
            until_on=on,
        )
    _finish(task, on, by, evidence)
    return task


@transaction.atomic
def reopen_step(*, task: OnboardingTask, at: datetime) -> OnboardingTask:
    """It turned out not to be done. Raises CannotTakeStep once the hospital has a date to go live."""
    task = _locked(task)
    if not task.is_done:
        return task
    if task.hospital.online_on is not None:
        raise CannotTakeStep(
            _("%(hospital)s is online since %(online_on)s: its steps stay done."),
            article=15,
            field="step",
            hospital=task.hospital.name,
            online_on=task.hospital.online_on,
        )
    task.state = State.DOING
    task.done_on, task.done_by, task.evidence, task.taken_over = None, None, "", False
    task.save(update_fields=["state", "done_on", "done_by", "evidence", "taken_over"])
    return task


@enforces(14, 15, 20)
@transaction.atomic
def put_online(*, hospital: Hospital, on: date, by: User, evidence: str, at: datetime) -> Hospital:
    """Let the hospital take credit from a date on, once every step before that is done.

    A hospital that is online already keeps its date. Raises CannotTakeStep, which names what is missing, and
    BadInput for a date that is over.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    if hospital.online_on is not None:
        return hospital
    evidence = check_evidence(evidence)
    if on < business_date(at):
        raise BadInput(_("This date is over. Name today or a later one."), field="on", article=15)
    tasks = {task.step: task for task in hospital.tasks.all()}
    missing = [
        step for step in STEPS_OF[hospital.kind] if step != Step.GO_LIVE and not _is_done(tasks.get(step))
    ]
    if missing:
        raise CannotTakeStep(
            _("Not all is done before going live. Missing: %(missing)s."),
            article=20 if hospital.kind == Hospital.Kind.PRIVATE else 15,
            missing=" · ".join(str(step.label) for step in missing),
        )
    _finish(tasks[Step.GO_LIVE], on, by, evidence)
    hospital.online_on = on
    hospital.save(update_fields=["online_on"])
    return hospital


def check_evidence(text: str, field: str = "evidence") -> str:
    """What shows that something is done, without spaces around it. Raises BadInput."""
    text = text.strip()
    if not text:
        raise BadInput(_("Say what shows it: a report, a protocol, a photograph."), field=field)
    check_text(text, OnboardingTask.evidence.field, field=field)
    return text


def check_done_on(on: date, at: datetime, field: str = "on") -> None:
    """Nothing is done tomorrow. Raises BadInput."""
    if on > business_date(at):
        raise BadInput(_("This date is still to come."), field=field)


def _share_of_the_time(target_on: date | None, at: datetime, place: int, places: int) -> date | None:
    if target_on is None:
        return None
    today_on = business_date(at)
    return today_on + timedelta(days=(target_on - today_on).days * place // places)


def _locked(task: OnboardingTask) -> OnboardingTask:
    """The hospital's row first: whoever puts it online waits."""
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=task.hospital_id)
    task = OnboardingTask.objects.select_for_update(no_key=True).get(pk=task.pk)
    task.hospital = hospital
    return task


def _is_done(task: OnboardingTask | None) -> bool:
    return task is not None and task.is_done


def _finish(task: OnboardingTask, on: date, by: User, evidence: str) -> None:
    task.state, task.done_on, task.done_by, task.evidence = State.DONE, on, by, evidence
    task.save(update_fields=["state", "done_on", "done_by", "evidence"])

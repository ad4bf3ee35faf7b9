"""How a person stands: due dates met and missed, suspension, what the score's operator was told, repair."""

from __future__ import annotations

from typing import Self

import pgtrigger
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import ChainedModel
from accounts.models import Person, User
from credit.models.limits import CreditAccount


class DueDateOutcome(models.Model):
    """Was everything that a person owed on one due date paid by its end? Several bills are one outcome.

    `streak` counts the successive due dates missed up to this one; a date met makes it 0 (Article 27).
    """

    payer = models.ForeignKey(Person, models.PROTECT, related_name="due_date_outcomes")
    due_on = models.DateField(_("due on"))
    met = models.BooleanField(_("met"))
    streak = models.PositiveSmallIntegerField(_("successive defaults"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("due date outcome")
        verbose_name_plural = _("due date outcomes")
        ordering = ["due_on"]
        constraints = [
            models.UniqueConstraint(fields=["payer", "due_on"], name="outcome_once_per_due_date"),
            models.CheckConstraint(
                name="outcome_streak_agrees", condition=Q(met=True, streak=0) | Q(met=False, streak__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.due_on}"


class Suspension(models.Model):
    """A spell without the use of any scene that reads the score (Article 27), by the account's own sequence.

    `bill_number` names the bill that brought it; bills live on a higher floor, so it is a name and not a key.
    """

    class LiftedBecause(models.TextChoices):
        PAID = "paid", _("everything overdue was paid")
        UPHELD = "upheld", _("the objection was upheld")

    account = models.ForeignKey(CreditAccount, models.PROTECT, related_name="suspensions")
    bill_number = models.CharField(_("bill"), max_length=24)
    started_at = models.DateTimeField(_("started at"))
    started_seq = models.PositiveBigIntegerField(_("started in sequence"))
    lifted_at = models.DateTimeField(_("lifted at"), null=True, blank=True)
    lifted_seq = models.PositiveBigIntegerField(_("lifted in sequence"), null=True, blank=True)
    lifted_because = models.CharField(_("lifted because"), max_length=8, choices=LiftedBecause, blank=True)

    class Meta:
        verbose_name = _("suspension")
        verbose_name_plural = _("suspensions")
        ordering = ["started_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(lifted_seq=None), name="suspension_one_open_per_account"
            ),
            models.CheckConstraint(
                name="suspension_lifted_after_start",
                condition=Q(lifted_seq=None, lifted_at=None) | Q(lifted_seq__gt=F("started_seq")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_number}"


class ScoreEventQuerySet(models.QuerySet["ScoreEvent"]):
    def unrepaired(self, person: Person) -> Self:
        """A person's runs of three defaults that no repair was granted for, the latest first."""
        granted = RepairApplication.State.GRANTED
        own = self.filter(person=person, kind=ScoreEvent.Kind.THREE_DEFAULTS)
        return own.exclude(repairs__state=granted).order_by("-on")


class ScoreEvent(ChainedModel):
    """Something that the score's operator must know: three successive defaults, or their repair."""

    class Kind(models.TextChoices):
        THREE_DEFAULTS = "three_defaults", _("three successive defaults")
        REPAIR = "repair", _("repair")

    chain_name = "score_events"

    person = models.ForeignKey(Person, models.PROTECT, related_name="score_events")
    kind = models.CharField(_("kind"), max_length=14, choices=Kind)
    reference = models.CharField(_("reference"), max_length=100, unique=True)
    on = models.DateField(_("on"))
    due_dates = models.JSONField(_("due dates"), default=list)
    at = models.DateTimeField(_("at"))

    objects = ScoreEventQuerySet.as_manager()

    class Meta(ChainedModel.Meta):
        verbose_name = _("score event")
        verbose_name_plural = _("score events")

    def __str__(self) -> str:
        return self.reference


class RepairApplication(models.Model):
    """A person asks for the repair of a score event: decided in five working days, with reasons (Article 30).

    `applied` → `granted` or `declined`; a declined one may be followed by a new application.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("applied")
        GRANTED = "granted", _("granted")
        DECLINED = "declined", _("declined")

    score_event = models.ForeignKey(ScoreEvent, models.PROTECT, related_name="repairs")
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.APPLIED)
    statement = models.CharField(_("statement"), max_length=1000, blank=True)
    applied_at = models.DateTimeField(_("applied at"))
    answer_by_on = models.DateField(_("answer by"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    reason = models.CharField(_("reason"), max_length=1000, blank=True)

    class Meta:
        verbose_name = _("repair application")
        verbose_name_plural = _("repair applications")
        ordering = ["answer_by_on"]
        constraints = [
            models.UniqueConstraint(
                fields=["score_event"], condition=~Q(state="declined"), name="repair_one_live_per_event"
            ),
            models.CheckConstraint(
                name="repair_decided_with_reason",
                condition=Q(state="applied", decided_at=None) | (Q(decided_at__isnull=False) & ~Q(reason="")),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="repair_state_moves_legally",
                field="state",
                transitions=[("applied", "granted"), ("applied", "declined")],
            )
        ]

    def __str__(self) -> str:
        return self.score_event.reference

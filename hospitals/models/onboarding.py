"""A hospital's way into the scheme: its steps, the checklists of its scenes, and who was trained."""

from __future__ import annotations

from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from hospitals.checklists import ITEMS_OF, STEPS_OF, Item, Step, as_rows
from hospitals.models.institutions import Hospital, Scene

_LAST_STEP_LAST = f"""
    IF EXISTS (
        SELECT FROM (VALUES {as_rows(STEPS_OF)}) AS wanted (kind, step)
          JOIN hospitals_hospital ON hospitals_hospital.kind = wanted.kind
         WHERE hospitals_hospital.id = NEW.hospital_id AND wanted.step <> 'go_live' AND NOT EXISTS (
            SELECT FROM hospitals_onboardingtask
             WHERE hospital_id = NEW.hospital_id AND step = wanted.step AND state = 'done')) THEN
        RAISE EXCEPTION 'onboarding_ends_with_going_live: a step is not done'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the checklists' own constants

_STAYS_DONE = """
    IF EXISTS (SELECT FROM hospitals_hospital WHERE id = NEW.hospital_id AND online_on IS NOT NULL) THEN
        RAISE EXCEPTION 'onboarding_done_stays_while_online: the hospital is online'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""

_STANDS_WHILE_LIVE = """
    IF EXISTS (
        SELECT FROM hospitals_hospitalscene
         WHERE hospital_id = NEW.hospital_id AND scene = NEW.scene AND closed_on IS NULL) THEN
        RAISE EXCEPTION 'scene_check_stands_while_live: the scene is live' USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""


def in_order(field: str, wanted: type[models.TextChoices]) -> models.Case:
    """Sorts by the place that a value has in its enumeration."""
    places = [models.When(**{field: value}, then=place) for place, value in enumerate(wanted.values)]
    return models.Case(*places, output_field=models.SmallIntegerField())


class OnboardingTaskQuerySet(models.QuerySet["OnboardingTask"]):
    def of(self, hospital: Hospital) -> Self:
        """A hospital's steps in the order in which they are taken."""
        return self.filter(hospital=hospital).order_by(in_order("step", Step))

    def open(self) -> Self:
        return self.exclude(state=OnboardingTask.State.DONE)


@pghistory.track()
class OnboardingTask(models.Model):
    """One step of a hospital into the scheme (Articles 14–16, 20).

    todo → doing: somebody has begun.
    todo, doing → done: with a date, the person who says so, and the evidence.
    done → doing: it turned out not to be done; never once the hospital is online.
    Going live is the last step, and done only when all others are. What was done before this list was kept
    is `taken_over`, without a person.
    """

    class State(models.TextChoices):
        OPEN = "todo", _("to do")
        DOING = "doing", _("under way")
        DONE = "done", _("done")

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="tasks", verbose_name=_("hospital"))
    step = models.CharField(_("step"), max_length=11, choices=Step)
    state = models.CharField(_("state"), max_length=5, choices=State, default=State.OPEN)
    due_on = models.DateField(_("due on"), null=True, blank=True)
    in_charge = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("in charge")
    )
    done_on = models.DateField(_("done on"), null=True, blank=True)
    done_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("said by")
    )
    evidence = models.CharField(_("evidence"), max_length=500, blank=True, default="")
    taken_over = models.BooleanField(_("taken over"), default=False)

    objects = OnboardingTaskQuerySet.as_manager()

    class Meta:
        verbose_name = _("onboarding step")
        verbose_name_plural = _("onboarding steps")
        ordering = ["hospital", "pk"]
        constraints = [
            models.UniqueConstraint(name="one_row_per_hospital_and_step", fields=["hospital", "step"]),
            models.CheckConstraint(
                name="onboarding_step_known", condition=Q(step__in=[str(step) for step in Step])
            ),
            models.CheckConstraint(
                name="onboarding_done_by_somebody_with_evidence",
                condition=Q(
                    state__in=["todo", "doing"], done_on=None, done_by=None, evidence="", taken_over=False
                )
                | Q(state="done", done_on__isnull=False, done_by=None, taken_over=True)
                | (
                    Q(state="done", done_on__isnull=False, done_by__isnull=False, taken_over=False)
                    & ~Q(evidence="")
                ),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="onboarding_state_moves_legally",
                field="state",
                transitions=[("todo", "doing"), ("todo", "done"), ("doing", "done"), ("done", "doing")],
            ),
            pgtrigger.Trigger(
                name="onboarding_ends_with_going_live",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(new__step="go_live", new__state="done"),
                func=_LAST_STEP_LAST,
            ),
            pgtrigger.Trigger(
                name="onboarding_done_stays_while_online",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("state"),
                condition=pgtrigger.Q(old__state="done") & ~pgtrigger.Q(new__state="done"),
                func=_STAYS_DONE,
            ),
            pgtrigger.ReadOnly(name="onboarding_step_is_kept", fields=["hospital", "step"]),
            pgtrigger.Protect(name="onboarding_task_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.hospital.code} · {self.get_step_display()}"

    @property
    def is_done(self) -> bool:
        return self.state == self.State.DONE

    def days_late(self, on: date) -> int:
        """Days since it should have been done; 0 while there is time, and once it is."""
        if self.is_done or self.due_on is None:
            return 0
        return max(0, (on - self.due_on).days)


class SceneCheckQuerySet(models.QuerySet["SceneCheck"]):
    def of(self, hospital: Hospital, scene: str) -> Self:
        return self.filter(hospital=hospital, scene=scene).order_by(in_order("item", Item))

    def standing(self) -> Self:
        return self.filter(stands=True)


@pghistory.track()
class SceneCheck(models.Model):
    """One item of a scene's checklist, ticked by a person on a date with evidence (Article 15).

    An item that is not ticked has no row, or one that no longer `stands`. While the scene is live its ticks
    stand. What was ready before this list was kept is `taken_over`, without a person.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="checks", verbose_name=_("hospital"))
    scene = models.CharField(_("scene"), max_length=12, choices=Scene.choices)
    item = models.CharField(_("item"), max_length=9, choices=Item)
    stands = models.BooleanField(_("in place"), default=True)
    on = models.DateField(_("checked on"))
    by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("checked by")
    )
    evidence = models.CharField(_("evidence"), max_length=500, blank=True, default="")
    taken_over = models.BooleanField(_("taken over"), default=False)

    objects = SceneCheckQuerySet.as_manager()

    class Meta:
        verbose_name = _("readiness check")
        verbose_name_plural = _("readiness checks")
        ordering = ["hospital", "scene", "pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_check_per_hospital_scene_and_item", fields=["hospital", "scene", "item"]
            ),
            models.CheckConstraint(
                name="scene_check_on_the_scenes_list",
                condition=models.Q(
                    *(
                        Q(scene=scene, item__in=[str(item) for item in items])
                        for scene, items in ITEMS_OF.items()
                    ),
                    _connector=Q.OR,
                ),
            ),
            models.CheckConstraint(
                name="scene_check_by_somebody_with_evidence",
                condition=Q(taken_over=True, by=None)
                | (Q(taken_over=False, by__isnull=False) & ~Q(evidence="")),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="scene_check_stands_while_live",
                when=pgtrigger.Before,
                operation=pgtrigger.UpdateOf("stands"),
                condition=pgtrigger.Q(old__stands=True, new__stands=False),
                func=_STANDS_WHILE_LIVE,
            ),
            pgtrigger.ReadOnly(name="scene_check_item_is_kept", fields=["hospital", "scene", "item"]),
            pgtrigger.Protect(name="scene_check_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.hospital.code} · {self.get_scene_display()} · {self.get_item_display()}"


@pghistory.track()
class Training(models.Model):
    """Staff of a hospital trained in how the scheme works (Articles 10, 16)."""

    class Subject(models.TextChoices):
        PROCEDURE = "procedure", _("How treat first, pay later works")
        DESK = "desk", _("Charging and refunding at the desk")
        ADVICE = "advice", _("Advising patients and enrolling them")
        CLOSE = "close", _("Day close and reconciliation")
        SYSTEM = "system", _("The hospital system’s interface")

    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="trainings", verbose_name=_("hospital")
    )
    held_on = models.DateField(_("held on"))
    subject = models.CharField(_("subject"), max_length=9, choices=Subject)
    trainer = models.CharField(_("who trained"), max_length=100)
    audience = models.CharField(_("whom"), max_length=200)
    participants = models.PositiveIntegerField(_("participants"), validators=[MinValueValidator(1)])
    material = models.CharField(_("material"), max_length=300)
    recorded_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("recorded by"))
    recorded_at = models.DateTimeField(_("recorded at"))

    class Meta:
        verbose_name = _("training")
        verbose_name_plural = _("trainings")
        ordering = ["-held_on", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="training_has_participants", condition=Q(participants__gte=1, participants__lte=100_000)
            ),
            models.CheckConstraint(
                name="training_says_who_whom_and_by_what",
                condition=~Q(trainer="") & ~Q(audience="") & ~Q(material=""),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="training_keeps_its_hospital", fields=["hospital", "recorded_by", "recorded_at"]
            ),
            pgtrigger.Protect(name="training_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.get_subject_display()} · {self.held_on:%Y-%m-%d}"

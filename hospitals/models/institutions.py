"""Hospitals, the scenes they have switched on, and who works for them."""

from __future__ import annotations

from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Least
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc as uscc_number

from accounts.models import ApiClient, User
from hospitals.checklists import ITEMS_OF, STEPS_OF, as_rows

institution_code = RegexValidator(r"^[A-Z0-9]{2,16}$", _("Use 2 to 16 capital letters and digits."))


def validate_uscc(value: str) -> None:
    """The unified social credit code's shape and check digit; an empty one is allowed by the field."""
    if not uscc_number.is_valid(value):
        raise ValidationError(_("This is not a valid unified social credit code."), code="uscc")


class Scene(models.TextChoices):
    """The services of a hospital that can be paid by credit (Article 14)."""

    REGISTRATION = "registration", _("Registration")
    OUTPATIENT = "outpatient", _("Outpatient care")
    INPATIENT = "inpatient", _("Inpatient care")
    CHECKUP = "checkup", _("Check-up")
    NURSING = "nursing", _("Nursing care")
    PARKING = "parking", _("Parking")


# `HospitalScene.objects.live()` of one hospital, for a larger question.
LIVE = """
    SELECT scene FROM hospitals_hospitalscene
     WHERE hospital_id = %(hospital)s::bigint AND live_on <= %(on)s::date
       AND (closed_on IS NULL OR closed_on > %(on)s::date)"""


# Online only once every step of the hospital's kind is done; the steps are rows of OnboardingTask.
_ALL_IS_DONE = f"""
    IF NEW.online_on IS NULL OR (TG_OP = 'UPDATE' AND NEW.online_on IS NOT DISTINCT FROM OLD.online_on) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT FROM (VALUES {as_rows(STEPS_OF)}) AS wanted (kind, step)
         WHERE wanted.kind = NEW.kind AND NOT EXISTS (
            SELECT FROM hospitals_onboardingtask
             WHERE hospital_id = NEW.id AND step = wanted.step AND state = 'done')) THEN
        RAISE EXCEPTION 'hospital_online_when_all_is_done: a step is not done'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the checklists' own constants

# A scene that opens, or opens again, has its whole checklist ticked; the ticks are rows of SceneCheck.
_SCENE_IS_READY = f"""
    IF TG_OP = 'UPDATE' AND NEW.live_on = OLD.live_on AND (
        NEW.closed_on IS NOT DISTINCT FROM OLD.closed_on
        OR NEW.closed_on <= COALESCE(OLD.closed_on, NEW.closed_on)) THEN
        RETURN NEW;
    END IF;
    IF EXISTS (
        SELECT FROM (VALUES {as_rows(ITEMS_OF)}) AS wanted (scene, item)
         WHERE wanted.scene = NEW.scene AND NOT EXISTS (
            SELECT FROM hospitals_scenecheck
             WHERE hospital_id = NEW.hospital_id AND scene = NEW.scene
               AND item = wanted.item AND stands)) THEN
        RAISE EXCEPTION 'hospital_scene_opens_when_ready: an item is not ticked'
            USING ERRCODE = 'check_violation';
    END IF;
    RETURN NEW;
"""  # noqa: S608 - the checklists' own constants


class HospitalQuerySet(models.QuerySet["Hospital"]):
    def online(self, on: date) -> Self:
        """Those that take credit on that date."""
        return self.filter(online_on__lte=on)

    def offering(self, scene: str, on: date) -> Self:
        """Those online whose scene is live on that date."""
        return self.online(on).filter(
            models.Exists(HospitalScene.objects.live(on).filter(hospital=models.OuterRef("pk"), scene=scene))
        )

    def named(self, text: str) -> Self:
        """Those with these letters in a name, in either language, or in the district."""
        return self.filter(
            Q(name_zh__icontains=text) | Q(name_en__icontains=text) | Q(district__icontains=text)
        )

    def run_by(self, user: User) -> Self:
        """The hospital that this person works for; nothing for anyone else."""
        return self.filter(staff__user=user)

    def managed_by(self, user: User) -> Self:
        """Every hospital for an operator, their own for a hospital's administrator, none for anyone else."""
        if user.role == User.Role.OPERATOR:
            return self.all()
        return self.filter(staff__user=user, staff__position=HospitalStaff.Position.ADMIN)

    def latest_first(self, on: date) -> Self:
        """With how far each has come, and first what is the most overdue; whoever is online comes last.

        `steps`, `steps_done`, and `next_due_on`: the first date by which something open should be done.
        """
        open_step = Q(tasks__state__in=["todo", "doing"])
        return self.annotate(
            steps=models.Count("tasks"),
            steps_done=models.Count("tasks", filter=Q(tasks__state="done")),
            next_due_on=Least(models.Min("tasks__due_on", filter=open_step), "target_on"),
            is_through=models.Case(
                models.When(online_on__lte=on, then=True), default=False, output_field=models.BooleanField()
            ),
        ).order_by("is_through", F("next_due_on").asc(nulls_last=True), "code")


@pghistory.track()
class Hospital(models.Model):
    """A medical institution in the scheme: public, community, or private by its own wish (14, 20)."""

    class Kind(models.TextChoices):
        PUBLIC = "public", _("Public hospital")
        COMMUNITY = "community", _("Community health centre")
        PRIVATE = "private", _("Private hospital")

    code = models.CharField(_("code"), max_length=16, unique=True, validators=[institution_code])
    name_zh = models.CharField(_("Chinese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=200)
    kind = models.CharField(_("kind"), max_length=10, choices=Kind.choices)
    district = models.CharField(_("district"), max_length=50)
    uscc = models.CharField(
        _("unified social credit code"), max_length=18, blank=True, default="", validators=[validate_uscc]
    )
    target_on = models.DateField(_("to be online by"), null=True, blank=True)
    online_on = models.DateField(_("online since"), null=True, blank=True)

    objects = HospitalQuerySet.as_manager()

    class Meta:
        verbose_name = _("hospital")
        verbose_name_plural = _("hospitals")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(name="hospital_code_shape", condition=Q(code__regex=r"^[A-Z0-9]{2,16}$")),
            models.CheckConstraint(
                name="hospital_kind_known", condition=Q(kind__in=["public", "community", "private"])
            ),
            models.CheckConstraint(
                name="hospital_named_in_both_languages",
                condition=~Q(name_zh="") & ~Q(name_en="") & ~Q(district=""),
            ),
            models.CheckConstraint(
                name="hospital_uscc_shape", condition=Q(uscc="") | Q(uscc__regex=r"^[0-9A-HJ-NPQRTUWXY]{18}$")
            ),
            models.UniqueConstraint(name="hospital_uscc_unique", fields=["uscc"], condition=~Q(uscc="")),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="hospital_online_when_all_is_done",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("online_on"),
                func=_ALL_IS_DONE,
            )
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def name(self) -> str:
        """The name in the reader's language."""
        return self.name_in(get_language())

    def name_in(self, language: str | None) -> str:
        """For whoever reads in that language; Chinese where none is known."""
        return self.name_zh if (language or "zh").startswith("zh") else self.name_en

    def is_online(self, on: date) -> bool:
        return self.online_on is not None and self.online_on <= on

    def scenes_on(self, on: date) -> set[str]:
        """What credit pays here on that date: the scenes that are live, once the hospital is online."""
        return set(self.scenes.live(on).values_list("scene", flat=True)) if self.is_online(on) else set()

    def offers(self, scene: str, on: date) -> bool:
        return scene in self.scenes_on(on)


class HospitalSceneQuerySet(models.QuerySet["HospitalScene"]):
    def live(self, on: date) -> Self:
        """Switched on by that date and not yet switched off."""
        return self.filter(Q(closed_on__isnull=True) | Q(closed_on__gt=on), live_on__lte=on)

    def in_care_order(self) -> Self:
        """As a patient meets them: registration first, parking last."""
        places = [models.When(scene=scene, then=place) for place, scene in enumerate(Scene.values)]
        return self.order_by(models.Case(*places, output_field=models.SmallIntegerField()))


@pghistory.track()
class HospitalScene(models.Model):
    """A scene that a hospital switched on when it was ready (14, 15); live in [live_on, closed_on)."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="scenes", verbose_name=_("hospital"))
    scene = models.CharField(_("scene"), max_length=12, choices=Scene.choices)
    live_on = models.DateField(_("live since"))
    closed_on = models.DateField(_("closed from"), null=True, blank=True)

    objects = HospitalSceneQuerySet.as_manager()

    class Meta:
        verbose_name = _("scene")
        verbose_name_plural = _("scenes")
        ordering = ["hospital", "scene"]
        constraints = [
            models.UniqueConstraint(name="one_row_per_hospital_and_scene", fields=["hospital", "scene"]),
            models.CheckConstraint(
                name="hospital_scene_known", condition=Q(scene__in=[s.value for s in Scene])
            ),
            models.CheckConstraint(
                name="hospital_scene_closes_after_it_opens",
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("live_on")),
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="hospital_scene_opens_when_ready",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert | pgtrigger.UpdateOf("live_on", "closed_on"),
                func=_SCENE_IS_READY,
            )
        ]

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.scene}"

    def is_live(self, on: date) -> bool:
        return self.live_on <= on and (self.closed_on is None or self.closed_on > on)


class HospitalStaffQuerySet(models.QuerySet["HospitalStaff"]):
    def at(self, hospital: Hospital) -> Self:
        return self.filter(hospital=hospital)


@pghistory.track(
    pghistory.InsertEvent(),
    pghistory.UpdateEvent(),
    pghistory.DeleteEvent(),
    meta={"verbose_name": _("change of staff"), "verbose_name_plural": _("changes of staff")},
)
class HospitalStaff(models.Model):
    """A person's post at one hospital: what they see and do at the desk is that hospital's and no other's."""

    class Position(models.TextChoices):
        CASHIER = "cashier", _("Cashier")
        LEAD = "lead", _("Head cashier")
        ADMIN = "admin", _("Hospital administrator")

    user = models.OneToOneField(User, models.PROTECT, related_name="hospital_post", verbose_name=_("user"))
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="staff", verbose_name=_("hospital"))
    position = models.CharField(_("position"), max_length=8, choices=Position.choices)

    objects = HospitalStaffQuerySet.as_manager()

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")
        ordering = ["hospital", "position", "pk"]
        constraints = [
            models.CheckConstraint(
                name="hospital_staff_position_known", condition=Q(position__in=["cashier", "lead", "admin"])
            )
        ]

    def __str__(self) -> str:
        return f"{self.user} · {self.get_position_display()}"


class HospitalClient(models.Model):
    """The API client by which a hospital's own system speaks for that hospital."""

    client = models.OneToOneField(
        ApiClient, models.PROTECT, related_name="hospital_client", verbose_name=_("client")
    )
    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="clients", verbose_name=_("hospital"))

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return f"{self.client} · {self.hospital_id}"

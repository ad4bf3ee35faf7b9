"""Hospitals, the scenes they have switched on, who works for them and where their money goes."""

from __future__ import annotations

import uuid
from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import BigIntegerRangeField, DateRangeField, RangeOperators
from django.core.exceptions import ValidationError
from django.core.validators import RegexValidator
from django.db import models
from django.db.models import F, Func, Q, Value
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from stdnum.cn import uscc as uscc_number

from accounts.models import ApiClient, User
from common.crypto import decrypt

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

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.scene}"

    def is_live(self, on: date) -> bool:
        return self.live_on <= on and (self.closed_on is None or self.closed_on > on)


class HospitalStaffQuerySet(models.QuerySet["HospitalStaff"]):
    def at(self, hospital: Hospital) -> Self:
        return self.filter(hospital=hospital)


@pghistory.track(pghistory.InsertEvent(), pghistory.UpdateEvent(), pghistory.DeleteEvent())
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


class PayoutAccountQuerySet(models.QuerySet["PayoutAccount"]):
    def at(self, hospital: Hospital) -> Self:
        return self.filter(hospital=hospital)

    def in_force(self, on: date) -> Self:
        """The one that money is paid to on that date; never more than one a hospital."""
        return self.filter(Q(to_on__isnull=True) | Q(to_on__gt=on), from_on__lte=on)


@pghistory.track()
class PayoutAccount(models.Model):
    """The bank account that a hospital is paid to, in force in [from_on, to_on).

    The number is sealed with SM4-GCM, the row's uid as additional data. A change is a new row: what was paid
    stays traceable to the account it went to, so holder, bank and number never change afterwards.
    """

    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    hospital = models.ForeignKey(
        Hospital, models.PROTECT, related_name="payout_accounts", verbose_name=_("hospital")
    )
    holder = models.CharField(_("account holder"), max_length=100)
    bank_name = models.CharField(_("bank"), max_length=100)
    number_sealed = models.TextField(editable=False)
    from_on = models.DateField(_("in force from"))
    to_on = models.DateField(_("in force until"), null=True, blank=True)

    objects = PayoutAccountQuerySet.as_manager()

    class Meta:
        verbose_name = _("payout account")
        verbose_name_plural = _("payout accounts")
        ordering = ["hospital", "-from_on"]
        constraints = [
            # One-element ranges stand in for `hospital =`, which GiST knows only by the btree_gist extension.
            ExclusionConstraint(
                name="one_payout_account_in_force",
                expressions=[
                    (
                        Func(
                            F("hospital_id"),
                            F("hospital_id"),
                            Value("[]"),
                            function="int8range",
                            output_field=BigIntegerRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                    (
                        Func(
                            "from_on",
                            "to_on",
                            Value("[)"),
                            function="daterange",
                            output_field=DateRangeField(),
                        ),
                        RangeOperators.OVERLAPS,
                    ),
                ],
            ),
            models.CheckConstraint(
                name="payout_account_ends_after_it_starts",
                condition=Q(to_on__isnull=True) | Q(to_on__gte=F("from_on")),
            ),
            models.CheckConstraint(
                name="payout_account_number_is_sealed", condition=Q(number_sealed__regex=r"^v[0-9]+:")
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="payout_account_keeps_its_terms",
                fields=["uid", "hospital", "holder", "bank_name", "from_on"],
            ),
            pgtrigger.Protect(name="payout_account_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.bank_name} {self.masked_number}"

    def bound_to(self, field: str) -> bytes:
        return self.uid.bytes

    @property
    def number(self) -> str:
        return decrypt(self.number_sealed, self.bound_to("number"))

    @property
    def masked_number(self) -> str:
        """The last four digits, for screens: `**** 1234`."""
        return f"**** {self.number[-4:]}"


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

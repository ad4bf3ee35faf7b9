"""A hospital's day: what its own system says, who compared it, and who signed (Articles 2, 17)."""

from __future__ import annotations

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import User
from hospitals.models import Hospital
from lenders.models import Lender


class HospitalTotal(models.Model):
    """What the hospital's own system says of one lender's business on a date, typed in. The newest counts."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="+")
    business_on = models.DateField(_("business date"))
    bills = models.IntegerField(_("bills"))
    bills_fen = models.BigIntegerField(_("amount of bills"))
    refunds = models.IntegerField(_("refunds"))
    refunds_fen = models.BigIntegerField(_("amount of refunds"))
    entered_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("total of a hospital's system")
        verbose_name_plural = _("totals of hospitals' systems")
        indexes = [models.Index(fields=["hospital", "business_on"])]
        constraints = [
            models.CheckConstraint(
                name="hospital_total_not_negative",
                condition=Q(bills__gte=0, bills_fen__gte=0, refunds__gte=0, refunds_fen__gte=0),
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="hospital_total_before_sign_off",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM billing_daysignoff AS signed
                      WHERE signed.hospital_id = NEW.hospital_id AND signed.business_on = NEW.business_on;
                    IF FOUND THEN
                        RAISE EXCEPTION 'the hospital has signed off this day';
                    END IF;
                    RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.lender_id} {self.business_on}"


class DayPreparation(models.Model):
    """Somebody has compared a hospital's closed day: the figures as they stood, what differs, and why.

    Prepared anew where anything has changed since; the newest counts.
    """

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    business_on = models.DateField(_("business date"))
    figures = models.JSONField(_("figures"))
    differences = models.IntegerField(_("differences"))
    reason = models.CharField(_("explanation of the differences"), max_length=500, blank=True)
    prepared_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("prepared by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("preparation of a day's sign-off")
        verbose_name_plural = _("preparations of days' sign-offs")
        indexes = [models.Index(fields=["hospital", "business_on"])]
        constraints = [
            models.CheckConstraint(
                name="day_preparation_explains_differences", condition=Q(differences=0) | ~Q(reason="")
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.business_on}"


class DaySignOff(models.Model):
    """A second person has signed a hospital's day as it was prepared. Once, and for good."""

    hospital = models.ForeignKey(Hospital, models.PROTECT, related_name="+")
    business_on = models.DateField(_("business date"))
    preparation = models.OneToOneField(DayPreparation, models.PROTECT, related_name="sign_off")
    signed_by = models.ForeignKey(User, models.PROTECT, related_name="+", verbose_name=_("signed by"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("sign-off of a day")
        verbose_name_plural = _("sign-offs of days")
        constraints = [
            models.UniqueConstraint(
                fields=["hospital", "business_on"], name="day_signed_off_once_per_hospital"
            ),
        ]
        triggers = [
            *append_only(),
            pgtrigger.Trigger(
                name="day_signed_off_by_another",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func="""
                    PERFORM 1 FROM billing_daypreparation AS prepared
                      WHERE prepared.id = NEW.preparation_id AND prepared.hospital_id = NEW.hospital_id
                        AND prepared.business_on = NEW.business_on
                        AND prepared.prepared_by_id <> NEW.signed_by_id;
                    IF NOT FOUND THEN
                        RAISE EXCEPTION 'a day is signed by somebody else than who prepared it';
                    END IF;
                    RETURN NEW;""",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.hospital_id} {self.business_on}"

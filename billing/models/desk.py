"""What makes a form of the desk, and a code that a patient shows there, count once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person, User


class DeskAct(models.Model):
    """One form that a cashier sent, by the one-time token it carried: sent again, it finds what it made."""

    token = models.UUIDField(_("token"))
    cashier = models.ForeignKey(User, models.PROTECT, related_name="+")
    made = models.CharField(_("number of what it made"), max_length=24)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("act at the desk")
        verbose_name_plural = _("acts at the desk")
        constraints = [models.UniqueConstraint(fields=["token"], name="desk_act_once_per_form")]
        triggers = append_only()

    def __str__(self) -> str:
        return self.made


class PatientCodeUseQuerySet(models.QuerySet["PatientCodeUse"]):
    def lately(self, person: Person, at: datetime) -> PatientCodeUseQuerySet:
        """What a person who is still at the desk wants to know of, the newest first."""
        return self.filter(person=person, at__gt=at - timedelta(minutes=10)).order_by("-at")


class PatientCodeUse(models.Model):
    """A desk took the one-time code that a patient showed. A code is whose it is and when it was issued."""

    person = models.ForeignKey(Person, models.PROTECT, related_name="+")
    issued_at = models.DateTimeField(_("issued at"))
    at = models.DateTimeField(_("at"))

    objects = PatientCodeUseQuerySet.as_manager()

    class Meta:
        verbose_name = _("use of a patient's code")
        verbose_name_plural = _("uses of patients' codes")
        constraints = [
            models.UniqueConstraint(fields=["person", "issued_at"], name="patient_code_used_once"),
            models.CheckConstraint(
                name="patient_code_used_in_time", condition=Q(at__lt=F("issued_at") + timedelta(seconds=60))
            ),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.pk)

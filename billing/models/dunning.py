"""What happens after a due date: late charges and reminders 催缴."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from accounts.models import Notice, Person
from billing.models.bills import Bill


class LateCharge(models.Model):
    """One overdue day of one bill, as the computation sheet 计算书 shows it (Article 23).

    The bill's charge is the running sum of principal × rate ÷ 365, rounded down once to the fen. A refund
    rewrites the days that its principal bore, so that the sheet always shows the sum that is owed.
    """

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="late_charges")
    on = models.DateField(_("date"))
    principal_fen = models.PositiveBigIntegerField(_("principal"))
    lpr_bp = models.PositiveSmallIntegerField(_("LPR, bp"))
    cap_ppm = models.PositiveIntegerField(_("cap a year, millionths"))
    rate_ppm = models.PositiveIntegerField(_("rate a year, millionths"))
    charge_fen = models.PositiveBigIntegerField(_("charge"))
    cumulative_fen = models.PositiveBigIntegerField(_("charge so far"))
    frozen = models.BooleanField(_("frozen"), default=False)

    class Meta:
        verbose_name = _("late charge")
        verbose_name_plural = _("late charges")
        ordering = ["on"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "on"], name="late_charge_once_a_day"),
            models.CheckConstraint(name="late_charge_within_cap", condition=Q(rate_ppm__lte=F("cap_ppm"))),
            models.CheckConstraint(
                name="late_charge_none_when_frozen", condition=Q(frozen=False) | Q(rate_ppm=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.on}"


class DunningCase(models.Model):
    """A payer has something overdue; it closes when nothing is."""

    payer = models.ForeignKey(Person, models.PROTECT, related_name="dunning_cases")
    opened_on = models.DateField(_("opened on"))
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)

    class Meta:
        verbose_name = _("dunning case")
        verbose_name_plural = _("dunning cases")
        constraints = [
            models.UniqueConstraint(
                fields=["payer"], condition=Q(closed_at=None), name="dunning_one_open_case_per_payer"
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)


class Reminder(models.Model):
    """One reminder of one day, listing all that a payer has overdue. It counts once it was delivered."""

    case = models.ForeignKey(DunningCase, models.PROTECT, related_name="reminders")
    payer = models.ForeignKey(Person, models.PROTECT, related_name="reminders")
    notice = models.OneToOneField(Notice, models.PROTECT, related_name="reminder")
    on = models.DateField(_("on"))
    delivered_on = models.DateField(_("delivered on"), null=True, blank=True)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        ordering = ["on"]
        constraints = [models.UniqueConstraint(fields=["payer", "on"], name="reminder_once_a_day_per_payer")]

    def __str__(self) -> str:
        return str(self.on)


class ReminderLine(models.Model):
    """A bill that a reminder lists: `stage` 1 to 3 where this one is the bill's next, else only listed."""

    reminder = models.ForeignKey(Reminder, models.PROTECT, related_name="lines")
    bill = models.ForeignKey(Bill, models.PROTECT, related_name="reminder_lines")
    stage = models.PositiveSmallIntegerField(_("stage"), null=True, blank=True)
    counted = models.BooleanField(_("counted"), default=False)

    class Meta:
        verbose_name = _("reminder line")
        verbose_name_plural = _("reminder lines")
        constraints = [
            models.UniqueConstraint(fields=["reminder", "bill"], name="reminder_lists_a_bill_once"),
            models.UniqueConstraint(
                fields=["bill", "stage"], condition=Q(counted=True), name="reminder_counted_once_per_stage"
            ),
            models.CheckConstraint(
                name="reminder_stage_is_one_to_three", condition=Q(stage=None) | Q(stage__gte=1, stage__lte=3)
            ),
            models.CheckConstraint(
                name="reminder_counts_only_with_stage", condition=Q(counted=False) | Q(stage__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill_id}: {self.stage}"

"""The numbers of the law, each with the dates between which it holds."""

from __future__ import annotations

from datetime import date

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import ArrayField, DateRangeField, RangeOperators
from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import F, Func, Q
from django.utils.functional import cached_property
from django.utils.translation import gettext_lazy as _

PPM_PER_BP = 100


class DateRange(Func):
    """`[from, to)` of two date columns."""

    function = "daterange"
    output_field = DateRangeField()


class PolicyQuerySet(models.QuerySet["Policy"]):
    def on(self, on: date) -> Policy:
        """The policy in force on a date. Raises Policy.DoesNotExist before the first one."""
        return self.get(Q(in_force_until=None) | Q(in_force_until__gt=on), in_force_from__lte=on)


class Policy(models.Model):
    """One dated set of the scheme's numbers; a bill keeps the policy it was made under (Article 37)."""

    in_force_from = models.DateField(_("in force from"))
    in_force_until = models.DateField(_("in force until"), null=True, blank=True)
    score_min = models.PositiveSmallIntegerField(_("lowest score"), default=300)
    score_max = models.PositiveSmallIntegerField(_("highest score"), default=1000)
    score_refresh_days = models.PositiveSmallIntegerField(_("score refresh, days"), default=30)
    min_interest_free_days = models.PositiveSmallIntegerField(_("fewest interest-free days"), default=42)
    cap_multiple_percent = models.PositiveSmallIntegerField(_("rate cap, percent of LPR"), default=150)
    pre_due_days = ArrayField(models.PositiveSmallIntegerField(), verbose_name=_("notice days before due"))
    reminder_days = ArrayField(models.PositiveSmallIntegerField(), size=3, verbose_name=_("reminder days"))
    suspend_after_days = models.PositiveSmallIntegerField(_("suspension after the third reminder"), default=7)
    reminders_from_hour = models.PositiveSmallIntegerField(_("reminders from hour"), default=9)
    reminders_until_hour = models.PositiveSmallIntegerField(_("reminders until hour"), default=20)
    same_day_settlement_hour = models.PositiveSmallIntegerField(_("same-day settlement hour"), default=23)
    family_notice_days = models.PositiveSmallIntegerField(_("notice before the 18th birthday"), default=30)
    insurance_reminder_days = models.PositiveSmallIntegerField(
        _("days between reminders of missing insurance parts"), default=3, validators=[MinValueValidator(1)]
    )
    adopted_at = models.DateTimeField(_("adopted at"))

    objects = PolicyQuerySet.as_manager()

    class Meta:
        verbose_name = _("policy")
        verbose_name_plural = _("policies")
        ordering = ["in_force_from"]
        constraints = [
            ExclusionConstraint(
                name="policy_periods_do_not_overlap",
                expressions=[(DateRange("in_force_from", "in_force_until"), RangeOperators.OVERLAPS)],
            ),
            models.CheckConstraint(
                name="policy_period_is_forward",
                condition=Q(in_force_until=None) | Q(in_force_until__gt=F("in_force_from")),
            ),
            models.CheckConstraint(name="policy_has_three_reminders", condition=Q(reminder_days__len=3)),
            models.CheckConstraint(
                name="policy_reminds_of_insurance", condition=Q(insurance_reminder_days__gt=0)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.in_force_from} – {self.in_force_until or '…'}"

    def tier_for(self, score: int) -> Tier:
        """The tier of a score inside this policy's range."""
        return max(
            (tier for tier in self.tier_rows if tier.from_score <= score), key=lambda tier: tier.from_score
        )

    @cached_property
    def tier_rows(self) -> list[Tier]:
        return list(self.tiers.all())

    def cap_ppm(self, lpr_bp: int) -> int:
        """The highest yearly rate, late fee and interest together, in millionths (Article 23)."""
        return lpr_bp * PPM_PER_BP * self.cap_multiple_percent // 100


class Tier(models.Model):
    """From this score upwards, this limit (Article 24)."""

    policy = models.ForeignKey(Policy, models.CASCADE, related_name="tiers")
    from_score = models.PositiveSmallIntegerField(_("from score"))
    limit_fen = models.PositiveBigIntegerField(_("limit"))
    value_added = models.BooleanField(_("value-added offers"), default=False)

    class Meta:
        verbose_name = _("tier")
        verbose_name_plural = _("tiers")
        ordering = ["from_score"]
        constraints = [models.UniqueConstraint(fields=["policy", "from_score"], name="tier_once_per_score")]

    def __str__(self) -> str:
        return f"≥ {self.from_score}"


class LendingRateQuerySet(models.QuerySet["LendingRate"]):
    def on(self, on: date) -> LendingRate:
        """The rate in force on a date. Raises LendingRate.DoesNotExist before the first one."""
        return self.filter(in_force_from__lte=on).latest("in_force_from")


class LendingRate(models.Model):
    """The one-year loan prime rate 贷款市场报价利率 from the day of its publication."""

    in_force_from = models.DateField(_("in force from"), unique=True)
    one_year_bp = models.PositiveSmallIntegerField(_("one-year rate, bp"), validators=[MinValueValidator(1)])
    entered_at = models.DateTimeField(_("entered at"))

    objects = LendingRateQuerySet.as_manager()

    class Meta:
        verbose_name = _("loan prime rate")
        verbose_name_plural = _("loan prime rates")
        ordering = ["in_force_from"]
        constraints = [
            models.CheckConstraint(name="lending_rate_is_positive", condition=Q(one_year_bp__gt=0))
        ]

    def __str__(self) -> str:
        return f"{self.in_force_from}: {self.one_year_bp / 100:.2f} %"


class CalendarDayQuerySet(models.QuerySet["CalendarDay"]):
    def moved(self) -> dict[date, bool]:
        """Every day on which staff overrule the published calendar: is it worked?"""
        return dict(self.values_list("on", "working"))


class CalendarDay(models.Model):
    """A day on which staff overrule the published calendar, such as a year not yet published."""

    on = models.DateField(_("date"), primary_key=True)
    working = models.BooleanField(_("worked"))
    reason = models.CharField(_("reason"), max_length=200)

    objects = CalendarDayQuerySet.as_manager()

    class Meta:
        verbose_name = _("calendar day")
        verbose_name_plural = _("calendar days")
        ordering = ["on"]

    def __str__(self) -> str:
        return str(self.on)

"""How the back office types a policy in."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django import forms
from django.contrib.postgres.forms import SimpleArrayField
from django.core.exceptions import ValidationError
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from common.admin import OperationForm
from common.calendar import business_date
from common.money import InvalidAmount, format_yuan, parse_yuan
from credit.models import Policy
from credit.operations.policy import FIRST_TIERS, VALUE_ADDED_FROM, adopt_policy

REMINDERS = 3
LAST_HOUR = 23
LONGEST_SCORE = 5


class DaysField(SimpleArrayField):
    """Whole numbers of days with commas between, of either width."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(forms.IntegerField(min_value=0, max_value=366), **kwargs)

    def to_python(self, value: Any) -> Any:
        text = value.replace("，", ",").replace("、", ",") if isinstance(value, str) else value
        return super().to_python(text)


class TiersField(forms.CharField):
    """A line a tier, its lowest score and its limit in yuan; cleaned to `{score: fen}`."""

    widget = forms.Textarea(attrs={"rows": 6, "cols": 24, "autocomplete": "off"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, Mapping):
            return value
        return "\n".join(f"{score} {format_yuan(fen)}" for score, fen in sorted(value.items()))

    def clean(self, value: Any) -> dict[int, int]:  # type: ignore[override]
        tiers: dict[int, int] = {}
        for line, text in enumerate(super().clean(value).splitlines(), start=1):
            score, *limit = text.split(maxsplit=1) or [""]
            if not score:
                continue
            if not limit or not score.isdecimal() or len(score) > LONGEST_SCORE:
                raise ValidationError(
                    _("Line %(line)s: write the lowest score, a space and the limit, such as 501 1000."),
                    params={"line": line},
                )
            try:
                fen = parse_yuan(limit[0])
            except InvalidAmount as error:
                raise ValidationError(
                    _("Line %(line)s: %(reason)s"), params={"line": line, "reason": error.reason}
                ) from error
            if int(score) in tiers:
                raise ValidationError(
                    _("Line %(line)s: this score has a tier already."), params={"line": line}
                )
            tiers[int(score)] = fen
        return dict(sorted(tiers.items()))


class AdoptPolicyForm(OperationForm):
    """Every number of a policy, with what would make it impossible to live by."""

    tiers = TiersField(
        label=_("tiers"), help_text=_("One line a tier: its lowest score, a space, its limit in yuan.")
    )
    value_added_from = forms.IntegerField(
        label=_("value-added offers from score"),
        min_value=0,
        required=False,
        help_text=_("The lowest score of one of the tiers; empty where no tier has them."),
    )
    pre_due_days = DaysField(
        label=_("notice days before due"), help_text=_("Days before the due date, such as 7, 3, 0.")
    )
    reminder_days = DaysField(
        label=_("reminder days"),
        help_text=_("Days past due of the first, second and third reminder, such as 1, 8, 15."),
    )

    class Meta:
        model = Policy
        fields = (
            "in_force_from",
            "score_min",
            "score_max",
            "score_refresh_days",
            "tiers",
            "value_added_from",
            "min_interest_free_days",
            "cap_multiple_percent",
            "pre_due_days",
            "reminder_days",
            "suspend_after_days",
            "reminders_from_hour",
            "reminders_until_hour",
            "same_day_settlement_hour",
            "family_notice_days",
            "insurance_reminder_days",
        )

    def clean_in_force_from(self) -> date:
        """Where a policy stands already, a day that has begun keeps it (Article 37)."""
        on: date = self.cleaned_data["in_force_from"]
        if on <= business_date(timezone.now()) and Policy.objects.exists():
            raise ValidationError(
                _("A policy starts tomorrow at the earliest: what was done today keeps today's rules.")
            )
        return on

    def clean_pre_due_days(self) -> list[int]:
        days: list[int] = self.cleaned_data["pre_due_days"]
        if len(set(days)) != len(days):
            raise ValidationError(_("Name each day once."))
        return days

    def clean_reminder_days(self) -> list[int]:
        days: list[int] = self.cleaned_data["reminder_days"]
        if len(days) != REMINDERS or days != sorted(set(days)) or days[0] < 1:
            raise ValidationError(
                _("Name three days, each later than the one before; the first is at least 1.")
            )
        return days

    def clean_same_day_settlement_hour(self) -> int:
        hour: int = self.cleaned_data["same_day_settlement_hour"]
        if hour > LAST_HOUR:
            raise ValidationError(_("An hour lies between 0 and 23."))
        return hour

    def clean(self) -> dict[str, Any]:
        answers = super().clean() or self.cleaned_data
        if not self.errors:
            self._check_tiers(answers)
            if not answers["reminders_from_hour"] < answers["reminders_until_hour"] <= LAST_HOUR + 1:
                self.add_error("reminders_until_hour", _("Reminders end after they begin, and by 24:00."))
        return answers

    def perform(self, at: datetime) -> Policy:
        answers = dict(self.cleaned_data)
        nobody = answers["score_max"] + 1
        offers_from = answers.pop("value_added_from")
        return adopt_policy(**answers, value_added_from=nobody if offers_from is None else offers_from, at=at)

    def _check_tiers(self, answers: dict[str, Any]) -> None:
        tiers: dict[int, int] = answers["tiers"]
        lowest, highest = answers["score_min"], answers["score_max"]
        if lowest >= highest:
            self.add_error("score_max", _("The highest score lies above the lowest."))
        elif not tiers or min(tiers) > lowest:
            self.add_error("tiers", _("Every score needs a tier: the first one starts at the lowest score."))
        elif max(tiers) > highest:
            self.add_error("tiers", _("No tier starts above the highest score."))
        elif list(tiers.values()) != sorted(tiers.values()):
            self.add_error("tiers", _("A higher score never brings a lower limit."))
        elif answers["value_added_from"] not in {None, *tiers}:
            self.add_error("value_added_from", _("Name the lowest score of one of the tiers."))


def terms_of(policy: Policy | None) -> dict[str, Any]:
    """What a new policy starts from in the form: the terms of this one, or those of the law's first."""
    if policy is None:
        return {"tiers": FIRST_TIERS, "value_added_from": VALUE_ADDED_FROM}
    tiers = list(policy.tiers.all())
    own = set(AdoptPolicyForm.base_fields) - {"in_force_from", "tiers", "value_added_from"}
    return {
        **{name: getattr(policy, name) for name in own},
        "tiers": {tier.from_score: tier.limit_fen for tier in tiers},
        "value_added_from": min((tier.from_score for tier in tiers if tier.value_added), default=None),
    }

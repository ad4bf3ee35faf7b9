"""A hospital's steps into the scheme, read by its administrator, and its trainings (Articles 10, 14–16)."""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext

from accounts.admin import History
from accounts.models import User
from common.admin import NOTHING, OperationForm
from common.calendar import business_date
from hospitals.admin.base import OF_A_HOSPITAL, ByHospital, OwnHospital
from hospitals.models import OnboardingTask, Training
from hospitals.operations.training import correct_training, record_training


class TaskHistory(History):
    model = OnboardingTask.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "state", "due_on", "done_on", "evidence")


@admin.register(OnboardingTask)
class OnboardingTaskAdmin(OwnHospital):
    """Read here; an operator takes the steps under /ops/onboarding/."""

    history = TaskHistory
    list_display = ("hospital", "step", "state", "due_on", "late", "in_charge", "done_on", "done_by")
    list_select_related = ("hospital", "in_charge", "done_by")
    list_filter = ("state", "step", "taken_over", ByHospital)
    search_fields = (*OF_A_HOSPITAL, "evidence")
    fields = (
        "hospital", "step", "state", "due_on", "in_charge", "done_on", "done_by", "evidence", "taken_over",
    )  # fmt: skip

    @admin.display(description=_("late"))
    def late(self, row: OnboardingTask) -> str:
        days = row.days_late(business_date(timezone.now()))
        return ngettext("%(days)s day late", "%(days)s days late", days) % {"days": days} if days else NOTHING


class TrainingHistory(History):
    model = Training.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = (
        "at", "by", "held_on", "subject", "trainer", "audience", "participants", "material",
    )  # fmt: skip


class RecordTrainingForm(OperationForm):
    def perform(self, at: datetime) -> Training:
        return record_training(**self.cleaned_data, by=cast(User, self.request.user), at=at)


class CorrectTrainingForm(OperationForm):
    def perform(self, at: datetime) -> Training:
        return correct_training(training=self.instance, **self.cleaned_data, at=at)


@admin.register(Training)
class TrainingAdmin(OwnHospital):
    """Who trained whom: recorded by the operator or the hospital, and corrected with its history."""

    operations = (RecordTrainingForm, CorrectTrainingForm)
    history = TrainingHistory
    list_display = ("held_on", "hospital", "subject", "trainer", "audience", "participants")
    list_select_related = ("hospital",)
    list_filter = ("subject", ByHospital)
    search_fields = (*OF_A_HOSPITAL, "trainer", "audience", "material")
    date_hierarchy = "held_on"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        facts = ("hospital", "held_on", "subject", "trainer", "audience", "participants", "material")
        return (*facts, "recorded_by", "recorded_at") if obj else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "recorded_by", "recorded_at") if obj else ()

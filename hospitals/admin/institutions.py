"""Hospitals, their scenes, and the checklists by which a scene opens (Articles 14, 15, 20)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, cast
from urllib.parse import urlencode

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html, format_html_join
from django.utils.translation import gettext_lazy as _

from accounts.admin import History, is_operator
from accounts.models import User
from common.admin import NOTHING, OperationForm, choice_of
from common.calendar import business_date
from hospitals.admin.base import OF_A_HOSPITAL, ByHospital, OwnHospital, manages
from hospitals.checklists import Item
from hospitals.models import Hospital, HospitalScene, Scene, SceneCheck
from hospitals.operations.onboarding import (
    close_scene,
    correct_hospital,
    open_scene,
    register_hospital,
)
from hospitals.operations.readiness import readiness_of, take_back, tick


class HospitalHistory(History):
    model = Hospital.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = (
        "at", "by", "name_zh", "name_en", "kind", "district", "target_on", "online_on",
    )  # fmt: skip


class RegisterHospitalForm(OperationForm):
    def perform(self, at: datetime) -> Hospital:
        return register_hospital(**self.cleaned_data, at=at)


class CorrectHospitalForm(OperationForm):
    def perform(self, at: datetime) -> Hospital:
        return correct_hospital(hospital=self.instance, **self.cleaned_data, at=at)


@admin.register(Hospital)
class HospitalAdmin(OwnHospital):
    """Entered and corrected by an operator; read by its administrator. Its steps lead it online."""

    hospital_path = "pk__in"
    operations = (RegisterHospitalForm, CorrectHospitalForm)
    history = HospitalHistory
    list_display = ("code", "name_zh", "kind", "district", "target_on", "online_on")
    list_filter = (
        choice_of("kind", _("kind")),
        choice_of("district", _("district"), admin.AllValuesFieldListFilter),
        ("online_on", admin.EmptyFieldListFilter),
    )
    search_fields = ("code", "name_zh", "name_en", "district")

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        facts = ("code", "name_zh", "name_en", "kind", "district", "uscc", "target_on")
        return (*facts, "online_on", "steps_taken", "readiness") if obj else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code", "kind", "online_on", "steps_taken", "readiness") if obj else ()

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)

    @admin.display(description=_("steps done"))
    def steps_taken(self, row: Hospital) -> Any:
        tasks = list(row.tasks.all())
        address = reverse("admin:hospitals_onboardingtask_changelist") + f"?q={row.code}"
        done = sum(task.is_done for task in tasks)
        return format_html('<a href="{}">{} / {}</a>', address, done, len(tasks))

    @admin.display(description=_("services and what they wait for"))
    def readiness(self, row: Hospital) -> Any:
        """Each scene with what is missing on its checklist, each item a link to where it is ticked."""
        on = business_date(timezone.now())
        lines = (
            (one.scene.label, self._missing(row, one.scene, one.missing))
            for one in readiness_of(hospital=row, on=on)
        )
        return format_html("<ul>{}</ul>", format_html_join("", "<li>{}: {}</li>", lines))

    def _missing(self, row: Hospital, scene: Scene, items: Sequence[Item]) -> Any:
        if not items:
            return _("ready")
        add = reverse("admin:hospitals_scenecheck_add")
        links = (
            (f"{add}?{urlencode({'hospital': row.pk, 'scene': scene.value, 'item': item.value})}", item.label)
            for item in items
        )
        return format_html_join(" · ", '<a href="{}">{}</a>', links)


class SceneHistory(History):
    model = HospitalScene.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "by", "live_on", "closed_on")


class OpenSceneForm(OperationForm):
    asked_as = {"on": "live_on"}

    def perform(self, at: datetime) -> HospitalScene:
        answers = self.cleaned_data
        return open_scene(hospital=answers["hospital"], scene=answers["scene"], on=answers["live_on"], at=at)


class CloseSceneForm(OperationForm):
    """A closed scene is opened again by adding it again."""

    asked_as = {"on": "closed_on"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "closed_on" in self.fields:
            self.fields["closed_on"].required = True

    def perform(self, at: datetime) -> HospitalScene:
        return close_scene(
            hospital=self.instance.hospital,
            scene=self.instance.scene,
            on=self.cleaned_data["closed_on"],
            at=at,
        )


@admin.register(HospitalScene)
class HospitalSceneAdmin(OwnHospital):
    operations = (OpenSceneForm, CloseSceneForm)
    history = SceneHistory
    list_display = ("hospital", "scene", "live_on", "closed_on")
    list_select_related = ("hospital",)
    list_filter = ("scene", ("closed_on", admin.EmptyFieldListFilter), ByHospital)
    search_fields = OF_A_HOSPITAL

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "scene", "live_on", "closed_on") if obj else ("hospital", "scene", "live_on")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "scene", "live_on") if obj else ()


class CheckHistory(History):
    model = SceneCheck.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("at", "checked_by", "stands", "on", "evidence")
    joined = ("pgh_context", "by")

    @admin.display(description=_("checked by"))
    def checked_by(self, row: Any) -> str:
        return row.by.get_username() if row.by else NOTHING


class TickForm(OperationForm):
    """An item that was ticked before is ticked again by adding it again."""

    def perform(self, at: datetime) -> SceneCheck:
        answers = self.cleaned_data
        return tick(
            hospital=answers["hospital"],
            scene=answers["scene"],
            item=answers["item"],
            on=answers["on"],
            evidence=answers["evidence"],
            by=cast(User, self.request.user),
            at=at,
        )


class TakeBackForm(OperationForm):
    asked_as = {"stands": "taken_back"}
    taken_back = forms.BooleanField(
        label=_("It turned out not to be in place"),
        help_text=_("Only while the service is closed. Ticked again, the checklist is complete again."),
    )

    def perform(self, at: datetime) -> SceneCheck:
        return take_back(check=self.instance, at=at)


@admin.register(SceneCheck)
class SceneCheckAdmin(OwnHospital):
    """A scene's checklist, item by item: who ticked it, when, and what shows it."""

    operations = (TickForm, TakeBackForm)
    history = CheckHistory
    list_display = ("hospital", "scene", "item", "stands", "on", "by", "taken_over")
    list_select_related = ("hospital", "by")
    list_filter = ("scene", "item", "stands", "taken_over", ByHospital)
    search_fields = (*OF_A_HOSPITAL, "evidence")
    date_hierarchy = "on"

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj is None:
            return ("hospital", "scene", "item", "on", "evidence")
        facts = ("hospital", "scene", "item", "stands", "on", "by", "evidence", "taken_over")
        return (*facts, "taken_back") if self.has_change_permission(request, obj) else facts

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "scene", "item", "stands", "on", "by", "evidence", "taken_over") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request) and (obj is None or obj.stands)

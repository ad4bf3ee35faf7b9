"""Who works at a hospital: appointed, moved and dismissed by its administrator (Article 15)."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import History
from accounts.models import User
from common.admin import OperationForm, choice_of, column
from hospitals.admin.base import OF_A_HOSPITAL, ByHospital, OwnHospital, manages
from hospitals.models import HospitalStaff
from hospitals.operations.staffing import ROLES, appoint_staff, dismiss_staff

PostEvent: Any = HospitalStaff.pgh_event_model  # type: ignore[attr-defined]


class StaffHistory(History):
    model = PostEvent
    fields = readonly_fields = ("at", "by", "position")


class AppointForm(OperationForm):
    """By the sign-in's name, which the colleague tells: the list of all users is nobody's to browse."""

    username = forms.CharField(label=_("sign-in name"), max_length=150)

    def clean_username(self) -> str:
        name = self.cleaned_data["username"].strip()
        free = User.objects.filter(username=name, role__in=list(ROLES.values()), hospital_post=None)
        user = free.first()
        if user is None:
            raise forms.ValidationError(_("There is no free sign-in of hospital staff with this name."))
        self.user = user
        return name

    def perform(self, at: datetime) -> HospitalStaff:
        answers = self.cleaned_data
        return appoint_staff(
            user=self.user, hospital=answers["hospital"], position=answers["position"], at=at
        )


class MoveForm(OperationForm):
    """Another position at the same hospital."""

    def perform(self, at: datetime) -> HospitalStaff:
        return appoint_staff(
            user=self.instance.user,
            hospital=self.instance.hospital,
            position=self.cleaned_data["position"],
            at=at,
        )


@admin.register(HospitalStaff)
class HospitalStaffAdmin(OwnHospital):
    """Nobody changes or ends their own post."""

    operations = (AppointForm, MoveForm)
    history = StaffHistory
    list_display = ("user", "hospital", "position", column("user.last_login", _("last signed in")))
    list_select_related = ("user", "hospital")
    list_filter = ("position", ByHospital)
    search_fields = ("user__username", *OF_A_HOSPITAL)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "hospital", "position") if obj else ("username", "hospital", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "hospital") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request) and (obj is None or obj.user_id != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: HospitalStaff) -> None:
        dismiss_staff(user=obj.user, at=timezone.now())


@admin.register(PostEvent)
class PostEventAdmin(OwnHospital):
    """Posts given, changed and ended; those that have ended stand here alone."""

    list_display = fields = (
        column("pgh_created_at", _("at"), order="pgh_created_at"),
        "what",
        column("user", _("user"), str),
        column("hospital", _("hospital"), str),
        column("get_position_display", _("position")),
        "by",
    )
    list_select_related = ("user", "hospital", "pgh_context")
    list_filter = (choice_of("position", _("position")), ByHospital)
    search_fields = ("user__username", *OF_A_HOSPITAL)
    ordering = ("-pgh_created_at", "-pk")

    @admin.display(description=_("what"))
    def what(self, row: Any) -> Any:
        return {"insert": _("appointed"), "update": _("moved"), "delete": _("ended")}[row.pgh_label]

    @admin.display(description=_("changed by"))
    def by(self, row: Any) -> str:
        key = row.pgh_context.metadata.get("user") if row.pgh_context else None
        return self._names.get(key or 0, "–")

    def get_queryset(self, request: HttpRequest) -> Any:
        rows = super().get_queryset(request)
        # One question for all names: a list shows who appointed whom.
        at_work = User.objects.filter(role__in=[*ROLES.values(), User.Role.OPERATOR])
        self._names = dict(at_work.values_list("pk", "username"))
        return rows

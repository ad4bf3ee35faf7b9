"""The back office of hospitals: operators see all, hospital administrators their own (Articles 14, 15, 20).

Every query starts from `Hospital.objects.managed_by(user)`. What has a rule is written by its operation, as
the last step of the form's validation: a refusal becomes the form's error and nothing typed is lost.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, cast

from django import forms
from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from accounts.admin import History, is_operator
from accounts.models import User
from common.admin import ByOperation, OperationForm
from hospitals.models import Hospital, HospitalScene, HospitalStaff, PayoutAccount
from hospitals.operations.onboarding import close_scene, open_scene, register_hospital
from hospitals.operations.payout import change_payout_account
from hospitals.operations.staffing import ROLES, appoint_staff, dismiss_staff


class OwnHospital(ByOperation):
    """Rows of the hospitals that the reader manages; another's answers like one that does not exist."""

    hospital_path = "hospital__in"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{self.hospital_path: _managed(request)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "hospital":
            kwargs["queryset"] = _managed(request)
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _manages(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _manages(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _manages(request) and self.operations[0] is not None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _manages(request) and self.operations[1] is not None


class HospitalHistory(History):
    model = Hospital.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("pgh_created_at", "by", "name_zh", "name_en", "kind", "district", "online_on")


class PayoutAccountHistory(History):
    model = PayoutAccount.pgh_event_model  # type: ignore[attr-defined]
    fields = readonly_fields = ("pgh_created_at", "by", "holder", "bank_name", "from_on", "to_on")


class RegisterHospitalForm(OperationForm):
    def perform(self, at: datetime) -> Hospital:
        return register_hospital(**self.cleaned_data, at=at)


@admin.register(Hospital)
class HospitalAdmin(OwnHospital):
    """Entered and corrected by an operator; read by the hospital's administrator."""

    hospital_path = "pk__in"
    operations = (RegisterHospitalForm, None)
    fields = ("code", "name_zh", "name_en", "kind", "district", "uscc", "online_on")
    list_display = ("code", "name_zh", "kind", "district", "online_on")
    search_fields = ("code", "name_zh", "name_en", "district")
    inlines = [HospitalHistory]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("code",) if obj else ()

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [HospitalHistory] if obj else []

    def has_add_permission(self, request: HttpRequest) -> bool:
        return is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return is_operator(request)


class OpenSceneForm(OperationForm):
    def perform(self, at: datetime) -> HospitalScene:
        answers = self.cleaned_data
        return open_scene(hospital=answers["hospital"], scene=answers["scene"], on=answers["live_on"], at=at)


class CloseSceneForm(OperationForm):
    """A closed scene is opened again by adding it again."""

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
    list_display = ("hospital", "scene", "live_on", "closed_on")
    list_select_related = ("hospital",)
    list_filter = ("scene",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "scene", "live_on", "closed_on") if obj else ("hospital", "scene", "live_on")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("hospital", "scene", "live_on") if obj else ()


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
    list_display = ("user", "hospital", "position")
    list_select_related = ("user", "hospital")
    list_filter = ("position",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "hospital", "position") if obj else ("username", "hospital", "position")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("user", "hospital") if obj else ()

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return _manages(request) and (obj is None or obj.user_id != request.user.pk)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return self.has_change_permission(request, obj)

    def delete_model(self, request: HttpRequest, obj: HospitalStaff) -> None:
        dismiss_staff(user=obj.user, at=timezone.now())


class ChangePayoutAccountForm(OperationForm):
    number = forms.CharField(
        label=_("account number"),
        max_length=64,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}),
    )

    def perform(self, at: datetime) -> PayoutAccount:
        return change_payout_account(**self.cleaned_data, at=at)


@admin.register(PayoutAccount)
class PayoutAccountAdmin(OwnHospital):
    """Added, never edited: a change is a new account from a date on."""

    operations = (ChangePayoutAccountForm, None)
    list_display = ("hospital", "bank_name", "masked_number", "from_on", "to_on")
    list_select_related = ("hospital",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        if obj:
            return ("hospital", "holder", "bank_name", "masked_number", "from_on", "to_on")
        return ("hospital", "holder", "bank_name", "number", "from_on")

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [PayoutAccountHistory] if obj else []

    @admin.display(description=_("account number"))
    def masked_number(self, row: PayoutAccount) -> str:
        return row.masked_number


def _managed(request: HttpRequest) -> QuerySet[Hospital]:
    return Hospital.objects.managed_by(cast(User, request.user))


def _manages(request: HttpRequest) -> bool:
    """Operators, and whoever administers a hospital now: a dismissal counts on the next request."""
    return request.user.is_authenticated and (is_operator(request) or _managed(request).exists())

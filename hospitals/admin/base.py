"""What the tables of hospitals share: operators see all, administrators their own (Articles 14, 15, 20).

Every query starts from `Hospital.objects.managed_by(user)`. What has a rule is written by its operation, as
the last step of the form's validation: a refusal becomes the form's error and nothing typed is lost.
"""

from __future__ import annotations

from typing import Any, cast

from django.contrib import admin
from django.contrib.admin.options import InlineModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from accounts.admin import History, is_operator
from accounts.models import User
from common.admin import ByOperation
from hospitals.models import Hospital

OF_A_HOSPITAL = ("hospital__code", "hospital__name_zh", "hospital__name_en")


def managed(request: HttpRequest) -> QuerySet[Hospital]:
    return Hospital.objects.managed_by(cast(User, request.user))


def manages(request: HttpRequest) -> bool:
    """Operators, and whoever administers a hospital now: a dismissal counts on the next request."""
    return request.user.is_authenticated and (is_operator(request) or managed(request).exists())


class ByHospital(admin.SimpleListFilter):
    """For operators; an administrator has one hospital and nothing to choose."""

    title = _("hospital")
    parameter_name = "hospital"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        if not is_operator(request):
            return []
        return [(hospital.code, hospital.name) for hospital in managed(request)]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(hospital__code=self.value()) if self.value() else queryset


class OwnHospital(ByOperation):
    """Rows of the hospitals that the reader manages; another's answers like one that does not exist."""

    hospital_path = "hospital__in"
    history: type[History] | None = None

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).filter(**{self.hospital_path: managed(request)})

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "hospital":
            kwargs["queryset"] = managed(request)
            if not is_operator(request):
                kwargs["initial"] = managed(request).first()
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def get_inlines(self, request: HttpRequest, obj: Any) -> list[type[InlineModelAdmin[Any, Any]]]:
        return [self.history] if obj and self.history else []

    def has_module_permission(self, request: HttpRequest) -> bool:
        return manages(request)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return manages(request) and self.operations[0] is not None

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return manages(request) and self.operations[1] is not None

"""What every back office shares: forms that give their answers to an operation, columns people can read."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from django import forms
from django.contrib import admin
from django.contrib.admin.utils import display_for_value
from django.core.exceptions import ValidationError
from django.db.models import Model
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from common.errors import Refusal
from common.money import format_yuan

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# A function from a row to what is shown; the admin's stubs know of names alone.
Column: TypeAlias = Any
NOTHING = "–"


def sentence(refusal: Refusal) -> str:
    """A refusal in its own words, with the article that it rests on."""
    if refusal.article is None:
        return str(refusal)
    return str(_("%(sentence)s (Article %(article)s)")) % {
        "sentence": str(refusal),
        "article": refusal.article,
    }


class OperationForm(forms.ModelForm):
    """A form whose valid answers are given to one operation as the last step of its validation.

    A refusal becomes the error of the field that it names (`asked_as` translates where the form calls it
    otherwise) and nothing typed is lost. There is nothing left to save.
    """

    request: HttpRequest
    asked_as: ClassVar[Mapping[str, str]] = {}

    @abstractmethod
    def perform(self, at: datetime) -> Model:
        """Make the one call and return the row that it wrote. Reads `cleaned_data`, `instance`, `request`."""

    def _post_clean(self) -> None:
        self._run_validators()
        if self.errors:
            return
        try:
            self.instance = self.perform(timezone.now())
        except Refusal as refusal:
            field = self.asked_as.get(refusal.field or "", refusal.field)
            self.add_error(field if field in self.fields else None, sentence(refusal))

    def _run_validators(self) -> None:
        """Each answer by its column's own validators: what the column cannot hold is refused here."""
        for field in self.instance._meta.concrete_fields:
            value = self.cleaned_data.get(field.name)
            if value in field.empty_values:
                continue
            try:
                field.run_validators(value)
            except ValidationError as error:
                self.add_error(field.name, error)

    def save(self, commit: bool = True) -> Any:
        return self.instance

    def save_m2m(self) -> None:
        """The operation has written everything."""


class ByOperation(admin.ModelAdmin):
    """Rows that one operation adds and another changes, where there is one; none is ever deleted."""

    operations: tuple[type[OperationForm] | None, type[OperationForm] | None] = (None, None)
    actions = None
    list_per_page = 50

    def get_form(
        self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any
    ) -> type[forms.ModelForm]:
        operation = self.operation_for(request, obj)
        if operation and (obj is None or self.has_change_permission(request, obj)):
            kwargs["form"] = operation
        form = super().get_form(request, obj, change, **kwargs)
        form.request = request  # type: ignore[attr-defined]
        return form

    def operation_for(self, request: HttpRequest, obj: Any) -> type[OperationForm] | None:
        """The operation of a new row, or of this one; where it depends on who asks, the table says."""
        return self.operations[1 if obj else 0]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        if not isinstance(form, OperationForm):
            super().save_model(request, obj, form, change)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


def choice_of(
    name: str,
    title: StrOrPromise,
    kind: type[admin.FieldListFilter] = admin.ChoicesFieldListFilter,
) -> tuple[str, type[admin.FieldListFilter]]:
    """A filter by a field, under the title that people know it by, and not the column's own name."""

    class Titled(kind):  # type: ignore[valid-type, misc]
        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.title = title

    return name, Titled


def plainly(value: Any) -> Any:
    """Dates, times and words as the reader's language writes them."""
    return display_for_value(value, NOTHING)


def column(
    path: str, label: StrOrPromise, show: Callable[[Any], Any] = plainly, order: str | None = None
) -> Column:
    """What stands at a dotted path of a row, shown by `show`; sortable by `order`."""

    @admin.display(description=label, ordering=order)
    def shown(row: Any) -> Any:
        value = follow(row, path)
        return NOTHING if value is None or value == "" else show(value)

    shown.__name__ = path.replace(".", "_") or "row"
    return shown


def linked(path: str, label: StrOrPromise) -> Column:
    """A related row, leading to its own page in the back office."""

    def link(value: Any) -> Any:
        opts = value._meta
        address = reverse(f"admin:{opts.app_label}_{opts.model_name}_change", args=[value.pk])
        return format_html('<a href="{}">{}</a>', address, value)

    return column(path, label, link)


def yuan(model: type[Model], *names: str) -> tuple[Column, ...]:
    """Columns of amounts in fen, shown in yuan under the names that the model's fields have."""
    return tuple(column(name, _label(model, name), format_yuan, order=name) for name in names)


def follow(row: Any, path: str) -> Any:
    """The value at a dotted path of attributes and methods: the row itself at "", None where it ends."""
    for name in filter(None, path.split(".")):
        if row is None:
            return None
        row = getattr(row, name)
        row = row() if callable(row) else row
    return row


def _label(model: type[Model], name: str) -> Any:
    field: Any = model._meta.get_field(name)
    # A generated column's words stand in the field that it puts out.
    return getattr(field, "output_field", field).verbose_name

"""What somebody says of a file that they send."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.import_rows import printable
from billing.models import Import
from billing.operations.imports import MOST_ROWS
from common.forms import DayField, PlainForm, YuanField

MOST_TOTAL_FEN = 10**15
LONGEST_NAME = 120


class ImportForm(PlainForm):
    """The file, and what its sender counted: what is read must come to the same."""

    kind = forms.ChoiceField(
        label=_("What the file holds"),
        choices=Import.Kind.choices,
        widget=forms.RadioSelect,
        initial=Import.Kind.BILLS,
    )
    business_on = DayField(
        label=_("Day of the statement"),
        required=False,
        help_text=_("Only for a statement. Bills are posted into the business date that is open."),
    )
    file = forms.FileField(
        label=_("File"),
        allow_empty_file=True,
        max_length=LONGEST_NAME,
        help_text=_("CSV (UTF-8 or GB18030), XLSX or JSON Lines; up to 1,000,000 lines and 256 MB."),
        widget=forms.FileInput(attrs={"accept": ".csv,.xlsx,.jsonl,.ndjson,.txt"}),
    )
    declared_rows = forms.IntegerField(
        label=_("Number of lines, without the heading"),
        min_value=1,
        max_value=MOST_ROWS,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off", "data-width": "10"}),
    )
    declared_fen = YuanField(
        label=_("Control total"),
        maximum_fen=MOST_TOTAL_FEN,
        help_text=_("The sum of what patients bear, or of a statement’s amounts, as your own system has it."),
    )

    def __init__(self, *args: Any, too_large: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if too_large:
            self.fields["file"].error_messages["required"] = _("The file is larger than 256 MB.")

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        is_statement = given.get("kind") == Import.Kind.STATEMENT
        if is_statement and not given.get("business_on") and "business_on" not in self.errors:
            self.add_error("business_on", _("Enter the day that the statement is about."))
        return given

    def file_name(self) -> str:
        return printable(self.cleaned_data["file"].name)[-LONGEST_NAME:]

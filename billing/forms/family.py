"""What citizens fill in about their family."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from common.forms import ConsentField, PlainForm, ResidentIdField, YuanField


class ParentForm(PlainForm):
    """Whom somebody would pay for, as the identity card has it."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=50,
        help_text=_("As it stands on the identity card."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "data-width": "20"}),
    )
    resident_id = ResidentIdField()


class ChildForm(ParentForm):
    """The same of a child, and whose child it is."""

    is_mine = ConsentField(
        label=_("I am this child's mother, father or guardian."),
        error_messages={
            "required": _("Only a parent or guardian can add a child. Tick the box if you are one.")
        },
    )


class LimitForm(PlainForm):
    """The most that a relative may have outstanding at a time. Nothing typed means no limit."""

    limit = YuanField(
        label=_("At most at a time"),
        required=False,
        minimum_fen=100,
        help_text=_("In yuan, such as 500. Leave it empty for no limit of its own."),
    )

    def __init__(self, *args: Any, maximum_fen: int, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast(YuanField, self.fields["limit"]).maximum_fen = maximum_fen

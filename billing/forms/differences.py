"""Answering a difference, and judging an answer."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.forms.desk import PlainTextField
from billing.models import DifferenceStep
from common.forms import PlainForm

MOST = DifferenceStep.evidence.field.max_length


class AnswerForm(PlainForm):
    """Why there is a difference."""

    evidence = PlainTextField(
        label=_("Evidence"),
        help_text=_("What you looked at and what you found: numbers, dates, documents. No patient’s name."),
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )
    moves_money = forms.BooleanField(
        label=_("Money was moved for it"),
        help_text=_("A refund, a charge or a payment made it good. A second person then closes it."),
        required=False,
    )


class JudgeForm(PlainForm):
    """Whether the answer holds."""

    CLOSE, SEND_BACK = "close", "send_back"

    verdict = forms.ChoiceField(
        label=_("The answer"),
        choices=[(CLOSE, _("holds: close the difference")), (SEND_BACK, _("does not hold: open it again"))],
        widget=forms.RadioSelect,
    )
    evidence = PlainTextField(
        label=_("Why"),
        help_text=_("What you checked yourself."),
        max_length=MOST,
        widget=forms.Textarea(attrs={"rows": 4}),
    )

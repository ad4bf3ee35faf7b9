"""What operators type on a hospital's way into the scheme, and the finance bureau about its claims."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from common.forms import CodeField, DayField, PlainForm, YuanField
from hospitals.models import Hospital, OnboardingTask, RetrofitClaim, Training, institution_code


class InstitutionSearch(PlainForm):
    """Every answer is optional; nonsense finds nothing and breaks nothing."""

    name = forms.CharField(label=_("Hospital or district"), required=False, max_length=50)
    kind = forms.ChoiceField(
        label=_("Kind"), required=False, choices=[("", _("Any kind")), *Hospital.Kind.choices]
    )


class ApplicationForm(PlainForm):
    """A hospital as it enters the list."""

    kind = forms.ChoiceField(label=_("Kind"), widget=forms.RadioSelect, choices=Hospital.Kind.choices)
    code = CodeField(
        label=_("Code"),
        max_length=16,
        validators=[institution_code],
        help_text=_("2 to 16 capital letters and digits; it never changes."),
    )
    name_zh = forms.CharField(label=_("Chinese name"), max_length=100)
    name_en = forms.CharField(label=_("English name"), max_length=200)
    district = forms.CharField(label=_("District"), max_length=50)
    uscc = CodeField(label=_("Unified social credit code"), max_length=18, required=False)
    target_on = DayField(
        label=_("To be online by"),
        required=False,
        help_text=_("Required for public hospitals; each step gets its share of the time until then."),
    )


class PlanForm(PlainForm):
    due_on = DayField(label=_("Due on"), required=False)
    in_charge = forms.ModelChoiceField(
        User.objects.none(), label=_("In charge"), required=False, to_field_name="username"
    )

    def __init__(self, *args: Any, task: OnboardingTask, **kwargs: Any) -> None:
        who = task.in_charge.username if task.in_charge else None
        super().__init__(*args, initial={"due_on": task.due_on, "in_charge": who}, **kwargs)
        field = self.fields["in_charge"]
        assert isinstance(field, forms.ModelChoiceField)  # noqa: S101
        field.queryset = User.objects.filter(role=User.Role.OPERATOR, is_active=True).order_by("username")
        field.empty_label = _("nobody yet")


class FinishForm(PlainForm):
    """A step that is done, or the day of going live."""

    on = DayField(label=_("Done on"))
    evidence = forms.CharField(
        label=_("What shows it"),
        max_length=500,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Number and date of the agreement, the test report, the photograph…"),
    )

    def __init__(self, *args: Any, today_on: date, goes_live: bool, **kwargs: Any) -> None:
        super().__init__(*args, initial={"on": today_on}, **kwargs)
        if goes_live:
            self.fields["on"].label = _("Takes credit from")


class TrainingForm(PlainForm):
    held_on = DayField(label=_("Held on"))
    subject = forms.ChoiceField(
        label=_("Subject"), widget=forms.RadioSelect, choices=Training.Subject.choices
    )
    trainer = forms.CharField(label=_("Who trained"), max_length=100)
    audience = forms.CharField(label=_("Whom"), max_length=200)
    participants = forms.IntegerField(
        label=_("Participants"),
        min_value=1,
        max_value=100_000,
        widget=forms.TextInput(attrs={"inputmode": "numeric", "data-width": "5"}),
    )
    material = forms.CharField(label=_("Material"), max_length=300)


class DecisionForm(PlainForm):
    """The bureau's decision; 0 refuses."""

    granted_fen = YuanField(label=_("Amount granted"), minimum_fen=0, help_text=_("0 refuses the claim."))
    reasons = forms.CharField(label=_("Reasons"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))

    def __init__(self, *args: Any, claim: RetrofitClaim, **kwargs: Any) -> None:
        super().__init__(*args, initial={"granted_fen": claim.amount_fen}, **kwargs)


class PaymentForm(PlainForm):
    paid_on = DayField(label=_("Paid on"))
    reference = CodeField(label=_("Bank reference"), max_length=64)

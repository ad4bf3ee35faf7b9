"""What citizens fill in when they turn to the service centre."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from billing.models import Bill
from common.forms import PlainForm
from complaints.models import Case
from hospitals.models import Hospital
from lenders.models import Lender

QUESTIONS = {
    Case.Kind.INQUIRY: _("What would you like to know?"),
    Case.Kind.COMPLAINT: _("What happened?"),
    Case.Kind.OBJECTION: _("What is wrong, and what would be right?"),
}
# Causes that a bill has nothing to do with: its page asks for fewer.
NOT_OF_A_BILL = (Case.Cause.MARKETING, Case.Cause.PRIVACY)


class NamedField(forms.ModelChoiceField):
    """One of several rows, by the name that people know it by."""

    def label_from_instance(self, obj: Any) -> str:
        return str(obj.name)


class CaseForm(PlainForm):
    """One kind of case. With a bill, hospital and lender are known, and a cause may say enough."""

    cause = forms.ChoiceField(
        label=_("What is it about?"),
        widget=forms.RadioSelect,
        error_messages={
            "required": _("Choose what it is about."),
            "invalid_choice": _("Choose what it is about."),
        },
    )
    hospital = NamedField(
        Hospital.objects.none(), label=_("Which hospital?"), required=False, to_field_name="code"
    )
    lender = NamedField(Lender.objects.none(), label=_("Which lender?"), required=False, to_field_name="code")
    statement = forms.CharField(
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 6}),
        help_text=_("At most 1,000 characters. Leave out diagnoses unless they matter."),
        error_messages={"required": _("Say it in your own words.")},
    )

    def __init__(self, *args: Any, kind: Case.Kind, bill: Bill | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        causes = [one for one in Case.CAUSES[kind] if not bill or one not in NOT_OF_A_BILL]
        cast(forms.ChoiceField, self.fields["cause"]).choices = [(one.value, one.label) for one in causes]
        self.fields["statement"].label = QUESTIONS[kind]
        self.fields["statement"].required = bill is None
        if bill or kind == Case.Kind.OBJECTION:
            del self.fields["hospital"], self.fields["lender"]
        else:
            self._offer("hospital", Hospital.objects.order_by("code"))
            self._offer("lender", Lender.objects.order_by("code"))

    def _offer(self, name: str, rows: Any) -> None:
        field = cast(NamedField, self.fields[name])
        field.queryset, field.empty_label = rows, str(_("None, or I do not know"))


class AdditionForm(PlainForm):
    """More about a case that waits."""

    text = forms.CharField(
        label=_("Add something"),
        max_length=1000,
        widget=forms.Textarea(attrs={"rows": 4}),
        error_messages={"required": _("Write what you want to add.")},
    )

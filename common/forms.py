"""Forms that draw themselves in the platform's look and say the same words wherever they err."""

import unicodedata
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from common.identity import InvalidIdentity, check_resident_id, normalise_phone
from common.money import InvalidAmount, format_yuan, parse_yuan


class Renderer(TemplatesSetting):
    """Draws every form and field through `templates/forms/`. Named by FORM_RENDERER."""

    form_template_name = "forms/form.html"
    field_template_name = "forms/field.html"


class Plain:
    """Mixin: an answer that is missing is asked for by the label of its field."""

    fields: dict[str, forms.Field]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **{"label_suffix": "", **kwargs})
        general = forms.Field.default_error_messages["required"]
        for field in self.fields.values():
            if field.label and field.error_messages["required"] is general:
                ask = (
                    _("Choose: %(label)s") if isinstance(field, forms.ChoiceField) else _("Enter: %(label)s")
                )
                field.error_messages["required"] = ask % {"label": field.label}


class PlainForm(Plain, forms.Form):
    """The form that pages are made with."""


class PlainModelForm(Plain, forms.ModelForm):
    """The same over a model."""


class YuanField(forms.CharField):
    """An amount in yuan, typed in any width, cleaned to integer fen; an empty one is None.

    `minimum_fen` and `maximum_fen` are inclusive.
    """

    default_error_messages = {
        "minimum": _("Enter at least %(limit)s."),
        "maximum": _("Enter at most %(limit)s."),
    }

    def __init__(self, *, minimum_fen: int = 1, maximum_fen: int | None = None, **kwargs: Any) -> None:
        self.minimum_fen = minimum_fen
        self.maximum_fen = maximum_fen
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("widget", forms.TextInput(attrs={"inputmode": "decimal", "autocomplete": "off"}))
        super().__init__(**kwargs)
        self.widget.attrs.setdefault("data-prefix", "¥")
        self.widget.attrs.setdefault("data-width", "10")

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        """Without `maxlength`: a browser that cuts an amount short changes it."""
        return {name: value for name, value in super().widget_attrs(widget).items() if name != "maxlength"}

    def prepare_value(self, value: Any) -> Any:
        """Fen given as the initial amount are shown in yuan, as a person would type them."""
        return format_yuan(value).removeprefix("¥").replace(",", "") if isinstance(value, int) else value

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        text = super().clean(value)
        if not text:
            return None
        try:
            fen = parse_yuan(text)
        except InvalidAmount as error:
            raise ValidationError(error.reason, code="invalid") from error
        if fen < self.minimum_fen:
            raise ValidationError(
                self.error_messages["minimum"] % {"limit": format_yuan(self.minimum_fen)}, code="minimum"
            )
        if self.maximum_fen is not None and fen > self.maximum_fen:
            raise ValidationError(
                self.error_messages["maximum"] % {"limit": format_yuan(self.maximum_fen)}, code="maximum"
            )
        return fen


class ResidentIdField(forms.CharField):
    """An eighteen-character resident ID, checked by its own checksum; cleaned to its plain form."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("label", _("Resident ID number"))
        super().__init__(**kwargs)
        self.widget.attrs |= {
            "autocomplete": "off",
            "autocapitalize": "characters",
            "spellcheck": "false",
            "data-width": "20",
        }

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return check_resident_id(text).number if text else ""
        except InvalidIdentity as error:
            raise ValidationError(error.reason, code="invalid") from error


class PhoneField(forms.CharField):
    """A mainland mobile number, in any spacing and width; cleaned to its plain form."""

    widget = forms.TextInput(
        attrs={"type": "tel", "inputmode": "tel", "autocomplete": "tel", "data-width": "20"}
    )

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 40)
        kwargs.setdefault("label", _("Mobile number"))
        super().__init__(**kwargs)

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        try:
            return normalise_phone(text) if text else ""
        except InvalidIdentity as error:
            raise ValidationError(error.reason, code="invalid") from error


class CodeField(forms.CharField):
    """What a scanner or a person types as a code: full width becomes half, invisible characters go."""

    def __init__(self, *, one_time: bool = False, **kwargs: Any) -> None:
        kwargs.setdefault("max_length", 64)
        super().__init__(**kwargs)
        self.widget.attrs |= {"autocapitalize": "off", "spellcheck": "false"}
        self.widget.attrs.setdefault("autocomplete", "one-time-code" if one_time else "off")
        if one_time:
            self.widget.attrs |= {"inputmode": "numeric", "data-width": "10"}

    def to_python(self, value: Any) -> str:
        text = unicodedata.normalize("NFKC", super().to_python(value) or "")
        return "".join(sign for sign in text if unicodedata.category(sign)[0] != "C").strip()


class DayField(forms.DateField):
    """A date, by the browser's own calendar; ISO 8601 where it has none."""

    widget = forms.DateInput(format="%Y-%m-%d", attrs={"type": "date", "data-width": "10"})
    input_formats = ["%Y-%m-%d"]


class ConsentField(forms.BooleanField):
    """One consent, one box, never ticked beforehand. `required=False` where the service does not need it."""

    default_error_messages = {
        "required": _("To go on, tick this box. You can withdraw your consent at any time.")
    }

    def __init__(self, **kwargs: Any) -> None:
        kwargs["initial"] = False
        super().__init__(**kwargs)

"""How a form's field is drawn: the classes and attributes of its control."""

from django import forms, template
from django.forms.boundfield import BoundField, BoundWidget
from django.utils.safestring import SafeString

register = template.Library()


@register.filter
def kind(field: BoundField) -> str:
    """`choices` for radios and lists of boxes, `box` for a single one, otherwise `line`."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return "box"
    return "choices" if isinstance(widget, forms.RadioSelect | forms.CheckboxSelectMultiple) else "line"


@register.filter
def affix(field: BoundField, name: str) -> str:
    """The widget's `data-prefix`, `data-suffix` or `data-width`."""
    return str(field.field.widget.attrs.get(f"data-{name}", ""))


@register.filter
def control(field: BoundField) -> SafeString:
    """The control itself, with our classes beside its own."""
    widget = field.field.widget
    if isinstance(widget, forms.CheckboxInput):
        return field.as_widget()
    family = (
        "select"
        if isinstance(widget, forms.Select)
        else "textarea"
        if isinstance(widget, forms.Textarea)
        else "input"
    )
    classes = [
        f"govuk-{family}",
        f"govuk-{family}--error" if field.errors else "",
        widget.attrs.get("class", ""),
    ]
    return field.as_widget(attrs={"class": " ".join(filter(None, classes))})


@register.filter
def first_id(field: BoundField) -> str:
    """The control that an error leads to: the first of several."""
    return f"{field.auto_id}_0" if kind(field) == "choices" else field.id_for_label


@register.filter
def choice_input(choice: BoundWidget) -> SafeString:
    """One radio or box without the label that Django would wrap around it."""
    return choice.tag(wrap_label=False)

"""Input that is taken literally: no unknown fields, no value of another kind, no characters that deceive."""

import re
from collections.abc import Mapping
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from rest_framework import serializers

MAXIMUM_FEN = 10**12

NOT_TEXT = _("Must be text.")
NOT_A_WHOLE_NUMBER = _("Must be a whole number.")
NOT_A_BOOLEAN = _("Must be true or false.")
NOT_A_DATE = _("Must be a date, YYYY-MM-DD.")
NOT_A_TIME = _("Must be a time with its offset, as in 2026-11-22T09:30:00+08:00.")
HAS_CONTROL_CHARACTERS = _("Must not contain control characters.")
UNKNOWN_FIELD = _("This field is not known.")

REPEATED = _("Must be given once.")

# The language's own conversion would also take other digits, spaces and underscores.
_WHOLE_NUMBER = re.compile(r"-?[0-9]{1,18}")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIME = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{1,6})?(Z|[+-][0-9]{2}:[0-9]{2})"
)
# Line breaks and tabs are text; every other control character is not, and of the format characters those
# that turn or hide what people read: bidirectional marks, invisible joiners, the byte order mark. Written as
# OpenAPI has it, inside square brackets of a regular expression.
CONTROL_CHARACTER_CLASS = (
    r"\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u202a-\u202e\u2060\u2066-\u2069\ufeff"
)
_CONTROL_CHARACTER = re.compile(rf"[{CONTROL_CHARACTER_CLASS}\ud800-\udfff]")


def has_control_characters(text: str) -> bool:
    return _CONTROL_CHARACTER.search(text) is not None


def _wrong_kind(field: serializers.Field, value: Any) -> Promise | None:
    """Why the value is of another kind than the field says: the framework would convert it."""
    if isinstance(field, serializers.BooleanField):
        return None if isinstance(value, bool) else NOT_A_BOOLEAN
    if isinstance(field, serializers.IntegerField):
        return None if type(value) is int else NOT_A_WHOLE_NUMBER
    if isinstance(field, serializers.DateTimeField):
        return None if isinstance(value, str) and _TIME.fullmatch(value) else NOT_A_TIME
    if isinstance(field, serializers.DateField):
        return None if isinstance(value, str) and _DATE.fullmatch(value) else NOT_A_DATE
    if isinstance(field, serializers.CharField | serializers.ChoiceField | serializers.UUIDField):
        return None if isinstance(value, str) else NOT_TEXT
    return None


def _refusal(field: serializers.Field, value: Any) -> Any:
    """The error of one value, in the shape that the framework nests: words, or a list by place."""
    if value is None or isinstance(field, serializers.BaseSerializer):
        return None
    if isinstance(field, serializers.ListField):
        if not isinstance(value, list):
            return None
        inner = {place: _refusal(field.child, one) for place, one in enumerate(value)}
        found = {str(place): refused for place, refused in inner.items() if refused}
        return found or None
    wrong = _wrong_kind(field, value)
    if wrong is not None:
        return [serializers.ErrorDetail(str(wrong), code="wrong_type")]
    if isinstance(value, str) and has_control_characters(value):
        return [serializers.ErrorDetail(str(HAS_CONTROL_CHARACTERS), code="control_characters")]
    return None


def _refuse_unknown(given: Any, known: Any) -> None:
    unknown = sorted(set(given) - set(known))
    if unknown:
        raise serializers.ValidationError(
            {name: [serializers.ErrorDetail(str(UNKNOWN_FIELD), code="unknown_field")] for name in unknown}
        )


class StrictSerializer(serializers.Serializer):
    """A JSON object in which every field is known, writable and of its own kind.

    Numbers are not text, text is no number, 1 is not true, and a date is written in one way.
    """

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        if isinstance(data, Mapping):
            writable = {field.field_name: field for field in self._writable_fields}
            _refuse_unknown(data, writable)
            refused = {name: _refusal(writable[name], value) for name, value in data.items()}
            errors = {name: refusal for name, refusal in refused.items() if refusal}
            if errors:
                raise serializers.ValidationError(errors)
        return super().to_internal_value(data)


def _wrong_parameter(field: serializers.Field, values: list[str]) -> serializers.ErrorDetail | None:
    if len(values) > 1:
        return serializers.ErrorDetail(str(REPEATED), code="repeated")
    [value] = values
    if has_control_characters(value):
        return serializers.ErrorDetail(str(HAS_CONTROL_CHARACTERS), code="control_characters")
    wrong: Promise | None = None
    if isinstance(field, serializers.IntegerField) and not _WHOLE_NUMBER.fullmatch(value):
        wrong = NOT_A_WHOLE_NUMBER
    elif isinstance(field, serializers.DateTimeField | serializers.DateField):
        wrong = _wrong_kind(field, value)
    return serializers.ErrorDetail(str(wrong), code="wrong_type") if wrong else None


class StrictQuery(serializers.Serializer):
    """The parameters of an address: every one known, given once, and written in one way."""

    def to_internal_value(self, data: Any) -> dict[str, Any]:
        readable = {field.field_name: field for field in self._writable_fields}
        _refuse_unknown(data, readable)
        found = {name: _wrong_parameter(readable[name], data.getlist(name)) for name in data}
        errors = {name: [wrong] for name, wrong in found.items() if wrong}
        if errors:
            raise serializers.ValidationError(errors)
        # As a plain dict: of a form's values the framework would take an empty one for none at all.
        return super().to_internal_value({name: data[name] for name in data})


class FenField(serializers.IntegerField):
    """Money: a JSON integer of fen, 1 to 10^12. Never a boolean, a fraction or text.

    `minimum=0` where nothing is lawful too.
    """

    def __init__(self, *, minimum: int = 1, **options: Any) -> None:
        super().__init__(min_value=minimum, max_value=MAXIMUM_FEN, **options)

    def to_internal_value(self, data: Any) -> int:
        if type(data) is not int:
            raise serializers.ValidationError(NOT_A_WHOLE_NUMBER, code="wrong_type")
        return data


class ErrorSerializer(serializers.Serializer):
    """One field at fault."""

    field = serializers.CharField()
    detail = serializers.CharField()
    code = serializers.CharField()


class ProblemSerializer(serializers.Serializer):
    """RFC 9457, application/problem+json."""

    type = serializers.CharField()
    title = serializers.CharField()
    status = serializers.IntegerField()
    detail = serializers.CharField()
    code = serializers.CharField()
    article = serializers.IntegerField(
        required=False, help_text=_("The article of the regulation that refuses.")
    )
    field = serializers.CharField(required=False)
    errors = ErrorSerializer(many=True, required=False)  # type: ignore[assignment]

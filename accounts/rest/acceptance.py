"""Reading what is surely right without the framework's ceremony, which on a charge costs more than the rules.

The serializer stays the one description of the input: it is compiled into plain checks, once. Whatever they
do not accept goes to the serializer itself, which says what is wrong with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from copy import copy
from datetime import date
from functools import partial
from typing import Any

from django.core import validators as django
from rest_framework import serializers
from rest_framework.fields import empty
from rest_framework.validators import ProhibitSurrogateCharactersValidator

from accounts.rest.serializers import FenField, StrictSerializer, has_control_characters

Read = Callable[[Any], Any]

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")


_made: dict[type[serializers.BaseSerializer], Callable[[Any], dict[str, Any] | None]] = {}


class _Unsure(Exception):
    """Not surely right."""


class _NotCompiled(Exception):
    """A field or a rule that only the serializer knows."""


def acceptance(serializer: type[serializers.BaseSerializer]) -> Callable[[Any], dict[str, Any] | None]:
    """A function that gives the validated data of an input that the serializer accepts, or None.

    Of a serializer that cannot be compiled it accepts nothing.
    """
    if serializer not in _made:
        _made[serializer] = _acceptance(serializer)
    return _made[serializer]


def _acceptance(serializer: type[serializers.BaseSerializer]) -> Callable[[Any], dict[str, Any] | None]:
    try:
        read = _compiled(serializer())
    except _NotCompiled:
        return lambda data: None

    def accept(data: Any) -> dict[str, Any] | None:
        try:
            return read(data)
        except _Unsure:
            return None

    return accept


def _compiled(field: serializers.Field) -> Read:
    match field:
        case StrictSerializer():
            read = _object(field)
        case serializers.ListField():
            read = _list(field)
        case FenField():
            read = _amount(field)
        case serializers.ChoiceField():
            read = _choice(field)
        case serializers.CharField():
            read = _text(field)
        case serializers.DateField():
            read = _date
        case _:
            raise _NotCompiled
    return (lambda value: None if value is None else read(value)) if field.allow_null else read


def _object(serializer: StrictSerializer) -> Read:
    own = type(serializer)
    judging = {name for name in dir(own) if name.startswith("validate_")} - set(dir(StrictSerializer))
    if judging or own.validate is not StrictSerializer.validate:
        raise _NotCompiled
    fields = {name: (_compiled(field), field) for name, field in serializer.fields.items()}
    required = {name for name, (_read, field) in fields.items() if field.required}
    defaults = {
        name: field.default if callable(field.default) else partial(copy, field.default)
        for name, (_read, field) in fields.items()
        if not field.required and field.default is not empty
    }
    reads = {name: read for name, (read, _field) in fields.items()}

    def read(data: Any) -> dict[str, Any]:
        if not isinstance(data, Mapping) or not required <= data.keys() <= reads.keys():
            raise _Unsure
        return {name: reads[name](data[name]) if name in data else defaults[name]() for name in _order(data)}

    # In the serializer's own order, with what is left out and has a default.
    def _order(data: Mapping[str, Any]) -> list[str]:
        return [name for name in reads if name in data or name in defaults]

    return read


def _list(field: serializers.ListField) -> Read:
    child, least, most = _compiled(field.child), field.min_length or 0, field.max_length

    def read(value: Any) -> list[Any]:
        if not isinstance(value, list) or len(value) < least or (most is not None and len(value) > most):
            raise _Unsure
        return [child(one) for one in value]

    return read


def _amount(field: FenField) -> Read:
    least, most = field.min_value or 0, field.max_value or 0

    def read(value: Any) -> int:
        if type(value) is not int or not least <= value <= most:
            raise _Unsure
        return value

    return read


def _choice(field: serializers.ChoiceField) -> Read:
    choices = frozenset(field.choices)

    def read(value: Any) -> str:
        if not isinstance(value, str) or value not in choices:
            raise _Unsure
        return value

    return read


def _date(value: Any) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise _Unsure
    try:
        return date.fromisoformat(value)
    except ValueError:
        raise _Unsure from None


def _text(field: serializers.CharField) -> Read:
    shortest = 0 if field.allow_blank else 1
    longest: float = float("inf")
    pattern: re.Pattern[str] | None = None
    for rule in field.validators:
        match rule:
            case django.MaxLengthValidator():
                longest = rule.limit_value
            case django.RegexValidator():
                pattern = re.compile(rule.regex)
            case django.ProhibitNullCharactersValidator() | ProhibitSurrogateCharactersValidator():
                pass  # control characters, which are not let through
            case _:
                raise _NotCompiled

    def read(value: Any) -> str:
        if not isinstance(value, str) or has_control_characters(value):
            raise _Unsure
        text = value.strip()
        if not shortest <= len(text) <= longest or (pattern and not pattern.search(text)):
            raise _Unsure
        return text

    return read

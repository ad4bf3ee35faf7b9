"""Statements of one's own where the query builder's and the planner's price shows: on every charge."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import connection
from django.db.models import Model

from common.crypto import sm3

Row = TypeVar("Row", bound=Model)

_PARAMETER = re.compile(r"%\((\w+)\)s(?:::([a-z]+(?:\[\])?))?")
# By connection: what the server holds ready there. It forgets with the connection.
_held: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class Statement:
    """SQL that each connection has the server plan once. Needs connections that are kept, or session pooling.

    A parameter is `%(name)s::type`, its type said where it first stands.
    """

    def __init__(self, sql: str) -> None:
        types: dict[str, str] = {}
        for name, kind in _PARAMETER.findall(sql):
            types.setdefault(name, kind)
        if untyped := [name for name, kind in types.items() if not kind]:
            raise ValueError(f"no type for {', '.join(untyped)}")
        places = {name: f"${place}" for place, name in enumerate(types, 1)}
        body = _PARAMETER.sub(lambda found: places[found[1]] + (f"::{found[2]}" if found[2] else ""), sql)
        self.name = f"s{sm3(body.encode())[:24]}"
        self.preparing = f"PREPARE {self.name} ({', '.join(types.values())}) AS {body.replace('%%', '%')}"
        arguments = ", ".join(f"%({name})s::{kind}" for name, kind in types.items())
        self.executing = f"EXECUTE {self.name} ({arguments})"

    def run(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that it returns, if it returns any."""
        with connection.cursor() as cursor:
            self._execute(cursor, values)
            return cursor.fetchall() if cursor.description else []

    def rows(self, model: type[Row], **values: Any) -> list[Row]:
        """The rows as instances; columns that they leave out are fetched when somebody asks."""
        with connection.cursor() as cursor:
            self._execute(cursor, values)
            columns = [column.name for column in cursor.description]
            return [instance(model, columns, row) for row in cursor.fetchall()]

    def _execute(self, cursor: Any, values: Mapping[str, Any]) -> None:
        held = _held.setdefault(connection.connection, set())
        if self.name not in held:
            with connection.connection.cursor() as plain:
                plain.execute(self.preparing)
            held.add(self.name)
        cursor.execute(self.executing, values)


def instance(model: type[Row], columns: Sequence[str], values: Sequence[Any]) -> Row:
    """One row as an instance, whatever the order of its columns."""
    given = dict(zip(columns, values, strict=True))
    # The framework wants them in the order of the model's fields.
    names = [field.attname for field in model._meta.concrete_fields if field.attname in given]
    return model.from_db("default", names, [given[name] for name in names])

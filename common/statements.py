"""Statements of one's own where the query builder's and the planner's price shows: on every charge."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import cache
from typing import Any, TypeVar
from weakref import WeakKeyDictionary

from django.db import DEFAULT_DB_ALIAS, connections
from django.db.models import Model

from common.crypto import sm3

Row = TypeVar("Row", bound=Model)

_PARAMETER = re.compile(r"%\((\w+)\)s(?:::([a-z]+(?:\[\])?))?")
# By connection: what the server holds ready there. It forgets with the connection.
_held: WeakKeyDictionary[Any, set[str]] = WeakKeyDictionary()


class _Waiting(list[tuple[str, list[Any]]]):
    """What goes to a server in one round trip. It belongs to the transaction in which it began, or to none:
    of a transaction that begins later nothing may outlive a rollback.
    """

    def __init__(self, in_transaction: bool) -> None:
        super().__init__()
        self.in_transaction = in_transaction


# By connection.
_waiting: WeakKeyDictionary[Any, _Waiting] = WeakKeyDictionary()


@contextmanager
def together() -> Iterator[None]:
    """What is sent inside waits, and goes to the server in one round trip with whatever is asked next, or at
    the end of the block.

    The order stays that of the program, so nothing that is asked can miss what was sent before it. A block
    inside another joins it.
    """
    here = connections[DEFAULT_DB_ALIAS]
    here.ensure_connection()
    server = here.connection
    if server in _waiting:
        yield
        return
    _waiting[server] = _Waiting(here.in_atomic_block)
    try:
        with here.execute_wrapper(_after_what_waits):
            yield
        _flush(here)
    finally:
        del _waiting[server]


def _take(server: Any, *last: tuple[str, list[Any]]) -> tuple[str, list[Any]]:
    """All that waits for the server, and what is to go after it, as one text with its values."""
    waiting = _waiting.get(server)
    whole = [*(waiting or ()), *last]
    if waiting:
        waiting.clear()
    return "; ".join(words for words, _values in whole), [value for _, values in whole for value in values]


def _flush(here: Any) -> None:
    words, values = _take(here.connection)
    if words:
        with here.cursor() as cursor:
            cursor.execute(words, values)


def _after_what_waits(execute: Any, sql: str, params: Any, many: bool, context: dict[str, Any]) -> Any:
    """Has what waits done before a query that does not know of it."""
    _flush(context["connection"])
    return execute(sql, params, many, context)


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
        kinds = f" ({', '.join(types.values())})" if types else ""
        self.preparing = f"PREPARE {self.name}{kinds} AS {body.replace('%%', '%')}"
        self.parameters = list(types)
        arguments = f" ({', '.join(f'%s::{kind}' for kind in types.values())})" if types else ""
        self.executing = f"EXECUTE {self.name}{arguments}"

    def run(self, **values: Any) -> list[tuple[Any, ...]]:
        """The rows that it returns, if it returns any."""
        here, arguments = connections[DEFAULT_DB_ALIAS], self._in_order(values)
        with here.cursor() as cursor:
            self._ask(cursor, here.connection, arguments)
            return cursor.fetchall() if cursor.description else []

    def send(self, **values: Any) -> None:
        """Have it done, now or at the end of the block `together`; nobody asks what it returns."""
        here, arguments = connections[DEFAULT_DB_ALIAS], self._in_order(values)
        here.ensure_connection()
        self._plan(here.connection)
        waiting = _waiting.get(here.connection)
        if waiting is not None and waiting.in_transaction == here.in_atomic_block:
            waiting.append((self.executing, arguments))
        else:
            with here.cursor() as cursor:
                cursor.execute(self.executing, arguments)

    def rows(self, model: type[Row], **values: Any) -> list[Row]:
        """The rows as instances; columns that they leave out are fetched when somebody asks."""
        here, arguments = connections[DEFAULT_DB_ALIAS], self._in_order(values)
        with here.cursor() as cursor:
            self._ask(cursor, here.connection, arguments)
            columns = [column.name for column in cursor.description]
            return [instance(model, columns, row) for row in cursor.fetchall()]

    def _ask(self, cursor: Any, server: Any, arguments: list[Any]) -> None:
        self._plan(server)
        cursor.execute(*_take(server, (self.executing, arguments)))

    def _plan(self, server: Any) -> None:
        held = _held.setdefault(server, set())
        if self.name not in held:
            with server.cursor() as cursor:
                cursor.execute(self.preparing)
            held.add(self.name)

    def _in_order(self, values: Mapping[str, Any]) -> list[Any]:
        if len(values) != len(self.parameters) or not all(name in values for name in self.parameters):
            raise TypeError(f"{sorted(values)} given for {self.parameters}")
        return [values[name] for name in self.parameters]


def columns_of(model: type[Model], *, but: Collection[str] = ()) -> str:
    """The columns of a model's table that can be written, as SQL has them."""
    fields = [
        field for field in model._meta.concrete_fields if not field.generated and field.column not in but
    ]
    return ", ".join(f'"{field.column}"' for field in fields)


def rows_as_json(rows: Sequence[Model]) -> str:
    """Rows for json_populate_recordset: one parameter, however many they are."""
    return json.dumps(
        [{column: getattr(row, name) for column, name in _written(type(row))} for row in rows], default=str
    )


@cache
def _written(model: type[Model]) -> list[tuple[str, str]]:
    """Columns that are written, and the attributes that hold them."""
    fields = [field for field in model._meta.concrete_fields if not field.generated]
    return [(str(field.column), field.attname) for field in fields]


def instances(model: type[Row], found: Sequence[Mapping[str, Any]] | None) -> list[Row]:
    """The rows that a larger question gave as JSON; their columns need no reading, as dates would."""
    return [instance(model, list(one), list(one.values())) for one in found or ()]


def instance(model: type[Row], columns: Sequence[str], values: Sequence[Any]) -> Row:
    """One row as an instance, whatever the order of its columns."""
    given = dict(zip(columns, values, strict=True))
    # The framework wants them in the order of the model's fields.
    names = [field.attname for field in model._meta.concrete_fields if field.attname in given]
    return model.from_db("default", names, [given[name] for name in names])

"""Reading rows by a statement of one's own where the query builder's price shows: on every charge."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db import connection
from django.db.models import Model

Row = TypeVar("Row", bound=Model)


def rows(model: type[Row], sql: str, values: Sequence[Any] | Mapping[str, Any]) -> list[Row]:
    """The rows of a statement as instances; columns that it leaves out are fetched when somebody asks."""
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        columns = [column.name for column in cursor.description]
        return [instance(model, columns, row) for row in cursor.fetchall()]


def instance(model: type[Row], columns: Sequence[str], values: Sequence[Any]) -> Row:
    """One row as an instance, whatever the order of its columns."""
    given = dict(zip(columns, values, strict=True))
    # The framework wants them in the order of the model's fields.
    names = [field.attname for field in model._meta.concrete_fields if field.attname in given]
    return model.from_db("default", names, [given[name] for name in names])

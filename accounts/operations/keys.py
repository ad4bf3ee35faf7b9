"""Another key for what is sealed: every value sealed anew under the current one (Article 32)."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from django.apps import apps
from django.db import transaction
from django.db.models import Model, Q

from common.articles import enforces
from common.crypto import CannotDecrypt, decrypt, encrypt, key_provider, key_version

CHUNK = 500
SEALED = "_sealed"


@dataclass
class Rotated:
    """Of one table: how many rows were sealed anew, and the keys of those that could not be opened."""

    sealed: int = 0
    unreadable: list[int] = field(default_factory=list)


def sealed_columns(model: type[Model]) -> list[str]:
    return [column.name for column in model._meta.concrete_fields if column.name.endswith(SEALED)]


@enforces(32)
def rotate_keys() -> dict[str, Rotated]:
    """Seals anew whatever is not sealed under the current key; what came of it, by table.

    Each chunk of rows is a transaction of its own, so that it can be stopped and run again: it goes on where
    it was. A value that cannot be opened stays as it is. Blind indexes have a key of their own and stay.
    """
    models = [model for model in apps.get_models() if sealed_columns(model)]
    return {model._meta.label_lower: _rotate(model) for model in models}


def _rotate(model: type[Model]) -> Rotated:
    columns, done, last = sealed_columns(model), Rotated(), 0
    while rows := _rotate_chunk(model, columns, last, done):
        last = rows[-1].pk
    return done


@transaction.atomic
def _rotate_chunk(model: type[Model], columns: list[str], after: int, done: Rotated) -> list[Any]:
    current = key_provider().current_version()
    stale = Q()
    for column in columns:
        stale |= ~Q((column, "")) & ~Q((f"{column}__startswith", f"v{current}:"))
    found = model._base_manager.filter(stale, pk__gt=after).order_by("pk")
    rows: list[Any] = list(found.select_for_update(no_key=True)[:CHUNK])
    for row in rows:
        try:
            for column in columns:
                _seal_anew(row, column, current)
        except CannotDecrypt:
            done.unreadable.append(row.pk)
            continue
        row.save(update_fields=columns)
        done.sealed += 1
    return rows


def _seal_anew(row: Any, column: str, current: str) -> None:
    value = getattr(row, column)
    if value and key_version(value) != current:
        # A row of history is bound to what the row that it remembers is bound to.
        model = getattr(row, "pgh_tracked_model", type(row))
        bound_to = model.bound_to(row, column.removesuffix(SEALED))
        setattr(row, column, encrypt(decrypt(value, bound_to), bound_to))

"""Tables that only grow: nothing in them is changed or taken away, and a hash chain shows it if somebody
does.
"""

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

import pgtrigger
from django.apps import apps
from django.db import models


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers that refuse UPDATE, DELETE and TRUNCATE, for the Meta of any append-only model."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        pgtrigger.Trigger(
            name="no_truncate",
            level=pgtrigger.Statement,
            when=pgtrigger.Before,
            operation=pgtrigger.Truncate,
            func="RAISE EXCEPTION 'pgtrigger: Cannot truncate % table', TG_TABLE_NAME;",
        ),
    ]


def append_only_models() -> list[type[models.Model]]:
    """Every model whose table only grows, found by its triggers."""
    wanted = {trigger.name for trigger in append_only()}
    return [
        model
        for model in apps.get_models()
        if {trigger.name for trigger in getattr(model._meta, "triggers", ())} >= wanted
    ]


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="microseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} has no canonical form")


class ChainedModel(models.Model):
    """Append-only, and sealed row by row by `operations.seals`. One chain a table, named by the model's
    label.

    A column added later must be nullable: nulls are left out of the canonical form, so that old seals still
    hold.
    """

    class Meta:
        abstract = True
        triggers: Sequence[pgtrigger.Trigger] = append_only()

    @classmethod
    def chain(cls) -> str:
        return cls._meta.label_lower

    def canonical(self) -> bytes:
        """The row as canonical JSON: keys sorted, no spaces, times in UTC, nulls left out."""
        row = {field.attname: getattr(self, field.attname) for field in self._meta.concrete_fields}
        present = {name: value for name, value in row.items() if value is not None}
        return json.dumps(
            present, default=_plain, ensure_ascii=False, sort_keys=True, separators=(",", ":")
        ).encode()

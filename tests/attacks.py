"""Trying to make the database hold what must not be: every named guard of an app, attacked by its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any, NamedTuple

import pgtrigger
import pytest
from django.apps import apps
from django.db import Error, connection, models, transaction

GENERIC = {"append_only", "no_truncate"}


class Attack(NamedTuple):
    """A guard's name, what it must not let pass, and guards that would say no first and so stand aside."""

    guard: str
    act: Callable[[Any], object]
    aside: tuple[str, ...] = ()


class Move(NamedTuple):
    """A change of state that the docstring of the model does not tell of."""

    model: type[models.Model]
    field: str
    before: str
    after: str


def sql(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def again(row: models.Model, **change: Any) -> None:
    """The same row once more, with something changed."""
    copy = type(row)._base_manager.get(pk=row.pk)
    copy.pk = None
    for name, value in change.items():
        setattr(copy, name, value)
    copy.save(force_insert=True)


def change(row: models.Model, **values: Any) -> None:
    assert type(row)._base_manager.filter(pk=row.pk).update(**values) == 1


def own_models(app: str) -> Iterator[type[models.Model]]:
    yield from apps.get_app_config(app).get_models()


def named_guards(app: str) -> set[str]:
    """Constraints and triggers, without those that are tried for every table alike."""
    constraints = {one.name for model in own_models(app) for one in model._meta.constraints}
    triggers = {
        trigger.name
        for model in own_models(app)
        for trigger in getattr(model._meta, "triggers", ())
        if not isinstance(trigger, pgtrigger.FSM)
    }
    return constraints | triggers - GENERIC


def append_only_models(app: str) -> list[type[models.Model]]:
    return [
        model
        for model in own_models(app)
        if {trigger.name for trigger in getattr(model._meta, "triggers", ())} >= GENERIC
    ]


def illegal_moves(app: str) -> list[Move]:
    """Every pair of states between which there is no lawful move, of every state machine of the app."""
    return [
        Move(model, trigger.field, before, after)
        for model in own_models(app)
        for trigger in getattr(model._meta, "triggers", ())
        if isinstance(trigger, pgtrigger.FSM)
        for before, after in permutations(_states(model, trigger.field), 2)
        if (before, after) not in trigger.transitions
    ]


def assert_refused(attack: Attack, subject: Any, app: str) -> None:
    """The act fails, and it is this very guard that says so."""
    for guard in attack.aside:
        _stand_aside(app, guard)
    with pytest.raises(Error) as refused, transaction.atomic():
        attack.act(subject)
    diagnosis = refused.value.__cause__.diag  # type: ignore[union-attr]
    assert attack.guard in {diagnosis.constraint_name, *_trigger_of(str(diagnosis.context))}, refused.value


def assert_move_refused(move: Move) -> None:
    """Put a row into one state with all guards off, then try the move with them on."""
    table = move.model._meta.db_table
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT conname FROM pg_constraint WHERE conrelid = %s::regclass AND contype = 'c'", [table]
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        cursor.execute(
            "SELECT indexrelid::regclass FROM pg_index WHERE indrelid = %s::regclass AND indpred IS NOT NULL",
            [table],
        )
        for (name,) in cursor.fetchall():
            cursor.execute(f"DROP INDEX {name}")
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(f"UPDATE {table} SET {move.field} = %s", [move.before])  # noqa: S608 - our own names
        assert cursor.rowcount, f"there is no {move.model.__name__} to move"
        cursor.execute("SET LOCAL session_replication_role = origin")
    with pytest.raises(Error, match="Invalid transition"), transaction.atomic():
        move.model._base_manager.update(**{move.field: move.after})


def assert_append_only(model: type[models.Model]) -> None:
    """Neither the ORM nor plain SQL changes, deletes or empties the table."""
    table = model._meta.db_table
    column = str(model._meta.concrete_fields[0].column)
    before = [*model._base_manager.order_by("pk").values()]
    assert before, f"there is no {model.__name__} to lose"
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    for attempt in (
        lambda: model._base_manager.update(**{column: 0}),
        lambda: model._base_manager.all()._raw_delete("default"),
        lambda: sql(f"UPDATE {table} SET {column} = {column}"),  # noqa: S608 - our own names
        lambda: sql(f"DELETE FROM {table}"),  # noqa: S608 - our own name
        lambda: sql(f"TRUNCATE {table} CASCADE"),
    ):
        with pytest.raises(Error, match=f"pgtrigger: Cannot .* {table} table"), transaction.atomic():
            attempt()
    assert [*model._base_manager.order_by("pk").values()] == before


def _states(model: type[models.Model], field: str) -> list[str]:
    return [value for value, _label in model._meta.get_field(field).flatchoices]  # type: ignore[union-attr]


def _stand_aside(app: str, guard: str) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    [table] = [
        model._meta.db_table
        for model in own_models(app)
        if guard in {constraint.name for constraint in model._meta.constraints}
    ]
    sql(f"ALTER TABLE {table} DROP CONSTRAINT {guard}")


def _trigger_of(context: str) -> set[str]:
    """`PL/pgSQL function pgtrigger_<name>_<hash>() line 7 at RAISE` names the trigger that spoke."""
    return {
        part.removeprefix("pgtrigger_").rpartition("_")[0]
        for part in context.replace("(", " ").split()
        if part.startswith("pgtrigger_")
    }

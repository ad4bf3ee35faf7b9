"""The order of the floors, where import-linter cannot look: string foreign keys and migrations."""

import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

from django.apps import apps
from django.db.migrations.loader import MigrationLoader

ROOT = Path(__file__).resolve().parent.parent


def floors() -> dict[str, int]:
    """App → floor, the ground floor being 0, from the contract that import-linter holds."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(c["layers"] for c in contracts if c["type"] == "layers" and "containers" not in c)
    return {app.strip(): floor for floor, layer in enumerate(reversed(layers)) for app in layer.split("|")}


FLOORS = floors()


def points_down(source: str, target: str) -> bool:
    """Whether one app may know the other. Neighbours on a floor may not know each other."""
    return target not in FLOORS or source == target or FLOORS[target] < FLOORS[source]


def relations() -> Iterator[tuple[str, str, str]]:
    """Every foreign key, one-to-one and many-to-many of our own models: where it stands, from app, to app."""
    for app in FLOORS:
        for model in apps.get_app_config(app).get_models(include_auto_created=True):
            for field in model._meta.get_fields():
                if field.is_relation and not field.auto_created and field.related_model:
                    yield f"{model._meta.label}.{field.name}", app, field.related_model._meta.app_label


def test_every_relation_points_down():
    assert [where for where, source, target in relations() if not points_down(source, target)] == []


def test_every_migration_depends_downward():
    loader = MigrationLoader(None, ignore_no_migrations=True)
    upward = [
        f"{app}.{name} → {needed}"
        for (app, name), migration in loader.disk_migrations.items()
        if app in FLOORS
        for needed, _ in migration.dependencies
        if needed != "__setting__" and not points_down(app, needed)
    ]
    assert upward == []


def test_every_import_points_down():
    program = Path(sys.executable).with_name("lint-imports")
    linted = subprocess.run([program, "--no-logo"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert linted.returncode == 0, linted.stdout

"""Rows read by a statement are the instances that the query builder would give."""

import pytest

from accounts.models import Person
from common.rows import rows
from tests.cast import Town

COLUMNS = [field.attname for field in Person._meta.concrete_fields]


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[::-1], ["language", "id"]])
def test_columns_in_any_order_land_in_their_fields(town: Town, columns: list[str]) -> None:
    lin = town.enrol()

    chosen = ", ".join(columns)
    [found] = rows(Person, f"SELECT {chosen} FROM accounts_person WHERE id = %s", [lin.pk])  # noqa: S608

    for name in COLUMNS:
        assert getattr(found, name) == getattr(lin, name)
    assert found.name == lin.name

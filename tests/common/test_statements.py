"""A statement is planned once a connection and gives the rows that the query builder would give."""

import pytest
from django.db import connection

from accounts.models import Person
from common.statements import Statement
from tests.cast import Town

COLUMNS = [field.attname for field in Person._meta.concrete_fields]


@pytest.mark.parametrize("columns", [COLUMNS, COLUMNS[::-1], ["language", "id"]])
def test_columns_in_any_order_land_in_their_fields(town: Town, columns: list[str]) -> None:
    lin = town.enrol()

    chosen = ", ".join(columns)
    statement = Statement(f"SELECT {chosen} FROM accounts_person WHERE id = %(id)s::bigint")  # noqa: S608
    [found] = statement.rows(Person, id=lin.pk)

    for name in COLUMNS:
        assert getattr(found, name) == getattr(lin, name)
    assert found.name == lin.name


def test_a_statement_may_say_the_same_parameter_twice_and_a_percent_sign(db: None) -> None:
    statement = Statement("SELECT %(a)s::int + %(a)s, %(b)s::text LIKE '%%x', %(c)s::bigint[]")

    for _again in range(2):
        assert statement.run(a=2, b="1x", c=[None, 3]) == [(4, True, [None, 3])]


def test_a_parameter_without_a_type_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no type for b"):
        Statement("SELECT %(a)s::int, %(b)s")


@pytest.mark.django_db(transaction=True)
def test_a_new_connection_has_it_planned_anew() -> None:
    statement = Statement("SELECT %(a)s::int")
    assert statement.run(a=1) == [(1,)]

    connection.close()

    assert statement.run(a=2) == [(2,)]

"""A statement is planned once a connection and gives the rows that the query builder would give."""

from collections.abc import Callable
from contextlib import AbstractContextManager

import pytest
from django.db import DatabaseError, connection, transaction

from accounts.models import Person
from common.statements import Statement, together
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


def test_several_go_over_in_one_round_trip_and_in_their_order(
    town: Town, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    lin = town.enrol()
    say = Statement(
        "UPDATE accounts_person SET language = right(language || %(word)s::text, 4) WHERE id = %(id)s::bigint"
    )

    with django_assert_num_queries(1), together():
        for word in ("1%", "%s"):
            say.send(id=lin.pk, word=word)

    lin.refresh_from_db()
    assert lin.language == "1%%s"


def test_what_fails_on_the_way_is_told_and_the_next_runs_alone(db: None) -> None:
    divide, answer = Statement("SELECT 1 / %(by)s::int"), Statement("SELECT %(a)s::int")

    with pytest.raises(DatabaseError), transaction.atomic(), together():
        divide.send(by=0)

    assert answer.run(a=1) == [(1,)]


def test_a_value_too_many_or_too_few_is_refused(db: None) -> None:
    with pytest.raises(TypeError, match="given for"):
        Statement("SELECT %(a)s::int").run(b=1)


def test_what_was_sent_goes_before_whatever_is_asked_next(
    town: Town, django_assert_num_queries: Callable[..., AbstractContextManager[object]]
) -> None:
    lin = town.enrol()
    say = Statement("UPDATE accounts_person SET language = %(word)s::text WHERE id = %(id)s::bigint")
    ask = Statement("SELECT language FROM accounts_person WHERE id = %(id)s::bigint")

    with together():
        say.send(id=lin.pk, word="en")
        with django_assert_num_queries(1):
            assert ask.run(id=lin.pk) == [("en",)]
        say.send(id=lin.pk, word="zh")
        assert Person.objects.get(pk=lin.pk).language == "zh"


@pytest.mark.django_db(transaction=True)
def test_nothing_outlives_the_rollback_of_a_transaction_inside_the_block(real_town: Town) -> None:
    lin = real_town.enrol()
    say = Statement("UPDATE accounts_person SET language = %(word)s::text WHERE id = %(id)s::bigint")

    with together():
        with pytest.raises(KeyError), transaction.atomic():
            say.send(id=lin.pk, word="en")
            raise KeyError
        assert Person.objects.get(pk=lin.pk).language == lin.language


def test_what_was_sent_in_a_block_that_is_undone_is_undone(town: Town) -> None:
    lin = town.enrol()
    say = Statement("UPDATE accounts_person SET language = %(word)s::text WHERE id = %(id)s::bigint")

    with together():
        with pytest.raises(KeyError), transaction.atomic():
            say.send(id=lin.pk, word="en")
            raise KeyError
        assert Person.objects.get(pk=lin.pk).language == lin.language

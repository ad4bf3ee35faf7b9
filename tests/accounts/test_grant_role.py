"""The application's own database role: it lives a day, and cannot touch what only grows."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from io import StringIO
from typing import Any

import psycopg2
import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from psycopg2.errors import InsufficientPrivilege

from accounts.chained import append_only_models
from accounts.operations.roles import grant_role
from billing.models import Bill, Transfer
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund
from common.errors import BadInput
from credit.models import ScoreEvent
from credit.operations.standing import apply_for_repair, decide_repair
from tests.cast import Town
from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures

PASSWORD = secrets.token_hex(16)
TREATED = date(2026, 3, 2)
DUE = date(2026, 4, 13)
ADD_A_LOOK = """
    INSERT INTO accounts_accessentry (actor, subject_id, purpose, reason, at)
    SELECT 'job', id, 'test', '', now() FROM accounts_person LIMIT 1"""


def sql(statement: str, *values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


@pytest.fixture
def role(request: pytest.FixtureRequest) -> Iterator[str]:
    """A role of the test's own: roles belong to the server, not to the test's database."""
    request.getfixturevalue("transactional_db" if "real_town" in request.fixturenames else "db")
    name = f"platform_{secrets.token_hex(4)}"
    sql(f"CREATE ROLE {name} LOGIN PASSWORD '{PASSWORD}'")
    yield name
    sql(f"DROP OWNED BY {name}")
    sql(f"DROP ROLE {name}")


@pytest.fixture
def as_role(real_town: Town, role: str) -> Iterator[Callable[[str], int]]:
    """Runs a statement on a connection of the role's own, and says how many rows it touched."""
    grant_role(role=role)
    own = psycopg2.connect(**(connection.get_connection_params() | {"user": role, "password": PASSWORD}))
    own.autocommit = True

    def run(statement: str) -> int:
        with own.cursor() as cursor:
            cursor.execute(statement)
            return cursor.rowcount

    yield run
    own.close()


@contextmanager
def living_as(role: str) -> Iterator[None]:
    """What happens inside happens with the role's rights, on the test's own connection."""
    sql(f"SET ROLE {role}")
    try:
        yield
    finally:
        sql("RESET ROLE")


@pytest.mark.article(32)
def test_the_role_adds_to_the_tables_that_only_grow_and_changes_none(
    real_town: Town, as_role: Callable[[str], int]
) -> None:
    real_town.treat(real_town.enrol(), TREATED)

    assert as_role(ADD_A_LOOK) == 1
    for model in append_only_models():
        table, column = model._meta.db_table, model._meta.concrete_fields[0].column
        change = f"UPDATE {{}} SET {column} = {column}"  # noqa: S608 - our own names
        for act in (change, "DELETE FROM {}", "TRUNCATE {}"):
            with pytest.raises(InsufficientPrivilege, match=f"permission denied for table {table}"):
                as_role(act.format(table))
    assert Transfer in append_only_models() and Transfer.objects.exists()


@pytest.mark.article(32)
@pytest.mark.parametrize(
    "statement",
    [
        "ALTER TABLE billing_transfer DISABLE TRIGGER ALL",
        "DROP TRIGGER pgtrigger_append_only_2793c ON billing_deskact",
        "ALTER TABLE billing_bill DROP CONSTRAINT billing_bill_number_key",
        "DROP TABLE billing_transfer",
        "TRUNCATE accounts_person CASCADE",
        "SET session_replication_role = replica",
        "GRANT UPDATE ON billing_transfer TO CURRENT_USER",
        "CREATE OR REPLACE FUNCTION billing_require_open_date(on_date date) RETURNS void"
        " LANGUAGE sql AS 'SELECT'",
    ],
)
def test_the_role_switches_no_guard_off(as_role: Callable[[str], int], statement: str) -> None:
    before = rights()

    try:
        as_role(statement)
    except psycopg2.Error as refused:
        assert "owner" in str(refused) or "permission denied" in str(refused)
    assert rights() == before


def rights() -> list[tuple[Any, ...]]:
    """Guards of the database and grants on its tables, as the catalogue knows them."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tgname, tgenabled::text, tgrelid::regclass::text FROM pg_trigger"
            " UNION ALL SELECT conname, contype::text, conrelid::regclass::text FROM pg_constraint"
            " UNION ALL SELECT relname, relacl::text, '' FROM pg_class WHERE relkind = 'r'"
            " UNION ALL SELECT proname, prosrc, '' FROM pg_proc WHERE proname LIKE 'billing%'"
            " ORDER BY 1, 2, 3"
        )
        return cursor.fetchall()


def test_the_platform_lives_under_the_role(
    town: Town,
    role: str,
    fresh_sandbox: Any,  # noqa: F811 - the fixture
) -> None:
    grant_role(role=role)
    with living_as(role):
        lin, chen = town.enrol("林志明"), town.enrol("陈建国")
        town.treat(lin, TREATED, 60_000)
        for weeks in range(3):
            town.treat(chen, TREATED + timedelta(weeks=weeks), 20_000)
        town.admit(lin, TREATED, 10_000)
        disputed = town.treat(lin, TREATED, 10_000)
        refund(bill=disputed, amount_fen=1_000, reason="not_used", at=town.at(TREATED, 12))
        objection = object_to(bill=disputed, statement="重复", at=town.at(TREATED, 13))
        answer_objection(
            objection=objection, upheld=True, answer="退", refund_fen=500, at=town.at(TREATED, 14)
        )
        town.live(TREATED, TREATED + timedelta(days=2))
        town.live(DUE, DUE + timedelta(days=30))
        assert ScoreEvent.objects.get().person == chen
        at = town.at(DUE + timedelta(days=31))
        for person in (lin, chen):
            owed = sum(bill.to_pay_fen for bill in Bill.objects.owed_by(person).open())
            town.pay(person, owed + 1_000, at.date())
        application = apply_for_repair(person=chen, at=at)
        decide_repair(application=application, granted=True, reason="已还清", by=None, at=at)
        assert town.broken_books(at.date()) == {}


def test_granting_twice_grants_the_same(real_town: Town, role: str) -> None:
    printed = StringIO()
    call_command("grant_role", "--role", role, stdout=printed)
    before = rights()

    sql(f"GRANT ALL ON billing_transfer TO {role}")
    call_command("grant_role", "--role", role, stdout=printed)

    assert rights() == before
    assert "billing_transfer" in printed.getvalue() and "accounts_accessentry" in printed.getvalue()


@pytest.mark.django_db
def test_a_role_that_no_grant_would_bind_is_refused(role: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        [owner] = cursor.fetchone()
    before = rights()

    for name in ("nobody-knows-me", '"; DROP TABLE x', owner):
        with pytest.raises(CommandError, match="--role: "):
            call_command("grant_role", "--role", name)
    sql(f'GRANT "{owner}" TO {role}')
    with pytest.raises(BadInput) as refused:
        grant_role(role=role)

    assert refused.value.field == "role"
    assert rights() == before


@pytest.mark.django_db
def test_a_role_that_may_change_the_ledger_by_another_grant_is_refused(role: str) -> None:
    sql("GRANT UPDATE ON billing_transfer TO PUBLIC")

    with pytest.raises(BadInput, match="billing_transfer"), transaction.atomic():
        grant_role(role=role)

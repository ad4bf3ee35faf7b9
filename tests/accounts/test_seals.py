import json
from datetime import timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import InternalError, connection, transaction

from accounts.models import AccessEntry, Person, Seal, User
from accounts.operations.access import record_access, record_accesses
from accounts.operations.seals import seal_chains, verify_chains
from common.errors import BadInput
from tests.accounts.conftest import NOW
from tests.connections import held_open

CHAIN = "accounts.accessentry"


def without_triggers(sql: str, *params: Any) -> None:
    """What only somebody above the application's own role could do."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(sql, params)
        cursor.execute("SET LOCAL session_replication_role = origin")


@pytest.fixture
def looks(lin: Person, chen: User) -> list[AccessEntry]:
    for number in range(5):
        record_access(actor=chen, subject=lin, purpose="desk.search", at=NOW + timedelta(minutes=number))
    seal_chains(at=NOW)
    return list(AccessEntry.objects.order_by("pk"))


@pytest.mark.article(32)
@pytest.mark.django_db
def test_a_look_says_who_at_whom_and_why(lin: Person, chen: User, harbour: Any) -> None:
    record_access(actor=chen, subject=lin, purpose="desk.unmask", reason="check the card", at=NOW)
    record_accesses(actor=harbour, subjects=[lin], purpose="api.bills", at=NOW)
    by_staff, by_system = AccessEntry.objects.order_by("pk")

    assert (by_staff.actor, by_staff.actor_user, by_staff.reason) == ("cashier:chen", chen, "check the card")
    assert (by_system.actor, by_system.actor_user) == ("lender:Harbour Bank", None)
    assert list(lin.access_entries.order_by("pk")) == [by_staff, by_system]


@pytest.mark.django_db
@pytest.mark.parametrize("reason", ["a\x00b", "x" * 301])
def test_a_reason_that_cannot_be_kept_is_refused_by_name(lin: Person, chen: User, reason: str) -> None:
    with pytest.raises(BadInput) as refused:
        record_access(actor=chen, subject=lin, purpose="desk.unmask", reason=reason, at=NOW)

    assert refused.value.field == "reason"


@pytest.mark.article(32)
@pytest.mark.django_db
@pytest.mark.parametrize(
    "sql",
    [
        "UPDATE {} SET id = id",
        "DELETE FROM {}",
        "TRUNCATE {} CASCADE",
    ],
)
@pytest.mark.parametrize("table", ["accounts_accessentry", "accounts_seal"])
def test_the_database_refuses_to_change_what_only_grows(
    looks: list[AccessEntry], table: str, sql: str
) -> None:
    with (
        pytest.raises(InternalError, match="pgtrigger: Cannot"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(sql.format(table))


@pytest.mark.django_db
def test_every_row_is_sealed_once_in_order(looks: list[AccessEntry]) -> None:
    assert list(Seal.objects.order_by("seq").values_list("seq", "row_id")) == [
        (number + 1, entry.pk) for number, entry in enumerate(looks)
    ]
    assert seal_chains(at=NOW)[CHAIN] == 0
    assert verify_chains() == []


@pytest.mark.article(32)
@pytest.mark.django_db
def test_a_changed_row_breaks_the_chain_where_it_stands(looks: list[AccessEntry]) -> None:
    without_triggers("UPDATE accounts_accessentry SET purpose = 'nothing' WHERE id = %s", looks[2].pk)

    [found] = verify_chains()

    assert (found.chain, found.seq, found.row_id, found.kind) == (CHAIN, 3, looks[2].pk, "changed")


@pytest.mark.django_db
def test_a_missing_row_breaks_the_chain(looks: list[AccessEntry]) -> None:
    without_triggers("DELETE FROM accounts_accessentry WHERE id = %s", looks[1].pk)

    assert [(found.seq, found.kind) for found in verify_chains()] == [(2, "missing_row")]


@pytest.mark.django_db
def test_a_row_taken_out_with_its_seal_leaves_a_gap(looks: list[AccessEntry]) -> None:
    without_triggers("DELETE FROM accounts_accessentry WHERE id = %s", looks[1].pk)
    without_triggers("DELETE FROM accounts_seal WHERE seq = 2")

    assert [(found.seq, found.kind) for found in verify_chains()] == [(2, "gap")]


@pytest.mark.django_db
def test_a_changed_digest_breaks_the_chain(looks: list[AccessEntry]) -> None:
    without_triggers("UPDATE accounts_seal SET digest = repeat('0', 64) WHERE seq = 2")

    assert [(found.seq, found.kind) for found in verify_chains()] == [(2, "changed"), (3, "changed")]


@pytest.mark.django_db
def test_the_witness_file_finds_a_chain_cut_off_at_its_end(lin: Person, chen: User, tmp_path: Path) -> None:
    witness = tmp_path / "seals"
    record_access(actor=chen, subject=lin, purpose="desk.search", at=NOW)
    seal_chains(at=NOW, witness=witness)
    assert verify_chains(witness=witness) == []

    without_triggers("DELETE FROM accounts_seal")
    without_triggers("DELETE FROM accounts_accessentry")

    assert verify_chains() == []
    assert [(found.seq, found.kind) for found in verify_chains(witness=witness)] == [(1, "gap")]


@pytest.mark.django_db
def test_verify_audit_says_so_and_exits_1(looks: list[AccessEntry]) -> None:
    out = StringIO()
    call_command("verify_audit", stdout=out)
    assert "5 sealed rows" in out.getvalue()

    without_triggers("UPDATE accounts_accessentry SET actor = 'nobody' WHERE id = %s", looks[0].pk)

    with pytest.raises(CommandError, match="breaks at 1: changed"):
        call_command("verify_audit", stdout=StringIO())
    out = StringIO()
    with pytest.raises(SystemExit) as ended:
        call_command("verify_audit", "--json", stdout=out)
    assert ended.value.code == 1
    assert json.loads(out.getvalue())["breaks"][0]["seq"] == 1


@pytest.mark.django_db(transaction=True)
def test_a_row_that_commits_late_is_sealed_late_and_never_skipped(lin: Person, chen: User) -> None:
    with held_open(lambda: record_access(actor=chen, subject=lin, purpose="late", at=NOW)) as finish:
        record_access(actor=chen, subject=lin, purpose="early", at=NOW)
        seal_chains(at=NOW)
        finish()
        seal_chains(at=NOW)

    late, early = AccessEntry.objects.order_by("pk")
    assert (late.purpose, early.purpose) == ("late", "early")
    assert list(Seal.objects.order_by("seq").values_list("row_id", flat=True)) == [early.pk, late.pk]
    assert verify_chains() == []


@pytest.mark.django_db(transaction=True)
def test_a_second_sealer_leaves_the_chain_to_the_first(lin: Person, chen: User) -> None:
    record_access(actor=chen, subject=lin, purpose="desk.search", at=NOW)
    with held_open(lambda: seal_chains(at=NOW)) as finish:
        assert seal_chains(at=NOW)[CHAIN] == 0
        assert finish()[CHAIN] == 1

    assert seal_chains(at=NOW)[CHAIN] == 0
    assert verify_chains() == []

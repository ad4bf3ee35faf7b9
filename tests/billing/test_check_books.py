"""Planted damage: for each invariant, rows that break it, and just that invariant names their key."""

import json
from collections.abc import Callable
from datetime import date, timedelta
from io import StringIO
from typing import Any, NamedTuple

import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from accounts.models import IdempotencyRecord, Message
from billing.books import check
from billing.models import Allocation, Bill, Refund, Reminder
from tests.billing.months import MONDAY, Months, march
from tests.cast import Town

pytestmark = pytest.mark.django_db


def sql(statement: str, **values: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def transfer(debit: int, credit: int, fen: int, kind: str, reference: str, on: date = MONDAY) -> None:
    sql(
        "INSERT INTO billing_transfer (debit_id, credit_id, amount_fen, kind, reference, business_on, at)"
        " VALUES (%(debit)s, %(credit)s, %(fen)s, %(kind)s, %(reference)s, %(on)s, now())",
        debit=debit, credit=credit, fen=fen, kind=kind, reference=reference, on=on,
    )  # fmt: skip


def without(table: str, constraint: str) -> None:
    """The database would not let the damage be done: the guard is taken away first."""
    sql(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")


def without_index(name: str) -> None:
    sql(f"DROP INDEX {name}")


class Damage(NamedTuple):
    """What is done to the rows, the number and a word of the one invariant that it breaks, and the key."""

    name: str
    number: int
    word: str
    do: Callable[[Months], object]
    key: Callable[[Months], str]


def _zero(m: Months) -> None:
    without("billing_transfer", "transfer_amount_positive")
    transfer(m.place("cash"), m.place("income"), 0, "charge", "X")


def _to_itself(m: Months) -> None:
    without("billing_transfer", "transfer_between_two_accounts")
    transfer(m.place("cash"), m.place("cash"), 1, "charge", "X")


def _twice(m: Months) -> None:
    without("billing_transfer", "transfer_posted_once")
    transfer(m.place("cash"), m.place("income"), 1, "charge", m.open_bill.number)


def _above_limit(m: Months) -> None:
    without("credit_accountevent", "account_event_granted_within_limit")
    sql("UPDATE credit_accountevent SET limit_fen = 1 WHERE kind = 'hold'")


def _stage_twice(m: Months) -> None:
    without_index("reminder_counted_once_per_stage")
    sql(
        "UPDATE billing_reminderline SET stage = 1 WHERE bill_id = %(bill)s AND counted AND stage = 2",
        bill=m.wangs.pk,
    )


def _twice_a_day(m: Months) -> None:
    without("billing_reminder", "reminder_once_a_day_per_payer")
    sql(
        'UPDATE billing_reminder SET "on" = %(on)s WHERE payer_id = %(payer)s',
        on=date(2026, 4, 21), payer=m.wang.pk,
    )  # fmt: skip


def _key_twice(m: Months) -> None:
    without("accounts_idempotencyrecord", "idempotency_one_effect_per_key")
    IdempotencyRecord.objects.create(
        client=m.client, key="K1", request_hash="1" * 64, created_at=m.town.at(MONDAY)
    )


def _frozen(m: Months) -> None:
    sql(
        "INSERT INTO billing_objection (bill_id, statement, opened_on, opened_at, answer_by_on, answered_on,"
        " answered_at, upheld, answer)"
        " VALUES (%(bill)s, '-', %(on)s, now(), %(on)s, %(on)s, now(), false, '-')",
        bill=m.wangs.pk, on=date(2026, 4, 20),
    )  # fmt: skip


def _waiting(m: Months) -> None:
    sql(
        "UPDATE accounts_message SET state = 'queued', delivered_at = NULL, next_at = created_at"
        " WHERE reference = %(reference)s",
        reference=opened_message(m),
    )


def _invoice_of_more(m: Months) -> None:
    sql(
        "INSERT INTO billing_invoice (bill_id, state, code, number, check_code, address, issued_on,"
        " amount_fen, taken_at, changed_at) VALUES (%(bill)s, 'issued', '35060126', '0000000001', '3f9a21',"
        " 'https://einvoice.example.com/', '2026-03-10', %(fen)s, now(), now())",
        bill=m.open_bill.pk, fen=m.open_bill.total_fen + 1,
    )  # fmt: skip


def opened_message(m: Months) -> str:
    return Message.objects.filter(notice__kind="credit.opened", notice__person=m.lin).get().reference


def first_charge(m: Months) -> str:
    event = m.account_of(m.chen).events.filter(kind="charge").order_by("seq")[0]
    return f"{event.account_id}:{event.seq}"


DAMAGES = [
    Damage("a transfer of nothing", 1, "transfer", _zero, lambda m: "charge X"),
    Damage("a transfer to itself", 1, "transfer", _to_itself, lambda m: "charge X"),
    Damage("a reference twice", 1, "transfer", _twice, lambda m: f"charge {m.open_bill.number}"),
    Damage(
        "a hold that grew",
        2,
        "outstanding",
        lambda m: sql("UPDATE billing_visit SET hold_fen = hold_fen + 1 WHERE id = %(id)s", id=m.visit.pk),
        lambda m: str(m.account_of(m.lin).pk),
    ),
    Damage(
        "a repayment in the ledger alone",
        2,
        "ledger",
        lambda m: transfer(
            m.place("cash"), m.place("receivable", payer=m.lin), 1, "principal", "X", march(10)
        ),
        lambda m: f"receivable lender {m.town.bank.pk} payer {m.lin.pk}",
    ),
    Damage(
        "a charge in the ledger alone",
        2,
        "ledger",
        lambda m: transfer(m.place("charges", payer=m.wang), m.place("income"), 1, "late_charge", "X"),
        lambda m: f"charges lender {m.town.bank.pk} payer {m.wang.pk}",
    ),
    Damage(
        "a balance spent twice",
        2,
        "credit balance",
        lambda m: transfer(
            m.place("credit_balance", payer=m.lin), m.place("cash"), 30_001, "withdrawal", "X"
        ),
        lambda m: f"credit_balance {m.place('credit_balance', payer=m.lin)}",
    ),
    Damage(
        "an invoice of more than its bill", 8, "invoice", _invoice_of_more, lambda m: "35060126 0000000001"
    ),
    Damage(
        "a settlement that miscounts",
        3,
        "closed date",
        lambda m: sql("UPDATE billing_settlement SET bills = bills + 1 WHERE id = %(id)s", id=m.paid.pk),
        lambda m: f"hospital {m.town.hospital.pk} lender {m.town.bank.pk} 2026-03-02",
    ),
    Damage(
        "a bill slipped into a closed date",
        3,
        "closed date",
        lambda m: sql(
            "UPDATE billing_bill SET business_on = '2026-03-09' WHERE id = %(id)s", id=m.open_bill.pk
        ),
        lambda m: f"hospital {m.town.hospital.pk} lender {m.town.bank.pk} 2026-03-09",
    ),
    Damage(
        "a settlement that vanished",
        3,
        "closed date",
        lambda m: sql(
            "DELETE FROM billing_settlement WHERE business_on = '2026-03-04'",
        ),
        lambda m: f"hospital {m.town.hospital.pk} lender {m.town.bank.pk} 2026-03-04",
    ),
    Damage(
        "carried from nowhere",
        3,
        "net",
        lambda m: sql(
            "UPDATE billing_settlement SET carried_from_id = %(other)s WHERE id = %(id)s",
            id=m.carrying.pk,
            other=m.paid.pk,
        ),  # fmt: skip
        lambda m: m.carrying.number,
    ),
    Damage(
        "carried forward and forgotten",
        3,
        "net",
        lambda m: sql(
            "UPDATE billing_settlement SET carried_from_id = NULL, carried_in_fen = 0,"
            " net_fen = bills_fen - refunds_fen WHERE id = %(id)s",
            id=m.carrying.pk,
        ),
        lambda m: m.carried.number,
    ),
    Damage(
        "a day left open",
        3,
        "left open",
        lambda m: sql("DELETE FROM billing_dayclose WHERE \"on\" = '2026-03-08'"),
        lambda m: "2026-03-08",
    ),
    Damage(
        "a hospital still owed",
        4,
        "payable",
        lambda m: transfer(
            m.place("cash"), m.place("payable", hospital=m.town.hospital), 1, "charge", "X", MONDAY
        ),
        lambda m: m.paid.number,
    ),
    Damage(
        "a hold above the limit",
        5,
        "above the limit",
        _above_limit,
        lambda m: "{0.account_id}:{0.seq}".format(m.account_of(m.lin).events.get(kind="hold")),
    ),
    Damage(
        "a charge that moved more",
        5,
        "without a gap",
        lambda m: sql(
            "UPDATE credit_accountevent SET amount_fen = amount_fen + 1 WHERE account_id = %(account)s"
            " AND kind = 'charge' AND seq = 2",
            account=m.account_of(m.chen).pk,
        ),
        first_charge,
    ),
    Damage(
        "a step that is missing",
        5,
        "without a gap",
        lambda m: sql(
            "UPDATE credit_creditaccount SET seq = seq + 1 WHERE id = %(id)s", id=m.account_of(m.wang).pk
        ),
        lambda m: f"{m.account_of(m.wang).pk}:{m.account_of(m.wang).seq}",
    ),
    Damage(
        "a charge while suspended, by the sequence",
        6,
        "suspension",
        lambda m: sql("UPDATE credit_suspension SET started_seq = 1 WHERE id = %(id)s", id=m.suspension.pk),
        first_charge,
    ),
    Damage(
        "a bill on a relative's account while its payer was suspended",
        6,
        "suspension",
        lambda m: sql(
            "UPDATE billing_bill SET posted_at = '2026-05-06 08:00+08', account_id = %(other)s"
            " WHERE id = %(id)s",
            id=m.chens[2].pk,
            other=m.account_of(m.wang).pk,
        ),
        lambda m: m.chens[2].number,
    ),
    Damage("a stage counted twice", 7, "reminder", _stage_twice, lambda m: f"bill {m.wangs.pk} stage 1"),
    Damage("two reminders a day", 7, "reminder", _twice_a_day, lambda m: f"payer {m.wang.pk} 2026-04-21"),
    Damage(
        "a reminder counted that never arrived",
        7,
        "reminder",
        lambda m: sql(
            "UPDATE accounts_message SET state = 'failed', delivered_at = NULL WHERE notice_id IN"
            " (SELECT notice_id FROM billing_reminder WHERE payer_id = %(payer)s)",
            payer=m.wang.pk,
        ),
        lambda m: f"reminder {Reminder.objects.filter(payer=m.wang).earliest('on').pk}",
    ),
    Damage(
        "a notice before the due date counted",
        7,
        "reminder",
        lambda m: sql(
            "UPDATE accounts_notice SET kind = 'bill.due_soon' WHERE id IN"
            " (SELECT notice_id FROM billing_reminder WHERE payer_id = %(payer)s)",
            payer=m.wang.pk,
        ),
        lambda m: f"reminder {Reminder.objects.filter(payer=m.wang).latest('on').pk}",
    ),
    Damage(
        "a bill that counts for itself",
        7,
        "reminder",
        lambda m: sql("UPDATE billing_bill SET reminders_counted = 3 WHERE id = %(id)s", id=m.wangs.pk),
        lambda m: m.wangs.number,
    ),
    Damage(
        "a refund above the charge",
        8,
        "credited back",
        lambda m: sql(
            "UPDATE billing_refund SET amount_fen = amount_fen + 50000, on_site_fen = 50000"
            " WHERE id = %(id)s",
            id=m.refund.pk,
        ),
        lambda m: Refund.objects.get(pk=m.refund.pk).bill.number,
    ),
    Damage(
        "principal that was not repaid",
        8,
        "credited back",
        lambda m: sql(
            "UPDATE billing_allocation SET principal_fen = principal_fen + 1, charges_fen = charges_fen - 1"
            " WHERE bill_id = %(bill)s",
            bill=m.chens[0].pk,
        ),
        lambda m: m.chens[0].number,
    ),
    Damage(
        "a repayment that went nowhere",
        8,
        "spread",
        lambda m: sql(
            "UPDATE billing_repayment SET amount_fen = amount_fen + 1 WHERE id = %(id)s", id=m.repayment.pk
        ),
        lambda m: m.repayment.number,
    ),
    Damage("a key used twice", 9, "idempotency", _key_twice, lambda m: f"{m.client.pk} K1"),
    Damage(
        "a day that charges a fen more",
        10,
        "late charges",
        lambda m: sql(
            "UPDATE billing_latecharge SET charge_fen = charge_fen + 1 WHERE bill_id = %(bill)s"
            " AND \"on\" = '2026-04-20'",
            bill=m.wangs.pk,
        ),
        lambda m: m.wangs.number,
    ),
    Damage(
        "a charge on the due date",
        10,
        "late charges",
        lambda m: sql(
            'UPDATE billing_latecharge SET "on" = %(due)s WHERE bill_id = %(bill)s AND "on" = %(first)s',
            due=m.wangs.due_on,
            first=m.wangs.due_on + timedelta(days=1),
            bill=m.wangs.pk,
        ),  # fmt: skip
        lambda m: m.wangs.number,
    ),
    Damage("a charge on a frozen day", 10, "late charges", _frozen, lambda m: m.wangs.number),
    Damage(
        "a charge above the cap of its day",
        10,
        "late charges",
        lambda m: sql(
            "INSERT INTO credit_lendingrate (in_force_from, one_year_bp, entered_at)"
            " VALUES ('2026-05-05', 290, now())"
        ),
        lambda m: m.chens[0].number,
    ),
    Damage(
        "a suspension for too few reminders",
        11,
        "suspension",
        lambda m: sql(
            "UPDATE credit_suspension SET bill_number = %(number)s WHERE id = %(id)s",
            number=m.wangs.number,
            id=m.suspension.pk,
        ),  # fmt: skip
        lambda m: f"{m.suspension.pk} {m.wangs.number}",
    ),
    Damage(
        "a suspension for no bill at all",
        11,
        "suspension",
        lambda m: sql(
            "UPDATE credit_suspension SET bill_number = 'B0' WHERE id = %(id)s", id=m.suspension.pk
        ),
        lambda m: f"{m.suspension.pk} B0",
    ),
    Damage(
        "a run of three with a date met in it",
        11,
        "score event",
        lambda m: sql(
            "UPDATE credit_duedateoutcome SET met = true, streak = 0 WHERE payer_id = %(payer)s"
            " AND due_on = '2026-04-14'",
            payer=m.chen.pk,
        ),
        lambda m: m.score_event.reference,
    ),
    Damage(
        "a score event rewritten",
        12,
        "hash chains",
        lambda m: sql("UPDATE credit_scoreevent SET at = at + interval '1 second'"),
        lambda m: f"row_id={m.score_event.pk}, kind='changed'",
    ),
    Damage(
        "a look taken out of the log",
        12,
        "hash chains",
        lambda m: sql("DELETE FROM accounts_accessentry"),
        lambda m: "kind='missing_row'",
    ),
    Damage("a message forgotten", 13, "outbox", _waiting, opened_message),
]


@pytest.fixture(scope="module")
def months(shared_town: Town) -> Months:
    return Months(shared_town)


def checked(*options: str) -> tuple[int, str]:
    """The exit code and what was printed."""
    printed = StringIO()
    try:
        call_command("check_books", *options, stdout=printed)
    except CommandError as error:
        return error.returncode, printed.getvalue()
    return 0, printed.getvalue()


def test_books_that_are_right_say_so(months: Months) -> None:
    code, printed = checked()
    assert code == 0
    assert "BROKEN" not in printed
    assert len(printed.splitlines()) == len([*check(at=months.town.at(date(2026, 5, 7)))])

    code, printed = checked("--json")
    answer = json.loads(printed)
    assert (code, answer["broken"]) == (0, 0)
    assert {row["number"] for row in answer["invariants"]} == {*range(1, 14)}


def test_a_charge_that_came_before_the_suspension_is_right_whatever_the_clock_says(months: Months) -> None:
    """A sweep is told one moment, and suspends for minutes: what is charged meanwhile is charged later."""
    sql("SET LOCAL session_replication_role = replica")
    sql(
        "UPDATE billing_bill SET posted_at = %(at)s WHERE id = %(id)s",
        at=months.suspension.started_at + timedelta(minutes=1),
        id=months.chens[2].pk,
    )

    assert checked()[0] == 0


@pytest.mark.parametrize("damage", DAMAGES, ids=[damage.name for damage in DAMAGES])
def test_damage_is_found_by_its_own_invariant_alone(months: Months, damage: Damage) -> None:
    key = damage.key(months)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("SET LOCAL session_replication_role = replica")
    damage.do(months)
    key = damage.key(months) if damage.number == 5 else key

    code, printed = checked("--json")

    answer = json.loads(printed)
    found = {(row["number"], row["sentence"]): row for row in answer["invariants"] if row["count"]}
    assert code == 1
    [((number, sentence), row)] = found.items()
    assert number == damage.number
    assert damage.word in sentence
    assert any(key in broken for broken in row["broken"])
    assert answer["broken"] == row["count"] == len(row["broken"])

    code, printed = checked()
    assert code == 1
    assert f"BROKEN {row['count']}" in printed
    assert key in printed


def test_every_invariant_has_been_broken_here(months: Months) -> None:
    sentences = [(finding.number, finding.sentence) for finding in check(at=months.town.at(MONDAY))]

    untried = [
        (number, sentence)
        for number, sentence in sentences
        if not any(number == damage.number and damage.word in sentence for damage in DAMAGES)
    ]

    assert untried == []
    assert Allocation.objects.exists() and Bill.objects.exists()

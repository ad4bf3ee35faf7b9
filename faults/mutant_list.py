"""The guards that are taken away, and for each the narrow checks of which one must notice."""

from __future__ import annotations

from typing import NamedTuple


class Mutant(NamedTuple):
    """Either a statement for the database, or a text of one file and what stands there instead."""

    name: str
    sql: str = ""
    path: str = ""
    old: str = ""
    new: str = ""
    races: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()

    def without(self, text: str) -> str:
        """The file without its guard. Raises LookupError where the text has moved on."""
        if text.count(self.old) != 1:
            raise LookupError(f"{self.path} has {text.count(self.old)} × {self.old!r}")
        return text.replace(self.old, self.new)


def constraint(table: str, name: str, *tests: str) -> Mutant:
    return Mutant(
        name, sql=f"ALTER TABLE {table} DROP CONSTRAINT {name}", tests=tests or (says_no(table, name),)
    )


def index(table: str, name: str) -> Mutant:
    return Mutant(name, sql=f"DROP INDEX {name}", tests=(says_no(table, name),))


def trigger(table: str, name: str, *tests: str) -> Mutant:
    its_own = f"tgrelid = '{table}'::regclass AND tgname LIKE 'pgtrigger_{name}_%'"
    found = f"SELECT tgname FROM pg_trigger WHERE {its_own}"
    drop = f"EXECUTE format('DROP TRIGGER %I ON {table}', ({found}));"
    return Mutant(f"{table}.{name}", sql=f"DO $$BEGIN {drop} END$$", tests=tests or (says_no(table, name),))


def says_no(table: str, guard: str) -> str:
    """The test that attacks this very guard."""
    app = table.partition("_")[0]
    return f"tests/{app}/test_database_judges.py::test_the_guard_of_that_name_says_no[{guard}]"


BILLING_JUDGES = "tests/billing/test_database_judges.py"
KEYS = "tests/accounts/test_idempotency.py"

IN_THE_DATABASE = (
    constraint("billing_transfer", "transfer_posted_once"),
    constraint("billing_transfer", "transfer_between_two_accounts"),
    constraint("billing_bill", "bill_owed_not_negative"),
    constraint("billing_bill", "bill_parts_add_up"),
    constraint("billing_settlement", "settlement_once_per_pair_and_date"),
    constraint("billing_settlement", "settlement_net_adds_up"),
    constraint("billing_repayment", "repayment_received_once"),
    constraint("billing_patientcodeuse", "patient_code_used_once"),
    constraint(
        "billing_reminder",
        "reminder_once_a_day_per_payer",
        "tests/scenarios/test_three_strikes.py::test_one_reminder_a_payer_and_day_and_only_by_daylight",
    ),
    constraint("billing_latecharge", "late_charge_within_cap"),
    constraint("credit_accountevent", "account_event_seq_once"),
    constraint("credit_accountevent", "account_event_granted_within_limit"),
    constraint(
        "credit_duedateoutcome",
        "outcome_once_per_due_date",
        "tests/scenarios/test_successive_defaults.py::test_several_bills_of_one_due_date_are_one_default",
    ),
    constraint(
        "accounts_idempotencyrecord",
        "idempotency_one_effect_per_key",
        f"{KEYS}::test_ten_at_once_have_one_effect_and_one_answer",
    ),
    index("billing_reminderline", "reminder_counted_once_per_stage"),
    index("credit_suspension", "suspension_one_open_per_account"),
    trigger("credit_creditaccount", "account_drawn_within_limit"),
    trigger("billing_bill", "bill_posted_into_open_date"),
    trigger("billing_refund", "refund_posted_into_open_date"),
    trigger("billing_bill", "bill_facts_are_kept"),
    trigger(
        "billing_transfer",
        "append_only",
        f"{BILLING_JUDGES}::test_what_was_written_is_neither_changed_nor_deleted_nor_emptied[Transfer]",
    ),
    trigger(
        "billing_settlement",
        "settlement_state_moves_legally",
        f"{BILLING_JUDGES}::test_no_state_is_reached_by_an_unlawful_move[Settlement paid to due]",
    ),
    Mutant(
        "billing_require_open_date",
        sql="CREATE OR REPLACE FUNCTION billing_require_open_date(business_on date) RETURNS void"
        " LANGUAGE plpgsql AS $$BEGIN END$$",
        tests=(f"{BILLING_JUDGES}::test_a_date_is_closed_for_every_date_before_it_too",),
    ),
)

IN_THE_CODE = (
    Mutant(
        "the limit of a draw",
        path="credit/operations/limits.py",
        old="AND account.outstanding_fen + move.delta_fen <= account.limit_fen",
        tests=("tests/scenarios/test_inpatient_stay.py::test_a_hold_above_the_limit_is_refused_whole",),
    ),
    Mutant(
        "the lock on accounts",
        path="billing/operations/locking.py",
        old="ANY(ARRAY({_OF_PAYERS}))\n     ORDER BY id FOR NO KEY UPDATE",
        new="ANY(ARRAY({_OF_PAYERS})) ORDER BY id",
        races=("two-withdrawals",),
    ),
    Mutant(
        "the lock on people's accounts",
        path="credit/operations/family.py",
        old="{ACCOUNTS} ORDER BY id FOR NO KEY UPDATE",
        new="{ACCOUNTS} ORDER BY id",
        races=("two-charges",),
    ),
    Mutant(
        "the payer found under the lock",
        path="billing/operations/till.py",
        old="while row[0] and not",
        new="while False and not",
        tests=(
            "tests/billing/test_race.py::test_a_charge_that_waits_while_its_payer_changes_finds_the_new_one",
        ),
    ),
    Mutant(
        "the event of a move that was refused",
        path="credit/operations/limits.py",
        old="{_MOVED} LEFT JOIN moved",
        new="{_MOVED} JOIN moved",
        tests=("tests/credit/test_draw.py::test_an_account_that_would_not_move_ends_the_transaction",),
    ),
    Mutant(
        "the refusal of the suspended",
        path="credit/operations/limits.py",
        old="if account.state == CreditAccount.State.SUSPENDED:",
        new="if False:",
        tests=(
            "tests/scenarios/test_three_strikes.py::test_three_reminders_a_suspension_and_its_end",
            "tests/billing/test_race.py::test_a_charge_that_waits_for_a_suspension_is_refused",
        ),
    ),
    Mutant(
        "the day close's own lock",
        path="billing/operations/days.py",
        old="SELECT pg_advisory_xact_lock(%s, %s)",
        new="SELECT %s, %s",
        races=("close-charge",),
    ),
    Mutant(
        "the day close's once",
        path="billing/operations/days.py",
        old="    if not created:\n        return\n",
        races=("two-closes",),
    ),
    Mutant(
        "the key in flight",
        path="accounts/operations/idempotency.py",
        old="WHERE pg_try_advisory_xact_lock(hashtextextended(%(lock)s::text, 0))",
        new="WHERE %(lock)s::text <> ''",
        tests=(f"{KEYS}::test_a_key_in_flight_on_another_connection_is_answered_at_once",),
    ),
    Mutant(
        "the key's own request",
        path="accounts/operations/idempotency.py",
        old="if record.request_hash != request_hash:",
        new="if False:",
        tests=(f"{KEYS}::test_the_same_key_with_another_body_is_refused",),
    ),
    Mutant(
        "the second try of a deadlock",
        path="accounts/operations/retry.py",
        old='RETRYABLE = ("40001", "40P01")',
        new="RETRYABLE = ()",
        tests=(f"{KEYS}::test_a_transaction_that_postgresql_gives_up_is_run_again_as_a_whole",),
    ),
    Mutant(
        "the lock on a settlement",
        path="billing/operations/settlements.py",
        old='Settlement.objects.select_for_update(no_key=True, of=("self",)).select_related(',
        new="Settlement.objects.select_related(",
        races=("two-payouts",),
    ),
    Mutant(
        "the payout told before",
        path="billing/operations/settlements.py",
        old="    if _known(settlement, State.PAID, bank_reference):\n        return settlement\n",
        races=("two-payouts",),
    ),
    Mutant(
        "the value date",
        path="billing/operations/settlements.py",
        old="if not settlement.business_on < value_on <= business_date(at):",
        new="if False:",
        tests=(
            "tests/api/test_settlements.py::test_a_value_date_lies_after_the_business_date_and_not_in_the_future",
        ),
    ),
    Mutant(
        "the payment on its way",
        path="billing/operations/collections.py",
        old="    _require_none_pending(locked)\n",
        tests=(
            "tests/billing/test_collect.py::test_while_one_payment_is_on_its_way_no_second_one_is_started",
        ),
    ),
    Mutant(
        "the collection that has ended",
        path="billing/operations/collections.py",
        old="    if collection.state == ended:\n        return collection\n",
        tests=("tests/api/test_money_in.py::test_a_collection_that_succeeded_is_a_repayment",),
    ),
    Mutant(
        "the ceiling of refunds",
        path="billing/operations/refunds.py",
        old=" or amount_fen > bill.self_paid_fen - given_back",
        races=("two-refunds",),
    ),
    Mutant(
        "the outbox's skip locked",
        path="accounts/operations/outbox.py",
        old="WHERE state = 'queued' AND next_at <= %(at)s\n        ORDER BY next_at, id LIMIT %(limit)s\n"
        "        FOR UPDATE SKIP LOCKED",
        new="WHERE state = 'queued' AND next_at <= %(at)s\n        ORDER BY next_at, id LIMIT %(limit)s",
        races=("two-deliveries",),
    ),
    Mutant(
        "the outbox's fence",
        path="accounts/operations/outbox.py",
        old=" AND message.state = change.was AND message.attempts = change.attempts",
        tests=(
            "tests/accounts/test_outbox.py::test_a_worker_that_was_only_slow_writes_nothing_over_its_successor",
        ),
    ),
    Mutant(
        "the range of a score",
        path="credit/operations/accounts.py",
        old="return isinstance(given.value, int) and policy.score_min <= given.value <= policy.score_max",
        new="return True",
        tests=(
            "tests/scenarios/test_score_decides.py::test_what_is_no_whole_number_in_the_range_is_refused_not_rounded",
        ),
    ),
    Mutant(
        "the job that was done",
        path="config/day.py",
        old="if due and (PREFIX + job.name, on) not in done:",
        new="if due:",
        tests=(
            "tests/config/test_live_days.py::test_missed_days_are_caught_up_but_nobody_is_reminded_in_the_past",
        ),
    ),
)

MUTANTS = (*IN_THE_DATABASE, *IN_THE_CODE)

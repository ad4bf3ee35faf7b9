"""The database is the last judge: no SQL and no shell makes bills and ledger say what cannot be."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import Error, models, transaction

from accounts.models import Notice, User
from billing.models import (
    Allocation,
    Bill,
    Collection,
    DayClose,
    DayPreparation,
    DaySignOff,
    DeskAct,
    DeskVoid,
    DirectDebit,
    DunningCase,
    HandOver,
    HospitalTotal,
    InsuranceReminder,
    Invoice,
    InvoiceChange,
    LateCharge,
    LedgerAccount,
    Objection,
    PatientCodeUse,
    Receipt,
    Reminder,
    ReminderLine,
    Repayment,
    SettlementStep,
    Shift,
    Transfer,
    Withdrawal,
)
from billing.operations.collections import set_direct_debit, start_repayment
from billing.operations.invoices import reverse_invoice, take_invoice
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund
from billing.operations.repayments import withdraw_balance
from tests.attacks import (
    Attack,
    Move,
    again,
    append_only_models,
    assert_append_only,
    assert_move_refused,
    assert_refused,
    change,
    illegal_moves,
    named_guards,
    sql,
)
from tests.billing.import_attacks import IMPORT_ATTACKS, OneImport
from tests.billing.invoices import e_invoice, red_invoice
from tests.billing.months import Months, march
from tests.billing.reconciliation_attacks import RECONCILIATION_ATTACKS, OneStatedDay
from tests.cast import Town

pytestmark = [pytest.mark.django_db, pytest.mark.article(17)]

OPEN_ON = march(10)
CLOSED_ON = march(6)


class Court(Months):
    """Those months, and one more of everything that they had none of."""

    def __init__(self, town: Town) -> None:
        super().__init__(town)
        at = town.at(date(2026, 5, 7))
        withdraw_balance(payer=self.lin, lender=town.bank, amount_fen=1, at=at)
        set_direct_debit(payer=self.lin, lender=town.bank, on=True, at=at)
        [self.collection] = start_repayment(payer=self.lin, bills=[self.open_bill], reference="one", at=at)
        cashier = User.objects.create(username="chen", role="cashier")
        self.desk_act = DeskAct.objects.create(token=uuid4(), cashier=cashier, made="B1", at=at)
        self._close_a_day(cashier, User.objects.create(username="wu", role="cashier"), at)
        self.code_use = PatientCodeUse.objects.create(person=self.lin, issued_at=at, at=at)
        self.imports = OneImport(town.hospital, at)
        self.stated_day = OneStatedDay(town.hospital, at)
        self.imported_bill = self.imports.charge(self.open_bill)
        self.objection = object_to(bill=self.open_bill, statement="收费重复", at=at)
        self.answered = answer_objection(
            objection=object_to(bill=self.wangs, statement="收费重复", at=at),
            upheld=False,
            answer="无误",
            at=at,
        )
        self.line = ReminderLine.objects.filter(bill=self.wangs, counted=True).earliest("stage")
        self.late_charge = LateCharge.objects.filter(bill=self.wangs).earliest("on")
        self.allocation = Allocation.objects.earliest("pk")
        self.transfer = Transfer.objects.earliest("pk")
        self.step = SettlementStep.objects.exclude(bank_reference="").earliest("pk")
        self.case = DunningCase.objects.get(payer=self.wang)
        self.reminder = Reminder.objects.filter(payer=self.wang).earliest("on")
        self.invoice = take_invoice(
            bill=self.open_bill, e_invoice=e_invoice(self.open_bill.total_fen, OPEN_ON), at=at
        )
        self.insurance_reminder = InsuranceReminder.objects.create(
            hospital=town.hospital, on=OPEN_ON, bills=1, oldest_on=march(9), at=at
        )
        self.reversed, self.red_due = (self._turned_red(fen) for fen in (4_000, 5_000))
        reverse_invoice(bill=self.reversed.bill, red_invoice=red_invoice(OPEN_ON), at=at)
        self.red = Invoice.objects.get(state="red")
        self.other_notice = Notice.objects.filter(kind="credit.opened").earliest("pk")

    def _turned_red(self, fen: int) -> Invoice:
        """The invoice of a bill of its own, of which a part has been refunded."""
        at = self.town.at(date(2026, 5, 7))
        bill = self.town.treat(self.lin, date(2026, 5, 7), fen)
        invoice = take_invoice(bill=bill, e_invoice=e_invoice(bill.total_fen, OPEN_ON), at=at)
        refund(bill=bill, amount_fen=100, reason="not_used", at=at)
        return invoice

    def _close_a_day(self, cashier: User, other: User, at: datetime) -> None:
        """A shift with ¥10 in its drawer, handed over and received, another; a day stated and signed."""
        hospital = self.town.hospital
        since: dict[str, Any] = {"since_at": at, "opened_at": at, "float_fen": 1_000, "hospital": hospital}
        self.shift = Shift.objects.create(number="H1", cashier=cashier, **since)
        self.next_shift = Shift.objects.create(number="H2", cashier=other, **since)
        nothing = dict.fromkeys(HandOver.TOTALS, 0)
        self.hand_over = HandOver.objects.create(
            shift=self.shift, to=other, at=at, expected_fen=1_000, counted_fen=1_000, **nothing
        )
        self.receipt = Receipt.objects.create(
            hand_over=self.hand_over, received_by=other, counted_fen=1_000, at=at
        )
        DeskVoid.objects.create(bill=self.wangs, hospital=hospital, cashier=cashier, at=at)
        day: dict[str, Any] = {"hospital": hospital, "business_on": CLOSED_ON}
        figures = dict.fromkeys(("bills", "bills_fen", "refunds", "refunds_fen"), 0)
        self.stated = HospitalTotal.objects.create(
            **day, **figures, lender=self.town.bank, entered_by=cashier, at=at
        )
        self.prepared = DayPreparation.objects.create(
            **day, figures={}, differences=0, prepared_by=cashier, at=at
        )
        self.signed = DaySignOff.objects.create(**day, preparation=self.prepared, signed_by=other, at=at)
        self.prepared_again = DayPreparation.objects.create(
            **day, figures={}, differences=0, prepared_by=cashier, at=at
        )


def clone_invoice(court: Court, **values: Any) -> None:
    again(court.invoice, **{"number": "9999999999", **values})


def clone_unchecked(court: Court, **values: Any) -> None:
    """With the triggers off, which would look at the bill first."""
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    sql("ALTER TABLE billing_invoice DISABLE TRIGGER USER")
    clone_invoice(court, **values)


def clone_red(court: Court, **values: Any) -> None:
    fresh = {"number": "9999999999", "reverses": court.red_due, "bill": court.red_due.bill}
    again(court.red, **{**fresh, "amount_fen": court.red_due.amount_fen, **values})


def clone_bill(court: Court, **values: Any) -> None:
    again(court.open_bill, number="B-NEW", visit_id=court.visit.pk, **values)


def clone_refund(court: Court, **values: Any) -> None:
    again(court.refund, number="R-NEW", **{"business_on": OPEN_ON, **values})


def clone_settlement(court: Court, **values: Any) -> None:
    fresh = {"number": "S-NEW", "business_on": OPEN_ON, "pay_on": march(11)}
    again(court.paid, **{**fresh, **values})


# What adds a row refuses none.
WRITERS = {"invoice_history_is_written"}


def later_shift(court: Court, **values: Any) -> None:
    later_at = court.shift.since_at + timedelta(hours=1)
    again(court.shift, **{"number": "H3", "since_at": later_at, "opened_at": later_at, **values})


def hand_over_next(court: Court, **values: Any) -> None:
    again(court.hand_over, **{"shift": court.next_shift, "to": court.shift.cashier, **values})


ATTACKS = [
    # Bills: what they are made of.
    Attack("bill_parts_add_up", lambda c: clone_bill(c, total_fen=c.open_bill.total_fen + 1)),
    Attack("bill_self_paid_is_financed_or_paid", lambda c: clone_bill(c, paid_on_site_fen=1)),
    Attack(
        "bill_finances_something",
        lambda c: clone_bill(c, financed_fen=0, paid_on_site_fen=c.open_bill.self_paid_fen),
    ),
    Attack("bill_owed_not_negative", lambda c: change(c.open_bill, repaid_fen=7_001)),
    Attack(
        "bill_refund_within_charge",
        lambda c: change(c.open_bill, refunded_fen=7_001),
        aside=("bill_owed_not_negative",),
    ),
    Attack(
        "bill_credited_back_was_repaid", lambda c: change(c.open_bill, refunded_fen=1, credited_back_fen=1)
    ),
    Attack("bill_charges_paid_within_charges", lambda c: change(c.open_bill, charges_paid_fen=1_000)),
    Attack("bill_closed_owes_nothing", lambda c: change(c.open_bill, state="closed")),
    Attack("bill_due_after_business_date", lambda c: change(c.open_bill, due_on=OPEN_ON)),
    Attack("bill_reminders_at_most_three", lambda c: change(c.open_bill, reminders_counted=4)),
    # Bills: when they may be made and undone, and what is never rewritten.
    Attack("bill_posted_into_open_date", lambda c: clone_bill(c, business_on=CLOSED_ON)),
    Attack("bill_voided_on_open_date", lambda c: change(c.wangs, state="void", refunded_fen=39_000)),
    Attack("bill_facts_are_kept", lambda c: change(c.open_bill, business_on=march(11))),
    Attack("bill_is_kept", lambda c: Bill.objects.filter(pk=c.open_bill.pk)._raw_delete("default")),
    # Refunds.
    Attack("refund_positive", lambda c: clone_refund(c, amount_fen=0, credit_fen=0, to_balance_fen=0)),
    Attack("refund_parts_add_up", lambda c: clone_refund(c, on_site_fen=1)),
    Attack("refund_balance_within_credit", lambda c: clone_refund(c, to_balance_fen=20_001)),
    Attack("refund_posted_into_open_date", lambda c: clone_refund(c, business_on=CLOSED_ON)),
    # Objections.
    Attack("bill_number_once", lambda c: again(c.open_bill, visit_id=c.visit.pk)),
    Attack("visit_number_once", lambda c: again(c.visit)),
    Attack("objection_one_open_per_bill", lambda c: again(c.objection)),
    Attack("objection_answered_whole", lambda c: change(c.objection, answered_on=date(2026, 5, 8))),
    Attack("objection_answer_is_kept", lambda c: change(c.answered, upheld=True)),
    # Late charges.
    Attack("late_charge_once_a_day", lambda c: again(c.late_charge)),
    Attack("late_charge_within_cap", lambda c: change(c.late_charge, rate_ppm=45_001)),
    Attack("late_charge_none_when_frozen", lambda c: change(c.late_charge, frozen=True)),
    # Reminders.
    Attack("dunning_one_open_case_per_payer", lambda c: again(c.case)),
    Attack("reminder_once_a_day_per_payer", lambda c: again(c.reminder, notice=c.other_notice)),
    Attack("reminder_lists_a_bill_once", lambda c: again(c.line, counted=False)),
    Attack(
        "reminder_counted_once_per_stage",
        lambda c: ReminderLine.objects.filter(bill=c.wangs, stage=2).update(stage=1),
    ),
    Attack("reminder_stage_is_one_to_three", lambda c: change(c.line, stage=4)),
    Attack("reminder_counts_only_with_stage", lambda c: change(c.line, stage=None)),
    # The ledger.
    Attack("ledger_account_once", lambda c: LedgerAccount.objects.create(kind="cash", lender=c.town.bank)),
    Attack(
        "ledger_account_has_its_parties",
        lambda c: LedgerAccount.objects.create(kind="cash", lender=c.town.bank, payer=c.lin),
    ),
    Attack("transfer_posted_once", lambda c: again(c.transfer)),
    Attack("transfer_amount_positive", lambda c: again(c.transfer, reference="X", amount_fen=0)),
    Attack(
        "transfer_between_two_accounts",
        lambda c: again(c.transfer, reference="X", credit_id=c.transfer.debit_id),
    ),
    # Money from citizens.
    Attack("direct_debit_one_per_lender", lambda c: again(DirectDebit.objects.get())),
    Attack("collection_positive", lambda c: change(c.collection, amount_fen=0)),
    Attack("repayment_received_once", lambda c: again(c.repayment, number="P-NEW")),
    Attack(
        "repayment_positive",
        lambda c: again(c.repayment, number="P-NEW", bank_reference="X", amount_fen=0, to_balance_fen=0),
    ),
    Attack(
        "repayment_balance_within_amount",
        lambda c: again(c.repayment, number="P-NEW", bank_reference="X", to_balance_fen=60_001),
    ),
    Attack("allocation_once_per_bill", lambda c: again(c.allocation)),
    Attack("allocation_not_empty", lambda c: again(c.allocation, principal_fen=0, charges_fen=0)),
    Attack(
        "withdrawal_positive", lambda c: again(Withdrawal.objects.get(), number="W-NEW", amount_fen=0)
    ),
    # The day close and T+1.
    Attack("day_close_is_kept", lambda c: DayClose.objects.filter(on=CLOSED_ON)._raw_delete("default")),
    Attack("settlement_once_per_pair_and_date", lambda c: clone_settlement(c, business_on=march(2))),
    Attack("settlement_net_adds_up", lambda c: clone_settlement(c, net_fen=c.paid.net_fen + 1)),
    Attack(
        "settlement_carries_no_gain",
        lambda c: clone_settlement(c, carried_in_fen=1, net_fen=c.paid.net_fen + 1),
    ),
    Attack("settlement_carried_when_not_positive", lambda c: clone_settlement(c, state="carried")),
    Attack("settlement_paid_after_its_date", lambda c: clone_settlement(c, pay_on=OPEN_ON)),
    Attack("settlement_sums_are_kept", lambda c: change(c.paid, bills=99)),
    Attack(
        "settlement_is_kept", lambda c: type(c.paid).objects.filter(pk=c.paid.pk)._raw_delete("default")
    ),
    Attack("settlement_step_once_per_bank_reference", lambda c: again(c.step)),
    # Electronic invoices.
    Attack(
        "invoice_number_once",
        lambda c: again(c.invoice, bill=c.reversed.bill, amount_fen=c.reversed.amount_fen - 100),
    ),
    Attack("invoice_one_at_a_time", clone_invoice),
    Attack("invoice_amount_positive", lambda c: clone_unchecked(c, amount_fen=0)),
    Attack("invoice_code_is_one", lambda c: clone_invoice(c, code="x")),
    Attack("invoice_number_is_one", lambda c: clone_invoice(c, number="1")),
    Attack("invoice_can_be_looked_up", lambda c: clone_invoice(c, address="http://example.com/")),
    Attack("invoice_red_takes_one_back", lambda c: clone_invoice(c, reverses=c.red_due)),
    Attack("invoice_changes_forward", lambda c: clone_invoice(c, changed_at=c.town.at(march(2)))),
    Attack("invoice_is_of_its_bill", lambda c: clone_invoice(c, amount_fen=1)),
    Attack("invoice_red_is_of_the_same", lambda c: clone_red(c, amount_fen=1)),
    Attack("invoice_reversed_by_a_red_one", lambda c: change(c.red_due, state="reversed")),
    Attack("invoice_facts_are_kept", lambda c: change(c.invoice, amount_fen=1)),
    Attack("invoice_is_kept", lambda c: Invoice.objects.filter(pk=c.invoice.pk)._raw_delete("default")),
    Attack("insurance_reminder_once_a_day", lambda c: again(c.insurance_reminder)),
    Attack(
        "insurance_reminder_is_of_something", lambda c: again(c.insurance_reminder, on=march(11), bills=0)
    ),
    Attack("desk_act_once_per_form", lambda c: again(c.desk_act)),
    # Shifts and the sign-off of a day.
    Attack("shift_follows_the_one_before", lambda c: again(c.shift, number="H3")),
    Attack("shift_float_not_negative", lambda c: later_shift(c, float_fen=-1)),
    Attack("shift_opened_in_time", lambda c: later_shift(c, opened_at=c.shift.since_at)),
    Attack("hand_over_counts_cash", lambda c: hand_over_next(c, counted_fen=-1, note="x")),
    Attack("hand_over_explains_its_difference", lambda c: hand_over_next(c, counted_fen=999)),
    Attack("hand_over_is_to_another", lambda c: hand_over_next(c, to=c.next_shift.cashier)),
    Attack("hand_over_is_to_another", lambda c: hand_over_next(c, expected_fen=999, counted_fen=999)),
    Attack("receipt_counts_cash", lambda c: again(c.receipt, counted_fen=-1, note="x")),
    Attack("receipt_is_by_another", lambda c: again(c.receipt, received_by=c.shift.cashier)),
    Attack("receipt_is_by_another", lambda c: again(c.receipt, counted_fen=999)),
    Attack("hospital_total_not_negative", lambda c: again(c.stated, business_on=OPEN_ON, refunds_fen=-1)),
    Attack("hospital_total_before_sign_off", lambda c: again(c.stated)),
    Attack("day_preparation_explains_differences", lambda c: again(c.prepared, differences=1)),
    Attack("day_signed_off_once_per_hospital", lambda c: again(c.signed, preparation=c.prepared_again)),
    Attack("day_signed_off_by_another", lambda c: again(c.signed, signed_by=c.prepared.prepared_by)),
    Attack("day_signed_off_by_another", lambda c: again(c.signed, business_on=OPEN_ON)),
    Attack("patient_code_used_once", lambda c: again(c.code_use)),
    Attack(
        "patient_code_used_in_time", lambda c: again(c.code_use, at=c.code_use.at + timedelta(minutes=1)),
        aside=("patient_code_used_once",),
    ),
    *IMPORT_ATTACKS,
    *RECONCILIATION_ATTACKS,
]  # fmt: skip


@pytest.fixture(scope="module")
def court(shared_town: Town) -> Court:
    return Court(shared_town)


@pytest.mark.parametrize("attack", ATTACKS, ids=[attack.guard for attack in ATTACKS])
def test_the_guard_of_that_name_says_no(court: Court, attack: Attack) -> None:
    assert_refused(attack, court, "billing")


def test_every_named_guard_is_attacked() -> None:
    assert {attack.guard for attack in ATTACKS} == named_guards("billing") - WRITERS


def test_the_database_itself_writes_what_states_an_invoice_has_had(court: Court) -> None:
    Invoice.objects.filter(pk=court.invoice.pk).update(
        state="red_due", changed_at=court.town.at(date(2026, 5, 8))
    )

    changes = InvoiceChange.objects.filter(invoice=court.invoice).values_list("state", flat=True)
    assert list(changes) == ["issued", "red_due"]


@pytest.mark.parametrize("model", append_only_models("billing"), ids=lambda model: model.__name__)
def test_what_was_written_is_neither_changed_nor_deleted_nor_emptied(
    court: Court, model: type[models.Model]
) -> None:
    assert_append_only(model)


@pytest.mark.parametrize(
    "move", illegal_moves("billing"), ids=lambda m: f"{m.model.__name__} {m.before} to {m.after}"
)
def test_no_state_is_reached_by_an_unlawful_move(court: Court, move: Move) -> None:
    assert_move_refused(move)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "B-NEW"),
        ("financed_fen", 1),
        ("self_paid_fen", 1),
        ("total_fen", 1),
        ("late_rate_ppm", 1),
        ("posted_at", Town.at(march(1))),
        ("scene", "parking"),
    ],
)
def test_what_a_bill_was_is_never_rewritten(court: Court, field: str, value: object) -> None:
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        change(court.open_bill, **{field: value})


def test_a_bill_cannot_be_handed_to_somebody_else(court: Court) -> None:
    for field, value in {
        "payer": court.wang,
        "patient": court.wang,
        "account": court.account_of(court.wang),
        "lender": court.town.found_bank("BANK2"),
    }.items():
        with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
            change(court.open_bill, **{field: value})


def test_a_date_is_closed_for_every_date_before_it_too(court: Court) -> None:
    DayClose.objects.create(on=march(20), closed_at=court.town.at(march(21)))

    for on in (march(2), OPEN_ON, march(20)):
        with pytest.raises(Error, match="is closed"), transaction.atomic():
            clone_bill(court, business_on=on, due_on=on + timedelta(days=42))


def test_what_was_collected_or_disputed_stays_attached(court: Court) -> None:
    """No row on which another stands can be taken away below it."""
    for row in (court.lin, court.town.bank, court.account_of(court.lin)):
        with pytest.raises(models.ProtectedError):
            row.delete()
    assert Repayment.objects.exists() and Objection.objects.exists() and Collection.objects.exists()

"""Random legal and illegal acts, and the books checked after each."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from billing.books import check
from billing.models import Bill, Objection, Settlement
from billing.operations.accruals import accrue_charges
from billing.operations.charges import Insurance, cancel_visit, open_visit, settle_visit, void_bill
from billing.operations.charges import Line as Item
from billing.operations.collections import finish_collection, start_repayment
from billing.operations.days import close_day
from billing.operations.due_dates import pass_due_date, use_balances
from billing.operations.dunning import send_reminders, suspend_unanswered
from billing.operations.ledger import credit_balance_fen
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund
from billing.operations.repayments import withdraw_balance
from billing.operations.settlements import confirm_payout, reconcile_settlement, return_payout
from common.errors import Refusal
from config.day import settle_messages
from credit.models import AccountEvent
from credit.operations.family import add_child
from hospitals.models import Scene
from tests.cast import OPENING_ON, Town

PEOPLE = st.integers(0, 3)
PICK = st.integers(0, 10_000)
FEN = st.one_of(st.integers(1, 400_000), st.sampled_from([0, -1, 1, 50_000, 10**18]))
SCORES = st.sampled_from([300, 500, 501, 600, 601, 650, 651, 900, 0, 5_000])


class Life(RuleBasedStateMachine):
    """Lin (a parent), Lin's child, Chen and Wang live some months. A refusal is an answer like any other."""

    @initialize()
    def found(self) -> None:
        self.atomic = transaction.atomic()
        # As Django's own test case marks its block, so that the outbox may claim inside it.
        self.atomic._from_testcase = True  # type: ignore[attr-defined]
        self.atomic.__enter__()
        self.town = Town()
        self.town.found_bank("BANK2", interest_free_days=45, late_rate_ppm=30_000)
        self.on = OPENING_ON
        lin, chen, wang = (
            self.town.enrol(),
            self.town.enrol("陈建国", score=550),
            self.town.enrol("王丽", score=480),
        )
        child = self.town.move_in("林小雨", born_on=date(2008, 3, 20))
        add_child(parent=lin, child=child, at=self.at())
        self.people = [lin, child, chen, wang]
        self.references = 0

    def teardown(self) -> None:
        if hasattr(self, "atomic"):
            transaction.set_rollback(True)
            self.atomic.__exit__(None, None, None)

    def at(self, hour: int = 10):  # type: ignore[no-untyped-def]
        return self.town.at(self.on, hour)

    def reference(self) -> str:
        self.references += 1
        return f"R{self.references}"

    @staticmethod
    def one_of(rows, pick: int):  # type: ignore[no-untyped-def]
        found = list(rows.order_by("pk"))
        return found[pick % len(found)] if found else None

    def attempt(self, act) -> None:  # type: ignore[no-untyped-def]
        """A refused act must leave nothing behind; the invariants look."""
        try:
            with transaction.atomic():
                act()
        except Refusal:
            pass

    @rule(person=PEOPLE, amount=FEN, insured=st.booleans())
    def charge(self, person: int, amount: int, insured: bool) -> None:
        insurance = Insurance(pooled_fund_fen=5_000) if insured else None
        self.attempt(lambda: self.town.treat(self.people[person], self.on, amount, insurance=insurance))

    @rule(person=PEOPLE, hold=FEN, used=FEN, settle=st.booleans())
    def stay(self, person: int, hold: int, used: int, settle: bool) -> None:
        def act() -> None:
            visit = open_visit(
                hospital=self.town.hospital,
                patient=self.people[person],
                scene=Scene.INPATIENT,
                hold_fen=hold,
                at=self.at(),
            )
            if settle:
                settle_visit(visit=visit, items=[Item("床位费", used)], insurance=Insurance(), at=self.at(12))
            elif used % 2:
                cancel_visit(visit=visit, at=self.at(12))

        self.attempt(act)

    @rule(pick=PICK, amount=FEN)
    def pay(self, pick: int, amount: int) -> None:
        bill = self.one_of(Bill.objects.all(), pick)
        if bill:
            self.attempt(lambda: self.town.pay(bill.payer, amount, self.on, lender=bill.lender))

    @rule(pick=PICK, succeeded=st.booleans())
    def pay_on_the_portal(self, pick: int, succeeded: bool) -> None:
        bill = self.one_of(Bill.objects.open(), pick)
        if bill is None:
            return

        def act() -> None:
            [collection] = start_repayment(
                payer=bill.payer, bills=[bill], reference=self.reference(), at=self.at()
            )
            finish_collection(
                collection=collection,
                succeeded=succeeded,
                bank_reference=self.reference() if succeeded else "",
                reason="" if succeeded else "余额不足",
                at=self.at(11),
            )

        self.attempt(act)

    @rule(pick=PICK, amount=FEN, whole=st.booleans())
    def give_back(self, pick: int, amount: int, whole: bool) -> None:
        bill = self.one_of(Bill.objects.all(), pick)
        if bill:
            fen = bill.self_paid_fen if whole else amount
            self.attempt(lambda: refund(bill=bill, amount_fen=fen, reason="other", at=self.at(13)))

    @rule(pick=PICK)
    def void(self, pick: int) -> None:
        bill = self.one_of(Bill.objects.all(), pick)
        if bill:
            self.attempt(lambda: void_bill(bill=bill, at=self.at(14)))

    @rule(pick=PICK, amount=FEN)
    def withdraw(self, pick: int, amount: int) -> None:
        bill = self.one_of(Bill.objects.all(), pick)
        if bill:
            balance = credit_balance_fen(payer=bill.payer, lender=bill.lender)
            fen = balance if amount % 2 else amount
            self.attempt(
                lambda: withdraw_balance(payer=bill.payer, lender=bill.lender, amount_fen=fen, at=self.at())
            )

    @rule(pick=PICK)
    def dispute(self, pick: int) -> None:
        bill = self.one_of(Bill.objects.all(), pick)
        if bill:
            self.attempt(lambda: object_to(bill=bill, statement="不是我做的检查", at=self.at()))

    @rule(pick=PICK, upheld=st.booleans(), amount=FEN)
    def answer(self, pick: int, upheld: bool, amount: int) -> None:
        objection = self.one_of(Objection.objects.filter(answered_on=None), pick)
        if objection:
            self.attempt(
                lambda: answer_objection(
                    objection=objection,
                    upheld=upheld,
                    answer="已核对",
                    refund_fen=max(0, amount),
                    at=self.at(),
                )
            )

    @rule(person=PEOPLE, value=SCORES)
    def rescore(self, person: int, value: int) -> None:
        if person != 1:
            self.attempt(lambda: self.town.score(self.people[person], value, self.on))

    @rule(pick=PICK, returned=st.booleans(), found=FEN)
    def settle(self, pick: int, returned: bool, found: int) -> None:
        settlement = self.one_of(Settlement.objects.all(), pick)
        if settlement is None:
            return

        def act() -> None:
            reference = self.reference()
            confirm_payout(settlement=settlement, bank_reference=reference, value_on=self.on, at=self.at(15))
            if returned:
                return_payout(
                    settlement=settlement, bank_reference=reference, reason="账号有误", at=self.at(16)
                )
            else:
                received = found if found % 3 == 0 else settlement.net_fen
                reconcile_settlement(settlement=settlement, received_fen=received, at=self.at(17))

        self.attempt(act)

    @rule(days=st.sampled_from([1, 1, 1, 7, 7, 20, 43]))
    def pass_days(self, days: int) -> None:
        """Time goes by; the sweeps come late where several days pass at once."""
        before = self.on
        self.on += timedelta(days=days)
        yesterday = self.on - timedelta(days=1)
        accrue_charges(on=yesterday, at=self.at(0))
        due = Bill.objects.filter(due_on__gte=before, due_on__lte=yesterday).order_by("due_on")
        for due_on in due.values_list("due_on", flat=True).distinct():
            pass_due_date(on=due_on, at=self.at(0))
        close_day(on=yesterday, at=self.at(1))
        use_balances(on=self.on, at=self.at(6))
        send_reminders(on=self.on, at=self.at(10))
        settle_messages(at=self.at(11))
        suspend_unanswered(on=self.on, at=self.at(20))

    @invariant()
    def books_are_right(self) -> None:
        if hasattr(self, "town"):
            broken = {finding.sentence: finding.broken for finding in check(at=self.at(9)) if finding.count}
            assert broken == {}
            # No account ever stood above the limit of the moment in which something was granted.
            granted = AccountEvent.objects.filter(kind__in=["charge", "hold"])
            assert all(event.outstanding_after_fen <= event.limit_fen for event in granted)


@pytest.mark.django_db
def test_the_books_hold_after_every_legal_and_illegal_act(fresh_sandbox: object) -> None:
    run_state_machine_as_test(
        Life,
        settings=settings(
            max_examples=12,
            stateful_step_count=30,
            deadline=None,
            derandomize=True,
            suppress_health_check=list(HealthCheck),
        ),
    )

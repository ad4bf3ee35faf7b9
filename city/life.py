"""The city lives, day by day, through the operations that the screens and interfaces use.

Nothing of its history is inserted directly. One random generator, drawn from in a fixed order, decides
everything; the same seed gives the same city.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from functools import partial
from random import Random

from django.db import connection

from accounts.operations.consents import give_consent
from accounts.operations.people import register_person
from billing.models import Bill, Collection, Invoice, Refund, Settlement, Visit
from billing.operations.charges import (
    Insurance,
    Line,
    charge,
    open_visit,
    report_items,
    settle_visit,
    void_bill,
)
from billing.operations.collections import finish_collection, set_direct_debit, start_repayment
from billing.operations.invoices import (
    invoiced_fen,
    reverse_invoice,
    take_invoice,
    take_with_bills,
)
from billing.operations.ledger import credit_balance_fen
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund, settle_insurance
from billing.operations.repayments import Method, repay, withdraw_balance
from billing.operations.settlements import (
    confirm_payout,
    reconcile_settlement,
    return_payout,
)
from city.e_invoices import e_invoice, is_issued, is_renewed, is_reversed, red_invoice
from city.identities import resident_id
from city.people import Citizen, Habit, draw_citizens, name
from city.statements import Stating
from common.calendar import business_date, is_working_day
from common.errors import Refusal
from config.day import moment, run_day
from credit.models import RepairApplication, ScoreEvent
from credit.operations.accounts import open_account
from credit.operations.family import accept_offer, add_child, offer_to_pay
from credit.operations.standing import apply_for_repair, decide_repair
from hospitals.models import Hospital, Scene
from lenders.models import Facility, Lender
from lenders.operations.facilities import consent_and_apply, decide_application

MORNING = time(10)
EVENING = time(20)

CLINIC_ITEMS = (("诊查费", "诊疗"), ("血常规", "检验"), ("阿莫西林胶囊", "西药"), ("胸部正位片", "检查"))
WARD_ITEMS = (("床位费", "住院"), ("护理费", "住院"), ("静脉输液", "治疗"), ("手术费", "手术"))
SCENES = (
    (Scene.OUTPATIENT, 70),
    (Scene.REGISTRATION, 10),
    (Scene.CHECKUP, 8),
    (Scene.NURSING, 4),
    (Scene.PARKING, 3),
    (Scene.INPATIENT, 5),
)

DAYS_A_TIDY = 15
NEWCOMERS_A_TIDY = 300


def tidy() -> None:
    """What the server does by itself once a minute, in which a city lives for weeks."""
    if not connection.in_atomic_block:
        with connection.cursor() as cursor:
            cursor.execute("VACUUM (ANALYZE)")


class City:
    """A city of citizens between two dates. `live` yields each date when its day is over."""

    def __init__(self, *, citizens: int, first: date, last: date, seed: int) -> None:
        self.rng = Random(seed)  # noqa: S311 - a city to look at, not a secret
        self.first, self.last = first, last
        self.hospitals = list(Hospital.objects.online(first).order_by("code"))
        self.lenders = list(Lender.objects.order_by("code"))
        self.citizens = draw_citizens(
            self.rng, citizens=citizens, first=first, last=last, lenders=len(self.lenders)
        )
        self.joining: dict[date, list[Citizen]] = defaultdict(list)
        for citizen in self.citizens:
            self.joining[citizen.joins_on].append(citizen)
        self.joined: list[Citizen] = []
        self.plans: dict[date, list[Callable[[datetime], object]]] = defaultdict(list)
        self.refusals: dict[str, int] = defaultdict(int)
        self.stating = Stating(seed=seed)
        self.references = 0

    def live(self) -> Iterator[date]:
        on = self.first
        while on <= self.last:
            run_day(on=on, until=MORNING)
            self._day(on)
            run_day(on=on, after=EVENING)
            self.stating.end_day(on)
            if (on - self.first).days % DAYS_A_TIDY == 0:
                tidy()
            yield on
            on += timedelta(days=1)

    def _day(self, on: date) -> None:
        at = moment(on, MORNING)
        for place, citizen in enumerate(self.joining.pop(on, []), 1):
            self._join(citizen, at)
            if place % NEWCOMERS_A_TIDY == 0:
                tidy()
        for plan in self.plans.pop(on, []):
            self._try(plan, at)
        for citizen in self.joined:
            if self.rng.random() < citizen.visits_a_day:
                self._try(partial(self._fall_ill, citizen), at + timedelta(minutes=self.rng.randrange(540)))
        self._lenders_work(on)
        self._hospitals_work(on)
        self.stating.state_payouts(on)

    def _try(self, act: Callable[[datetime], object], at: datetime) -> None:
        """People meet refusals; the city counts them and goes on."""
        try:
            act(at)
        except Refusal as refusal:
            self.refusals[refusal.code] += 1

    # Joining

    def _join(self, citizen: Citizen, at: datetime) -> None:
        person = register_person(
            name=citizen.name, resident_id=citizen.resident_id, phone=citizen.phone, at=at
        )
        give_consent(person=person, purpose="scheme", at=at)
        give_consent(person=person, purpose="score", at=at)
        try:
            open_account(person=person, at=at)
        except Refusal as refusal:
            self.refusals[refusal.code] += 1
            return
        citizen.patients = [person]
        self._apply(citizen, self.lenders[citizen.lender], at)
        if self.rng.random() < 0.15:
            self._apply(citizen, self.lenders[(citizen.lender + 1) % len(self.lenders)], at)
        self._start_family(citizen, at)
        if citizen.lenders:
            self.joined.append(citizen)

    def _apply(self, citizen: Citizen, lender: Lender, at: datetime) -> None:
        product = lender.products.get()
        facility = consent_and_apply(person=citizen.person, product=product, agreed=True, at=at)
        granted = self.rng.random() < 0.97
        reason = "" if granted else "近期在本机构有逾期记录"
        decided = decide_application(facility=facility, granted=granted, reason=reason, at=at)
        if decided.state == Facility.State.GRANTED:
            citizen.lenders.append(lender)
            if citizen.habit == Habit.DIRECT_DEBIT:
                set_direct_debit(payer=citizen.person, lender=lender, on=True, at=at)

    def _start_family(self, citizen: Citizen, at: datetime) -> None:
        if citizen.child_born_on:
            child = self._relative(citizen, citizen.child_born_on, 1, at)
            self._try(lambda at: add_child(parent=citizen.person, child=child, at=at), at)
            citizen.patients.append(child)
        if citizen.parent_born_on:
            parent = self._relative(citizen, citizen.parent_born_on, 2, at)
            link = offer_to_pay(child=citizen.person, parent=parent, at=at)
            accept_offer(link=link, at=at)
            citizen.patients.append(parent)

    def _relative(self, citizen: Citizen, born_on: date, place: int, at: datetime):
        number = resident_id(born_on, (citizen.index * 3 + place) % 1000, "350902")
        return register_person(name=citizen.name[0] + name(self.rng)[1:], resident_id=number, at=at)

    # Being treated

    def _fall_ill(self, citizen: Citizen, at: datetime) -> None:
        patient = self.rng.choice(citizen.patients)
        hospital = self.rng.choice(self.hospitals)
        scene = self.rng.choices([scene for scene, _ in SCENES], [weight for _, weight in SCENES])[0]
        lender = self.rng.choice(citizen.lenders)
        if scene == Scene.INPATIENT:
            self._admit(citizen, patient, hospital, lender, at)
        elif scene == Scene.REGISTRATION and self.rng.random() < 0.5:
            self._register(patient, hospital, lender, at)
        else:
            self._charge(citizen, patient, hospital, scene, lender, at)

    def _charge(self, citizen, patient, hospital, scene, lender, at) -> None:
        items = self._items(CLINIC_ITEMS, median_fen=18_000)
        insurance, self_paid = self._split(items)
        bill = charge(
            hospital=hospital,
            patient=patient,
            scene=scene,
            items=items,
            insurance=insurance,
            self_paid_fen=self_paid,
            lender=lender,
            at=at,
        )
        self._invoice(bill)
        if self.rng.random() < 0.007:
            void_bill(bill=bill, at=at)
            self._turn_red(bill, at)
            return
        self._after_bill(citizen, bill)

    def _register(self, patient, hospital, lender, at) -> None:
        """A registration that the hospital forgets to settle; the same-day duty does it."""
        visit = open_visit(
            hospital=hospital, patient=patient, scene=Scene.REGISTRATION, hold_fen=5_000, lender=lender, at=at
        )
        if self.rng.random() < 0.6:
            report_items(visit=visit, items=[Line("普通门诊挂号费", 2_000, "挂号")])

    def _admit(self, citizen, patient, hospital, lender, at) -> None:
        visit = open_visit(
            hospital=hospital, patient=patient, scene=Scene.INPATIENT, hold_fen=40_000, lender=lender, at=at
        )
        days = self.rng.randint(2, 8)
        for day in range(1, days):
            self._plan(at, day, partial(self._use_ward, visit))
        self._plan(at, days, partial(self._discharge, citizen, visit))

    def _use_ward(self, visit: Visit, at: datetime) -> None:
        report_items(visit=visit, items=self._items(WARD_ITEMS, median_fen=30_000))

    def _discharge(self, citizen: Citizen, visit: Visit, at: datetime) -> None:
        items = self._items(WARD_ITEMS, median_fen=60_000)
        used = sum(visit.items.values_list("amount_fen", flat=True)) + sum(line.amount_fen for line in items)
        insurance = Insurance(pooled_fund_fen=used * 6 // 10, personal_account_fen=used // 10)
        bill = settle_visit(visit=visit, items=items, insurance=insurance, at=at)
        self._invoice(bill)
        self._after_bill(citizen, bill)

    def _items(self, catalogue: tuple[tuple[str, str], ...], *, median_fen: int) -> list[Line]:
        chosen = self.rng.sample(catalogue, self.rng.randint(1, 3))
        return [
            Line(item, 100 + int(median_fen * self.rng.lognormvariate(0, 0.7)) // len(chosen), category)
            for item, category in chosen
        ]

    def _split(self, items: list[Line]) -> tuple[Insurance | None, int]:
        total = sum(line.amount_fen for line in items)
        if self.rng.random() < 0.03:
            return None, total
        pooled = total * self.rng.randint(20, 60) // 100
        personal = total * self.rng.randint(0, 15) // 100
        return Insurance(pooled_fund_fen=pooled, personal_account_fen=personal), total - pooled - personal

    # What follows a bill

    def _after_bill(self, citizen: Citizen, bill: Bill) -> None:
        at = bill.posted_at
        if bill.insurance == Bill.Insurance.MISSING and self.rng.random() < 0.8:
            self._plan(at, self.rng.randint(1, 10), partial(self._settle_insurance, bill))
        if self.rng.random() < 0.03:
            self._plan(at, self.rng.randint(0, 60), partial(self._refund, bill))
        due = (bill.due_on - business_date(at)).days
        if self.rng.random() < 0.015:
            self._plan(at, self.rng.randint(due - 5, due + 12), partial(self._object, bill))
        for days, part in self._intentions(citizen.habit, due):
            self._plan(at, days, partial(self._pay, citizen, bill, part))

    def _intentions(self, habit: Habit, due: int) -> list[tuple[int, float]]:
        """When someone of this habit means to pay, in days after the bill, and what part of it."""
        if habit == Habit.EARLY:
            return [(self.rng.randint(1, due - 5), 1)]
        if habit == Habit.IN_TIME:
            return [(due - self.rng.randint(0, 3), 1)]
        if habit == Habit.LATE:
            return [(due + self.rng.randint(1, 20), 1)]
        if habit == Habit.IN_PARTS:
            return [(due - 3, 0.5), (due + self.rng.randint(-1, 15), 1)]
        if habit == Habit.RECOVERS:
            return [(due + self.rng.randint(45, 75), 1)]
        return []

    def _settle_insurance(self, bill: Bill, at: datetime) -> None:
        bill.refresh_from_db()
        part = bill.self_paid_fen * self.rng.randint(20, 60) // 100
        settle_insurance(bill=bill, insurance=Insurance(pooled_fund_fen=part), at=at)
        self._turn_red(bill, at)

    def _refund(self, bill: Bill, at: datetime) -> None:
        whole = self.rng.random() < 0.3
        amount = bill.self_paid_fen if whole else max(1, bill.self_paid_fen * self.rng.randint(10, 60) // 100)
        made = refund(bill=bill, amount_fen=amount, reason=Refund.Reason.NOT_USED, at=at)
        self._turn_red(bill, at)
        if made.to_balance_fen and self.rng.random() < 0.5:
            self._plan(at, 2, partial(self._withdraw, bill))

    def _invoice(self, bill: Bill) -> None:
        """Most hospitals issue the invoice with the charge. No dice are thrown: the bill's number decides."""
        if is_issued(bill):
            on = business_date(bill.posted_at)
            given = e_invoice(bill, place=1, amount_fen=bill.total_fen, on=on)
            take_with_bills([(bill, given)], at=bill.posted_at)

    def _turn_red(self, bill: Bill, at: datetime) -> None:
        """Most think of the red invoice on the next day, and many of those issue another for the rest."""
        if is_reversed(bill) and Invoice.objects.filter(bill=bill).red_due().exists():
            self._plan(at, 1, partial(self._reverse, bill))

    def _reverse(self, bill: Bill, at: datetime) -> None:
        on, place = business_date(at), bill.invoices.count()
        if not bill.invoices.red_due().exists():
            return
        reverse_invoice(bill=bill, red_invoice=red_invoice(bill, place=place + 1, on=on), at=at)
        bill.refresh_from_db()
        left_fen = invoiced_fen(bill)
        if left_fen and is_renewed(bill):
            given = e_invoice(bill, place=place + 2, amount_fen=left_fen, on=on)
            take_invoice(bill=bill, e_invoice=given, at=at)

    def _withdraw(self, bill: Bill, at: datetime) -> None:
        balance = credit_balance_fen(payer=bill.payer, lender=bill.lender)
        if balance:
            withdraw_balance(payer=bill.payer, lender=bill.lender, amount_fen=balance, at=at)

    def _object(self, bill: Bill, at: datetime) -> None:
        objection = object_to(bill=bill, statement="这项检查我没有做。", at=at)
        upheld = self.rng.random() < 0.4

        def answer(at: datetime) -> None:
            bill.refresh_from_db()
            part = bill.owed_fen // 3 if upheld else 0
            answer_objection(
                objection=objection,
                upheld=upheld,
                answer="经核对,该项目未执行,已退款。" if upheld else "经核对,收费无误。",
                refund_fen=part,
                at=at,
            )

        self._plan(at, self.rng.randint(1, 5), answer)

    def _pay(self, citizen: Citizen, bill: Bill, part: float, at: datetime) -> None:
        payer = bill.payer
        owed = Bill.objects.owed_by(payer).open()
        bills = list(owed) if citizen.habit == Habit.RECOVERS else list(owed.filter(pk=bill.pk))
        if not bills:
            return
        total = sum(bill.to_pay_fen for bill in bills)
        amount = max(1, int(total * part)) if part < 1 else None
        if self.rng.random() < 0.12:
            extra = 1_000 if self.rng.random() < 0.1 else 0
            repay(
                payer=payer,
                lender=bill.lender,
                amount_fen=(amount or bill.to_pay_fen or total) + extra,
                method=Method.LENDER,
                bank_reference=self._reference("L"),
                at=at,
            )
        else:
            start_repayment(
                payer=payer, bills=bills, amount_fen=amount, reference=self._reference("C"), at=at
            )
        if citizen.habit == Habit.RECOVERS:
            self._plan(at, 1, partial(self._ask_for_repair, citizen))

    def _ask_for_repair(self, citizen: Citizen, at: datetime) -> None:
        owes = Bill.objects.owed_by(citizen.person).overdue(business_date(at)).exists()
        if owes or not ScoreEvent.objects.filter(person=citizen.person).exists():
            return
        application = apply_for_repair(person=citizen.person, statement="已还清全部欠款。", at=at)

        def decide(at: datetime) -> None:
            decide_repair(application=application, granted=True, reason="欠款已全部还清。", by=None, at=at)

        if application.state == RepairApplication.State.APPLIED:
            self._plan(at, 3, decide)

    # Lenders and hospitals at work

    def _lenders_work(self, on: date) -> None:
        at = moment(on, time(15))
        for collection in Collection.objects.filter(state=Collection.State.PENDING).order_by("pk"):
            succeeded = self.rng.random() < 0.96
            finish_collection(
                collection=collection,
                succeeded=succeeded,
                bank_reference=self._reference("K") if succeeded else "",
                reason="" if succeeded else "账户余额不足",
                at=at,
            )
            if not succeeded:
                self._plan(at, 1, partial(self._pay_again, collection))
        if not is_working_day(on):
            return
        payable = [Settlement.State.DUE, Settlement.State.RETURNED]
        for settlement in Settlement.objects.filter(state__in=payable, pay_on__lte=on).order_by("pk"):
            reference = self._reference("W")
            confirm_payout(settlement=settlement, bank_reference=reference, value_on=on, at=at)
            if self.rng.random() < 0.01:
                return_payout(settlement=settlement, bank_reference=reference, reason="收款账号有误", at=at)

    def _pay_again(self, collection: Collection, at: datetime) -> None:
        bills = list(collection.bills.open())
        if bills:
            start_repayment(payer=collection.payer, bills=bills, reference=self._reference("C"), at=at)

    def _hospitals_work(self, on: date) -> None:
        """The hospitals' accountants find yesterday's payments."""
        at = moment(on, time(17))
        paid = Settlement.objects.filter(state=Settlement.State.PAID, pay_on__lt=on).order_by("pk")
        for settlement in paid:
            reconcile_settlement(settlement=settlement, received_fen=settlement.net_fen, at=at)

    def _plan(self, at: datetime, days: int, act: Callable[[datetime], object]) -> None:
        on = business_date(at) + timedelta(days=max(0, days))
        if on == business_date(at):
            self._try(act, at)
        else:
            self.plans[on].append(act)

    def _reference(self, letter: str) -> str:
        self.references += 1
        return f"{letter}{self.references:09d}"

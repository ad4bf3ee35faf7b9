"""A small city that has lived for some months by the platform's own operations, with all who sign in.

Lin owes and has repaid in every way, Zhao is a parent with a child and an elder, Chen is suspended.
"""

from __future__ import annotations

from datetime import date

from accounts.models import Person, User
from accounts.operations.access import record_access
from accounts.operations.consents import give_consent
from billing.models import Bill, Settlement
from billing.operations.collections import finish_collection, set_direct_debit, start_repayment
from billing.operations.objections import answer_objection, object_to
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout
from credit.operations.family import accept_offer, add_child, offer_to_pay
from hospitals.models import HospitalStaff
from hospitals.operations.claims import check_claim, decide_claim, file_claim
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.payout import propose_payout_account
from hospitals.operations.staffing import appoint_staff as appoint_at_hospital
from hospitals.operations.steps import finish_step
from hospitals.operations.training import record_training
from lenders.models import Lender
from lenders.operations.facilities import consent_and_apply
from lenders.operations.offers import Wording, put_offer
from lenders.operations.registering import appoint_staff as appoint_at_lender
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

PASSWORD = "demo-demo-demo"
TODAY = date(2026, 4, 15)
# Chen's three due dates are missed one after another; the first bill has been reminded of three times.
CHENS_BILLS = (date(2026, 1, 9), date(2026, 1, 16), date(2026, 1, 23))
FEBRUARY, MARCH, APRIL = date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 8)
# The days on which the timetable finds something to do.
DAYS = (
    (1, 9), (1, 16), (1, 23), (2, 2), (2, 25), (2, 28), (3, 2), (3, 4), (3, 7), (3, 11), (3, 18), (4, 8),
    (4, 13), (4, 14),
)  # fmt: skip
CITIZENS = {"citizen": "林志明", "parent": "赵小燕", "suspended": "陈建国"}
STAFF = {
    "cashier": User.Role.CASHIER,
    "hospital-admin": User.Role.HOSPITAL_ADMIN,
    "operator": User.Role.OPERATOR,
    "regulator": User.Role.REGULATOR,
    "lender": User.Role.LENDER,
}
ACTORS = ("anonymous", *CITIZENS, *STAFF)


def found(sandbox: SandboxProcess) -> None:
    """Everything that the pages may show, in as few days as it takes."""
    town = Town(sandbox)
    town.build_hospital("XM002")
    bank = town.found_bank("BANK2", interest_free_days=56)
    town.found_bank("BANK3", late_rate_ppm=36_500)
    lin, zhao, chen = (town.enrol(name) for name in CITIZENS.values())
    for username, person in zip(CITIZENS, (lin, zhao, chen), strict=True):
        User.objects.create_user(username, password=PASSWORD, role=User.Role.CITIZEN, person=person)
    _hire(town)
    for month, day in DAYS:
        on = date(2026, month, day)
        if on in CHENS_BILLS:
            town.treat(chen, on, 20_000)
        if on == FEBRUARY:
            _repay(town, lin, bank)
            _family(town, zhao)
        if on == MARCH:
            _owe(town, lin, zhao)
            _offer(town, lin)
        if on == APRIL:
            _dispute(town, lin)
        town.live(on)
        _pay_out(town, on)
    _this_morning(town, lin, zhao)
    _bring_in(town)


def _hire(town: Town) -> None:
    at = town.at(CHENS_BILLS[0], 8)
    positions = {"cashier": HospitalStaff.Position.LEAD, "hospital-admin": HospitalStaff.Position.ADMIN}
    for username, role in STAFF.items():
        is_operator = role == User.Role.OPERATOR
        user = User.objects.create_user(
            username,
            role=role,
            bureau=User.Bureau.FINANCE if role == User.Role.REGULATOR else "",
            is_staff=is_operator,
            is_superuser=is_operator,
        )
        if username in positions:
            appoint_at_hospital(user=user, hospital=town.hospital, position=positions[username], at=at)
        if username == "lender":
            appoint_at_lender(user=user, lender=town.bank)


def _repay(town: Town, lin: Person, bank: Lender) -> None:
    """A second lender; a bill repaid, one repaid and then refunded, which leaves a balance."""
    town.agree_with(lin, bank, FEBRUARY)
    set_direct_debit(payer=lin, lender=bank, on=True, at=town.at(FEBRUARY))
    paid = town.treat(lin, FEBRUARY, 12_000)
    refunded = town.treat(lin, FEBRUARY, 30_000, hour=11, lender=bank)
    for bill in (paid, refunded):
        _collect(town, lin, bill, FEBRUARY)
    refund(bill=refunded, amount_fen=8_000, reason="not_used", at=town.at(FEBRUARY, 14))


def _collect(town: Town, payer: Person, bill: Bill, on: date, *, reason: str = "") -> None:
    """The citizen pays a bill through its lender, who collects it, or cannot and says why."""
    at = town.at(on, 13)
    [collection] = start_repayment(payer=payer, bills=[bill], reference=f"{bill.number}:{reason}", at=at)
    finish_collection(
        collection=collection,
        succeeded=not reason,
        bank_reference="" if reason else f"K{bill.pk:08d}",
        reason=reason,
        at=at,
    )


def _family(town: Town, zhao: Person) -> None:
    child = town.move_in("赵小宝", born_on=date(2016, 6, 1))
    elder = town.move_in("赵大山", born_on=date(1950, 5, 4))
    at = town.at(FEBRUARY)
    add_child(parent=zhao, child=child, at=at)
    accept_offer(link=offer_to_pay(child=zhao, parent=elder, at=at), at=at)
    for relative in (child, elder):
        town.treat(relative, FEBRUARY, 9_000, hour=11)


def _offer(town: Town, lin: Person) -> None:
    """A lender's offer, of which Lin may be told, and a grown daughter's that waits for Lin's answer."""
    for code in ("BANK1", "BANK2"):
        give_consent(person=lin, purpose="marketing", subject=code, at=town.at(MARCH, 8))
    put_offer(
        lender=town.bank,
        code="FENQI-3",
        wording=Wording(
            kind="instalments",
            name_zh="账单分期",
            name_en="Repay in instalments",
            description_zh="到期账单可分 3 期归还。",
            description_en="Repay a bill in 3 instalments.",
            valid_from_on=MARCH,
            valid_until_on=date(2026, 12, 31),
        ),
        at=town.at(MARCH, 8),
    )
    daughter = town.enrol("林小燕", born_on=date(2005, 2, 3))
    offer_to_pay(child=daughter, parent=lin, at=town.at(MARCH, 9))


def _owe(town: Town, lin: Person, zhao: Person) -> None:
    """What is overdue now, by two days; the lender could not collect one of Lin's."""
    for hour, fen in ((10, 50_000), (11, 8_150)):
        town.treat(lin, MARCH, fen, hour=hour)
    town.treat(zhao, MARCH, 12_300)
    failed = town.treat(lin, MARCH, 4_000, hour=12)
    _collect(town, lin, failed, MARCH, reason="账户余额不足")


def _dispute(town: Town, lin: Person) -> None:
    """One objection waits, another is answered; a bill of the day beside them has no insurance part yet."""
    waiting, answered = town.treat(lin, APRIL, 6_600), town.treat(lin, APRIL, 7_700, hour=11)
    object_to(bill=waiting, statement="我没有做这项检查。", at=town.at(APRIL, 15))
    objection = object_to(bill=answered, statement="金额不对。", at=town.at(APRIL, 15))
    answer_objection(objection=objection, upheld=False, answer="经核对,收费无误。", at=town.at(APRIL, 16))
    town.treat(lin, APRIL, 5_500, hour=12, insurance=None)


def _pay_out(town: Town, on: date) -> None:
    for settlement in Settlement.objects.filter(state=Settlement.State.DUE, pay_on__lte=on).order_by("pk"):
        reference = f"W{settlement.pk:08d}"
        confirm_payout(settlement=settlement, bank_reference=reference, value_on=on, at=town.at(on, 15))


def _this_morning(town: Town, lin: Person, zhao: Person) -> None:
    """A payment on its way, visits that are still open, an application that nobody has answered."""
    new = town.treat(lin, TODAY, 2_000, hour=8)
    start_repayment(payer=lin, bills=[new], reference="this-morning", at=town.at(TODAY, 9))
    town.treat(zhao, TODAY, 3_000, hour=8, insurance=None)
    town.admit(lin, TODAY, 10_000, hour=8)
    town.admit(zhao, TODAY, 1_000, hour=8, scene="registration")
    product = Lender.objects.get(code="BANK3").products.get()
    consent_and_apply(person=zhao, product=product, agreed=True, at=town.at(TODAY, 9))
    cashier = User.objects.get(username="cashier")
    record_access(actor=cashier, subject=lin, purpose="desk.search", at=town.at(TODAY, 8))


def _bring_in(town: Town) -> None:
    """A private hospital on its way in; a claim to be decided and one to be paid; an account proposed."""
    at, operator = town.at(TODAY, 8), User.objects.get(username="operator")
    hospital = register_hospital(
        code="XM009",
        name_zh="鹭江康复医院",
        name_en="Lujiang Hospital",
        kind="private",
        district="思明区",
        at=at,
    )
    record_training(
        hospital=hospital, held_on=APRIL, subject="desk", trainer="欧阳老师", audience="收费处",
        participants=9, material="手册", by=operator, at=at,
    )  # fmt: skip
    application = hospital.tasks.order_by("pk")[0]
    finish_step(task=application, on=APRIL, by=operator, evidence="申请书 3 号", at=at)
    office = User.objects.get(username="hospital-admin")
    deputy = User.objects.create_user("finance-deputy", role=User.Role.REGULATOR, bureau=User.Bureau.FINANCE)
    for granted_fen in (0, 70_000):
        claim = file_claim(
            hospital=town.hospital, amount_fen=90_000, purpose="接口改造", evidence="合同 7", by=office, at=at
        )
        check_claim(claim=claim, complete=True, note="材料齐全", by=operator, at=at)
        if granted_fen:
            decide_claim(claim=claim, granted_fen=granted_fen, reasons="按预算核定", by=deputy, at=at)
    propose_payout_account(
        hospital=town.hospital, holder="医院", bank_name="海湾银行", number="440012345678",
        from_on=date(2026, 5, 1), by=office, at=at,
    )  # fmt: skip

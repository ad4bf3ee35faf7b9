"""A small city that has lived for some months by the platform's own operations, with all who sign in.

Lin owes and has repaid in every way, Zhao is a parent with a child and an elder, Chen is suspended. Wang has
joined and never used it, and one lender has declined; Zhou has not joined; He has left.
"""

from __future__ import annotations

from datetime import date
from io import BytesIO

from accounts.models import Person, User
from accounts.operations.access import record_access
from accounts.operations.consents import give_consent
from billing.models import Bill, Difference, Settlement
from billing.operations.collections import finish_collection, set_direct_debit, start_repayment
from billing.operations.differences import answer_difference
from billing.operations.imports import receive_file, work_on_import
from billing.operations.leaving import leave
from billing.operations.objections import answer_objection, object_to
from billing.operations.reconciling import state_day
from billing.operations.refunds import refund
from billing.operations.settlements import confirm_payout
from billing.operations.shifts import hand_over_shift, open_shift
from billing.operations.sign_offs import prepare_day
from billing.operations.statements import Row
from credit.operations.family import accept_offer, add_child, offer_to_pay
from hospitals.models import HospitalStaff
from hospitals.operations.claims import check_claim, decide_claim, file_claim
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.payout import propose_payout_account
from hospitals.operations.staffing import appoint_staff as appoint_at_hospital
from hospitals.operations.steps import finish_step
from hospitals.operations.training import record_training
from lenders.models import Lender
from lenders.operations.facilities import consent_and_apply, decide_application
from lenders.operations.offers import Wording, put_offer
from lenders.operations.registering import appoint_staff as appoint_at_lender
from tests.cast import Town
from tests.sandbox_process import SandboxProcess

PASSWORD = "demo-demo-demo"
TODAY = date(2026, 4, 15)
# Chen's three due dates are missed one after another; the first bill has been reminded of three times.
CHENS_BILLS = (date(2026, 1, 9), date(2026, 1, 16), date(2026, 1, 23))
FEBRUARY, MARCH, APRIL = date(2026, 2, 2), date(2026, 3, 2), date(2026, 4, 8)
YESTERDAY = date(2026, 4, 14)
# The days on which the timetable finds something to do.
DAYS = (
    (1, 9), (1, 16), (1, 23), (2, 2), (2, 25), (2, 28), (3, 2), (3, 4), (3, 7), (3, 11), (3, 18), (4, 8),
    (4, 13), (4, 14),
)  # fmt: skip
CITIZENS = {"citizen": "林志明", "parent": "赵小燕", "suspended": "陈建国"}
# With whom most pages have nothing to show, and say why.
BEGINNERS = {"newcomer": "王新来", "stranger": "周小路", "leaver": "何远行"}
STAFF = {
    "cashier": User.Role.CASHIER,
    "hospital-admin": User.Role.HOSPITAL_ADMIN,
    "operator": User.Role.OPERATOR,
    "regulator": User.Role.REGULATOR,
    "lender": User.Role.LENDER,
}
ACTORS = ("anonymous", *CITIZENS, *BEGINNERS, *STAFF)


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
    _begin(town)
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
        if on == YESTERDAY:
            town.treat(zhao, on, 1_100)
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


def _begin(town: Town) -> None:
    wang, he = town.enrol(BEGINNERS["newcomer"], score=480), town.enrol(BEGINNERS["leaver"])
    zhou = town.move_in(BEGINNERS["stranger"])
    for username, person in zip(BEGINNERS, (wang, zhou, he), strict=True):
        User.objects.create_user(username, role=User.Role.CITIZEN, person=person)
    at = town.at(CHENS_BILLS[0], 9)
    product = Lender.objects.get(code="BANK3").products.get()
    asked = consent_and_apply(person=wang, product=product, agreed=True, at=at)
    decide_application(facility=asked, granted=False, reason="在本行另有逾期。", at=at)
    leave(person=he, at=at)


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


def _send_files(town: Town, lin: Person, cashier: User) -> None:
    """One whose lines were charged but for one, one in quarantine, one that still waits."""
    at = town.at(TODAY, 8)
    stranger = town.move_in("过路人")
    rows = [(lin, "MZ-1", 900), (stranger, "MZ-2", 800)]
    line = "{0.credit_code},{1},outpatient,诊查费={2},{2}"
    table = "\n".join(
        ["credit_code,visit_number,scene,items,self_paid_fen", *(line.format(*row) for row in rows)]
    )
    for ending, fen, is_worked_on in (("", 1_700, True), ("\n=1,,,,", 1_700, True), ("\n", 1_700, False)):
        batch = receive_file(
            hospital=town.hospital,
            kind="bills",
            business_on=None,
            file=BytesIO((table + ending).encode()),
            file_name="断线补录.csv",
            declared_rows=2,
            declared_fen=fen,
            user=cashier,
            at=at,
        )
        while is_worked_on and work_on_import(pk=batch.pk, at=at):
            pass


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
    _send_files(town, lin, cashier)
    record_access(actor=cashier, subject=lin, purpose="desk.search", at=town.at(TODAY, 8))
    _differ(town)
    _hand_over(town, cashier)


def _hand_over(town: Town, lead: User) -> None:
    """The night's shift waits for the head cashier, who finds a day to sign as well; another goes on."""
    hospital, admin = town.hospital, User.objects.get(username="hospital-admin")
    night = User.objects.create_user("night-cashier", role=User.Role.CASHIER)
    appoint_at_hospital(
        user=night, hospital=hospital, position=HospitalStaff.Position.CASHIER, at=town.at(TODAY, 0)
    )
    open_shift(hospital=hospital, cashier=night, float_fen=20_000, at=town.at(TODAY, 1))
    hand_over_shift(hospital=hospital, cashier=night, to=lead, counted_fen=20_000, at=town.at(TODAY, 7))
    open_shift(hospital=hospital, cashier=admin, float_fen=0, at=town.at(TODAY, 8))
    prepare_day(hospital=hospital, on=APRIL, reason="医院合计未录入", by=admin, at=town.at(TODAY, 8))


def _differ(town: Town) -> None:
    """The hospital's statement of a closed day that does not agree; it has answered one difference of it."""
    state_day(
        source="hospital",
        hospital=town.hospital,
        business_on=APRIL,
        rows=[Row("MZ-404", "bill", 6_600)],
        by=None,
        at=town.at(TODAY, 7),
    )
    answer_difference(
        difference=Difference.objects.filter(owner="hospital").order_by("pk")[0],
        evidence="次日补录,已退款。",
        moves_money=True,
        by=User.objects.get(username="hospital-admin"),
        at=town.at(TODAY, 8),
    )


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

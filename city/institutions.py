"""How the institutions of a city came into the scheme, and two that are still on their way."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from accounts.models import User
from common.calendar import business_date
from hospitals.checklists import ITEMS_OF, Step
from hospitals.models import Hospital, Scene
from hospitals.operations.claims import check_claim, decide_claim, file_claim, pay_claim
from hospitals.operations.imports import OUR_INSTITUTIONS, load_institutions
from hospitals.operations.onboarding import open_scene, register_hospital
from hospitals.operations.payout import enter_payout_account
from hospitals.operations.readiness import tick
from hospitals.operations.staffing import appoint_staff
from hospitals.operations.steps import begin_step, finish_step, put_online
from hospitals.operations.training import record_training

# What shows that a step was taken, by step; days before going live.
EVIDENCE = {
    Step.APPLICATION: ("加入申请书", 80),
    Step.NEGOTIATION: ("协商纪要", 66),
    Step.AGREEMENT: ("合作协议,双方盖章", 50),
    Step.INTERFACE: ("接口联调报告,用例全部通过", 30),
    Step.TRAINING: ("培训签到表", 14),
    Step.CONSULTING: ("咨询点照片及值班表", 7),
}
TRAININGS = (
    ("procedure", "收费处、住院处、导医台", 36, "信用就医业务流程手册", 16),
    ("desk", "门诊收费处", 14, "收费台操作指引", 15),
)
# Still on their way: code, names, kind, district, days until they are to be online, steps done.
ON_THEIR_WAY = (
    ("XM101", "鹭江康复医院", "Lujiang Rehabilitation Hospital", "private", "思明区", None, 1),
    ("XM102", "滨海医院", "Binhai Hospital", "public", "翔安区", 30, 2),
)
# What public hospitals claim in turn, in fen, and how far each claim has come.
CLAIMS = (
    ("paid", 48_600_000),
    ("granted", 32_000_000),
    ("checked", 27_450_000),
    ("refused", 9_800_000),
    ("returned", 15_300_000),
    ("filed", 21_000_000),
)


def bring_in_institutions(*, on: date, at: datetime) -> None:
    """Every institution of ours is online from `on`, each step with its evidence; nobody has a password."""
    clerk = User.objects.create_user("onboarding-desk", role=User.Role.OPERATOR)
    load_institutions(path=OUR_INSTITUTIONS, on=None, target_on=on, at=at)
    for hospital in Hospital.objects.order_by("code"):
        _bring_in(hospital, clerk, on, at)
    _claim(clerk, at)
    for code, name_zh, name_en, kind, district, days, done in ON_THEIR_WAY:
        target_on = on + timedelta(days=days) if days else None
        hospital = register_hospital(
            code=code,
            name_zh=name_zh,
            name_en=name_en,
            kind=kind,
            district=district,
            target_on=target_on,
            at=at,
        )
        tasks = list(hospital.tasks.order_by("pk"))
        for task in tasks[:done]:
            # A training is recorded before its step is taken; these two have not come so far.
            finish_step(task=task, on=on, by=clerk, evidence=EVIDENCE[Step(task.step)][0], at=at)
        begin_step(task=tasks[done], at=at)


def _bring_in(hospital: Hospital, clerk: User, on: date, at: datetime) -> None:
    enter_payout_account(
        hospital=hospital,
        holder=hospital.name_zh,
        bank_name="白鹭银行",
        number=f"62170000{hospital.pk:08d}",
        from_on=on,
        at=at,
    )
    for subject, audience, participants, material, days in TRAININGS:
        record_training(
            hospital=hospital,
            held_on=on - timedelta(days=days),
            subject=subject,
            trainer="信用就医运营中心",
            audience=audience,
            participants=participants,
            material=material,
            by=clerk,
            at=at,
        )
    for task in hospital.tasks.exclude(step=Step.GO_LIVE).order_by("pk"):
        evidence, days = EVIDENCE[Step(task.step)]
        finish_step(task=task, on=on - timedelta(days=days), by=clerk, evidence=evidence, at=at)
    put_online(hospital=hospital, on=on, by=clerk, evidence="上线验收报告", at=at)
    for scene in Scene.values:
        for item in ITEMS_OF[scene]:
            tick(hospital=hospital, scene=scene, item=item, on=on, by=clerk, evidence="现场核对记录", at=at)
        open_scene(hospital=hospital, scene=scene, on=on, at=at)


def _claim(clerk: User, at: datetime) -> None:
    """One claim in each state; the bureau has somebody who decides and somebody who pays."""
    bureau = {"role": User.Role.REGULATOR, "bureau": User.Bureau.FINANCE}
    decides = User.objects.create_user("finance-desk", **bureau)
    pays = User.objects.create_user("finance-treasury", **bureau)
    hospitals = Hospital.objects.filter(kind=Hospital.Kind.PUBLIC).order_by("code")
    for hospital, (state, amount_fen) in zip(hospitals, CLAIMS, strict=False):
        office = User.objects.create_user(f"{hospital.code.lower()}-office", role=User.Role.HOSPITAL_ADMIN)
        appoint_staff(user=office, hospital=hospital, position="admin", at=at)
        claim = file_claim(
            hospital=hospital,
            amount_fen=amount_fen,
            purpose="信用就医信息系统改造",
            evidence="改造合同、验收报告及发票",
            by=office,
            at=at,
        )
        if state == "filed":
            continue
        note = "缺验收报告" if state == "returned" else "材料齐全,金额与合同一致"
        claim = check_claim(claim=claim, complete=state != "returned", note=note, by=clerk, at=at)
        if state in ("granted", "paid"):
            claim = decide_claim(
                claim=claim, granted_fen=amount_fen * 9 // 10, reasons="按预算核定九成", by=decides, at=at
            )
        if state == "refused":
            decide_claim(claim=claim, granted_fen=0, reasons="设备采购不属于改造费用", by=decides, at=at)
        if state == "paid":
            pay_claim(claim=claim, paid_on=business_date(at), reference="CZ0001", by=pays, at=at)

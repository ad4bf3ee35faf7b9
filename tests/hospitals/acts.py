"""What a hospital does on its way into the scheme, in one call each."""

from collections.abc import Iterable
from datetime import date, datetime

from accounts.models import User
from hospitals.checklists import ITEMS_OF, Step
from hospitals.models import Hospital, Scene
from hospitals.operations.payout import enter_payout_account
from hospitals.operations.readiness import tick
from hospitals.operations.steps import finish_step, put_online
from hospitals.operations.training import record_training
from tests.hospitals.days import NOW, TODAY


def take_all_steps(hospital: Hospital, by: User, *, on: date = TODAY, at: datetime = NOW) -> None:
    """Everything but going live, with a training recorded."""
    record_training(
        hospital=hospital,
        held_on=on,
        subject="desk",
        trainer="欧阳老师",
        audience="门诊收费处",
        participants=12,
        material="操作手册 1.0",
        by=by,
        at=at,
    )
    for task in hospital.tasks.exclude(step=Step.GO_LIVE):
        finish_step(task=task, on=on, by=by, evidence="纪要", at=at)


def bring_online(hospital: Hospital, by: User, *, on: date = TODAY) -> Hospital:
    take_all_steps(hospital, by)
    return put_online(hospital=hospital, on=on, by=by, evidence="上线报告", at=NOW)


def tick_all(
    hospital: Hospital,
    by: User,
    scenes: Iterable[str] = Scene.values,
    *,
    on: date = TODAY,
    at: datetime = NOW,
) -> None:
    """Every item of these scenes' checklists, with a payout account in force."""
    enter_payout_account(
        hospital=hospital, holder="医院", bank_name="鹭岛银行", number="351001888001234", from_on=on, at=at
    )
    for scene in scenes:
        for item in ITEMS_OF[scene]:
            tick(hospital=hospital, scene=scene, item=item, on=on, by=by, evidence="现场核对", at=at)

"""A hospital's steps into the scheme: planned, taken with evidence, and online only when all are done."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.db import Error, IntegrityError, transaction
from django.test import Client

from accounts.models import User
from common.errors import BadInput
from hospitals.checklists import STEPS_OF, Step
from hospitals.models import Hospital, OnboardingTask
from hospitals.operations.onboarding import CannotRegisterHospital, register_hospital
from hospitals.operations.staffing import appoint_staff
from hospitals.operations.steps import (
    CannotTakeStep,
    begin_step,
    finish_step,
    plan_step,
    put_online,
    reopen_step,
)
from tests.hospitals.acts import bring_online, take_all_steps
from tests.hospitals.days import NOW, TODAY

pytestmark = pytest.mark.usefixtures("today")

IN_SEVENTY_DAYS = TODAY + timedelta(days=70)
FACTS: dict[str, Any] = {"name_zh": "甲医院", "name_en": "Hospital A", "district": "思明区"}


def step_of(hospital: Hospital, step: Step) -> OnboardingTask:
    return hospital.tasks.get(step=step)


@pytest.mark.article(20)
def test_a_private_hospital_begins_with_its_own_application_and_negotiates(humanity: Hospital) -> None:
    steps = list(OnboardingTask.objects.of(humanity).values_list("step", flat=True))

    assert steps[:3] == [Step.APPLICATION, Step.NEGOTIATION, Step.AGREEMENT]
    assert steps == [str(step) for step in STEPS_OF["private"]]
    assert not humanity.is_online(TODAY)


@pytest.mark.article(14)
def test_a_public_hospital_has_a_date_and_each_step_its_share_of_the_time(db: None) -> None:
    with pytest.raises(CannotRegisterHospital) as refusal:
        register_hospital(code="AB01", kind="public", **FACTS, at=NOW)
    assert (refusal.value.article, refusal.value.field) == (14, "target_on")

    hospital = register_hospital(code="AB01", kind="public", **FACTS, target_on=IN_SEVENTY_DAYS, at=NOW)

    due = [task.due_on for task in OnboardingTask.objects.of(hospital) if task.due_on]
    assert (
        len(due) == 5
        and due == sorted(due)
        and due[0] == TODAY + timedelta(days=14)
        and due[-1] == IN_SEVENTY_DAYS
    )
    with pytest.raises(CannotRegisterHospital):
        register_hospital(code="AB02", kind="public", **FACTS, target_on=TODAY - timedelta(days=1), at=NOW)


@pytest.mark.article(14)
def test_a_public_hospital_gets_another_date_but_never_none(
    client_of: Callable[[User], Client], ou: User
) -> None:
    hospital = register_hospital(code="AB01", kind="public", **FACTS, target_on=IN_SEVENTY_DAYS, at=NOW)
    client, page = client_of(ou), f"/admin/hospitals/hospital/{hospital.pk}/change/"
    drawn = {"events-TOTAL_FORMS": 1, "events-INITIAL_FORMS": 1, **FACTS, "uscc": ""}
    for wrong in ("", "2026-11-22"):
        answer = client.post(page, drawn | {"target_on": wrong})
        assert list(answer.context["adminform"].form.errors) == ["target_on"]

    assert client.post(page, drawn | {"target_on": "2027-01-04", "kind": "private"}).status_code == 302

    hospital.refresh_from_db()
    assert (hospital.target_on, hospital.kind) == (date(2027, 1, 4), "public")


@pytest.mark.article(14)
@pytest.mark.article(15)
@pytest.mark.article(20)
def test_it_goes_live_when_every_step_is_done_and_not_before(humanity: Hospital, ou: User) -> None:
    with pytest.raises(CannotTakeStep) as refusal:
        put_online(hospital=humanity, on=TODAY, by=ou, evidence="上线报告", at=NOW)
    assert refusal.value.article == 20 and str(Step.AGREEMENT.label) in str(refusal.value)
    humanity.refresh_from_db()
    assert humanity.online_on is None

    take_all_steps(humanity, ou)
    online = put_online(hospital=humanity, on=TODAY + timedelta(days=3), by=ou, evidence="上线报告", at=NOW)

    assert online.online_on == TODAY + timedelta(days=3)
    last = step_of(humanity, Step.GO_LIVE)
    assert (last.state, last.done_by, last.evidence) == ("done", ou, "上线报告")
    again = put_online(hospital=humanity, on=TODAY, by=ou, evidence="再次", at=NOW)
    assert again.online_on == online.online_on


@pytest.mark.article(16)
def test_staff_count_as_trained_once_a_training_is_recorded(humanity: Hospital, ou: User) -> None:
    task = step_of(humanity, Step.TRAINING)

    with pytest.raises(CannotTakeStep) as refusal:
        finish_step(task=task, on=TODAY, by=ou, evidence="签到表", at=NOW)

    assert refusal.value.article == 16


def test_a_step_says_who_when_and_what_shows_it(humanity: Hospital, ou: User) -> None:
    task = step_of(humanity, Step.AGREEMENT)
    for fault in ({"evidence": "  "}, {"evidence": "x" * 501}, {"on": TODAY + timedelta(days=1)}):
        with pytest.raises(BadInput) as refusal:
            finish_step(task=task, **({"on": TODAY, "evidence": "协议"} | fault), by=ou, at=NOW)  # type: ignore[arg-type]
        assert refusal.value.field == next(iter(fault))

    finish_step(task=task, on=TODAY, by=ou, evidence=" 协议 2026-17 ", at=NOW)

    task.refresh_from_db()
    assert (task.state, task.done_on, task.done_by, task.evidence) == ("done", TODAY, ou, "协议 2026-17")
    with pytest.raises(CannotTakeStep):
        finish_step(task=task, on=TODAY, by=ou, evidence="又一次", at=NOW)


def test_going_live_is_no_step_like_the_others(humanity: Hospital, ou: User) -> None:
    with pytest.raises(CannotTakeStep):
        finish_step(task=step_of(humanity, Step.GO_LIVE), on=TODAY, by=ou, evidence="上线", at=NOW)


def test_a_step_is_planned_begun_and_reopened_until_the_hospital_is_online(
    humanity: Hospital, ou: User, chen: User
) -> None:
    task = step_of(humanity, Step.AGREEMENT)
    plan_step(task=task, due_on=IN_SEVENTY_DAYS, in_charge=ou, at=NOW)
    assert begin_step(task=task, at=NOW).state == "doing"
    with pytest.raises(BadInput):
        plan_step(task=task, due_on=TODAY - timedelta(days=1), at=NOW)
    with pytest.raises(BadInput):
        plan_step(task=task, due_on=IN_SEVENTY_DAYS, in_charge=chen, at=NOW)
    finish_step(task=task, on=TODAY, by=ou, evidence="协议", at=NOW)

    reopened = reopen_step(task=task, at=NOW)

    assert (reopened.state, reopened.done_on, reopened.evidence) == ("doing", None, "")
    assert (reopened.due_on, reopened.in_charge) == (IN_SEVENTY_DAYS, ou)
    bring_online(humanity, ou)
    with pytest.raises(CannotTakeStep):
        reopen_step(task=task, at=NOW)
    with pytest.raises(CannotTakeStep):
        plan_step(task=task, due_on=None, at=NOW)


def test_how_late_a_step_is(humanity: Hospital) -> None:
    task = plan_step(task=step_of(humanity, Step.AGREEMENT), due_on=TODAY, at=NOW)

    assert [task.days_late(TODAY + timedelta(days=days)) for days in (-1, 0, 1, 9)] == [0, 0, 1, 9]


def test_who_was_online_before_is_taken_over_with_every_step_done(first_hospital: Hospital) -> None:
    tasks = first_hospital.tasks.all()

    assert {task.step for task in tasks} == set(map(str, STEPS_OF["public"]))
    assert all((task.state, task.done_on, task.taken_over) == ("done", TODAY, True) for task in tasks)


# The database

SQL: list[tuple[str, dict[str, Any], str]] = [
    ("hospital", {"online_on": TODAY}, "hospital_online_when_all_is_done"),
    ("go_live", {"state": "done", "done_on": TODAY, "taken_over": True}, "onboarding_ends_with_going_live"),
    ("agreement", {"state": "done"}, "onboarding_done_by_somebody_with_evidence"),
    ("agreement", {"state": "done", "done_on": TODAY}, "onboarding_done_by_somebody_with_evidence"),
    ("agreement", {"evidence": "协议"}, "onboarding_done_by_somebody_with_evidence"),
    ("agreement", {"step": "training"}, "one_row_per|pgtrigger"),
]


@pytest.mark.parametrize(("row", "change", "judge"), SQL)
def test_the_database_judges_the_same(
    humanity: Hospital, row: str, change: dict[str, Any], judge: str
) -> None:
    rows: Any = Hospital.objects.filter(pk=humanity.pk)
    if row != "hospital":
        rows = humanity.tasks.filter(step=row)

    with pytest.raises(Error, match=judge), transaction.atomic():
        rows.update(**change)


def test_no_hospital_is_born_online(db: None) -> None:
    with pytest.raises(IntegrityError, match="hospital_online_when_all_is_done"), transaction.atomic():
        Hospital.objects.create(code="AB09", kind="public", **FACTS, online_on=TODAY)


def test_the_steps_of_a_hospital_that_is_online_stay_done(humanity: Hospital, ou: User) -> None:
    bring_online(humanity, ou)
    undone = {"state": "doing", "done_on": None, "done_by": None, "evidence": ""}

    with pytest.raises(Error, match="onboarding_done_stays_while_online"), transaction.atomic():
        humanity.tasks.filter(step="agreement").update(**undone)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        humanity.tasks.all().delete()


# The pages


@pytest.fixture
def desk(client_of: Callable[[User], Client], ou: User) -> Client:
    return client_of(ou)


def test_what_is_late_stands_first_and_who_is_online_last(
    desk: Client, first_hospital: Hospital, humanity: Hospital
) -> None:
    later = register_hospital(
        code="AB01", kind="public", **FACTS, target_on=TODAY + timedelta(days=3650), at=NOW
    )
    late = register_hospital(code="AB02", kind="community", **FACTS, target_on=TODAY, at=NOW)

    page = desk.get("/en/ops/onboarding/")

    assert list(page.context["page"]) == [late, later, humanity, first_hospital]
    found = desk.get("/en/ops/onboarding/?kind=private").context["page"]
    assert list(found) == [humanity] and (found[0].steps_done, found[0].steps) == (0, 7)
    assert list(desk.get("/ops/onboarding/?name=zzz").context["page"]) == []


def test_the_list_asks_as_much_however_long_it_is(
    desk: Client, first_hospital: Hospital, django_assert_max_num_queries: Any
) -> None:
    for number in range(10, 20):
        register_hospital(code=f"AB{number}", kind="private", **FACTS, at=NOW)
    with django_assert_max_num_queries(7):
        desk.get("/ops/onboarding/")


def test_a_refusal_stands_at_its_field_and_nothing_typed_is_lost(desk: Client, humanity: Hospital) -> None:
    address = f"/en/ops/onboarding/{humanity.code}/"
    for step, typed, field in (
        ("training", {"on": TODAY.isoformat(), "evidence": "Attendance list 7"}, "evidence"),
        ("go_live", {"on": "2099-01-01", "evidence": "Report 9"}, None),
        ("agreement", {"on": "2099-01-01", "evidence": "Contract 3"}, "on"),
    ):
        answer = desk.post(f"{address}{step}/", typed)

        assert answer.status_code == 422
        form = answer.context["form"]
        assert list(form.errors) == [field or "__all__"], step
        assert str(typed["evidence"]) in answer.content.decode()


def test_a_code_or_a_step_that_does_not_exist_is_not_found(desk: Client, humanity: Hospital) -> None:
    for address in ("ZZ99/", "ZZ99/agreement/", f"{humanity.code}/spa/", f"{humanity.code}/spa/plan/"):
        method = desk.post if address.endswith("plan/") else desk.get
        assert method(f"/ops/onboarding/{address}").status_code == 404


@pytest.mark.parametrize("role", [role for role in User.Role.values if role != User.Role.OPERATOR])
def test_the_list_is_the_operators(
    client_of: Callable[[User], Client], humanity: Hospital, role: str
) -> None:
    client = client_of(User.objects.create_user("somebody", role=role, is_staff=True, is_superuser=True))
    code = humanity.code

    for address in ("", "new/", f"{code}/", f"{code}/trainings/new/", f"{code}/agreement/"):
        assert client.get(f"/ops/onboarding/{address}").status_code == 403
        assert Client().get(f"/ops/onboarding/{address}").status_code == 302
    for act in ("plan", "begin", "reopen"):
        assert client.post(f"/ops/onboarding/{code}/agreement/{act}/").status_code == 403
    assert not humanity.tasks.exclude(state="todo").exists()


def test_an_administrator_reads_the_list_of_their_own_hospital(
    client_of: Callable[[User], Client], humanity: Hospital, first_hospital: Hospital, zhao: User
) -> None:
    appoint_staff(user=zhao, hospital=humanity, position="admin", at=NOW)
    zhao.refresh_from_db()

    listed = client_of(zhao).get("/admin/hospitals/onboardingtask/").context["cl"].queryset

    assert {task.hospital for task in listed} == {humanity} and len(listed) == 7

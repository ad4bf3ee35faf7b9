from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import timezone

from accounts.models import User
from common.calendar import business_date
from hospitals.models import Hospital, HospitalScene, HospitalStaff, PayoutAccount, PayoutProposal
from hospitals.operations.onboarding import open_scene
from hospitals.operations.payout import enter_payout_account, propose_payout_account
from hospitals.operations.staffing import appoint_staff, dismiss_staff
from hospitals.operations.training import record_training
from tests.hospitals.acts import bring_online, tick_all
from tests.hospitals.days import NOW, TODAY

MODELS = [
    "hospital", "hospitalscene", "hospitalstaff", "onboardingtask", "payoutaccount", "payoutproposal",
    "scenecheck", "training",
]  # fmt: skip
ACCOUNT: dict[str, Any] = {"holder": "医院", "bank_name": "鹭岛银行", "number": "351001888001234"}
# What the history below a form is sent with.
DRAWN = {"events-TOTAL_FORMS": 1, "events-INITIAL_FORMS": 1}
OTHER_ACCOUNT: dict[str, Any] = ACCOUNT | {"bank_name": "海湾银行", "number": "440012345678"}


@pytest.fixture
def operator(ou: User) -> User:
    return ou


@pytest.fixture
def rows(first_hospital: Hospital, humanity: Hospital, chen: User, ou: User) -> dict[str, dict[str, Any]]:
    """One row of every table for each of the two hospitals."""
    bring_online(humanity, ou)
    other = User.objects.create_user("sun", role=User.Role.CASHIER)
    made: dict[str, dict[str, Any]] = {}
    for key, hospital, user in (("own", first_hospital, chen), ("other", humanity, other)):
        made[key] = {
            "hospital": hospital,
            "hospitalstaff": appoint_staff(user=user, hospital=hospital, position="cashier", at=NOW),
            "payoutaccount": enter_payout_account(hospital=hospital, **ACCOUNT, from_on=TODAY, at=NOW),
            "payoutproposal": propose_payout_account(
                hospital=hospital, **OTHER_ACCOUNT, from_on=TODAY + timedelta(days=9), by=ou, at=NOW
            ),
        }
        tick_all(hospital, ou, ["outpatient"])
        made[key] |= {
            "hospitalscene": open_scene(hospital=hospital, scene="outpatient", on=TODAY, at=NOW),
            "scenecheck": hospital.checks.first(),
            "onboardingtask": hospital.tasks.first(),
            "training": record_training(
                hospital=hospital, held_on=TODAY, subject="desk", trainer="欧阳老师", audience="收费处",
                participants=3, material="手册", by=ou, at=NOW,
            ),
        }  # fmt: skip
    return made


def page(model: str, row: Any = None) -> str:
    if row is None:
        return reverse(f"admin:hospitals_{model}_changelist")
    return reverse(f"admin:hospitals_{model}_change", args=[row.pk])


@pytest.mark.parametrize("model", MODELS)
def test_an_administrator_sees_the_rows_of_their_own_hospital(client_of, zhao_at_first, rows, model) -> None:  # type: ignore[no-untyped-def]
    client = client_of(zhao_at_first)

    listed = client.get(page(model)).context["cl"].queryset

    assert rows["own"][model] in listed
    assert rows["other"][model] not in listed
    assert client.get(page(model, rows["own"][model])).status_code == 200
    other = client.get(page(model, rows["other"][model]), follow=True)
    assert "351001888001234" not in other.content.decode() and "弘爱" not in other.content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_an_operator_sees_every_hospital(client_of, operator, rows, model) -> None:  # type: ignore[no-untyped-def]
    client = client_of(operator)

    assert {rows["own"][model], rows["other"][model]} <= set(client.get(page(model)).context["cl"].queryset)
    assert client.get(page(model, rows["other"][model])).status_code == 200


@pytest.mark.parametrize("role", ["citizen", "cashier", "regulator", "lender", "auditor", "hospital_admin"])
@pytest.mark.parametrize("model", MODELS)
def test_nobody_else_sees_anything(client_of, rows, role, model) -> None:  # type: ignore[no-untyped-def]
    user = User.objects.create_user("somebody", role=role, is_staff=True, is_superuser=role == "auditor")
    client = client_of(user)

    assert client.get(page(model)).status_code == 403
    assert client.get(page(model, rows["own"][model])).status_code == 403


def test_a_dismissed_administrator_is_out_on_the_next_request(client_of, zhao_at_first, rows) -> None:  # type: ignore[no-untyped-def]
    client = client_of(zhao_at_first)
    assert client.get(page("hospital")).status_code == 200

    dismiss_staff(user=zhao_at_first, at=NOW)

    assert client.get(page("hospital")).status_code == 302


@pytest.mark.article(15)
def test_an_administrator_opens_and_closes_scenes_of_their_own_hospital_only(  # type: ignore[no-untyped-def]
    client_of, zhao_at_first, first_hospital, humanity, ou
) -> None:
    client, today = client_of(zhao_at_first), business_date(timezone.now())
    add = reverse("admin:hospitals_hospitalscene_add")
    Hospital.objects.filter(pk=first_hospital.pk).update(online_on=today)
    tick_all(first_hospital, ou, ["parking"], on=today, at=timezone.now())

    client.post(add, {"hospital": humanity.pk, "scene": "parking", "live_on": today.isoformat()})
    assert not HospitalScene.objects.exists()

    client.post(add, {"hospital": first_hospital.pk, "scene": "parking", "live_on": today.isoformat()})
    scene = HospitalScene.objects.get()
    assert first_hospital.offers("parking", today) or scene.is_live(today)

    client.post(page("hospitalscene", scene), DRAWN | {"closed_on": today.isoformat()})
    scene.refresh_from_db()
    assert not scene.is_live(today)


def test_a_refusal_stands_in_the_form_and_nothing_typed_is_lost(
    client_of, zhao_at_first, first_hospital
) -> None:  # type: ignore[no-untyped-def]
    today = business_date(timezone.now())
    Hospital.objects.update(online_on=today)
    add = reverse("admin:hospitals_hospitalscene_add")
    yesterday = (today - timedelta(days=1)).isoformat()

    answer = client_of(zhao_at_first).post(
        add, {"hospital": first_hospital.pk, "scene": "parking", "live_on": yesterday}
    )

    assert answer.status_code == 200
    assert answer.context["adminform"].form.errors["live_on"]
    assert yesterday in answer.content.decode()


def test_an_administrator_appoints_by_sign_in_name_and_never_touches_their_own_post(  # type: ignore[no-untyped-def]
    client_of, zhao_at_first, first_hospital, chen
) -> None:
    client = client_of(zhao_at_first)
    add = reverse("admin:hospitals_hospitalstaff_add")

    client.post(add, {"username": "chen", "hospital": first_hospital.pk, "position": "cashier"})
    post = HospitalStaff.objects.get(user=chen)
    client.post(page("hospitalstaff", post), DRAWN | {"position": "lead"})
    post.refresh_from_db()
    assert post.position == "lead"

    own = HospitalStaff.objects.get(user=zhao_at_first)
    assert client.post(page("hospitalstaff", own), {"position": "cashier"}).status_code == 403
    delete = reverse("admin:hospitals_hospitalstaff_delete", args=[own.pk])
    assert client.post(delete, {"post": "yes"}).status_code == 403

    client.post(reverse("admin:hospitals_hospitalstaff_delete", args=[post.pk]), {"post": "yes"})
    chen.refresh_from_db()
    assert not chen.is_active and not HospitalStaff.objects.filter(user=chen).exists()


def test_a_colleague_of_another_hospital_cannot_be_taken(
    client_of, zhao_at_first, first_hospital, rows
) -> None:  # type: ignore[no-untyped-def]
    answer = client_of(zhao_at_first).post(
        reverse("admin:hospitals_hospitalstaff_add"),
        {"username": "sun", "hospital": first_hospital.pk, "position": "cashier"},
    )

    assert answer.context["adminform"].form.errors["username"]
    assert rows["other"]["hospitalstaff"] in HospitalStaff.objects.at(rows["other"]["hospital"])


def test_a_payout_account_is_proposed_and_its_number_never_shown(
    client_of, zhao_at_first, first_hospital, ou
) -> None:  # type: ignore[no-untyped-def]
    client = client_of(zhao_at_first)
    client.post(
        reverse("admin:hospitals_payoutproposal_add"),
        {**ACCOUNT, "hospital": first_hospital.pk, "from_on": TODAY.isoformat()},
    )
    proposal = PayoutProposal.objects.get()
    own = client.post(page("payoutproposal", proposal), DRAWN | {"decision": "confirm"})
    assert own.context["adminform"].form.errors["decision"] and not PayoutAccount.objects.exists()

    said = client_of(ou).get(page("payoutaccount")).content.decode()
    answer = client_of(ou).post(page("payoutproposal", proposal), DRAWN | {"decision": "confirm"})

    assert answer.status_code == 302 and "zhao" in said
    account = PayoutAccount.objects.get()
    assert account.number == ACCOUNT["number"]
    for address in (page("payoutaccount"), page("payoutaccount", account), page("payoutproposal", proposal)):
        content = client.get(address).content.decode()
        assert "1234" in content and ACCOUNT["number"] not in content and "v1:" not in content
    shown = client.get(page("payoutaccount", account)).content.decode()
    assert ">zhao<" in shown and ">ou<" in shown


def test_the_history_names_who_changed_a_hospital(client_of, operator, first_hospital) -> None:  # type: ignore[no-untyped-def]
    client = client_of(operator)
    facts = DRAWN | {
        "name_zh": "第一医院",
        "name_en": "New Name",
        "kind": "public",
        "district": "思明区",
        "uscc": "",
    }

    answer = client.post(page("hospital", first_hospital), {**facts, "online_on": TODAY.isoformat()})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    shown = client.get(page("hospital", first_hospital)).content.decode()
    assert "New Name" in shown and "First Hospital" in shown and ">ou<" in shown


@pytest.mark.article(20)
def test_an_operator_enters_a_private_hospital(client_of, operator) -> None:  # type: ignore[no-untyped-def]
    facts = {
        "code": "XM020",
        "name_zh": "私立医院",
        "name_en": "Private Hospital",
        "kind": "private",
        "district": "湖里区",
        "uscc": "91110000600037341L",
    }
    client = client_of(operator)

    assert client.post(reverse("admin:hospitals_hospital_add"), facts).status_code == 302
    again = client.post(reverse("admin:hospitals_hospital_add"), {**facts, "code": "XM021"})

    assert Hospital.objects.get().kind == "private"
    assert "uscc" in again.context["adminform"].form.errors

"""What public hospitals spent on their systems: filed, checked, decided, paid, each by another."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import Error, transaction
from django.test import Client

from accounts.models import User
from common.errors import BadInput
from common.numbers import is_number
from hospitals.models import CLAIM_MOVES, Hospital, RetrofitClaim
from hospitals.operations.claims import (
    CannotClaim,
    CannotDecideClaim,
    check_claim,
    complete_claim,
    decide_claim,
    file_claim,
    pay_claim,
)
from hospitals.operations.onboarding import register_hospital
from hospitals.operations.staffing import appoint_staff
from tests.hospitals.days import NOW, TODAY

pytestmark = pytest.mark.usefixtures("today")

TERMS: dict[str, Any] = {
    "amount_fen": 48_600_000, "purpose": "信用就医接口改造", "evidence": "合同 2026-031;验收报告;发票 3 张",
}  # fmt: skip
DRAWN = {"events-TOTAL_FORMS": 1, "events-INITIAL_FORMS": 1}
Bureau = tuple[User, User]


@pytest.fixture
def filed(first_hospital: Hospital, zhao_at_first: User) -> RetrofitClaim:
    return file_claim(hospital=first_hospital, **TERMS, by=zhao_at_first, at=NOW)


@pytest.fixture
def checked(filed: RetrofitClaim, ou: User) -> RetrofitClaim:
    return check_claim(claim=filed, complete=True, note="材料齐全", by=ou, at=NOW)


@pytest.fixture
def granted(checked: RetrofitClaim, bureau: Bureau) -> RetrofitClaim:
    return decide_claim(claim=checked, granted_fen=40_000_000, reasons="按预算核定", by=bureau[0], at=NOW)


@pytest.mark.article(4)
def test_a_claim_goes_from_the_hospital_over_the_operator_to_the_bureau_and_is_paid(
    granted: RetrofitClaim, bureau: Bureau
) -> None:
    paid = pay_claim(claim=granted, paid_on=TODAY, reference="CZ20261123001", by=bureau[1], at=NOW)

    assert is_number(paid.number) and paid.number.startswith("F20261123")
    assert (paid.state, paid.amount_fen, paid.granted_fen) == ("paid", 48_600_000, 40_000_000)
    history = RetrofitClaim.pgh_event_model.objects.order_by("pgh_id")  # type: ignore[attr-defined]
    assert list(history.values_list("state", flat=True)) == ["filed", "checked", "granted", "paid"]


@pytest.mark.article(4)
@pytest.mark.parametrize("kind", ["community", "private"])
def test_the_bureau_bears_the_cost_of_public_hospitals_alone(db: None, zhao: User, kind: str) -> None:
    hospital = register_hospital(
        code="AB01", name_zh="甲", name_en="A", kind=kind, district="思明区", online_on=TODAY, at=NOW
    )

    with pytest.raises(CannotClaim) as refusal:
        file_claim(hospital=hospital, **TERMS, by=zhao, at=NOW)

    assert refusal.value.article == 4 and str(hospital.get_kind_display()) in str(refusal.value)
    with pytest.raises(Error, match="retrofit_claim_of_a_public_hospital"), transaction.atomic():
        RetrofitClaim.objects.create(
            hospital=hospital, number="F20261123-0000001-0", filed_by=zhao, filed_at=NOW, **TERMS
        )


def test_a_returned_claim_is_completed_by_the_hospital_and_checked_again(
    filed: RetrofitClaim, zhao_at_first: User, ou: User
) -> None:
    check_claim(claim=filed, complete=False, note="缺验收报告", by=ou, at=NOW)

    again = complete_claim(
        claim=filed, **(TERMS | {"amount_fen": 45_000_000}), by=zhao_at_first, at=NOW + timedelta(days=1)
    )

    assert (again.state, again.amount_fen) == ("filed", 45_000_000)
    assert (
        check_claim(claim=again, complete=True, note="齐全", by=ou, at=NOW + timedelta(days=2)).state
        == "checked"
    )


def test_the_bureau_refuses_with_reasons_and_grants_at_most_what_was_claimed(
    checked: RetrofitClaim, bureau: Bureau
) -> None:
    for fault in ({"granted_fen": 48_600_001}, {"granted_fen": -1}, {"reasons": " "}):
        answers: dict[str, Any] = {"granted_fen": 0, "reasons": "未列入预算"} | fault
        with pytest.raises(BadInput) as refusal:
            decide_claim(claim=checked, **answers, by=bureau[0], at=NOW)
        assert refusal.value.field == next(iter(fault))

    refused = decide_claim(claim=checked, granted_fen=0, reasons="未列入预算", by=bureau[0], at=NOW)

    assert (refused.state, refused.granted_fen, refused.reasons) == ("refused", 0, "未列入预算")
    with pytest.raises(CannotDecideClaim):
        pay_claim(claim=refused, paid_on=TODAY, reference="CZ1", by=bureau[1], at=NOW)


def test_nobody_takes_two_steps_of_a_claim(
    filed: RetrofitClaim, zhao_at_first: User, ou: User, bureau: Bureau
) -> None:
    other = User.objects.create_user("health", role="regulator", bureau="health")
    with pytest.raises(CannotDecideClaim):
        check_claim(claim=filed, complete=True, note="齐全", by=zhao_at_first, at=NOW)
    with pytest.raises(CannotDecideClaim):
        check_claim(claim=filed, complete=True, note="齐全", by=bureau[0], at=NOW)
    checked = check_claim(claim=filed, complete=True, note="齐全", by=ou, at=NOW)
    for who in (ou, zhao_at_first, other):
        with pytest.raises(CannotDecideClaim):
            decide_claim(claim=checked, granted_fen=1, reasons="同意", by=who, at=NOW)
    granted = decide_claim(claim=checked, granted_fen=1, reasons="同意", by=bureau[0], at=NOW)
    for who in (bureau[0], ou, other):
        with pytest.raises(CannotDecideClaim) as refusal:
            pay_claim(claim=granted, paid_on=TODAY, reference="CZ1", by=who, at=NOW)
        assert refusal.value.article == 4


def test_one_bank_reference_pays_one_claim_and_on_a_possible_day(
    first_hospital: Hospital, granted: RetrofitClaim, zhao_at_first: User, ou: User, bureau: Bureau
) -> None:
    for on in (TODAY + timedelta(days=1), TODAY - timedelta(days=1)):
        with pytest.raises(BadInput) as fault:
            pay_claim(claim=granted, paid_on=on, reference="CZ1", by=bureau[1], at=NOW)
        assert fault.value.field == "paid_on"
    pay_claim(claim=granted, paid_on=TODAY, reference="CZ1", by=bureau[1], at=NOW)
    second = file_claim(hospital=first_hospital, **TERMS, by=zhao_at_first, at=NOW)
    check_claim(claim=second, complete=True, note="齐全", by=ou, at=NOW)
    second = decide_claim(claim=second, granted_fen=1, reasons="同意", by=bureau[0], at=NOW)

    with pytest.raises(CannotDecideClaim) as refusal:
        pay_claim(claim=second, paid_on=TODAY, reference=" CZ1 ", by=bureau[1], at=NOW)

    assert refusal.value.field == "reference"


@pytest.mark.parametrize(
    ("field", "value"),
    [("amount_fen", 0), ("amount_fen", -1), ("amount_fen", 10**18), ("purpose", " "), ("evidence", "a\x00b")],
)
def test_what_cannot_be_claimed_is_refused_by_name(
    first_hospital: Hospital, zhao_at_first: User, field: str, value: object
) -> None:
    with pytest.raises(BadInput) as fault:
        file_claim(hospital=first_hospital, **(TERMS | {field: value}), by=zhao_at_first, at=NOW)

    assert fault.value.field == field and not RetrofitClaim.objects.exists()


# The database


def test_the_database_makes_no_move_that_is_not_on_the_map(
    filed: RetrofitClaim, zhao_at_first: User, ou: User, bureau: Bureau
) -> None:
    every: dict[str, Any] = {
        "checked_by": ou, "checked_at": NOW, "check_note": "齐全", "decided_by": bureau[0], "decided_at": NOW,
        "granted_fen": 1, "reasons": "可", "paid_by": bureau[1], "paid_on": TODAY,
        "payment_reference": "CZ1",
    }  # fmt: skip
    claims = RetrofitClaim.objects.filter(pk=filed.pk)
    for state in (
        set(RetrofitClaim.State.values) - {to for at, to in CLAIM_MOVES if at == "filed"} - {"filed"}
    ):
        with pytest.raises(Error), transaction.atomic():
            claims.update(state=state, **every)
    check_claim(claim=filed, complete=True, note="齐全", by=ou, at=NOW)
    for change in (
        {"state": "granted"},
        {"state": "granted", "decided_by": bureau[0], "granted_fen": 1, "reasons": "同意"},
        {"state": "granted", "decided_by": bureau[0], "decided_at": NOW, "granted_fen": 1},
        {"state": "granted", "decided_by": ou, "decided_at": NOW, "granted_fen": 1, "reasons": "同意"},
        {
            "state": "granted",
            "decided_by": zhao_at_first,
            "decided_at": NOW,
            "granted_fen": 1,
            "reasons": "同意",
        },
        {
            "state": "granted",
            "decided_by": bureau[0],
            "decided_at": NOW,
            "granted_fen": 10**9,
            "reasons": "同意",
        },
        {"state": "granted", "decided_by": bureau[0], "decided_at": NOW, "granted_fen": 0, "reasons": "同意"},
        {"state": "refused", "decided_by": bureau[0], "decided_at": NOW, "granted_fen": 5, "reasons": "不"},
        {"amount_fen": 1},
        {"check_note": "别的"},
        {"filed_by": bureau[0]},
    ):
        with pytest.raises(Error), transaction.atomic():
            claims.update(**change)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        claims.delete()


def test_the_database_pays_by_another_person_and_once(granted: RetrofitClaim, bureau: Bureau) -> None:
    claims = RetrofitClaim.objects.filter(pk=granted.pk)
    payment = {"state": "paid", "paid_on": TODAY, "payment_reference": "CZ1"}
    for change in (payment, payment | {"paid_by": bureau[0]}, {"granted_fen": 2}, {"reasons": "别的"}):
        with pytest.raises(Error), transaction.atomic():
            claims.update(**change)

    claims.update(**payment, paid_by=bureau[1])

    with pytest.raises(Error), transaction.atomic():
        claims.update(payment_reference="CZ2")


def test_only_a_regulator_is_of_a_bureau(db: None) -> None:
    with pytest.raises(Error, match="user_bureau_is_a_regulators"), transaction.atomic():
        User.objects.create_user("somebody", role="operator", bureau="finance")


# The pages


def test_the_bureau_sees_what_was_checked_and_decides_and_pays_it(
    client_of: Callable[[User], Client],
    first_hospital: Hospital,
    filed: RetrofitClaim,
    zhao_at_first: User,
    ou: User,
    bureau: Bureau,
) -> None:
    cai, fang = map(client_of, bureau)
    address = f"/en/gov/claims/{filed.number}/"
    assert cai.get(address).status_code == 404
    check_claim(claim=filed, complete=True, note="Complete", by=ou, at=NOW)
    unseen = file_claim(hospital=first_hospital, **TERMS, by=zhao_at_first, at=NOW)
    assert [claim.number for claim in cai.get("/gov/claims/").context["page"]] == [filed.number]

    wrong = cai.post(address, {"granted_fen": "486000.01", "reasons": "within the budget"})
    assert wrong.status_code == 422 and list(wrong.context["form"].errors) == ["granted_fen"]
    assert cai.post(address, {"granted_fen": "486000", "reasons": "within the budget"}).status_code == 302
    typed = {"paid_on": filed.filed_at.date().isoformat(), "reference": "CZ9"}
    assert cai.post(f"{address}payment/", typed).status_code == 422
    assert "second person" in cai.get(address).content.decode()

    filed.refresh_from_db()
    typed["paid_on"] = filed.decided_at.date().isoformat()  # type: ignore[union-attr]
    fang.post(f"{address}payment/", typed)

    filed.refresh_from_db()
    assert (filed.state, filed.granted_fen, filed.decided_by, filed.paid_by) == ("paid", 48_600_000, *bureau)
    assert cai.get(f"/gov/claims/{unseen.number}/").status_code == 404
    assert list(cai.get("/gov/claims/?state=granted").context["page"]) == []


@pytest.mark.parametrize("role", User.Role.values)
def test_claims_before_the_bureau_are_the_bureaus(
    client_of: Callable[[User], Client], checked: RetrofitClaim, role: str
) -> None:
    client = client_of(User.objects.create_user("somebody", role=role, is_staff=True, is_superuser=True))

    for address in ("/gov/claims/", f"/gov/claims/{checked.number}/"):
        assert client.get(address).status_code == 403
        assert Client().get(address).status_code == 302


def test_the_hospital_files_and_completes_and_the_operator_checks_in_the_back_office(
    client_of: Callable[[User], Client],
    zhao_at_first: User,
    first_hospital: Hospital,
    humanity: Hospital,
    ou: User,
) -> None:
    hospital, operator = client_of(zhao_at_first), client_of(ou)
    add = "/admin/hospitals/retrofitclaim/add/"
    typed = {"amount_fen": "486,000.00", "purpose": "接口改造", "evidence": "合同 31"}
    assert operator.get(add).status_code == 403
    assert hospital.post(add, typed | {"hospital": humanity.pk}).status_code == 200
    assert hospital.post(add, typed | {"hospital": first_hospital.pk}).status_code == 302
    claim = RetrofitClaim.objects.get()
    page = f"/admin/hospitals/retrofitclaim/{claim.pk}/change/"
    assert hospital.post(page, DRAWN | typed).status_code == 403

    operator.post(page, DRAWN | {"verdict": "return", "check_note": "缺发票"})
    assert "缺发票" in hospital.get(page).content.decode()
    hospital.post(page, DRAWN | typed | {"evidence": "合同 31;发票 2 张"})
    operator.post(page, DRAWN | {"verdict": "complete", "check_note": "齐全"})

    claim.refresh_from_db()
    assert (claim.state, claim.evidence, claim.amount_fen) == ("checked", "合同 31;发票 2 张", 48_600_000)
    assert operator.post(page, DRAWN | {"verdict": "return", "check_note": "x"}).status_code == 403


def test_a_claim_of_another_hospital_looks_like_one_that_does_not_exist(
    client_of: Callable[[User], Client], filed: RetrofitClaim, humanity: Hospital, chen: User
) -> None:
    appoint_staff(user=chen, hospital=humanity, position="admin", at=NOW)
    chen.refresh_from_db()
    client = client_of(chen)

    listed = client.get("/admin/hospitals/retrofitclaim/")
    answers = [client.get(f"/admin/hospitals/retrofitclaim/{pk}/change/") for pk in (filed.pk, filed.pk + 99)]

    assert not listed.context["cl"].queryset.exists()
    assert {(answer.status_code, answer["Location"]) for answer in answers} == {(302, "/admin/")}

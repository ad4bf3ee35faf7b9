import pytest

from accounts.models import User
from common.errors import BadInput
from hospitals.models import Hospital, HospitalStaff
from hospitals.operations.staffing import CannotAppoint, appoint_staff, dismiss_staff
from tests.hospitals.days import NOW


def test_a_cashier_works_at_one_hospital(first_hospital: Hospital, chen: User) -> None:
    post = appoint_staff(user=chen, hospital=first_hospital, position="cashier", at=NOW)

    assert list(Hospital.objects.run_by(chen)) == [first_hospital]
    assert post.position == HospitalStaff.Position.CASHIER


@pytest.mark.article(15)
def test_nobody_works_at_two_hospitals(first_hospital: Hospital, humanity: Hospital, chen: User) -> None:
    appoint_staff(user=chen, hospital=first_hospital, position="cashier", at=NOW)

    with pytest.raises(CannotAppoint):
        appoint_staff(user=chen, hospital=humanity, position="cashier", at=NOW)

    assert list(Hospital.objects.run_by(chen)) == [first_hospital]


def test_the_role_follows_the_post(first_hospital: Hospital, chen: User) -> None:
    appoint_staff(user=chen, hospital=first_hospital, position="cashier", at=NOW)
    appoint_staff(user=chen, hospital=first_hospital, position="admin", at=NOW)

    chen.refresh_from_db()
    assert chen.role == User.Role.HOSPITAL_ADMIN
    assert HospitalStaff.objects.get().position == "admin"


@pytest.mark.parametrize("role", ["citizen", "operator", "regulator", "lender", "auditor"])
def test_people_of_other_offices_are_not_hospital_staff(first_hospital: Hospital, role: str) -> None:
    user = User.objects.create_user("somebody", role=role)

    with pytest.raises(CannotAppoint):
        appoint_staff(user=user, hospital=first_hospital, position="cashier", at=NOW)


def test_who_is_dismissed_reaches_nothing_any_more(first_hospital: Hospital, chen: User) -> None:
    appoint_staff(user=chen, hospital=first_hospital, position="lead", at=NOW)

    dismiss_staff(user=chen, at=NOW)

    chen.refresh_from_db()
    assert not Hospital.objects.run_by(chen).exists()
    assert not chen.is_active


def test_an_unknown_position_is_refused(first_hospital: Hospital, chen: User) -> None:
    with pytest.raises(BadInput):
        appoint_staff(user=chen, hospital=first_hospital, position="doctor", at=NOW)

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

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


@pytest.mark.article(15)
def test_a_dismissed_cashiers_sign_in_ends_with_the_next_request_and_for_good(
    client_of: Callable[[User], Client], first_hospital: Hospital, chen: User
) -> None:
    appoint_staff(user=chen, hospital=first_hospital, position="lead", at=NOW)
    with time_machine.travel(NOW, tick=False):
        before = client_of(chen)
        assert before.get("/desk/").status_code == 200
        later = NOW + timedelta(minutes=5)

        dismiss_staff(user=chen, at=later)
        assert before.get("/desk/").status_code == 302

        # With another post the person signs in anew; the sign-in of the old post stays dead.
        appoint_staff(user=chen, hospital=first_hospital, position="cashier", at=later)
    with time_machine.travel(later + timedelta(minutes=1), tick=False):
        chen.refresh_from_db()
        assert chen.is_active and before.get("/desk/").status_code == 302
        assert client_of(chen).get("/desk/").status_code == 200


def test_staff_are_found_by_name_and_position_and_every_change_is_kept(
    client_of: Callable[[User], Client],
    zhao_at_first: User,
    first_hospital: Hospital,
    humanity: Hospital,
    chen: User,
) -> None:
    sun = User.objects.create_user("sun", role=User.Role.CASHIER)
    appoint_staff(user=sun, hospital=humanity, position="cashier", at=NOW)
    appoint_staff(user=chen, hospital=first_hospital, position="cashier", at=NOW)
    appoint_staff(user=chen, hospital=first_hospital, position="lead", at=NOW)
    client, staff = client_of(zhao_at_first), "/admin/hospitals/hospitalstaff/"

    found = [
        {post.user.username for post in client.get(staff, query).context["cl"].queryset}
        for query in (
            {},
            {"q": "che"},
            {"q": "sun"},
            {"position__exact": "admin"},
            {"hospital": humanity.code},
        )
    ]
    # The last asks for another hospital: an administrator has one, and nothing else to choose.
    assert found == [{"zhao", "chen"}, {"chen"}, set(), {"zhao"}, {"zhao", "chen"}]

    dismiss_staff(user=chen, at=NOW)
    events = client.get("/admin/hospitals/hospitalstaffevent/", {"q": "chen"}).context["cl"].queryset
    assert [event.pgh_label for event in events] == ["delete", "update", "insert"]
    assert not client.get("/admin/hospitals/hospitalstaffevent/", {"q": "sun"}).context["cl"].queryset

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from accounts.models import User
from common.calendar import business_date
from hospitals.models import Hospital
from hospitals.operations.onboarding import open_scene
from tests.hospitals.acts import bring_online, tick_all


@pytest.fixture
def town(first_hospital: Hospital, humanity: Hospital, ou: User) -> None:
    """The first hospital takes credit for outpatient care today; the private one starts tomorrow."""
    at = timezone.now()
    today = business_date(at)
    bring_online(humanity, ou)
    Hospital.objects.filter(pk=first_hospital.pk).update(online_on=today)
    Hospital.objects.filter(pk=humanity.pk).update(online_on=today + timedelta(days=1))
    tick_all(first_hospital, ou, ["outpatient"], on=today, at=at)
    open_scene(hospital=first_hospital, scene="outpatient", on=today, at=at)


@pytest.mark.article(2)
@pytest.mark.article(14)
def test_everyone_sees_where_credit_is_taken_today_and_for_what(client: Client, town: None) -> None:
    page = client.get("/hospitals/").content.decode()

    assert "第一医院" in page and "弘爱医院" not in page


def test_the_english_page_names_hospitals_in_english(client: Client, town: None) -> None:
    page = client.get("/en/hospitals/").content.decode()

    assert "First Hospital" in page and "第一医院" not in page
    assert '<span lang="zh-Hans">思明区</span>' in page
    assert "Outpatient care" in page


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("name=思明", True),
        ("name=first", True),
        ("name=zzz", False),
        ("scene=outpatient", True),
        ("scene=parking", False),
    ],
)
def test_the_list_can_be_narrowed(client: Client, town: None, query: str, found: bool) -> None:
    page = client.get(f"/en/hospitals/?{query}").content.decode()

    assert ("First Hospital</th>" in page) is found
    assert ("No hospital found" in page) is not found


@pytest.mark.parametrize("query", ["scene=spa", "name=" + "x" * 500, "name=%00", "scene=%F0%9F%92%A9"])
def test_nonsense_is_answered_calmly(client: Client, town: None, query: str) -> None:
    assert client.get(f"/hospitals/?{query}").status_code == 200


def test_the_page_costs_the_same_however_many_hospitals_there_are(
    client: Client, town: None, django_assert_max_num_queries
) -> None:  # type: ignore[no-untyped-def]
    with django_assert_max_num_queries(3):
        client.get("/hospitals/")

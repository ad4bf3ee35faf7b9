"""Two hospitals, and who works there."""

from collections.abc import Callable, Iterator
from datetime import date

import pytest
import time_machine
from django.test import Client
from oauth2_provider.models import Application

from accounts.models import ApiClient, User
from hospitals.models import Hospital
from hospitals.operations.onboarding import connect_client, register_hospital
from hospitals.operations.staffing import appoint_staff
from tests.hospitals.acts import tick_all
from tests.hospitals.days import NOW, TODAY


@pytest.fixture
def first_hospital(db: None) -> Hospital:
    return register_hospital(
        code="XM001",
        name_zh="第一医院",
        name_en="First Hospital",
        kind="public",
        district="思明区",
        online_on=TODAY,
        at=NOW,
    )


@pytest.fixture
def humanity(db: None) -> Hospital:
    """A private one, not online yet."""
    return register_hospital(
        code="XM011",
        name_zh="弘爱医院",
        name_en="Humanity Hospital",
        kind="private",
        district="湖里区",
        at=NOW,
    )


@pytest.fixture
def chen(db: None) -> User:
    """The cashier."""
    return User.objects.create_user("chen", role=User.Role.CASHIER)


@pytest.fixture
def zhao(db: None) -> User:
    """The hospital administrator."""
    return User.objects.create_user("zhao", role=User.Role.HOSPITAL_ADMIN)


@pytest.fixture
def first_client(first_hospital: Hospital) -> ApiClient:
    """The first hospital's own system."""
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name="HIS"
    )
    client = ApiClient.objects.create(application=application, kind="hospital", name="HIS", created_at=NOW)
    connect_client(client=client, hospital=first_hospital)
    return client


@pytest.fixture
def today() -> Iterator[date]:
    """The clock stands at ten in the morning of these tests' day."""
    with time_machine.travel(NOW, tick=False):
        yield TODAY


@pytest.fixture
def ou(db: None) -> User:
    """The operator."""
    return User.objects.create_user("ou", role=User.Role.OPERATOR, is_staff=True)


@pytest.fixture
def zhao_at_first(first_hospital: Hospital, zhao: User) -> User:
    """The first hospital's administrator."""
    appoint_staff(user=zhao, hospital=first_hospital, position="admin", at=NOW)
    zhao.refresh_from_db()
    return zhao


@pytest.fixture
def ready(first_hospital: Hospital, ou: User) -> Hospital:
    """Every checklist of the first hospital is complete."""
    tick_all(first_hospital, ou)
    return first_hospital


@pytest.fixture
def bureau(db: None) -> tuple[User, User]:
    """Two people of the finance bureau: one decides, one pays."""
    finance = {"role": User.Role.REGULATOR, "bureau": User.Bureau.FINANCE}
    return User.objects.create_user("cai", **finance), User.objects.create_user("fang", **finance)


@pytest.fixture
def client_of() -> Callable[[User], Client]:
    def client_of(user: User) -> Client:
        client = Client()
        client.force_login(user)
        return client

    return client_of

"""The cast: Lin who signs up, Chen at the desk, and the systems of Harbour Bank and Egret Hospital."""

from collections.abc import Callable
from datetime import datetime

import pytest
from oauth2_provider.models import Application

from accounts.models import ApiClient, Person, User
from accounts.operations.people import register_person
from common.calendar import SHANGHAI
from common.identity import resident_id_check_digit
from tests.sandbox_process import fresh_sandbox, sandbox  # noqa: F401 - fixtures

NOW = datetime(2026, 11, 20, 10, 0, tzinfo=SHANGHAI)
LIN_NAME = "林小满"
LIN_PHONE = "13850012345"
HERE = "192.0.2.1"


def resident_id(sequence: int = 1, birth: str = "19900307") -> str:
    first = f"350203{birth}{sequence:03}"
    return first + resident_id_check_digit(first)


LIN_ID = resident_id(12)


@pytest.fixture
def now() -> datetime:
    return NOW


@pytest.fixture
def lin(db: None) -> Person:
    return register_person(name=LIN_NAME, resident_id=LIN_ID, phone=LIN_PHONE, at=NOW)


@pytest.fixture
def people(db: None) -> Callable[[int], list[Person]]:
    """So many people, each with a telephone of their own."""

    def make(count: int) -> list[Person]:
        return [
            register_person(
                name="王一", resident_id=resident_id(number), phone=f"138500{20000 + number}", at=NOW
            )
            for number in range(100, 100 + count)
        ]

    return make


@pytest.fixture
def chen(db: None) -> User:
    return User.objects.create(username="chen", role=User.Role.CASHIER)


@pytest.fixture
def make_client(db: None) -> Callable[[str, str], ApiClient]:
    def make(kind: str, name: str) -> ApiClient:
        application = Application.objects.create(
            name=name,
            client_id=name.lower().replace(" ", "-"),
            client_secret="not-so-secret",
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        return ApiClient.objects.create(application=application, kind=kind, name=name, created_at=NOW)

    return make


@pytest.fixture
def harbour(make_client: Callable[[str, str], ApiClient]) -> ApiClient:
    return make_client("lender", "Harbour Bank")


@pytest.fixture
def egret(make_client: Callable[[str, str], ApiClient]) -> ApiClient:
    return make_client("hospital", "Egret Hospital")

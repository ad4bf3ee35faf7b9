"""Five wrong sign-ins close an account's door, twenty an address's."""

import pytest
from django.contrib.auth import authenticate
from django.test import Client, RequestFactory

from accounts.models import User

pytestmark = pytest.mark.django_db
PASSWORD = "a long enough password"


@pytest.fixture(autouse=True)
def chen() -> User:
    return User.objects.create_user("chen", password=PASSWORD)


def sign_in(name: str, password: str, address: str) -> User | None:
    request = RequestFactory().post("/sign-in/", REMOTE_ADDR=address)
    return authenticate(request, username=name, password=password)


def fail(times: int, *, name: str = "chen", address: str = "192.0.2.1") -> None:
    for _ in range(times):
        sign_in(name, "wrong", address)


def test_four_failures_leave_the_account_open():
    fail(4)

    assert sign_in("chen", PASSWORD, "192.0.2.1") is not None


def test_the_fifth_failure_closes_the_account_from_everywhere():
    for number in range(5):
        fail(1, address=f"192.0.2.{number}")

    assert sign_in("chen", PASSWORD, "198.51.100.7") is None


def test_a_sign_in_that_works_wipes_the_slate(client: Client):
    fail(4)
    client.post("/sign-in/", {"username": "chen", "password": PASSWORD}, REMOTE_ADDR="192.0.2.1")
    fail(4)

    assert sign_in("chen", PASSWORD, "192.0.2.1") is not None


def test_nineteen_failures_leave_an_address_open():
    for number in range(19):
        fail(1, name=f"guess-{number}")

    assert sign_in("chen", PASSWORD, "192.0.2.1") is not None


def test_the_twentieth_failure_closes_the_address_to_all_accounts():
    for number in range(20):
        fail(1, name=f"guess-{number}")

    assert sign_in("chen", PASSWORD, "192.0.2.1") is None
    assert sign_in("chen", PASSWORD, "198.51.100.7") is not None

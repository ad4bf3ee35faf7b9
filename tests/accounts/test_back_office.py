"""What starts up, and what staff see of the plumbing."""

from types import ModuleType
from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client
from django.urls import path

from accounts.checks import check_api_views
from accounts.models import Message, Person, User
from accounts.operations.access import record_access
from accounts.operations.notices import notify
from tests.accounts.conftest import LIN_ID, LIN_NAME, LIN_PHONE, NOW
from tests.accounts.kinds import BILL_DUE


def test_an_address_of_the_api_that_is_no_api_view_stops_the_start(settings: Any) -> None:
    assert check_api_views() == []

    def open_view(request: Any) -> HttpResponse:
        return HttpResponse()

    addresses: Any = ModuleType("addresses")
    addresses.urlpatterns = [path("api/v1/open", open_view)]
    settings.ROOT_URLCONF = addresses

    assert [error.id for error in check_api_views()] == ["accounts.E001"]


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["message", "notice", "event", "accessentry", "apiclient", "jobrun"])
def test_the_back_office_shows_the_plumbing_without_peoples_data(
    lin: Person, chen: User, harbour: Any, name: str
) -> None:
    notify(person=lin, kind=BILL_DUE, params={"bill": "B1"}, reference="due:B1", at=NOW)
    record_access(actor=chen, subject=lin, purpose="desk.search", at=NOW)
    root = User.objects.create_superuser("root", password="long-enough-word", role=User.Role.OPERATOR)
    client = Client()
    client.force_login(root)

    listed = client.get(f"/admin/accounts/{name}/")

    assert listed.status_code == 200
    text = listed.content.decode()
    assert all(private not in text for private in (LIN_NAME, LIN_ID, LIN_PHONE))
    assert client.get(f"/admin/accounts/{name}/add/").status_code == 403


@pytest.mark.django_db
def test_the_back_office_changes_no_message(lin: Person) -> None:
    notify(person=lin, kind=BILL_DUE, params={"bill": "B1"}, reference="due:B1", at=NOW)
    root = User.objects.create_superuser("root", password="long-enough-word", role=User.Role.OPERATOR)
    client = Client()
    client.force_login(root)
    address = f"/admin/accounts/message/{Message.objects.get().pk}/change/"

    assert client.get(address).status_code == 200
    assert client.post(address, {"state": "delivered"}).status_code == 403
    assert client.post(address.replace("change", "delete"), {"post": "yes"}).status_code == 403

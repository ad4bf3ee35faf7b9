"""An address with a NUL in it is one that names nothing."""

import pytest
from django.test import Client


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/me/bills/%00/", "/en/desk/refund/%00/", "/api/v1/%00", "/%00"])
def test_a_nul_in_an_address_is_not_found(client: Client, address: str) -> None:
    assert client.get(address).status_code == 404

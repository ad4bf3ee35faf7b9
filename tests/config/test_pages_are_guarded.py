"""The headers that every page carries."""

import pytest
from django.test import Client

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("address", ["/", "/en/", "/admin/login/", "/api/v1/openapi.json", "/no-such-page/"])
def test_the_content_policy_allows_nothing_unsafe(client: Client, address):
    policy = client.get(address)["Content-Security-Policy"]

    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy


def test_a_client_gets_a_token_by_its_own_credentials_and_no_other_way(client: Client):
    for grant in ("password", "authorization_code", "refresh_token", "implicit"):
        answer = client.post("/api/oauth/token", {"grant_type": grant, "username": "x", "password": "y"})

        assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")

"""The official accounts that the sandbox plays are issuers of OpenID Connect as the book has it."""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import jwt
import pytest

from sandbox.credentials import Credentials
from tests.sandbox_process import SandboxProcess

ISSUER = "/issuers/i-xiamen"
BACK = "http://127.0.0.1:8000/sign-in/with/i-xiamen/back/"
VERIFIER = "v" * 64
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()
ASKED = {
    "client_id": "platform",
    "redirect_uri": BACK,
    "response_type": "code",
    "scope": "openid profile resident_id phone",
    "state": "s1",
    "nonce": "n1",
    "code_challenge": CHALLENGE,
    "code_challenge_method": "S256",
}
LIN = {"name": "林小雨", "resident_id": "35020319850312452X", "phone": "13812345678"}


def code(sandbox: SandboxProcess, **changed: str) -> str:
    answer = sandbox.http.post(f"{ISSUER}/authorize", data={**ASKED, **LIN, **changed})
    assert answer.status_code == 302
    place = urlsplit(answer.headers["Location"])
    assert answer.headers["Location"].startswith(f"{BACK}?")
    told = parse_qs(place.query)
    assert told["state"] == ["s1"]
    return told["code"][0]


def exchange(sandbox: SandboxProcess, given: str, **changed: str) -> Any:
    form = {
        "grant_type": "authorization_code",
        "code": given,
        "redirect_uri": BACK,
        "client_id": "platform",
        "client_secret": "sandbox-secret",
        "code_verifier": VERIFIER,
    }
    return sandbox.http.post(f"{ISSUER}/token", data={**form, **changed})


def test_discovery_names_itself_and_what_it_can_do(fresh_sandbox: SandboxProcess) -> None:
    told = fresh_sandbox.get(f"{ISSUER}/.well-known/openid-configuration")
    assert told["issuer"] == f"{fresh_sandbox.url}{ISSUER}"
    assert told["code_challenge_methods_supported"] == ["S256"]
    assert told["id_token_signing_alg_values_supported"] == ["RS256"]
    for name in ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri"):
        assert told[name].startswith(told["issuer"])


def test_the_id_token_is_signed_by_the_published_key_and_carries_the_nonce(
    fresh_sandbox: SandboxProcess,
) -> None:
    token = exchange(fresh_sandbox, code(fresh_sandbox)).json()["id_token"]
    [published] = fresh_sandbox.get(f"{ISSUER}/jwks")["keys"]
    assert jwt.get_unverified_header(token) == {"alg": "RS256", "kid": published["kid"], "typ": "JWT"}
    claims = jwt.decode(token, jwt.PyJWK(published).key, algorithms=["RS256"], audience="platform")
    assert claims["nonce"] == "n1" and claims["iss"] == f"{fresh_sandbox.url}{ISSUER}"
    assert "d" not in published
    assert not any(secret in str(claims) for secret in LIN.values())


@pytest.mark.parametrize(
    ("scope", "told"),
    [
        ("openid", set()),
        ("openid profile", {"name"}),
        ("openid phone", {"phone_number", "phone_number_verified"}),
        ("openid resident_id", {"resident_id", "resident_id_verified"}),
    ],
)
def test_userinfo_tells_what_the_scope_asks_for_and_no_more(
    fresh_sandbox: SandboxProcess, scope: str, told: set[str]
) -> None:
    token = exchange(fresh_sandbox, code(fresh_sandbox, scope=scope)).json()["access_token"]
    answer = fresh_sandbox.http.get(f"{ISSUER}/userinfo", headers={"authorization": f"Bearer {token}"})
    assert set(answer.json()) == {"sub", *told}


def test_a_code_is_good_once_and_only_for_the_request_it_was_given_for(fresh_sandbox: SandboxProcess) -> None:
    given = code(fresh_sandbox)
    assert exchange(fresh_sandbox, given).status_code == 200
    assert exchange(fresh_sandbox, given).json()["code"] == "invalid_grant"
    for changed in ({"code_verifier": "w" * 64}, {"redirect_uri": f"{BACK}x"}, {"grant_type": "password"}):
        assert exchange(fresh_sandbox, code(fresh_sandbox), **changed).status_code == 400
    assert exchange(fresh_sandbox, code(fresh_sandbox), client_secret="wrong").status_code == 401
    assert fresh_sandbox.http.get(f"{ISSUER}/userinfo").status_code == 401


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("client_id", "somebody"),
        ("redirect_uri", "https://elsewhere.example/"),
        ("redirect_uri", "http://127.0.0.1.elsewhere.example/"),
        ("response_type", "token"),
        ("code_challenge", ""),
        ("code_challenge_method", "plain"),
        ("nonce", ""),
        ("state", ""),
        ("scope", "profile"),
    ],
)
def test_a_request_that_is_not_careful_is_refused_and_sent_nowhere(
    fresh_sandbox: SandboxProcess, name: str, value: str
) -> None:
    answer = fresh_sandbox.http.get(f"{ISSUER}/authorize", params={**ASKED, name: value})
    assert answer.status_code == 400 and "Location" not in answer.headers


def test_the_page_names_who_asks_and_leaves_nothing_unescaped(fresh_sandbox: SandboxProcess) -> None:
    hostile = '"><script>alert(1)</script>'
    page = fresh_sandbox.http.get(f"{ISSUER}/authorize", params={**ASKED, "state": hostile})
    assert page.status_code == 200 and "127.0.0.1:8000" in page.text
    assert "<script>" not in page.text


def test_the_demo_citizens_are_offered_and_staff_are_not(tmp_path: Path) -> None:
    demo = {
        "base_url": "http://127.0.0.1:8000",
        "clients": [],
        "signins": [
            {"username": "citizen", "role": "citizen", **LIN},
            {"username": "cashier", "role": "cashier"},
        ],
    }
    path = tmp_path / "credentials.json"
    path.write_text(json.dumps(demo))
    assert Credentials(path).people() == [{"username": "citizen", **LIN}]
    assert Credentials(None).people() == []


def test_whoever_says_nothing_is_asked_again_and_whoever_refuses_goes_back(
    fresh_sandbox: SandboxProcess,
) -> None:
    assert fresh_sandbox.http.post(f"{ISSUER}/authorize", data=ASKED).status_code == 422
    answer = fresh_sandbox.http.post(f"{ISSUER}/authorize", data={**ASKED, "refuse": "yes"})
    assert answer.headers["Location"] == f"{BACK}?error=access_denied&state=s1"

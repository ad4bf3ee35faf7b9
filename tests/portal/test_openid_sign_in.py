"""Signing in by an official account: OpenID Connect with the sandbox as the issuer, over real HTTP."""

from __future__ import annotations

import time
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import Resolver404, resolve

from accounts.models import Person, User
from accounts.operations.people import register_person, update_contact
from tests.cast import Town
from tests.portal.conftest import user_of
from tests.portal.official_accounts import (
    REAL_NAME,
    TELEPHONE_ONLY,
    ZHAO,
    agree,
    browser,
    come_back,
    go_there,
    sign_in_there,
)
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

NOT_PROVED = "The official account's answer does not prove who you are. Nobody was signed in."
AWAY = "This official account does not answer just now."


@pytest.fixture
def reader(fresh_sandbox: SandboxProcess) -> Client:
    return browser()


@pytest.fixture
def lin(town: Town) -> Person:
    person = town.enrol()
    user_of(person)
    return person


def known_as(person: Person) -> dict[str, str]:
    return {"name": person.name, "resident_id": person.resident_id, "phone": person.phone}


def is_signed_in(reader: Client) -> bool:
    return "_auth_user_id" in reader.session


@pytest.mark.article(6)
def test_an_official_account_signs_a_citizen_in_and_leads_to_where_one_wanted_to_go(
    reader: Client, lin: Person
) -> None:
    answer = sign_in_there(reader, known_as(lin), next="/en/me/bills/")
    assert answer.headers["Location"] == "/en/me/bills/"
    assert reader.session["_auth_user_id"] == str(user_of(lin).pk)
    assert reader.get("/en/me/").status_code == 200


@pytest.mark.article(6)
def test_the_sign_in_page_puts_the_phone_first_then_official_accounts_then_the_password(
    reader: Client, db: None
) -> None:
    page = reader.get("/en/sign-in/?next=/en/me/bills/")
    body = page.content.decode()
    places = [body.index(sign) for sign in ("id_phone", "i Xiamen", "Healthy Xiamen", "id_username")]
    assert places == sorted(places)
    assert body.count("button--primary") == 1
    assert body.count('value="/en/me/bills/"') == 4 and "/sign-in/phone/?next=/en/me/bills/" in body
    assert "i厦门" in reader.get("/sign-in/").content.decode()


def test_only_accounts_that_know_a_number_are_offered_to_vouch_for_one(reader: Client, town: Town) -> None:
    reader.post("/en/enrol/check/", {"scheme": "on", "score": "on"})
    reader.post("/en/enrol/bank/", {"product": "BANK1-A", "agreed": "on"})
    page = reader.get("/en/enrol/identity/")
    assert "i Xiamen" in words(page) and "Healthy Xiamen" not in words(page)
    assert "form-action 'self' http://127.0.0.1:" in page.headers["Content-Security-Policy"]


def test_only_the_issuers_that_are_configured_may_be_led_to(
    reader: Client, db: None, fresh_sandbox: SandboxProcess
) -> None:
    leads = f"form-action 'self' {fresh_sandbox.url}"
    assert leads in reader.get("/en/sign-in/").headers["Content-Security-Policy"]
    assert leads not in reader.get("/en/help/").headers["Content-Security-Policy"]


def test_what_is_asked_has_state_nonce_and_a_challenge_and_each_time_others(reader: Client, db: None) -> None:
    first, second = go_there(reader), go_there(reader)
    assert first["code_challenge_method"] == "S256" and first["response_type"] == "code"
    assert set(first["scope"].split()) == {"openid", "profile", "resident_id", "phone"}
    for name in ("state", "nonce", "code_challenge"):
        assert first[name] != second[name] and len(first[name]) >= 16
    assert first["redirect_uri"].endswith("/en/sign-in/with/i-xiamen/back/")


def test_a_session_that_somebody_planted_is_not_the_one_that_is_signed_in(
    reader: Client, lin: Person
) -> None:
    asked = go_there(reader)
    planted = reader.session.session_key
    come_back(reader, agree(asked, **known_as(lin)))
    assert is_signed_in(reader) and reader.session.session_key != planted
    assert not Session.objects.filter(session_key=planted).exists()


@pytest.mark.parametrize(
    "elsewhere", ["https://elsewhere.example/", "//elsewhere.example/", "javascript:alert(1)"]
)
def test_an_address_elsewhere_is_never_followed(reader: Client, lin: Person, elsewhere: str) -> None:
    assert sign_in_there(reader, known_as(lin), next=elsewhere).headers["Location"] == "/en/start/"


def test_what_the_address_line_says_changes_nothing_of_what_is_asked(reader: Client, db: None) -> None:
    answer = reader.post("/en/sign-in/with/i-xiamen/?scope=email&auth_params=prompt%3Dnone&process=connect")
    assert "email" not in answer.headers["Location"] and "prompt" not in answer.headers["Location"]


def test_the_same_answer_comes_only_once(reader: Client, lin: Person) -> None:
    place = agree(go_there(reader), **known_as(lin))
    come_back(reader, place)
    reader.post("/en/sign-out/")
    again = come_back(reader, place)
    assert again.status_code == 422 and NOT_PROVED in words(again)
    assert not is_signed_in(reader)


def test_an_answer_to_another_browser_signs_nobody_in(reader: Client, lin: Person) -> None:
    place = agree(go_there(reader), **known_as(lin))
    victim = browser()
    go_there(victim)
    assert come_back(victim, place).status_code == 422
    assert not is_signed_in(victim)


@pytest.mark.parametrize("changed", ["", "state=", "state=x", "code=x", "error=server_error"])
def test_an_answer_that_was_made_up_signs_nobody_in(reader: Client, lin: Person, changed: str) -> None:
    state = go_there(reader)["state"]
    answer = reader.get(f"/en/sign-in/with/i-xiamen/back/?code=x&state={state}&{changed}")
    assert answer.status_code == 422 and NOT_PROVED in words(answer)


def test_an_answer_of_one_issuer_is_none_of_another(reader: Client, lin: Person) -> None:
    place = agree(go_there(reader, "baiying"), **known_as(lin))
    assert come_back(reader, place.replace("/baiying/", "/i-xiamen/")).status_code == 422


@pytest.mark.parametrize(
    "claims",
    [
        {"nonce": "another"},
        {"nonce": None},
        {"aud": "somebody-else"},
        {"iss": "https://elsewhere.example"},
        {"exp": int(time.time()) - 60},
        {"iat": int(time.time()) + 3600},
        {"sub": "somebody-else"},
    ],
    ids=lambda claims: next(iter(claims)),
)
def test_an_id_token_that_is_not_the_answer_signs_nobody_in(
    reader: Client, lin: Person, fresh_sandbox: SandboxProcess, claims: dict[str, Any]
) -> None:
    fresh_sandbox.let_issuers(claims=claims)
    answer = sign_in_there(reader, known_as(lin))
    assert answer.status_code == 422 and NOT_PROVED in words(answer)
    assert not is_signed_in(reader)


@pytest.mark.parametrize("fault", ["foreign_key", "no_keys", "no_id_token", "unsigned", "hmac"])
def test_an_id_token_that_the_issuer_did_not_sign_signs_nobody_in(
    reader: Client, lin: Person, fresh_sandbox: SandboxProcess, fault: str
) -> None:
    fresh_sandbox.let_issuers(fault)
    answer = sign_in_there(reader, known_as(lin))
    assert answer.status_code == 422 and NOT_PROVED in words(answer)


@pytest.mark.parametrize(
    "told",
    [
        {"resident_id_verified": False, "phone_number_verified": False},
        {"resident_id_verified": "true", "phone_number_verified": 1},
        {"resident_id": "350203199001010000"},
        {"resident_id": 350203},
        {"name": ""},
        {"name": None},
        {"phone_number": "+1 202 555 0100"},
        {"sub": "somebody-else"},
    ],
    ids=str,
)
def test_only_what_is_verified_and_well_formed_is_believed(
    reader: Client, lin: Person, fresh_sandbox: SandboxProcess, told: dict[str, Any]
) -> None:
    fresh_sandbox.let_issuers(userinfo=told)
    assert sign_in_there(reader, known_as(lin)).status_code == 422
    assert not is_signed_in(reader)


def test_an_issuer_that_is_down_leads_to_the_phone(
    reader: Client, lin: Person, fresh_sandbox: SandboxProcess, settings: Any
) -> None:
    place = agree(go_there(reader), **known_as(lin))
    fresh_sandbox.let_issuers("down")
    for answer in (come_back(reader, place), reader.post("/en/sign-in/with/i-xiamen/")):
        assert answer.status_code == 503 and AWAY in words(answer)
        assert 'href="/en/sign-in/phone/"' in answer.content.decode()
    settings.OFFICIAL_ACCOUNTS = [
        {**account, "issuer": "http://127.0.0.1:9/issuers/x"} for account in settings.OFFICIAL_ACCOUNTS
    ]
    assert AWAY in words(reader.post("/en/sign-in/with/i-xiamen/"))


def test_discovery_that_names_another_issuer_is_not_believed(
    reader: Client, db: None, settings: Any, fresh_sandbox: SandboxProcess
) -> None:
    settings.OFFICIAL_ACCOUNTS = [
        account | {"issuer": f"{fresh_sandbox.url}/issuers/baiying/.well-known/openid-configuration"}
        for account in settings.OFFICIAL_ACCOUNTS
    ]
    assert reader.post("/en/sign-in/with/i-xiamen/").status_code == 503


def test_whoever_changes_their_mind_is_back_at_the_sign_in_page(reader: Client, db: None) -> None:
    answer = come_back(reader, agree(go_there(reader), refuse="yes"))
    assert answer.headers["Location"] == "/en/sign-in/"
    assert "You were not signed in. Choose another way, or try again." in words(reader.get("/en/sign-in/"))


@pytest.mark.article(26)
def test_an_account_is_never_made_and_nothing_of_the_claims_is_kept_in_plain_text(
    reader: Client, town: Town
) -> None:
    before = Person.objects.count(), User.objects.count()
    assert sign_in_there(reader, ZHAO).headers["Location"] == "/en/enrol/check/"
    assert (Person.objects.count(), User.objects.count()) == before
    for model in (EmailAddress, SocialAccount, SocialApp, SocialToken):
        assert not model._default_manager.exists()
    waiting = str(reader.session.items())
    assert "proved_identity" in waiting and not any(secret in waiting for secret in ZHAO.values())


def test_a_citizen_who_was_registered_but_never_joined_is_taken_into_enrolment(
    reader: Client, town: Town
) -> None:
    register_person(**ZHAO, at=town.at(town.policy.in_force_from))
    assert sign_in_there(reader, ZHAO).headers["Location"] == "/en/enrol/check/"
    assert not is_signed_in(reader)


def test_staff_cannot_sign_in_this_way(reader: Client, lin: Person) -> None:
    User.objects.filter(person=lin).update(is_staff=True)
    answer = sign_in_there(reader, known_as(lin))
    assert answer.status_code == 403 and "This sign-in was switched off." in words(answer)
    assert not is_signed_in(reader)


def test_whose_sign_in_was_switched_off_is_told_so(reader: Client, lin: Person) -> None:
    User.objects.filter(person=lin).update(is_active=False)
    assert sign_in_there(reader, known_as(lin)).status_code == 403
    assert not is_signed_in(reader)


def test_an_account_that_knows_only_the_phone_signs_in_whom_it_belongs_to(
    reader: Client, lin: Person
) -> None:
    assert sign_in_there(reader, {"phone": lin.phone}, TELEPHONE_ONLY).headers["Location"] == "/en/start/"
    assert is_signed_in(reader)


def test_a_phone_that_a_family_shares_is_asked_whose_it_is(reader: Client, lin: Person, town: Town) -> None:
    wang = town.enrol("王小雨")
    user_of(wang)
    update_contact(person=wang, phone=lin.phone)
    answer = sign_in_there(reader, {"phone": lin.phone}, TELEPHONE_ONLY, next="/en/me/limit/")
    assert answer.headers["Location"] == "/en/sign-in/phone/"
    assert not is_signed_in(reader) and "王*雨" in words(reader.get("/en/sign-in/phone/"))
    answer = reader.post("/en/sign-in/phone/", {"who": wang.credit_code})
    assert answer.headers["Location"] == "/en/me/limit/"
    assert reader.session["_auth_user_id"] == str(user_of(wang).pk)


def test_a_phone_that_nobody_joined_with_is_told_so(reader: Client, db: None) -> None:
    sign_in_there(reader, {"phone": ZHAO["phone"]}, TELEPHONE_ONLY)
    assert "Nobody has joined with 138****0777." in words(reader.get("/en/sign-in/phone/"))


def test_a_sign_in_begins_by_post_with_its_token_and_only_for_strangers(reader: Client, lin: Person) -> None:
    assert reader.get("/en/sign-in/with/i-xiamen/").status_code == 405
    assert reader.post("/en/sign-in/with/i-xiamen/back/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/en/sign-in/with/i-xiamen/").status_code == 403
    reader.force_login(user_of(lin))
    assert reader.post("/en/sign-in/with/i-xiamen/").headers["Location"] == "/en/start/"


@pytest.mark.parametrize("code", ["unknown", "official_account", "openid_connect"])
def test_an_account_that_is_not_configured_does_not_exist(reader: Client, db: None, code: str) -> None:
    assert reader.post(f"/en/sign-in/with/{code}/").status_code == 404
    assert reader.get(f"/en/sign-in/with/{code}/back/?code=x&state=x").status_code == 404


def test_an_issuer_that_only_the_database_names_is_not_known(reader: Client, db: None) -> None:
    SocialApp.objects.create(provider="official_account", provider_id="planted", name="x", client_id="x")
    assert reader.post("/en/sign-in/with/planted/").status_code == 404


@pytest.mark.parametrize(
    "address",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/email/",
        "/accounts/social/signup/",
        "/signup/",
        "/oidc/i-xiamen/login/",
    ],
)
def test_no_page_of_the_librarys_own_is_exposed(address: str) -> None:
    with pytest.raises(Resolver404):
        resolve(address)


@pytest.mark.article(6)
def test_where_nothing_else_was_noted_the_official_account_is_the_door(reader: Client, db: None) -> None:
    go_there(reader)
    assert reader.session["entry_channel"] == REAL_NAME
    through_wechat = browser()
    through_wechat.get("/en/sign-in/?from=wechat")
    go_there(through_wechat)
    assert through_wechat.session["entry_channel"] == "wechat"

"""Signing in by a code to one's own telephone."""

import re
from typing import Any

from django.test import Client

from accounts.operations.people import update_contact
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import Travel, user_of
from tests.portal.days import TREATED
from tests.portal.reading import words
from tests.sandbox_process import SandboxProcess

HERE = "/en/sign-in/phone/"


def test_the_right_code_signs_in_and_leads_to_where_one_wanted_to_go(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    user_of(lin)
    today_is(TREATED)
    client.get(f"{HERE}?next=/en/me/bills/")
    client.post(HERE, {"phone": lin.phone})
    answer = client.post(HERE, {"code": code_of(fresh_sandbox, lin.phone)})
    assert answer.headers["Location"] == "/en/me/bills/"
    assert client.get("/en/me/").status_code == 200


def test_an_address_elsewhere_is_never_followed(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    user_of(lin)
    today_is(TREATED)
    client.get(f"{HERE}?next=https://elsewhere.example/")
    client.post(HERE, {"phone": lin.phone})
    answer = client.post(HERE, {"code": code_of(fresh_sandbox, lin.phone)})
    assert answer.headers["Location"] == "/en/start/"


def test_a_phone_that_nobody_joined_with_reads_the_same_until_the_code_is_right(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    user_of(lin)
    today_is(TREATED)
    known, unknown = client, Client()
    known.post(HERE, {"phone": lin.phone})
    unknown.post(HERE, {"phone": "13700000009"})
    plain = re.compile(r"1[\d*]{10}")
    assert plain.sub("", words(known.get(HERE))) == plain.sub("", words(unknown.get(HERE)))
    unknown.post(HERE, {"code": code_of(fresh_sandbox, "13700000009")})
    assert "Nobody has joined with 137****0009." in words(unknown.get(HERE))


def test_a_family_that_shares_a_phone_is_asked_who_it_is(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin, wang = town.enrol("林志明"), town.enrol("王小雨")
    user_of(lin), user_of(wang)
    update_contact(person=wang, phone=lin.phone)
    today_is(TREATED)
    client.post(HERE, {"phone": lin.phone})
    client.post(HERE, {"code": code_of(fresh_sandbox, lin.phone)})
    assert "林*明" in words(client.get(HERE)) and "王*雨" in words(client.get(HERE))
    client.post(HERE, {"who": wang.credit_code})
    assert client.session["_auth_user_id"] == str(user_of(wang).pk)


def test_a_wrong_code_signs_nobody_in_and_no_name_is_shown(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    user_of(lin)
    today_is(TREATED)
    client.post(HERE, {"phone": lin.phone})
    wrong = f"{(int(code_of(fresh_sandbox, lin.phone)) + 1) % 10**6:06}"
    answer = client.post(HERE, {"code": wrong})
    assert answer.status_code == 422 and "The code is wrong or no longer good." in words(answer)
    client.post(HERE, {"who": lin.credit_code})
    assert "_auth_user_id" not in client.session


def test_a_network_that_tried_too_often_reads_the_same_for_every_phone(
    town: Town, client: Client, today_is: Travel, fresh_sandbox: SandboxProcess
) -> None:
    lin = town.enrol()
    user_of(lin)
    today_is(TREATED)
    for number in range(20):
        Client().post(HERE, {"phone": f"1370000{1000 + number}"})

    known, unknown = client.post(HERE, {"phone": lin.phone}), Client().post(HERE, {"phone": "13700000009"})

    plain = re.compile(r"1\d{10}")
    assert known.status_code == 422 and "Too many tries from your network." in words(known)
    assert plain.sub("", words(known)) == plain.sub("", words(unknown))
    # What somebody writes into a header of their own opens nothing.
    claimed = {"x-forwarded-for": "198.51.100.8", "x-real-ip": "198.51.100.8"}
    assert client.post(HERE, {"phone": lin.phone}, headers=claimed).status_code == 422


def test_behind_a_proxy_each_phone_has_its_own_address(db: None, settings: Any, today_is: Travel) -> None:
    today_is(TREATED)
    settings.AXES_IPWARE_META_PRECEDENCE_ORDER = ["HTTP_X_REAL_IP", "REMOTE_ADDR"]
    for number in range(20):
        Client().post(HERE, {"phone": f"1370000{1000 + number}"}, headers={"x-real-ip": "198.51.100.7"})

    shut_out = Client().post(HERE, {"phone": "13700000009"}, headers={"x-real-ip": "198.51.100.7"})
    another = Client().post(HERE, {"phone": "13700000009"}, headers={"x-real-ip": "198.51.100.8"})

    assert (shut_out.status_code, another.status_code) == (422, 302)

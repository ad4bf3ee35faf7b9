"""Many doors, one scheme: `?from=` is kept to the end, and decides nothing."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.models import Consent
from tests.cast import Town
from tests.portal.codes import code_of
from tests.portal.conftest import Travel
from tests.portal.days import TREATED
from tests.portal.test_join import BANK, CHECK, IDENTITY, ZHAO, agree_and_choose, say_who
from tests.sandbox_process import SandboxProcess


@pytest.fixture(autouse=True)
def on_the_day(today_is: Travel) -> None:
    today_is(TREATED)


def noted(client: Client) -> str | None:
    return client.session.get("entry_channel")


@pytest.mark.article(6)
@pytest.mark.parametrize(
    ("said", "recorded"),
    [
        ("wechat", "wechat"),
        ("WeChat", "wechat"),
        ("alipay", "alipay"),
        ("i-xiamen", "i-xiamen"),
        ("XM001", "XM001"),
        ("xm001", "XM001"),
        ("bank1", "BANK1"),
        ("XM999", "other"),
        ("<script>alert(1)</script>", "other"),
        ("wechat'--", "other"),
        ("x" * 500, "other"),
        ("\u5fae\u4fe1", "other"),
        ("a\x00b", "other"),
    ],
)
def test_a_known_door_is_noted_as_we_write_it_and_any_other_as_other(
    town: Town, client: Client, said: str, recorded: str
) -> None:
    page = client.get(CHECK, {"from": said, "page": "2"}, follow=True)
    assert noted(client) == recorded
    if recorded == "other":
        assert page.request["QUERY_STRING"] == "page=2" and said not in page.content.decode()


@pytest.mark.article(6)
@pytest.mark.parametrize(
    "door", ["/en/", "/en/hospitals/", "/en/lenders/", "/en/sign-in/", "/en/sign-in/phone/"]
)
def test_every_public_entrance_is_a_door(town: Town, client: Client, door: str) -> None:
    client.get(f"{door}?from=wechat")
    assert noted(client) == "wechat"


def test_the_newest_door_counts_and_an_unknown_one_takes_no_known_ones_place(
    town: Town, client: Client
) -> None:
    for said, expected in (
        ("nonsense", "other"),
        ("alipay", "alipay"),
        ("nonsense", "alipay"),
        ("", "alipay"),
    ):
        client.get(CHECK, {"from": said})
        assert noted(client) == expected


@pytest.mark.article(6)
@pytest.mark.article(23)
def test_a_hospitals_door_is_kept_to_the_consents_and_chooses_no_lender(
    town: Town, client: Client, fresh_sandbox: SandboxProcess
) -> None:
    town.found_bank("BANK2")
    fresh_sandbox.set_score(ZHAO["resident_id"], 612)
    client.get(f"{CHECK}?from=XM001")
    client.post(CHECK, {"scheme": "on", "score": "on"})
    through_hospital = client.get(BANK).content.decode()
    assert " checked" not in through_hospital
    directly = Client()
    directly.post(CHECK, {"scheme": "on", "score": "on"})
    order = [directly.get(BANK).content.decode().index(bank) for bank in ("BANK1-A", "BANK2-A")]
    assert (order == sorted(order)) == (through_hospital.index("BANK1-A") < through_hospital.index("BANK2-A"))
    agree_and_choose(client)
    say_who(client)
    client.post(IDENTITY, {"code": code_of(fresh_sandbox, ZHAO["phone"])})
    assert set(Consent.objects.values_list("channel", flat=True)) == {"XM001"}


def test_whoever_came_by_no_door_came_by_the_portal(
    town: Town, client: Client, fresh_sandbox: SandboxProcess
) -> None:
    fresh_sandbox.set_score(ZHAO["resident_id"], 612)
    agree_and_choose(client)
    say_who(client)
    client.post(IDENTITY, {"code": code_of(fresh_sandbox, ZHAO["phone"])})
    assert set(Consent.objects.values_list("channel", flat=True)) == {"portal"}

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client

from accounts.models import Consent, Person, User
from accounts.operations.consents import withdraw_consent
from lenders.models import Facility, Lender, Product
from lenders.operations.facilities import decide_application, usable_facility
from tests.lenders.days import NOW
from tests.lenders.states import applied, closed, declined, granted


@pytest.fixture
def lins_browser(client: Client, lin: Person) -> Client:
    client.force_login(User.objects.create_user("lin", person=lin))
    return client


@pytest.fixture(autouse=True)
def on_offer(harbour_care: Product, island_care: Product) -> None:
    """Both products, on every page of this file."""


@pytest.fixture(autouse=True)
def today() -> Iterator[None]:
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.mark.article(22)
@pytest.mark.article(23)
def test_everyone_compares_lenders_on_rate_days_and_service(client: Client) -> None:
    page = client.get("/en/lenders/").content.decode()

    assert "Harbour Bank" in page and "Island Insurance" in page
    assert "42 days" in page and "60 days" in page
    assert "4.5%" in page and "3.65%" in page
    assert "Telephone service around the clock." in page
    assert "Borrow ¥500.00 and pay 30 days late: it costs at most ¥1.84." in page
    assert "20 May 2025" in page


def test_the_page_stands_before_there_is_any_lender(client: Client) -> None:
    with time_machine.travel(NOW.replace(year=2020)):
        assert "No lender yet" in client.get("/en/lenders/").content.decode()


@pytest.mark.article(23)
@pytest.mark.article(25)
def test_a_citizen_ticks_one_consent_and_applies(lins_browser: Client, lin: Person) -> None:
    check = lins_browser.get("/en/me/lenders/apply/HARBOUR-CARE/").content.decode()
    assert "checked" not in check and "42 days" in check

    answer = lins_browser.post("/en/me/lenders/apply/HARBOUR-CARE/", {"agreed": "on"}, follow=True)

    facility = Facility.objects.get()
    assert answer.redirect_chain[-1][0] == f"/en/me/lenders/{facility.reference}/"
    assert facility.reference in answer.content.decode()
    assert (facility.person, facility.state) == (lin, "applied")


@pytest.mark.article(25)
def test_without_the_tick_nothing_happens(lins_browser: Client) -> None:
    answer = lins_browser.post("/en/me/lenders/apply/HARBOUR-CARE/", {})

    assert answer.status_code == 422
    assert "tick this box" in answer.content.decode()
    assert not Facility.objects.exists() and not Consent.objects.filter(purpose="lender").exists()


def test_the_page_shows_each_state_and_what_can_be_done(
    lins_browser: Client, lin: Person, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, harbour_care)
    facility = applied(lin, island_care)
    page = lins_browser.get("/en/me/lenders/").content.decode()
    assert (
        "Pays new bills" in page and "Waiting for the lender" in page and "Take the application back" in page
    )

    decide_application(facility=facility, granted=True, at=NOW)
    withdraw_consent(person=lin, purpose="lender", subject="HARBOUR", at=NOW)
    page = lins_browser.get("/en/me/lenders/").content.decode()
    assert (
        "Consent withdrawn" in page and "Agree again" in page and "Use Island Insurance for new bills" in page
    )


def test_a_decline_is_shown_with_its_reason(lins_browser: Client, lin: Person, harbour_care: Product) -> None:
    facility = declined(lin, harbour_care)

    for address in ("/en/me/lenders/", f"/en/me/lenders/{facility.reference}/"):
        assert "收入不稳定" in lins_browser.get(address).content.decode()


@pytest.mark.article(23)
def test_the_citizen_switches_the_default_and_back_again(
    lins_browser: Client, lin: Person, island: Lender, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, harbour_care)
    granted(lin, island_care)

    page = lins_browser.post("/en/me/lenders/default/", {"lender": "ISLAND"}, follow=True)

    assert "New bills now go to Island Insurance" in page.content.decode()
    assert usable_facility(person=lin).lender == island


def test_a_lender_that_has_not_agreed_is_not_made_the_default(
    lins_browser: Client, lin: Person, harbour_care: Product
) -> None:
    applied(lin, harbour_care)

    page = lins_browser.post("/en/me/lenders/default/", {"lender": "HARBOUR"}, follow=True)

    assert "Choose a lender that has granted" in page.content.decode()


def test_closing_asks_once_and_says_what_stays(
    lins_browser: Client, lin: Person, harbour_care: Product
) -> None:
    granted(lin, harbour_care)
    question = lins_browser.get("/en/me/lenders/close/HARBOUR/").content.decode()
    assert "Bills already made stay as they are" in question and Facility.objects.granted().exists()

    lins_browser.post("/en/me/lenders/close/HARBOUR/")

    assert Facility.objects.get().state == "closed"
    assert lins_browser.get("/en/me/lenders/close/HARBOUR/").status_code == 404


def test_another_citizens_agreement_answers_like_one_that_is_not(
    lins_browser: Client, wu: Person, harbour_care: Product
) -> None:
    other = closed(wu, harbour_care)

    theirs = lins_browser.get(f"/en/me/lenders/{other.reference}/")
    none = lins_browser.get("/en/me/lenders/AAAAAAAAAAAAAAAA/")
    assert theirs.status_code == none.status_code == 404
    assert lins_browser.post("/en/me/lenders/close/HARBOUR/").status_code == 404
    assert lins_browser.get("/en/me/lenders/apply/NO-SUCH/").status_code == 404


@pytest.mark.parametrize("role", [role for role in User.Role.values if role != "citizen"])
def test_staff_have_no_lenders_of_their_own(client: Client, role: str) -> None:
    client.force_login(User.objects.create_user("somebody", role=role))

    assert client.get("/me/lenders/").status_code in (403, 404)


def test_who_is_not_signed_in_is_asked_to(client: Client) -> None:
    for address in ("/me/lenders/", "/me/lenders/apply/HARBOUR-CARE/", "/me/lenders/close/HARBOUR/"):
        answer = client.get(address)
        assert answer.status_code == 302 and "/sign-in/" in answer["Location"]


@pytest.mark.parametrize("method", ["get", "put", "delete"])
def test_the_default_changes_by_post_only(lins_browser: Client, method: str) -> None:
    assert getattr(lins_browser, method)("/me/lenders/default/").status_code == 405

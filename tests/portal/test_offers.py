"""Offers of lenders: found by whoever looks, sent to nobody."""

from datetime import date

import pytest
from oauth2_provider.models import Application

from accounts.models import ApiClient, Consent, Event, Notice, Person
from accounts.operations.consents import give_consent
from credit.models import CreditAccount
from credit.operations.standing import suspend
from lenders.models import Lender, Offer, OfferRequest
from lenders.operations.contact import check_contact
from lenders.operations.offers import CannotTakeOffer, Wording, put_offer, request_offer
from lenders.operations.registering import connect_client, leave_scheme
from tests.cast import Town, row_counts
from tests.portal.conftest import SignIn, Travel
from tests.portal.days import TREATED
from tests.portal.reading import words

PAGE = "/en/me/offers/"
WORDING = Wording(
    kind="instalments",
    name_zh="账单分期",
    name_en="Repay in instalments",
    description_zh="到期账单可分 3 期归还。",
    description_en="Repay a bill in 3 instalments.",
    valid_from_on=date(2026, 1, 5),
    valid_until_on=date(2026, 12, 31),
)


def offered(town: Town, lender: Lender | None = None, code: str = "FENQI-3") -> Offer:
    return put_offer(lender=lender or town.bank, code=code, wording=WORDING, at=town.at(TREATED, 8))


def system_of(lender: Lender, town: Town) -> ApiClient:
    application = Application.objects.create(
        client_type="confidential", authorization_grant_type="client-credentials", name=lender.code
    )
    client = ApiClient.objects.create(
        application=application, kind="lender", name=lender.code, created_at=town.at(TREATED)
    )
    connect_client(client=client, lender=lender)
    return client


@pytest.mark.article(24)
@pytest.mark.article(25)
def test_from_651_the_page_lists_what_lenders_offer_and_says_what_no_offer_does(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    offered(town)
    offered(town, town.found_bank("BANK2"))
    today_is(TREATED)
    answer = sign_in(town.enrol(score=651)).get(PAGE)
    page = words(answer)
    assert page.count("Repay in instalments") == 2
    assert "No offer changes your limit, your bills or your care, and none needs a card." in page
    order = [offer.lender.code for offer in Offer.objects.neutral_order(TREATED)]
    places = [answer.content.decode().index(f"/me/offers/{code}/") for code in order]
    assert places == sorted(places)


@pytest.mark.article(24)
def test_at_650_the_page_says_why_it_is_empty(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    offer = offered(town)
    today_is(TREATED)
    zhao = town.enrol(score=650)
    browser = sign_in(zhao)
    page = words(browser.get(PAGE))
    assert "Offers are open from a Baiying score of 651. Yours is 650." in page
    assert "Repay in instalments" not in page and "Article 24" in page
    refused = browser.post(f"{PAGE}BANK1/{offer.code}/", {"agreed": "on"})
    assert refused.status_code == 422
    assert not OfferRequest.objects.exists() and not Consent.objects.filter(purpose="marketing").exists()


@pytest.mark.article(25)
def test_asking_needs_the_tick_and_then_tells_the_lender_a_code_and_nothing_else(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    offer, client = offered(town), system_of(town.bank, town)
    lin = town.enrol()
    today_is(TREATED)
    browser, address = sign_in(lin), f"{PAGE}BANK1/{offer.code}/"
    page = browser.get(address).content.decode()
    assert "checked" not in page.split('id="id_agreed"')[1].split(">")[0]
    assert browser.post(address, {}).status_code == 422 and not OfferRequest.objects.exists()
    sent = browser.post(address, {"agreed": "on"})
    request = OfferRequest.objects.get()
    assert sent.headers["Location"] == f"{PAGE}asked/{request.reference}/"
    event = Event.objects.get(name="offer.requested")
    assert event.client == client
    assert set(event.payload) == {"reference", "offer", "credit_code", "requested_at"}
    assert event.payload["reference"] == request.reference
    assert (event.payload["offer"], event.payload["credit_code"]) == ("FENQI-3", lin.credit_code)
    page = words(browser.get(sent.headers["Location"]))
    assert "BANK1 Bank knows that you are interested" in page and request.reference in page
    assert check_contact(
        actor=client, lender=town.bank, person=lin, topic="marketing", at=town.at(TREATED, 12)
    ).allowed
    assert browser.get(address).headers["Location"] == sent.headers["Location"]
    assert "Asked for" in words(browser.get(PAGE))


def test_where_the_lender_may_already_make_contact_no_second_tick_is_asked(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    offer, lin = offered(town), town.enrol()
    give_consent(person=lin, purpose="marketing", subject="BANK1", at=town.at(TREATED, 8))
    today_is(TREATED)
    browser, address = sign_in(lin), f"{PAGE}BANK1/{offer.code}/"
    assert "id_agreed" not in browser.get(address).content.decode()
    assert browser.post(address, {}).status_code == 302 and OfferRequest.objects.count() == 1


@pytest.mark.article(25)
def test_nobody_is_told_that_there_is_an_offer(town: Town) -> None:
    lin = town.enrol()
    give_consent(person=lin, purpose="marketing", subject="BANK1", at=town.at(TREATED, 8))
    before = Notice.objects.count(), Event.objects.count()
    offered(town)
    assert (Notice.objects.count(), Event.objects.count()) == before


@pytest.mark.article(27)
def test_a_suspension_closes_the_offers(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    offer, lin = offered(town), town.enrol()
    account = CreditAccount.objects.select_for_update().get(person=lin)
    suspend(account=account, bill_number="B1", at=town.at(TREATED, 9))
    today_is(TREATED)
    browser = sign_in(lin)
    assert "No offers while your credit is suspended" in words(browser.get(PAGE))
    assert browser.post(f"{PAGE}BANK1/{offer.code}/", {"agreed": "on"}).status_code == 422


def test_an_offer_that_has_ended_or_whose_lender_left_is_gone(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    offer, lin = offered(town), town.enrol()
    address = f"{PAGE}BANK1/{offer.code}/"
    today_is(date(2027, 1, 1))
    browser = sign_in(lin)
    assert browser.get(address).status_code == 404
    assert "No lender offers anything now" in words(browser.get(PAGE))
    leave_scheme(lender=town.bank, at=town.at(TREATED, 9))
    today_is(TREATED)
    assert sign_in(lin).get(address).status_code == 404


def test_what_may_not_be_asked_for_leaves_nothing(town: Town) -> None:
    offer = offered(town)
    stranger, low, lin = town.move_in(), town.enrol("王丽珠", score=600), town.enrol("林志明")
    before = row_counts()
    for person, article, agreed in ((stranger, 24, True), (low, 24, True), (lin, 25, False)):
        with pytest.raises(CannotTakeOffer) as refused:
            request_offer(person=person, offer=offer, agreed=agreed, at=town.at(TREATED))
        assert refused.value.article == article
    with pytest.raises(CannotTakeOffer):
        request_offer(person=lin, offer=offer, agreed=True, at=town.at(date(2027, 1, 1)))
    assert row_counts() == before


def test_asked_twice_it_is_one_request(town: Town) -> None:
    offer, lin = offered(town), town.enrol()
    made = [
        request_offer(person=lin, offer=offer, agreed=True, at=town.at(TREATED, hour)) for hour in (10, 11)
    ]
    assert made[0] == made[1]


@pytest.mark.article(32)
def test_anothers_request_is_answered_like_none(town: Town, sign_in: SignIn, today_is: Travel) -> None:
    lin, wang = town.enrol(), town.enrol("王丽珠")
    request = request_offer(person=wang, offer=offered(town), agreed=True, at=town.at(TREATED))
    today_is(TREATED)
    for reference in (request.reference, "AAAAAAAAAAAAAAAA"):
        assert sign_in(lin).get(f"{PAGE}asked/{reference}/").status_code == 404


def test_whoever_has_no_account_is_shown_where_to_begin(
    town: Town, sign_in: SignIn, today_is: Travel
) -> None:
    today_is(TREATED)
    stranger: Person = town.move_in()
    assert "You have no credit account yet" in words(sign_in(stranger).get(PAGE))

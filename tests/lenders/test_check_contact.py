import pytest

from accounts.models import AccessEntry, ApiClient, Person
from accounts.operations.consents import give_consent, withdraw_consent
from lenders.models import Lender, Product
from lenders.operations.contact import check_contact
from tests.lenders.days import NOW
from tests.lenders.states import granted


@pytest.mark.article(25)
def test_marketing_needs_the_citizens_own_consent_to_that_lender(
    lin: Person, harbour: Lender, harbour_care: Product, harbour_client: ApiClient
) -> None:
    def may_market() -> bool:
        return check_contact(
            actor=harbour_client, lender=harbour, person=lin, topic="marketing", at=NOW
        ).allowed

    granted(lin, harbour_care)
    assert not may_market()

    give_consent(person=lin, purpose="marketing", subject="ISLAND", at=NOW)
    assert not may_market()

    give_consent(person=lin, purpose="marketing", subject="HARBOUR", at=NOW)
    assert may_market()

    withdraw_consent(person=lin, purpose="marketing", subject="HARBOUR", at=NOW)
    assert not may_market()


@pytest.mark.article(25)
def test_bills_may_be_spoken_of_where_there_is_an_agreement(
    lin: Person, wu: Person, harbour: Lender, harbour_care: Product, harbour_client: ApiClient
) -> None:
    granted(lin, harbour_care)

    answers = [
        check_contact(actor=harbour_client, lender=harbour, person=person, topic="obligation", at=NOW).allowed
        for person in (lin, wu)
    ]

    assert answers == [True, False]


@pytest.mark.article(25)
@pytest.mark.article(32)
def test_the_citizen_can_read_that_the_lender_asked(
    lin: Person, harbour: Lender, harbour_client: ApiClient
) -> None:
    check_contact(actor=harbour_client, lender=harbour, person=lin, topic="marketing", at=NOW)

    entry = AccessEntry.objects.get(subject=lin)
    assert entry.purpose == "contact.marketing.refused"
    assert entry.actor == "lender:core"

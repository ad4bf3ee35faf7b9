"""A parent without a telephone answers on paper, and an operator records it."""

from datetime import date

import pytest
from django.test import Client
from django.urls import reverse

from accounts.models import AccessEntry, User
from credit.models import FamilyLink
from credit.operations.family import add_child, end_link, offer_to_pay
from tests.cast import Town
from tests.office.conftest import TODAY, TREATED

LIST = "admin:credit_familylink_changelist"

pytestmark = [pytest.mark.article(24), pytest.mark.usefixtures("today")]


@pytest.fixture
def offer(town: Town) -> FamilyLink:
    mother = town.move_in("陈秀英", born_on=date(1955, 6, 1))
    return offer_to_pay(child=town.enrol("林志明"), parent=mother, at=town.at(TODAY, 8))


def page_of(link: FamilyLink) -> str:
    return reverse("admin:credit_familylink_change", args=[link.pk])


def test_the_signed_sheet_is_found_by_its_reference_and_recorded(
    office: Client, ou: User, offer: FamilyLink
) -> None:
    found = office.get(reverse(LIST), {"q": f" {offer.reference.lower()} "})
    assert list(found.context["cl"].queryset) == [offer]

    answer = office.post(page_of(offer), {"answer": "agree", "seen": "on"})

    assert answer.status_code == 302, answer.context["adminform"].form.errors
    offer.refresh_from_db()
    assert (offer.state, offer.agreed_by) == (FamilyLink.State.ACTIVE, ou)
    assert "office.open" in AccessEntry.objects.filter(subject=offer.dependant).values_list(
        "purpose", flat=True
    )


@pytest.mark.parametrize(
    "typed", [{"answer": "agree"}, {"seen": "on"}, {"answer": "end", "seen": "on"}, {"answer": "perhaps"}]
)
def test_without_answer_or_signed_sheet_nothing_is_recorded(
    office: Client, offer: FamilyLink, typed: dict[str, str]
) -> None:
    assert office.post(page_of(offer), typed).status_code == 200
    offer.refresh_from_db()
    assert offer.state == FamilyLink.State.OFFERED


def test_a_parent_declines_or_ends_it_on_paper_too(office: Client, town: Town, offer: FamilyLink) -> None:
    office.post(page_of(offer), {"answer": "agree", "seen": "on"})
    office.post(page_of(offer), {"answer": "end", "seen": "on"})
    again = offer_to_pay(child=offer.payer, parent=offer.dependant, at=town.at(TODAY, 11))
    office.post(page_of(again), {"answer": "decline", "seen": "on"})
    assert set(FamilyLink.objects.values_list("state", flat=True)) == {"ended"}


def test_an_offer_that_was_withdrawn_meanwhile_is_refused_with_the_article(
    office: Client, town: Town, offer: FamilyLink
) -> None:
    assert 'name="answer"' in office.get(page_of(offer)).content.decode()
    end_link(link=offer, at=town.at(TODAY))

    answer = office.post(page_of(offer), {"answer": "agree", "seen": "on"})

    [error] = answer.context["adminform"].form.non_field_errors()
    assert "24" in error
    assert 'name="answer"' not in office.get(page_of(offer)).content.decode()


def test_a_childs_link_has_nothing_to_sign(office: Client, town: Town) -> None:
    child = town.move_in("林小雨", born_on=date(2014, 4, 10))
    link = add_child(parent=town.enrol(), child=child, at=town.at(TREATED))
    assert 'name="answer"' not in office.get(page_of(link)).content.decode()
    office.post(page_of(link), {"answer": "end", "seen": "on"})
    link.refresh_from_db()
    assert link.state == FamilyLink.State.ACTIVE

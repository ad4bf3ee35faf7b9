from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import IntegrityError, InternalError, transaction

from accounts.consent_texts import CONSENT_TEXTS
from accounts.models import Consent, Person
from accounts.operations.consents import ConsentMissing, give_consent, require_consent, withdraw_consent
from common.errors import BadInput
from tests.accounts.conftest import NOW

pytestmark = [pytest.mark.django_db]

SCORE, MARKETING = Consent.Purpose.SCORE, Consent.Purpose.MARKETING
LATER = NOW + timedelta(days=1)


@pytest.mark.article(26)
def test_consent_given_twice_is_one_row_of_the_version_in_force(lin: Person) -> None:
    first = give_consent(person=lin, purpose=SCORE, channel="portal", at=NOW)
    second = give_consent(person=lin, purpose=SCORE, channel="portal", at=LATER)

    assert first == second
    assert first.version == CONSENT_TEXTS[SCORE].version
    assert Consent.objects.in_force(lin, SCORE).get() == first


@pytest.mark.parametrize("channel", ["a\x00b", "x" * 41])
def test_a_channel_that_cannot_be_kept_is_refused_by_name(lin: Person, channel: str) -> None:
    with pytest.raises(BadInput) as refused:
        give_consent(person=lin, purpose=SCORE, channel=channel, at=NOW)

    assert refused.value.field == "channel"


@pytest.mark.article(26)
def test_newer_words_need_a_consent_of_their_own(lin: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    first = give_consent(person=lin, purpose=SCORE, at=NOW)
    monkeypatch.setitem(CONSENT_TEXTS, SCORE, replace(CONSENT_TEXTS[SCORE], version="2027-01"))

    second = give_consent(person=lin, purpose=SCORE, at=LATER)

    first.refresh_from_db()
    assert first.withdrawn_at == LATER
    assert second.version == "2027-01"
    assert Consent.objects.in_force(lin, SCORE).get() == second


@pytest.mark.article(9)
def test_withdrawing_stops_at_once_and_may_be_given_again(lin: Person) -> None:
    give_consent(person=lin, purpose=SCORE, at=NOW)

    assert withdraw_consent(person=lin, purpose=SCORE, at=LATER)
    assert not withdraw_consent(person=lin, purpose=SCORE, at=LATER)
    with pytest.raises(ConsentMissing) as refused:
        require_consent(person=lin, purpose=SCORE, article=9)
    assert refused.value.article == 9
    assert give_consent(person=lin, purpose=SCORE, at=LATER)
    assert require_consent(person=lin, purpose=SCORE, article=9)


@pytest.mark.article(25)
def test_marketing_consent_is_for_one_lender(lin: Person) -> None:
    give_consent(person=lin, purpose=MARKETING, subject="harbour", at=NOW)

    assert Consent.objects.in_force(lin, MARKETING, "harbour").exists()
    assert not Consent.objects.in_force(lin, MARKETING, "other").exists()


@pytest.mark.article(25)
def test_marketing_consent_without_a_lender_is_refused_by_the_database(lin: Person) -> None:
    with pytest.raises(IntegrityError, match="consent_names_its_lender"), transaction.atomic():
        give_consent(person=lin, purpose=MARKETING, at=NOW)


def test_two_open_consents_for_one_purpose_are_refused_by_the_database(lin: Person) -> None:
    give_consent(person=lin, purpose=SCORE, at=NOW)
    with pytest.raises(IntegrityError, match="consent_one_in_force"), transaction.atomic():
        Consent.objects.create(person=lin, purpose=SCORE, version="2026-11", given_at=LATER)


def test_a_consent_is_not_edited_deleted_or_withdrawn_twice(lin: Person) -> None:
    consent = give_consent(person=lin, purpose=SCORE, at=NOW)
    rows = Consent.objects.filter(pk=consent.pk)

    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        rows.update(version="2020-01")
    with pytest.raises(InternalError, match="Cannot delete"), transaction.atomic():
        rows.delete()
    withdraw_consent(person=lin, purpose=SCORE, at=LATER)
    with pytest.raises(InternalError, match="Cannot update"), transaction.atomic():
        rows.update(withdrawn_at=None)

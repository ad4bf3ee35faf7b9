import threading
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import Error, IntegrityError, connection, transaction
from django.utils import translation

from accounts.models import ApiClient, Consent, Event, Notice, Person
from accounts.operations.consents import withdraw_consent
from common.errors import BadInput
from credit.models import CreditAccount
from credit.operations.accounts import close_account
from lenders.models import Facility, Lender, Product
from lenders.operations.facilities import (
    CannotApply,
    CannotChooseLender,
    CannotCloseFacility,
    CannotDecide,
    NoLender,
    apply_for_facility,
    choose_default,
    close_facility,
    consent_and_apply,
    decide_application,
    usable_facilities,
    usable_facility,
)
from lenders.operations.registering import close_product, leave_scheme
from tests.lenders.days import NOW, TODAY
from tests.lenders.states import applied, closed, consent, declined, granted

LATER = NOW + timedelta(hours=1)


@pytest.mark.article(23)
def test_a_citizen_applies_to_as_many_lenders_as_they_like(
    lin: Person, harbour_care: Product, island_care: Product
) -> None:
    applied(lin, harbour_care)
    applied(lin, island_care)

    assert Facility.objects.of(lin).applied().count() == 2


def test_applying_again_while_one_is_live_changes_nothing(lin: Person, harbour_care: Product) -> None:
    first = applied(lin, harbour_care)
    again = apply_for_facility(person=lin, product=harbour_care, at=LATER)
    decide_application(facility=first, granted=True, at=NOW)
    still = apply_for_facility(person=lin, product=harbour_care, at=LATER)

    assert first == again == still
    assert Facility.objects.count() == 1


@pytest.mark.article(25)
def test_the_lender_hears_of_the_application_and_of_nothing_else(
    lin: Person, harbour_care: Product, harbour_client: ApiClient
) -> None:
    facility = applied(lin, harbour_care)

    event = Event.objects.get()
    assert (event.client, event.name) == (harbour_client, "facility.applied")
    assert event.payload == {
        "facility": facility.reference,
        "credit_code": lin.credit_code,
        "product": "HARBOUR-CARE",
        "applied_at": NOW.isoformat(),
    }
    assert lin.name not in str(event.payload) and lin.resident_id not in str(event.payload)


@pytest.mark.article(25)
def test_without_consent_to_that_very_lender_nothing_is_sent(
    lin: Person, harbour_care: Product, island: Lender, harbour_client: ApiClient
) -> None:
    consent(lin, island)

    with pytest.raises(CannotApply) as refusal:
        apply_for_facility(person=lin, product=harbour_care, at=NOW)

    assert refusal.value.field == "consent"
    assert not Facility.objects.exists() and not Event.objects.exists()


@pytest.mark.article(25)
def test_the_box_that_was_not_ticked_gives_no_consent(lin: Person, harbour_care: Product) -> None:
    with pytest.raises(CannotApply) as refusal:
        consent_and_apply(person=lin, product=harbour_care, agreed=False, at=NOW)
    assert refusal.value.field == "agreed"
    assert not Consent.objects.filter(purpose="lender").exists()

    facility = consent_and_apply(person=lin, product=harbour_care, agreed=True, channel="portal", at=NOW)
    assert facility.state == Facility.State.APPLIED
    assert Consent.objects.in_force(lin, "lender", "HARBOUR").get().channel == "portal"


def test_a_refused_application_leaves_no_consent_behind(lin: Person, harbour_care: Product) -> None:
    close_product(product=harbour_care, on=TODAY)
    harbour_care.refresh_from_db()

    with pytest.raises(CannotApply):
        consent_and_apply(person=lin, product=harbour_care, agreed=True, at=NOW)

    assert not Consent.objects.filter(purpose="lender").exists()


def test_a_person_without_an_open_account_cannot_apply(lin: Person, harbour_care: Product) -> None:
    consent(lin, harbour_care.lender)
    close_account(person=lin, at=NOW)

    with pytest.raises(CannotApply):
        apply_for_facility(person=lin, product=harbour_care, at=NOW)


def test_one_agreement_per_lender_at_a_time(lin: Person, harbour: Lender, harbour_care: Product) -> None:
    other = Product.objects.create(
        lender=harbour,
        code="HARBOUR-2",
        name_zh="二号",
        name_en="Two",
        interest_free_days=50,
        late_rate_ppm=1,
        registered_on=TODAY,
    )
    applied(lin, harbour_care)

    with pytest.raises(CannotApply):
        apply_for_facility(person=lin, product=other, at=NOW)


@pytest.mark.article(23)
def test_the_first_lender_to_agree_becomes_the_default_and_later_ones_do_not(
    lin: Person, harbour_care: Product, island_care: Product
) -> None:
    first, second = granted(lin, harbour_care), granted(lin, island_care)

    assert (first.is_default, second.is_default) == (True, False)
    assert usable_facility(person=lin) == first


@pytest.mark.article(23)
def test_a_lender_that_declines_says_why_and_the_citizen_reads_it(lin: Person, harbour_care: Product) -> None:
    facility = declined(lin, harbour_care)

    notice = Notice.objects.get(kind="facility.declined")
    assert facility.state == Facility.State.DECLINED
    assert notice.person == lin
    assert notice.params["reason"] == "收入不稳定"
    assert notice.params["lender"] == "鹭港银行"


@pytest.mark.parametrize("reason", ["", "   ", "a\x00b", "长" * 501])
def test_a_decline_without_a_reason_that_can_be_kept_is_refused(
    lin: Person, harbour_care: Product, reason: str
) -> None:
    facility = applied(lin, harbour_care)

    with pytest.raises(BadInput) as fault:
        decide_application(facility=facility, granted=False, reason=reason, at=NOW)

    assert fault.value.field == "reason"
    facility.refresh_from_db()
    assert facility.state == Facility.State.APPLIED


def test_the_same_answer_twice_is_one_answer_and_another_is_refused(
    lin: Person, harbour_care: Product
) -> None:
    facility = granted(lin, harbour_care)

    again = decide_application(facility=facility, granted=True, at=LATER)
    assert again.decided_at == NOW
    with pytest.raises(CannotDecide):
        decide_application(facility=facility, granted=False, reason="其他", at=LATER)
    assert Notice.objects.filter(kind="facility.granted").count() == 1


@pytest.mark.article(25)
def test_a_lender_cannot_agree_once_the_consent_is_withdrawn(lin: Person, harbour_care: Product) -> None:
    facility = applied(lin, harbour_care)
    withdraw_consent(person=lin, purpose="lender", subject="HARBOUR", at=NOW)

    with pytest.raises(CannotDecide):
        decide_application(facility=facility, granted=True, at=NOW)
    assert decide_application(facility=facility, granted=False, reason="已撤回", at=NOW).state == "declined"


def test_a_lender_cannot_agree_once_the_account_is_closed(lin: Person, harbour_care: Product) -> None:
    facility = applied(lin, harbour_care)
    CreditAccount.objects.filter(person=lin).update(state="closed")

    with pytest.raises(CannotDecide):
        decide_application(facility=facility, granted=True, at=NOW)


@pytest.mark.article(22)
def test_an_application_that_slipped_past_the_leaving_cannot_be_granted(
    lin: Person, harbour: Lender, harbour_care: Product
) -> None:
    facility = applied(lin, harbour_care)
    Lender.objects.filter(pk=harbour.pk).update(left_on=TODAY)

    with pytest.raises(CannotDecide):
        decide_application(facility=facility, granted=True, at=NOW)


@pytest.mark.article(23)
def test_the_citizen_chooses_among_those_that_agreed(
    lin: Person, harbour: Lender, island: Lender, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, harbour_care)
    granted(lin, island_care)

    choose_default(person=lin, lender=island, at=NOW)

    assert usable_facility(person=lin).lender == island
    assert usable_facility(person=lin, lender=harbour).lender == harbour


def test_a_lender_that_has_not_agreed_cannot_be_chosen(
    lin: Person, harbour: Lender, harbour_care: Product
) -> None:
    applied(lin, harbour_care)

    with pytest.raises(CannotChooseLender):
        choose_default(person=lin, lender=harbour, at=NOW)


@pytest.mark.article(9)
@pytest.mark.article(25)
def test_withdrawing_consent_stops_new_use_at_once(
    lin: Person, harbour: Lender, harbour_care: Product
) -> None:
    granted(lin, harbour_care)
    withdraw_consent(person=lin, purpose="lender", subject="HARBOUR", at=NOW)

    for lender in (None, harbour):
        with pytest.raises(NoLender) as refusal:
            usable_facility(person=lin, lender=lender)
        assert refusal.value.article == 23
    with pytest.raises(CannotChooseLender):
        choose_default(person=lin, lender=harbour, at=NOW)


def test_giving_consent_again_makes_the_facility_usable_again(lin: Person, harbour_care: Product) -> None:
    facility = granted(lin, harbour_care)
    withdraw_consent(person=lin, purpose="lender", subject="HARBOUR", at=NOW)
    consent(lin, harbour_care.lender)

    assert usable_facility(person=lin) == facility


def test_no_lender_is_put_in_the_place_of_one_that_was_closed(
    lin: Person, harbour: Lender, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, harbour_care)
    granted(lin, island_care)

    close_facility(person=lin, lender=harbour, at=NOW)

    with pytest.raises(NoLender) as refusal, translation.override("en"):
        usable_facility(person=lin)
    with translation.override("en"):
        assert "choose a default" in str(refusal.value)
    assert not Facility.objects.of(lin).filter(is_default=True).exists()


@pytest.mark.parametrize("state", [applied, declined, closed])
def test_what_is_not_granted_pays_nothing(
    lin: Person, harbour: Lender, harbour_care: Product, state: Callable[[Person, Product], Facility]
) -> None:
    state(lin, harbour_care)

    for lender in (None, harbour):
        with pytest.raises(NoLender):
            usable_facility(person=lin, lender=lender)


def test_another_persons_facility_pays_nothing(lin: Person, wu: Person, harbour_care: Product) -> None:
    granted(wu, harbour_care)

    with pytest.raises(NoLender):
        usable_facility(person=lin)


def test_an_application_can_be_taken_back_before_the_answer(
    lin: Person, harbour: Lender, harbour_care: Product
) -> None:
    facility = applied(lin, harbour_care)

    close_facility(person=lin, lender=harbour, at=NOW)

    with pytest.raises(CannotDecide):
        decide_application(facility=facility, granted=True, at=NOW)


def test_closing_twice_changes_nothing_and_closing_nothing_is_refused(
    lin: Person, harbour: Lender, island: Lender, harbour_care: Product
) -> None:
    facility = closed(lin, harbour_care)

    assert close_facility(person=lin, lender=harbour, at=LATER).closed_at == facility.closed_at
    with pytest.raises(CannotCloseFacility):
        close_facility(person=lin, lender=island, at=LATER)


def test_after_a_decline_or_a_closing_the_citizen_may_ask_again(lin: Person, harbour_care: Product) -> None:
    before = [declined(lin, harbour_care), closed(lin, harbour_care)]

    assert applied(lin, harbour_care) not in before


@pytest.mark.article(22)
def test_a_lender_that_leaves_takes_nothing_new_and_its_citizens_are_told(
    lin: Person, wu: Person, harbour: Lender, harbour_care: Product
) -> None:
    granted(lin, harbour_care)
    applied(wu, harbour_care)

    assert leave_scheme(lender=harbour, at=NOW) == 2
    assert leave_scheme(lender=harbour, at=LATER) == 0

    with pytest.raises(NoLender):
        usable_facility(person=lin)
    assert set(Notice.objects.filter(kind="facility.lender_left").values_list("person", flat=True)) == {
        lin.pk,
        wu.pk,
    }
    assert not Product.objects.on_offer(TODAY).exists()


ILLEGAL = [
    (applied, {"state": "applied", "is_default": True}),
    (granted, {"state": "applied"}),
    (granted, {"state": "declined", "decision_reason": "反悔"}),
    (declined, {"state": "granted"}),
    (declined, {"decision_reason": ""}),
    (declined, {"state": "closed", "closed_at": NOW}),
    (closed, {"state": "granted", "closed_at": None}),
    (closed, {"is_default": True}),
    (granted, {"reference": "ANOTHERREFERENCE"}),
    (granted, {"applied_at": LATER}),
    (granted, {"decided_at": None}),
]


@pytest.mark.parametrize(("state", "change"), ILLEGAL)
def test_no_sql_makes_an_illegal_move(
    lin: Person,
    harbour_care: Product,
    state: Callable[[Person, Product], Facility],
    change: dict[str, object],
) -> None:
    facility = state(lin, harbour_care)

    with pytest.raises(Error), transaction.atomic():
        Facility.objects.filter(pk=facility.pk).update(**change)


def test_no_facility_begins_granted_or_with_another_lenders_product_or_is_deleted(
    lin: Person, harbour: Lender, island: Lender, harbour_care: Product
) -> None:
    new = {"person": lin, "product": harbour_care, "applied_at": NOW}

    with pytest.raises(IntegrityError, match="facility_starts_applied"), transaction.atomic():
        Facility.objects.create(**new, lender=harbour, state="granted", decided_at=NOW)
    with pytest.raises(IntegrityError, match="facility_starts_applied"), transaction.atomic():
        Facility.objects.create(**new, lender=island)
    facility = applied(lin, harbour_care)
    with pytest.raises(IntegrityError, match="one_live_facility"), transaction.atomic():
        Facility.objects.create(**new, lender=harbour)
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        facility.delete()


@pytest.mark.django_db(transaction=True)
def test_two_lenders_that_agree_at_the_same_moment_leave_one_default(
    lin: Person, harbour_care: Product, island_care: Product
) -> None:
    waiting = [applied(lin, harbour_care), applied(lin, island_care)]
    start = threading.Barrier(2)

    def agree(facility: Facility) -> None:
        start.wait()
        try:
            decide_application(facility=facility, granted=True, at=NOW)
        finally:
            connection.close()

    threads = [threading.Thread(target=agree, args=[facility]) for facility in waiting]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert Facility.objects.of(lin).granted().count() == 2
    assert Facility.objects.of(lin).filter(is_default=True).count() == 1


def test_what_a_charge_reads_is_what_the_lists_call_usable(
    lin: Person, harbour: Lender, harbour_care: Product, island_care: Product
) -> None:
    granted(lin, island_care)
    granted(lin, harbour_care)
    withdraw_consent(person=lin, purpose="lender", subject=harbour.code, at=NOW)

    [charged] = usable_facilities([lin.pk])[lin.pk]
    listed = Facility.objects.of(lin).usable().get()

    assert charged == listed
    for name in ("person_id", "lender_id", "product_id", "is_default", "state", "applied_at"):
        assert getattr(charged, name) == getattr(listed, name)
    assert (charged.product.code, charged.product.late_rate_ppm) == ("ISLAND-CARE", island_care.late_rate_ppm)
    assert (charged.lender.code, charged.product.lender) == (listed.lender.code, listed.lender)

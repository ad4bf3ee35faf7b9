from datetime import timedelta

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, transaction

from accounts.models import Event
from common.crypto import encrypt
from common.errors import BadInput
from hospitals.models import Hospital, PayoutAccount
from hospitals.operations.payout import CannotChangePayoutAccount, change_payout_account
from tests.hospitals.days import NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)
FIRST = {"holder": "第一医院", "bank_name": "鹭岛银行", "number": "3510 0188 8000 1234"}
SECOND = {"holder": "第一医院", "bank_name": "海湾银行", "number": "４４００１２３４５６７８"}


@pytest.mark.article(2)
def test_each_date_has_the_account_that_was_in_force(first_hospital: Hospital) -> None:
    first = change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)
    second = change_payout_account(hospital=first_hospital, **SECOND, from_on=NEXT_WEEK, at=NOW)

    in_force = PayoutAccount.objects.at(first_hospital).in_force
    assert in_force(NEXT_WEEK - timedelta(days=1)).get() == first
    assert in_force(NEXT_WEEK).get() == second


def test_the_number_is_read_in_any_width_and_kept_sealed(first_hospital: Hospital) -> None:
    account = change_payout_account(hospital=first_hospital, **SECOND, from_on=TODAY, at=NOW)

    assert account.number == "440012345678"
    assert account.masked_number == "**** 5678"
    assert "440012345678" not in str(account)
    assert "440012345678" not in account.number_sealed


def test_a_change_never_touches_the_payouts_of_today(first_hospital: Hospital) -> None:
    change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)

    with pytest.raises(CannotChangePayoutAccount) as refusal:
        change_payout_account(hospital=first_hospital, **SECOND, from_on=TODAY, at=NOW)

    assert refusal.value.field == "from_on"
    assert PayoutAccount.objects.get().to_on is None


def test_the_same_account_again_changes_nothing(first_hospital: Hospital) -> None:
    first = change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)

    assert change_payout_account(hospital=first_hospital, **FIRST, from_on=TOMORROW, at=NOW) == first


def test_a_change_that_has_not_begun_is_replaced(first_hospital: Hospital) -> None:
    first = change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)
    mistake = change_payout_account(hospital=first_hospital, **SECOND, from_on=NEXT_WEEK, at=NOW)
    third = {**SECOND, "number": "6222000011112222"}
    change_payout_account(hospital=first_hospital, **third, from_on=TOMORROW, at=NOW)

    mistake.refresh_from_db()
    assert mistake.to_on == mistake.from_on
    for days in range(10):
        on = TODAY + timedelta(days=days)
        wanted = first.number if on == TODAY else "6222000011112222"
        assert PayoutAccount.objects.in_force(on).get().number == wanted


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("number", "12345"),
        ("number", "1234567x"),
        ("holder", "  "),
        ("holder", "a\x00b"),
        ("bank_name", ""),
        ("bank_name", "长" * 101),
    ],
)
def test_what_cannot_be_an_account_is_refused_by_name(
    first_hospital: Hospital, field: str, value: str
) -> None:
    with pytest.raises(BadInput) as fault:
        change_payout_account(hospital=first_hospital, **(FIRST | {field: value}), from_on=TODAY, at=NOW)

    assert fault.value.field == field


def test_the_database_allows_one_account_at_a_time(first_hospital: Hospital, humanity: Hospital) -> None:
    account = change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)
    change_payout_account(hospital=humanity, **FIRST, from_on=TODAY, at=NOW)

    other = PayoutAccount(hospital=first_hospital, holder="甲", bank_name="乙", from_on=NEXT_WEEK)
    other.number_sealed = encrypt("12345678", other.uid.bytes)
    with pytest.raises(IntegrityError, match="one_payout_account_in_force"), transaction.atomic():
        other.save()
    with pytest.raises(Error, match="payout_account_keeps_its_terms|pgtrigger"), transaction.atomic():
        PayoutAccount.objects.filter(pk=account.pk).update(holder="别人")
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        account.delete()


def test_every_change_is_in_the_history(first_hospital: Hospital) -> None:
    change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)
    change_payout_account(hospital=first_hospital, **SECOND, from_on=TOMORROW, at=NOW)

    labels = (
        apps.get_model("hospitals", "PayoutAccountEvent")
        .objects.order_by("pgh_id")
        .values_list("pgh_label", flat=True)
    )
    assert list(labels) == ["insert", "update", "insert"]


def test_the_hospitals_own_system_hears_of_the_change(first_hospital: Hospital, first_client: object) -> None:
    change_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)

    event = Event.objects.get()
    assert (event.client, event.name) == (first_client, "payout_account.changed")
    assert event.payload["number_ends_in"] == "1234"
    assert "351001888" not in str(event.payload)

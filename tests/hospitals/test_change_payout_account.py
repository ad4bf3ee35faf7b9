"""A hospital's money goes elsewhere only by two people's word, from tomorrow at the earliest (Article 2)."""

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.apps import apps
from django.db import Error, IntegrityError, connection, transaction

from accounts.models import Event, User
from common.crypto import encrypt
from common.errors import BadInput, Refusal
from hospitals.models import Hospital, PayoutAccount, PayoutProposal
from hospitals.operations.payout import (
    CannotChangePayoutAccount,
    confirm_payout_account,
    enter_payout_account,
    propose_payout_account,
    reject_payout_account,
    withdraw_payout_account,
)
from tests.hospitals.days import NOW, TODAY

TOMORROW = TODAY + timedelta(days=1)
NEXT_WEEK = TODAY + timedelta(days=7)
FIRST: dict[str, Any] = {"holder": "第一医院", "bank_name": "鹭岛银行", "number": "3510 0188 8000 1234"}
SECOND: dict[str, Any] = {"holder": "第一医院", "bank_name": "海湾银行", "number": "４４００１２３４５６７８"}
THIRD = SECOND | {"number": "6222000011112222"}


@pytest.fixture
def entered(first_hospital: Hospital) -> PayoutAccount:
    return enter_payout_account(hospital=first_hospital, **FIRST, from_on=TODAY, at=NOW)


@pytest.fixture
def propose(first_hospital: Hospital, zhao: User) -> Callable[..., PayoutProposal]:
    """Zhao proposes the second account, from next week unless another day is named."""

    def propose(from_on: date = NEXT_WEEK, terms: dict[str, Any] = SECOND) -> PayoutProposal:
        return propose_payout_account(hospital=first_hospital, **terms, from_on=from_on, by=zhao, at=NOW)

    return propose


@pytest.mark.article(2)
def test_money_goes_to_the_old_account_until_a_second_person_confirms(
    first_hospital: Hospital, entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    proposal = propose()
    in_force = PayoutAccount.objects.at(first_hospital).in_force
    assert in_force(NEXT_WEEK).get() == entered

    account = confirm_payout_account(proposal=proposal, by=ou, at=NOW)

    assert in_force(NEXT_WEEK - timedelta(days=1)).get() == entered
    assert in_force(NEXT_WEEK).get() == account
    assert (account.number, account.proposal) == ("440012345678", proposal)
    proposal.refresh_from_db()
    assert (proposal.state, proposal.decided_by) == ("confirmed", ou)


def test_whoever_proposed_it_neither_confirms_nor_rejects_it(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], zhao: User
) -> None:
    proposal = propose()

    with pytest.raises(CannotChangePayoutAccount):
        confirm_payout_account(proposal=proposal, by=zhao, at=NOW)
    with pytest.raises(CannotChangePayoutAccount):
        reject_payout_account(proposal=proposal, by=zhao, reason="不对", at=NOW)

    assert PayoutAccount.objects.get() == entered


def test_a_rejected_proposal_changes_nothing_and_says_why(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    proposal = propose()
    with pytest.raises(BadInput) as fault:
        reject_payout_account(proposal=proposal, by=ou, reason=" ", at=NOW)
    assert fault.value.field == "reason"

    reject_payout_account(proposal=proposal, by=ou, reason="户名不符", at=NOW)

    proposal.refresh_from_db()
    assert (proposal.state, proposal.reason) == ("rejected", "户名不符")
    entered.refresh_from_db()
    assert entered.to_on is None
    with pytest.raises(CannotChangePayoutAccount):
        confirm_payout_account(proposal=proposal, by=ou, at=NOW)


def test_only_whoever_proposed_it_takes_it_back_and_then_another_may_be_proposed(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], zhao: User, ou: User
) -> None:
    proposal = propose()
    with pytest.raises(CannotChangePayoutAccount):
        propose(terms=THIRD)
    with pytest.raises(CannotChangePayoutAccount):
        withdraw_payout_account(proposal=proposal, by=ou, at=NOW)

    withdraw_payout_account(proposal=proposal, by=zhao, at=NOW)

    assert propose(terms=THIRD).is_open


def test_a_first_account_may_start_today_and_takes_two_people_as_well(
    first_hospital: Hospital, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    account = confirm_payout_account(proposal=propose(TODAY), by=ou, at=NOW)

    assert PayoutAccount.objects.in_force(TODAY).get() == account


def test_the_number_is_read_in_any_width_and_kept_sealed(
    propose: Callable[..., PayoutProposal], ou: User
) -> None:
    proposal = propose(TODAY)
    account = confirm_payout_account(proposal=proposal, by=ou, at=NOW)

    for row in (proposal, account):
        assert row.masked_number == "**** 5678"
        assert "440012345678" not in str(row) + row.number_sealed


def test_a_change_never_touches_the_payouts_of_today(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    with pytest.raises(CannotChangePayoutAccount) as refusal:
        propose(TODAY)
    assert refusal.value.field == "from_on"

    late = propose(TOMORROW)
    with pytest.raises(CannotChangePayoutAccount):
        confirm_payout_account(proposal=late, by=ou, at=NOW + timedelta(days=1))

    assert PayoutAccount.objects.get().to_on is None


def test_an_account_is_entered_once_and_the_same_again_changes_nothing(
    first_hospital: Hospital, entered: PayoutAccount, propose: Callable[..., PayoutProposal]
) -> None:
    assert enter_payout_account(hospital=first_hospital, **FIRST, from_on=TOMORROW, at=NOW) == entered
    with pytest.raises(CannotChangePayoutAccount):
        enter_payout_account(hospital=first_hospital, **SECOND, from_on=TOMORROW, at=NOW)
    with pytest.raises(CannotChangePayoutAccount):
        propose(terms=FIRST)


def test_a_change_that_has_not_begun_is_replaced(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    mistake = confirm_payout_account(proposal=propose(NEXT_WEEK), by=ou, at=NOW)
    confirm_payout_account(proposal=propose(TOMORROW, THIRD), by=ou, at=NOW)

    mistake.refresh_from_db()
    assert mistake.to_on == mistake.from_on
    for days in range(10):
        on = TODAY + timedelta(days=days)
        wanted = entered.number if on == TODAY else "6222000011112222"
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
    first_hospital: Hospital, propose: Callable[..., PayoutProposal], field: str, value: str
) -> None:
    with pytest.raises(BadInput) as fault:
        enter_payout_account(hospital=first_hospital, **(FIRST | {field: value}), from_on=TODAY, at=NOW)
    assert fault.value.field == field
    with pytest.raises(BadInput):
        propose(terms=SECOND | {field: value})


def test_the_database_allows_one_account_at_a_time_and_keeps_its_terms(
    first_hospital: Hospital, humanity: Hospital, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    account = confirm_payout_account(proposal=propose(TODAY), by=ou, at=NOW)
    enter_payout_account(hospital=humanity, **FIRST, from_on=TODAY, at=NOW)

    with pytest.raises(Error, match="payout_account_keeps_its_terms|pgtrigger"), transaction.atomic():
        PayoutAccount.objects.filter(pk=account.pk).update(holder="别人")
    with pytest.raises(Error, match="pgtrigger"), transaction.atomic():
        account.delete()
    # Even with the guard of two people away, never two at once.
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        with pytest.raises(IntegrityError, match="one_payout_account_in_force"), transaction.atomic():
            _unconfirmed(first_hospital).save()
        transaction.set_rollback(True)


def test_the_database_takes_no_second_account_without_a_confirmed_proposal(
    first_hospital: Hospital, entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    PayoutAccount.objects.filter(pk=entered.pk).update(to_on=NEXT_WEEK)
    proposal = propose()
    other = PayoutAccount(
        uid=proposal.uid, hospital=first_hospital, holder=proposal.holder, bank_name=proposal.bank_name,
        number_sealed=proposal.number_sealed, from_on=NEXT_WEEK, proposal=proposal,
    )  # fmt: skip
    for account in (_unconfirmed(first_hospital), other):
        with pytest.raises(IntegrityError, match="payout_account_changes_by_two"), transaction.atomic():
            account.save()

    PayoutProposal.objects.filter(pk=proposal.pk).update(state="confirmed", decided_by=ou, decided_at=NOW)
    other.number_sealed = encrypt("62220000", other.uid.bytes)
    with pytest.raises(IntegrityError, match="payout_account_changes_by_two"), transaction.atomic():
        other.save()
    other.number_sealed = proposal.number_sealed
    other.save()


@pytest.mark.parametrize(
    "change",
    [
        {"state": "confirmed"},
        {"state": "confirmed", "decided_at": NOW, "decided_by": "zhao"},
        {"state": "rejected", "decided_at": NOW, "decided_by": "ou"},
        {"state": "withdrawn", "decided_at": NOW, "decided_by": "ou"},
        {"state": "confirmed", "decided_by": "ou"},
        {"holder": "别人"},
        {"proposed_by": "ou"},
    ],
)
def test_the_database_takes_no_decision_of_one_person_alone(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User, change: dict[str, Any]
) -> None:
    proposal = propose()
    people = {user.username: user for user in User.objects.all()}
    values = {
        key: people.get(value, value) if key.endswith("_by") else value for key, value in change.items()
    }

    with pytest.raises(Error), transaction.atomic():
        PayoutProposal.objects.filter(pk=proposal.pk).update(**values)


def test_a_decision_stands_in_the_database(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    proposal = propose()
    reject_payout_account(proposal=proposal, by=ou, reason="户名不符", at=NOW)

    for change in ({"state": "confirmed"}, {"reason": "其他"}, {"decided_at": NOW + timedelta(days=1)}):
        with pytest.raises(Error), transaction.atomic():
            PayoutProposal.objects.filter(pk=proposal.pk).update(**change)
    with pytest.raises(Error), transaction.atomic():
        proposal.delete()


def test_every_change_is_in_the_history(
    entered: PayoutAccount, propose: Callable[..., PayoutProposal], ou: User
) -> None:
    confirm_payout_account(proposal=propose(), by=ou, at=NOW)

    for name, wanted in {
        "PayoutAccountEvent": ["insert", "update", "insert"],
        "PayoutProposalEvent": ["insert", "update"],
    }.items():
        events = apps.get_model("hospitals", name).objects.order_by("pgh_id")
        assert list(events.values_list("pgh_label", flat=True)) == wanted


def test_the_hospitals_own_system_hears_of_each_step(
    entered: PayoutAccount, first_client: object, propose: Callable[..., PayoutProposal], zhao: User, ou: User
) -> None:
    withdraw_payout_account(proposal=propose(), by=zhao, at=NOW)
    reject_payout_account(proposal=propose(), by=ou, reason="户名不符", at=NOW)
    confirm_payout_account(proposal=propose(), by=ou, at=NOW)

    events = Event.objects.order_by("pk")
    assert [event.name.removeprefix("payout_account.") for event in events] == [
        "proposed", "withdrawn", "proposed", "rejected", "proposed", "changed",
    ]  # fmt: skip
    assert {event.client for event in events} == {first_client}
    assert events[0].payload["number_ends_in"] == "5678"
    assert "44001234" not in str([event.payload for event in events])


def test_every_refusal_names_its_article(propose: Callable[..., PayoutProposal], zhao: User) -> None:
    with pytest.raises(Refusal) as refusal:
        confirm_payout_account(proposal=propose(), by=zhao, at=NOW)

    assert refusal.value.article == 2


def _unconfirmed(hospital: Hospital) -> PayoutAccount:
    account = PayoutAccount(hospital=hospital, holder="甲", bank_name="乙", from_on=NEXT_WEEK)
    account.number_sealed = encrypt("12345678", account.uid.bytes)
    return account

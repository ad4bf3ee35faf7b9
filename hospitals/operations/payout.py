"""Where a hospital's money goes: the first account is entered, every later one takes two people."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.operations.events import publish
from common.articles import enforces
from common.calendar import business_date
from common.crypto import encrypt
from common.errors import BadInput, Refusal
from common.text import check_text
from hospitals.models import Hospital, PayoutAccount, PayoutProposal

State = PayoutProposal.State


class CannotChangePayoutAccount(Refusal):
    code = "cannot_change_payout_account"
    articles = (2,)
    meaning = _(
        "Another payout account is proposed by one person, confirmed by another, and used from tomorrow at"
        " the earliest."
    )
    remedy = _("Let somebody else confirm, or propose it with a later date.")


@enforces(2)
@transaction.atomic
def enter_payout_account(
    *, hospital: Hospital, holder: str, bank_name: str, number: str, from_on: date, at: datetime
) -> PayoutAccount:
    """The account that a hospital brings along when it is taken over; it may start on any date.

    The same account again changes nothing. Raises BadInput; CannotChangePayoutAccount where the hospital has
    another, which only two people change.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    holder, bank_name, number = _checked(holder, bank_name, number)
    current = PayoutAccount.objects.at(hospital).filter(to_on=None).first()
    if current and (current.holder, current.bank_name, current.number) == (holder, bank_name, number):
        return current
    if PayoutAccount.objects.at(hospital).exists():
        raise CannotChangePayoutAccount(
            _("%(hospital)s has a payout account: another one is proposed, and a second person confirms it."),
            article=2,
            hospital=hospital.name,
        )
    account = PayoutAccount(hospital=hospital, holder=holder, bank_name=bank_name, from_on=from_on)
    account.number_sealed = encrypt(number, account.bound_to("number"))
    account.save()
    _tell(hospital, "payout_account.changed", account, at)
    return account


@enforces(2)
@transaction.atomic
def propose_payout_account(
    *, hospital: Hospital, holder: str, bank_name: str, number: str, from_on: date, by: User, at: datetime
) -> PayoutProposal:
    """Ask for another account from a date on. Nothing changes until a second person has confirmed it.

    A first account may start on any date, a later one tomorrow at the earliest. The hospital's own system
    hears of the proposal at once. Raises BadInput; CannotChangePayoutAccount while another proposal waits, or
    where the hospital is paid to this account already.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    holder, bank_name, number = _checked(holder, bank_name, number)
    if PayoutProposal.objects.filter(hospital=hospital, state=State.PROPOSED).exists():
        raise CannotChangePayoutAccount(
            _("Another proposal for %(hospital)s waits for its second person."),
            article=2,
            hospital=hospital.name,
        )
    rows = list(PayoutAccount.objects.at(hospital))
    if any(
        (row.to_on, row.holder, row.bank_name, row.number) == (None, holder, bank_name, number)
        for row in rows
    ):
        raise CannotChangePayoutAccount(
            _("%(hospital)s is paid to this account already."),
            article=2,
            field="number",
            hospital=hospital.name,
        )
    if rows:
        _refuse_today(from_on, at)
    proposal = PayoutProposal(
        hospital=hospital, holder=holder, bank_name=bank_name, from_on=from_on, proposed_by=by, proposed_at=at
    )
    proposal.number_sealed = encrypt(number, proposal.bound_to("number"))
    proposal.save()
    _tell(hospital, "payout_account.proposed", proposal, at)
    return proposal


@enforces(2)
@transaction.atomic
def confirm_payout_account(*, proposal: PayoutProposal, by: User, at: datetime) -> PayoutAccount:
    """The second person agrees: the hospital is paid to the new account from its date on.

    The account before ends there and is kept; one that has not yet begun is replaced. Raises
    CannotChangePayoutAccount for whoever proposed it, where it was decided, and where its date has come.
    """
    proposal = _undecided(proposal)
    _refuse_the_proposer(proposal, by)
    rows = list(PayoutAccount.objects.at(proposal.hospital).order_by("from_on", "pk"))
    if rows:
        _refuse_today(proposal.from_on, at)
    _decide(proposal, State.CONFIRMED, by, at)
    for row in rows:
        if row.to_on is None or row.to_on > proposal.from_on:
            row.to_on = max(proposal.from_on, row.from_on)
            row.save(update_fields=["to_on"])
    # The uid comes along: under it the number was sealed.
    account = PayoutAccount(
        uid=proposal.uid,
        hospital=proposal.hospital,
        holder=proposal.holder,
        bank_name=proposal.bank_name,
        number_sealed=proposal.number_sealed,
        from_on=proposal.from_on,
        proposal=proposal,
    )
    account.save()
    _tell(proposal.hospital, "payout_account.changed", account, at)
    return account


@transaction.atomic
def reject_payout_account(*, proposal: PayoutProposal, by: User, reason: str, at: datetime) -> PayoutProposal:
    """The second person does not agree, and says why. Raises BadInput, CannotChangePayoutAccount."""
    proposal = _undecided(proposal)
    _refuse_the_proposer(proposal, by)
    reason = _plain(reason)
    if not reason:
        raise BadInput(_("Say why."), field="reason")
    check_text(reason, PayoutProposal.reason.field)
    return _decide(proposal, State.REJECTED, by, at, reason)


@transaction.atomic
def withdraw_payout_account(*, proposal: PayoutProposal, by: User, at: datetime) -> PayoutProposal:
    """Whoever proposed it takes it back. Raises CannotChangePayoutAccount for anybody else."""
    proposal = _undecided(proposal)
    if proposal.proposed_by_id != by.pk:
        raise CannotChangePayoutAccount(_("Only whoever proposed it can take it back."), article=2)
    return _decide(proposal, State.WITHDRAWN, by, at)


def _undecided(proposal: PayoutProposal) -> PayoutProposal:
    """The hospital's row first, then the proposal's; of two at once the second finds it decided."""
    Hospital.objects.select_for_update(no_key=True).get(pk=proposal.hospital_id)
    proposal = PayoutProposal.objects.select_for_update(no_key=True, of=("self",)).get(pk=proposal.pk)
    if not proposal.is_open:
        raise CannotChangePayoutAccount(
            _("This proposal was decided before: %(state)s."), article=2, state=proposal.get_state_display()
        )
    return proposal


def _refuse_the_proposer(proposal: PayoutProposal, by: User) -> None:
    if proposal.proposed_by_id == by.pk:
        raise CannotChangePayoutAccount(
            _("You proposed this account yourself: somebody else confirms or rejects it."), article=2
        )


def _decide(
    proposal: PayoutProposal, state: PayoutProposal.State, by: User, at: datetime, reason: str = ""
) -> PayoutProposal:
    proposal.state, proposal.decided_by, proposal.decided_at, proposal.reason = state, by, at, reason
    proposal.save(update_fields=["state", "decided_by", "decided_at", "reason"])
    if state != State.CONFIRMED:
        _tell(proposal.hospital, f"payout_account.{state.value}", proposal, at)
    return proposal


def _tell(hospital: Hospital, name: str, row: PayoutAccount | PayoutProposal, at: datetime) -> None:
    publish(
        clients=hospital.clients.values_list("client", flat=True),
        name=name,
        payload={
            "bank_name": row.bank_name,
            "number_ends_in": row.masked_number[-4:],
            "from_on": row.from_on.isoformat(),
        },
        at=at,
    )


def _checked(holder: str, bank_name: str, number: str) -> tuple[str, str, str]:
    holder, bank_name, number = _plain(holder), _plain(bank_name), re.sub(r"[\s-]", "", _plain(number))
    if not holder:
        raise BadInput(_("Enter the account holder."), field="holder")
    if not bank_name:
        raise BadInput(_("Enter the bank."), field="bank_name")
    check_text(holder, PayoutAccount.holder.field)
    check_text(bank_name, PayoutAccount.bank_name.field)
    if not re.fullmatch(r"[0-9]{8,30}", number):
        raise BadInput(_("An account number has 8 to 30 digits."), field="number")
    return holder, bank_name, number


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).strip()


def _refuse_today(from_on: date, at: datetime) -> None:
    today_on = business_date(at)
    if from_on <= today_on:
        raise CannotChangePayoutAccount(
            _("Another account can be used from the day after %(today_on)s: today's payouts keep theirs."),
            article=2,
            field="from_on",
            today_on=today_on,
        )

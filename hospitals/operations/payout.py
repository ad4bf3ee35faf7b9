"""Where a hospital's money goes."""

from __future__ import annotations

import re
import unicodedata
from datetime import date, datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.operations.events import publish
from common.articles import enforces
from common.calendar import business_date
from common.crypto import encrypt
from common.errors import BadInput, Refusal
from common.text import check_text
from hospitals.models import Hospital, PayoutAccount


class CannotChangePayoutAccount(Refusal):
    code = "cannot_change_payout_account"
    articles = (2,)
    meaning = _("Another payout account can be used from tomorrow at the earliest.")
    remedy = _("Name a later date.")


@enforces(2)
@transaction.atomic
def change_payout_account(
    *, hospital: Hospital, holder: str, bank_name: str, number: str, from_on: date, at: datetime
) -> PayoutAccount:
    """Pay the hospital to this account from a date on; the one before ends there and is kept.

    A hospital's first account may start on any date. A later one starts tomorrow at the earliest, so that
    no payout of today, sent or not, goes astray; a change that has not yet begun is replaced. The same
    account again changes nothing. The hospital's own system hears of it. Raises BadInput,
    CannotChangePayoutAccount.
    """
    hospital = Hospital.objects.select_for_update(no_key=True).get(pk=hospital.pk)
    holder, bank_name, number = _plain(holder), _plain(bank_name), re.sub(r"[\s-]", "", _plain(number))
    if not holder:
        raise BadInput(_("Enter the account holder."), field="holder")
    if not bank_name:
        raise BadInput(_("Enter the bank."), field="bank_name")
    check_text(holder, PayoutAccount.holder.field)
    check_text(bank_name, PayoutAccount.bank_name.field)
    if not re.fullmatch(r"[0-9]{8,30}", number):
        raise BadInput(_("An account number has 8 to 30 digits."), field="number")
    rows = list(PayoutAccount.objects.at(hospital).order_by("from_on", "pk"))
    current = next((row for row in rows if row.to_on is None), None)
    if current and (current.holder, current.bank_name, current.number) == (holder, bank_name, number):
        return current
    if rows:
        _refuse_today(from_on, at)
    for row in rows:
        if row.to_on is None or row.to_on > from_on:
            row.to_on = max(from_on, row.from_on)
            row.save(update_fields=["to_on"])
    account = PayoutAccount(hospital=hospital, holder=holder, bank_name=bank_name, from_on=from_on)
    account.number_sealed = encrypt(number, account.bound_to("number"))
    account.save()
    publish(
        clients=hospital.clients.values_list("client", flat=True),
        name="payout_account.changed",
        payload={
            "bank_name": bank_name,
            "number_ends_in": number[-4:],
            "from_on": from_on.isoformat(),
        },
        at=at,
    )
    return account


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

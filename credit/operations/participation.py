"""Taking part in the scheme of one's own free will, and leaving it (Article 26)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from accounts.models import Consent, Person
from accounts.notices import NoticeKind
from accounts.operations.consents import give_consent, withdraw_consent
from accounts.operations.notices import notify
from common.articles import enforces
from credit import notices
from credit.models import AccountEvent, CreditAccount
from credit.operations.limits import lock_accounts_of, note


@enforces(26)
@transaction.atomic
def take_part(*, person: Person, channel: str = "", at: datetime) -> Consent:
    """Agree to the scheme; an account that had been stopped by a withdrawal works again at once."""
    account = lock_accounts_of([person.pk]).get(person.pk)
    consent = give_consent(person=person, purpose=Consent.Purpose.SCHEME, channel=channel, at=at)
    if account and account.state == CreditAccount.State.WITHDRAWN:
        account.state = CreditAccount.State.ACTIVE
        _move(account, person, AccountEvent.Kind.RESUMED, notices.RESUMED, at)
    return consent


@enforces(26)
@transaction.atomic
def leave_scheme(*, person: Person, at: datetime) -> bool:
    """Withdraw the consent to the scheme. False where there was nothing to withdraw.

    The state of the account, which every charge and hold looks at under its lock, stops them from this moment
    on. What is owed stays owed, and a suspension stays one.
    """
    account = lock_accounts_of([person.pk]).get(person.pk)
    if not withdraw_consent(person=person, purpose=Consent.Purpose.SCHEME, at=at):
        return False
    if account and account.is_active:
        account.state = CreditAccount.State.WITHDRAWN
        _move(account, person, AccountEvent.Kind.WITHDRAWN, notices.WITHDRAWN, at)
    return True


def _move(
    account: CreditAccount, person: Person, event: AccountEvent.Kind, kind: NoticeKind, at: datetime
) -> None:
    account.save(update_fields=["state"])
    seq = note(account, event, "", at=at)
    notify(
        person=person,
        kind=kind,
        params={},
        reference=f"{event.value}:{account.pk}:{seq}",
        at=at,
        channels=(),
    )

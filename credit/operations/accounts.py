"""Opening a credit account, following its score, closing it."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person
from accounts.operations.notices import notify
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from credit import notices
from credit.models import AccountEvent, CreditAccount, CreditScore, Policy
from credit.operations.limits import note
from credit.score_operator import GivenScore, fetch_scores

logger = logging.getLogger(__name__)

SCORES_PER_RUN = 20_000


class CannotOpenAccount(Refusal):
    code = "cannot_open_account"
    articles = (9, 24)
    meaning = _("There is no score yet, or none on which an account can be opened.")
    remedy = _("Register with the operator of the score. Nothing else has to be repeated.")


class CannotCloseAccount(Refusal):
    code = "cannot_close_account"
    articles = (26,)
    meaning = _("An account closes once nothing is owed on it any more.")
    remedy = _("Pay what is owed, then close it.")


class NotAuthorised(Refusal):
    code = "score_not_authorised"
    status = 403
    articles = (9,)
    meaning = _("No score is fetched without the citizen's authorisation.")
    remedy = _("The citizen gives it on the enrolment page.")


@enforces(9, 26)
def open_account(*, person: Person, at: datetime) -> CreditAccount:
    """Fetch the score that the person has authorised and open the account that it allows.

    An open account is returned as it is. Raises NotAuthorised (Articles 9, 26), CannotOpenAccount where
    the operator has no score, ScoreOperatorUnavailable.
    """
    account = CreditAccount.objects.filter(person=person).exclude(state=CreditAccount.State.CLOSED).first()
    if account:
        return account
    consent = _score_consent(person)
    given = fetch_scores([(person, f"consent-{consent.pk}")], on=business_date(at))[0]
    if given.value is None:
        raise CannotOpenAccount(
            _(
                "There is no credit score for you yet. Register with its operator, then try again;"
                " you do not need to repeat the other steps."
            ),
            article=9,
        )
    return record_score(person=person, given=given, at=at)


@enforces(24)
@transaction.atomic
def record_score(*, person: Person, given: GivenScore, at: datetime) -> CreditAccount:
    """Keep a score and give the account the limit of its tier, opening the account where there is none.

    A lower limit may leave more outstanding than it allows: nothing is called in early. Raises
    CannotOpenAccount for a score outside the policy's range (Article 24).
    """
    policy = Policy.objects.on(business_date(at))
    value = given.value
    if not isinstance(value, int) or not policy.score_min <= value <= policy.score_max:
        raise CannotOpenAccount(
            _("A score is a whole number from %(lowest)s to %(highest)s; %(value)s is not."),
            article=24,
            field="value",
            lowest=policy.score_min,
            highest=policy.score_max,
            value=value,
        )
    score, _created = CreditScore.objects.get_or_create(
        person=person,
        reference=given.reference,
        defaults={"value": value, "scored_on": given.scored_on, "recorded_at": at},
    )
    tier = policy.tier_for(value)
    account = CreditAccount.objects.select_for_update(no_key=True).filter(person=person).first()
    if account is None:
        account = CreditAccount.objects.create(
            person=person, score=score, tier=tier, limit_fen=tier.limit_fen, opened_at=at, scored_at=at
        )
        _tell_opened(account, at)
        return account
    reopened = account.state == CreditAccount.State.CLOSED
    changed = account.limit_fen != tier.limit_fen
    account.score, account.tier, account.limit_fen, account.scored_at = score, tier, tier.limit_fen, at
    if reopened:
        account.state = CreditAccount.State.ACTIVE
    account.save(update_fields=["score", "tier", "limit_fen", "scored_at", "state"])
    if reopened:
        _tell_opened(account, at)
    elif changed:
        seq = note(account=account, kind=AccountEvent.Kind.LIMIT, reference=score.reference, at=at)
        notify(
            person=person,
            kind=notices.LIMIT_CHANGED,
            params={"limit_fen": account.limit_fen},
            reference=f"limit:{account.pk}:{seq}",
            at=at,
            channels=(),
        )
    return account


def refresh_score(*, person: Person, at: datetime) -> CreditAccount:
    """Ask for the score again because its owner wishes it. Raises as `open_account` does."""
    consent = _score_consent(person)
    given = fetch_scores([(person, f"consent-{consent.pk}")], on=business_date(at))[0]
    if given.value is None:
        raise CannotOpenAccount(_("The operator has no score for you at present."), article=9)
    return record_score(person=person, given=given, at=at)


def refresh_due_scores(*, on: date, at: datetime) -> int:
    """Ask again for every score older than the policy allows, of people whose consent still stands."""
    policy = Policy.objects.on(on)
    authorised = Consent.objects.filter(
        person=OuterRef("person"), purpose=Consent.Purpose.SCORE, withdrawn_at=None
    )
    due = list(
        CreditAccount.objects.filter(
            Exists(authorised), scored_at__lte=at - timedelta(days=policy.score_refresh_days)
        )
        .exclude(state=CreditAccount.State.CLOSED)
        .select_related("person")
        .order_by("pk")[:SCORES_PER_RUN]
    )
    consents: dict[int, int] = dict(
        Consent.objects.filter(
            purpose=Consent.Purpose.SCORE,
            withdrawn_at=None,
            person__in=[account.person_id for account in due],
        ).values_list("person_id", "pk")
    )
    return _record_all(due, consents, at)


def _record_all(due: Sequence[CreditAccount], consents: dict[int, int], at: datetime) -> int:
    asked = [
        (account.person, f"consent-{consents[account.person_id]}")
        for account in due
        if account.person_id in consents  # withdrawn between the two reads
    ]
    scores = fetch_scores(asked, on=business_date(at))
    for (person, _consent), given in zip(asked, scores, strict=True):
        if given.value is None:
            continue
        try:
            record_score(person=person, given=given, at=at)
        except CannotOpenAccount:
            # One score that cannot be is no reason to keep the others from theirs.
            logger.warning("score refused: person %s, reference %s", person.pk, given.reference)
    return len(asked)


@enforces(26)
@transaction.atomic
def close_account(*, person: Person, at: datetime) -> CreditAccount:
    """Close the account of a person who owes nothing and holds nothing. Raises CannotCloseAccount."""
    account = CreditAccount.objects.select_for_update(no_key=True).get(person=person)
    if account.state == CreditAccount.State.SUSPENDED or account.outstanding_fen:
        raise CannotCloseAccount(
            _("You still owe %(outstanding_fen)s. Pay it, then you can close the account."),
            article=26,
            outstanding_fen=account.outstanding_fen,
        )
    if account.is_active:
        account.state = CreditAccount.State.CLOSED
        account.save(update_fields=["state"])
        note(account=account, kind=AccountEvent.Kind.CLOSED, reference="", at=at)
    return account


def _score_consent(person: Person) -> Consent:
    consent = Consent.objects.in_force(person, Consent.Purpose.SCORE).first()
    if consent is None:
        raise NotAuthorised(
            _("No score may be fetched without your authorisation. You can give it on the enrolment page."),
            article=9,
        )
    return consent


def _tell_opened(account: CreditAccount, at: datetime) -> None:
    seq = note(account=account, kind=AccountEvent.Kind.OPENED, reference=account.score.reference, at=at)
    notify(
        person=account.person,
        kind=notices.ACCOUNT_OPENED,
        params={"limit_fen": account.limit_fen},
        reference=f"opened:{account.pk}:{seq}",
        at=at,
    )

"""Opening a credit account, following its score, closing it."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import cast

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person
from accounts.operations.notices import NewNotice, notify, notify_many
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from credit import notices
from credit.models import AccountEvent, CreditAccount, CreditScore, Policy
from credit.operations.limits import Step, lock_accounts_of, note, note_many
from credit.score_operator import GivenScore, fetch_scores

logger = logging.getLogger(__name__)

SCORES_PER_RUN = 20_000
PEOPLE_PER_CHUNK = 500


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


def record_score(*, person: Person, given: GivenScore, at: datetime) -> CreditAccount:
    """Keep one person's score. Raises CannotOpenAccount for one outside the policy's range (Article 24)."""
    policy = Policy.objects.on(business_date(at))
    if not _lawful(given, policy):
        raise CannotOpenAccount(
            _("A score is a whole number from %(lowest)s to %(highest)s; %(value)s is not."),
            article=24,
            field="value",
            lowest=policy.score_min,
            highest=policy.score_max,
            value=given.value,
        )
    [account] = record_scores({person: given}, policy=policy, at=at)
    return account


@enforces(24)
@transaction.atomic
def record_scores(given: Mapping[Person, GivenScore], *, policy: Policy, at: datetime) -> list[CreditAccount]:
    """Keep lawful scores and give each account the limit of its tier, opening one where there is none.

    A lower limit may leave more outstanding than it allows: nothing is called in early.
    """
    accounts = lock_accounts_of(person.pk for person in given)
    scores = _keep(given, at)
    followed, changed, opened = [], [], []
    for person, one in given.items():
        score, tier = scores[person.pk], policy.tier_for(cast(int, one.value))
        account = accounts.get(person.pk) or CreditAccount(person=person, opened_at=at)
        account.person = person
        if account.pk is None or account.state == CreditAccount.State.CLOSED:
            account.state = CreditAccount.State.ACTIVE
            opened.append(account)
        else:
            followed.append(account)
            if account.limit_fen != tier.limit_fen:
                changed.append(account)
        account.score, account.tier, account.limit_fen, account.scored_at = score, tier, tier.limit_fen, at
    _follow(followed)
    _tell_changed(changed, at)
    for account in opened:
        account.save()
        _tell_opened(account, at)
    return [*followed, *opened]


def _lawful(given: GivenScore, policy: Policy) -> bool:
    return isinstance(given.value, int) and policy.score_min <= given.value <= policy.score_max


def _keep(given: Mapping[Person, GivenScore], at: datetime) -> dict[int, CreditScore]:
    """The scores as rows, by the person's id; one that is known by its reference is the row it was."""
    CreditScore.objects.bulk_create(
        [
            CreditScore(
                person=person,
                reference=one.reference,
                value=cast(int, one.value),
                scored_on=one.scored_on,
                recorded_at=at,
            )
            for person, one in given.items()
        ],
        ignore_conflicts=True,
    )
    references = {person.pk: one.reference for person, one in given.items()}
    rows = CreditScore.objects.filter(person__in=given, reference__in=references.values())
    return {score.person_id: score for score in rows if references[score.person_id] == score.reference}


_FOLLOW = """
    UPDATE credit_creditaccount account
       SET score_id = score, tier_id = tier, limit_fen = new.limit_fen, scored_at = %(at)s
      FROM unnest(%(accounts)s::bigint[], %(scores)s::bigint[], %(tiers)s::bigint[], %(limits)s::bigint[])
           AS new (id, score, tier, limit_fen)
     WHERE account.id = new.id"""


def _follow(accounts: Sequence[CreditAccount]) -> None:
    if not accounts:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            _FOLLOW,
            {
                "accounts": [account.pk for account in accounts],
                "scores": [account.score_id for account in accounts],
                "tiers": [account.tier_id for account in accounts],
                "limits": [account.limit_fen for account in accounts],
                "at": accounts[0].scored_at,
            },
        )


def _tell_changed(accounts: Sequence[CreditAccount], at: datetime) -> None:
    kind = AccountEvent.Kind.LIMIT
    note_many([Step(account, kind, 0, account.score.reference) for account in accounts], at=at)
    notify_many(
        [
            NewNotice(
                person_id=account.person_id,
                kind=notices.LIMIT_CHANGED,
                params={"limit_fen": account.limit_fen},
                reference=f"limit:{account.pk}:{account.seq}",
                channels=(),
            )
            for account in accounts
        ],
        at=at,
    )


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
        .exclude(state__in=[CreditAccount.State.CLOSED, CreditAccount.State.WITHDRAWN])
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
    asked = [
        (account.person, f"consent-{consents[account.person_id]}")
        for account in due
        if account.person_id in consents  # withdrawn between the two reads
    ]
    for start in range(0, len(asked), PEOPLE_PER_CHUNK):
        _refresh(asked[start : start + PEOPLE_PER_CHUNK], policy, on=business_date(at), at=at)
    return len(asked)


def _refresh(asked: Sequence[tuple[Person, str]], policy: Policy, *, on: date, at: datetime) -> None:
    given = {}
    for (person, _consent), one in zip(asked, fetch_scores(asked, on=on), strict=True):
        if one.value is None:
            continue
        if _lawful(one, policy):
            given[person] = one
        else:
            # One score that cannot be is no reason to keep the others from theirs.
            logger.warning("score refused: person %s, reference %s", person.pk, one.reference)
    record_scores(given, policy=policy, at=at)


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
    if account.state != CreditAccount.State.CLOSED:
        account.state = CreditAccount.State.CLOSED
        account.save(update_fields=["state"])
        note(account, AccountEvent.Kind.CLOSED, "", at=at)
    return account


def _score_consent(person: Person) -> Consent:
    if Consent.objects.is_withdrawn(person, Consent.Purpose.SCHEME):
        raise NotAuthorised(
            _("You have left the scheme, so no score is fetched. Agree to it again on the consents page."),
            article=9,
        )
    consent = Consent.objects.in_force(person, Consent.Purpose.SCORE).first()
    if consent is None:
        raise NotAuthorised(
            _("No score may be fetched without your authorisation. You can give it on the enrolment page."),
            article=9,
        )
    return consent


def _tell_opened(account: CreditAccount, at: datetime) -> None:
    seq = note(account, AccountEvent.Kind.OPENED, account.score.reference, at=at)
    notify(
        person=account.person,
        kind=notices.ACCOUNT_OPENED,
        params={"limit_fen": account.limit_fen},
        reference=f"opened:{account.pk}:{seq}",
        at=at,
    )

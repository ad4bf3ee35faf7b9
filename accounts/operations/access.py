"""Who looked at whose data (Article 32). Every look by staff or a system is written down."""

from collections.abc import Iterable
from datetime import datetime, time
from typing import Any

from django.db.models import Exists, OuterRef

from accounts.models import AccessEntry, ApiClient, Person, User
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.statements import Statement
from common.text import check_text

Actor = User | ApiClient | str


def _name(actor: Actor) -> str:
    """How the person reads who it was: `cashier:chen`, `lender:Harbour Bank`, or a job's own name."""
    if isinstance(actor, User):
        return f"{actor.role}:{actor.username}"[:150]
    if isinstance(actor, ApiClient):
        return f"{actor.kind}:{actor.name}"
    return actor


def entry(actor: Actor, purpose: str, at: datetime, reason: str = "") -> dict[str, Any]:
    """What RECORD_SEEN is told."""
    user = actor.pk if isinstance(actor, User) else None
    return {"actor": _name(actor), "user": user, "purpose": purpose, "reason": reason, "at": at}


# One entry for each id of `seen`, a set that the rest of the statement names.
RECORD_SEEN = """
    INSERT INTO accounts_accessentry (actor, actor_user_id, subject_id, purpose, reason, at)
    SELECT %(actor)s::text, %(user)s::bigint, seen.id, %(purpose)s::text, %(reason)s::text,
           %(at)s::timestamptz
      FROM seen"""
_RECORD = Statement(f"WITH seen AS (SELECT unnest(%(subjects)s::bigint[]) AS id) {RECORD_SEEN}")


@enforces(32)
def record_accesses(
    *, actor: Actor, subjects: Iterable[Person], purpose: str, at: datetime, reason: str = ""
) -> None:
    """One entry a person, in the caller's transaction: a look that is not logged does not happen.

    Raises BadInput for a reason that cannot be kept.
    """
    check_text(reason, AccessEntry.reason.field, article=32)
    people = [subject.pk for subject in subjects]
    if not people:
        return
    _RECORD.send(subjects=people, **entry(actor, purpose, at, reason))


@enforces(32)
def record_access(*, actor: Actor, subject: Person, purpose: str, at: datetime, reason: str = "") -> None:
    """One look at one person. `reason` is what staff typed to unmask something."""
    record_accesses(actor=actor, subjects=[subject], purpose=purpose, at=at, reason=reason)


@enforces(32)
def record_listing(*, actor: Actor, credit_codes: Iterable[str], purpose: str, at: datetime) -> None:
    """A list that showed these people to a system, as it may every few seconds.

    One entry a person, purpose and business day: the person reads who looked, not how often.
    """
    people = Person.objects.filter(credit_code__in=set(credit_codes))
    today = AccessEntry.objects.filter(
        subject=OuterRef("pk"),
        actor=_name(actor),
        purpose=purpose,
        at__gte=datetime.combine(business_date(at), time(), SHANGHAI),
    )
    record_accesses(
        actor=actor, subjects=people.exclude(Exists(today)).order_by("pk"), purpose=purpose, at=at
    )

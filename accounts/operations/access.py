"""Who looked at whose data (Article 32). Every look by staff or a system is written down."""

from collections.abc import Iterable
from datetime import datetime, time

from django.db import connection
from django.db.models import Exists, OuterRef

from accounts.models import AccessEntry, ApiClient, Person, User
from common.articles import enforces
from common.calendar import SHANGHAI, business_date
from common.text import check_text

Actor = User | ApiClient | str


def _name(actor: Actor) -> str:
    """How the person reads who it was: `cashier:chen`, `lender:Harbour Bank`, or a job's own name."""
    if isinstance(actor, User):
        return f"{actor.role}:{actor.username}"[:150]
    if isinstance(actor, ApiClient):
        return f"{actor.kind}:{actor.name}"
    return actor


_RECORD = """
    INSERT INTO accounts_accessentry (actor, actor_user_id, subject_id, purpose, reason, at)
    SELECT %(actor)s, %(user)s, subject, %(purpose)s, %(reason)s, %(at)s
      FROM unnest(%(subjects)s::bigint[]) AS subject"""


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
    with connection.cursor() as cursor:
        cursor.execute(
            _RECORD,
            {
                "actor": _name(actor),
                "user": actor.pk if isinstance(actor, User) else None,
                "subjects": people,
                "purpose": purpose,
                "reason": reason,
                "at": at,
            },
        )


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

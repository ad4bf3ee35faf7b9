"""Why a limit is what it is: the computation sheet 计算书 of Article 24."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.translation import gettext as _

from accounts.models import Consent, Person
from common.articles import enforces
from common.calendar import business_date
from credit.models import AccountEvent, CreditAccount, Suspension, Tier

CHANGES_SHOWN = 12


@dataclass(frozen=True)
class Step:
    """One tier as people read it: scores from `lowest` to `highest`, both included; limit in fen."""

    lowest: int
    highest: int
    limit_fen: int
    value_added: bool
    is_own: bool
    is_first: bool
    is_last: bool

    @property
    def range(self) -> str:
        if self.is_first:
            return _("%(highest)s or below") % {"highest": self.highest}
        if self.is_last:
            return _("%(lowest)s or above") % {"lowest": self.lowest}
        return f"{self.lowest} – {self.highest}"


@dataclass(frozen=True)
class LimitSheet:
    """An account, the policy row under which it got its limit, and what the limit is used for."""

    account: CreditAccount
    steps: Sequence[Step]
    own: Step
    refresh_on: date
    authorised: bool
    suspension: Suspension | None
    changes: Sequence[AccountEvent]


@enforces(24, 28)
def limit_sheet(*, person: Person) -> LimitSheet | None:
    """The sheet of a person's own account; None where none is open."""
    account = (
        CreditAccount.objects.filter(person=person)
        .exclude(state=CreditAccount.State.CLOSED)
        .select_related("score", "tier__policy")
        .first()
    )
    if account is None:
        return None
    policy = account.tier.policy
    steps = _steps(list(policy.tiers.all()), account.tier_id, policy.score_min, policy.score_max)
    kinds = (AccountEvent.Kind.OPENED, AccountEvent.Kind.LIMIT)
    return LimitSheet(
        account=account,
        steps=steps,
        own=next(step for step in steps if step.is_own),
        refresh_on=business_date(account.scored_at) + timedelta(days=policy.score_refresh_days),
        authorised=Consent.objects.in_force(person, Consent.Purpose.SCORE).exists(),
        suspension=account.suspensions.filter(lifted_seq=None).first(),
        changes=list(account.events.filter(kind__in=kinds).order_by("-seq")[:CHANGES_SHOWN]),
    )


def _steps(tiers: list[Tier], own_id: int, lowest: int, highest: int) -> list[Step]:
    ends = [tier.from_score - 1 for tier in tiers[1:]] + [highest]
    return [
        Step(
            lowest=max(tier.from_score, lowest),
            highest=end,
            limit_fen=tier.limit_fen,
            value_added=tier.value_added,
            is_own=tier.pk == own_id,
            is_first=tier is tiers[0],
            is_last=tier is tiers[-1],
        )
        for tier, end in zip(tiers, ends, strict=True)
    ]

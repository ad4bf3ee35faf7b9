"""The offers that a citizen finds on a page of their own, and why there are none (Articles 24(4), 25)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from accounts.models import Person
from common.articles import enforces
from credit.models import CreditAccount, Policy
from lenders.models import Offer, OfferRequest


@dataclass(frozen=True)
class OfferShelf:
    """`why_empty` is "", or account, score, suspended or none: why there is nothing to choose.

    `from_score` is the first score to which offers are open, of the policy in force.
    """

    account: CreditAccount | None
    from_score: int | None
    offers: Sequence[Offer]
    requests: Sequence[OfferRequest]
    why_empty: str

    @property
    def asked(self) -> set[int]:
        """The offers that were asked for already."""
        return {request.offer_id for request in self.requests}


@enforces(24, 25)
def shelf_of(*, person: Person, on: date) -> OfferShelf:
    """What a person may ask for on a date, in the order that favours no lender.

    Only whoever opens the page sees it: nothing of it is pushed to anybody.
    """
    account = (
        CreditAccount.objects.filter(person=person)
        .exclude(state=CreditAccount.State.CLOSED)
        .select_related("tier", "score")
        .first()
    )
    tiers = Policy.objects.on(on).tiers.filter(value_added=True)
    offers = Offer.objects.open_on(on).neutral_order(on).select_related("lender")
    requests = OfferRequest.objects.filter(person=person).select_related("offer__lender")
    why = _why_empty(account)
    shown = [] if why else list(offers)
    return OfferShelf(
        account=account,
        from_score=min((tier.from_score for tier in tiers), default=None),
        offers=shown,
        requests=list(requests),
        why_empty=why or ("" if shown else "none"),
    )


def _why_empty(account: CreditAccount | None) -> str:
    if account is None:
        return "account"
    if not account.tier.value_added:
        return "score"
    return "" if account.is_active else "suspended"

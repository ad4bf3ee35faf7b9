"""Lenders side by side on rate, days and service as registered, and on nothing else (Articles 22, 23, 25)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from accounts.models import Person
from common.articles import enforces
from credit.models import CreditAccount, LendingRate, Policy
from lenders.charges import most_charged_fen, percent
from lenders.models import Facility, Product

# The example that every page works out: ¥500, thirty days late.
EXAMPLE_PRINCIPAL_FEN = 50_000
EXAMPLE_DAYS_LATE = 30


@dataclass(frozen=True)
class Offer:
    """A product as a citizen may choose it today.

    `facility` is the reader's own live one, if any, with `consented`; `taken` says that the reader has
    another product of this lender and would have to close that first.
    """

    product: Product
    rate_percent: str
    worst_fen: int
    facility: Facility | None = None
    taken: bool = False


@dataclass(frozen=True)
class Comparison:
    """What is on offer on a date, in the neutral order, with the cap then in force and its parts.

    `may_apply` is False for a person who has no open credit account: they join first.
    """

    on: date
    offers: list[Offer]
    cap_percent: str | None
    lpr_percent: str | None
    lpr_since_on: date | None
    multiple_percent: int | None
    worst_fen: int | None
    fewest_days: int | None
    past: list[Facility] = field(default_factory=list)
    may_apply: bool = True
    principal_fen: int = EXAMPLE_PRINCIPAL_FEN
    days_late: int = EXAMPLE_DAYS_LATE


@enforces(23, 25)
def compare(*, on: date, person: Person | None = None) -> Comparison:
    """Every product on offer, and for a person also those live though no longer offered.

    A rate registered under a higher LPR is shown as what may be charged today: never above the cap in force.
    """
    try:
        policy, lpr = Policy.objects.on(on), LendingRate.objects.on(on)
    except (Policy.DoesNotExist, LendingRate.DoesNotExist):
        return Comparison(on, [], None, None, None, None, None, None)
    cap_ppm = policy.cap_ppm(lpr.one_year_bp)
    facilities = _facilities(person)
    own = {facility.product_id: facility for facility in facilities if facility.is_live}
    lenders_taken = {facility.lender_id for facility in own.values()}
    products = Product.objects.open_to(person, on) if person else Product.objects.on_offer(on)
    offers = []
    for product in products.neutral_order(on).select_related("lender"):
        facility = own.get(product.pk)
        taken = facility is None and product.lender_id in lenders_taken
        offers.append(_offer(product, cap_ppm, facility, taken))
    return Comparison(
        on=on,
        offers=offers,
        cap_percent=percent(cap_ppm),
        lpr_percent=percent(lpr.one_year_bp * 100),
        lpr_since_on=lpr.in_force_from,
        multiple_percent=policy.cap_multiple_percent,
        worst_fen=_example_fen(cap_ppm),
        fewest_days=policy.min_interest_free_days,
        past=[facility for facility in facilities if not facility.is_live],
        may_apply=person is None or _has_account(person),
    )


def offer_of(*, product: Product, on: date) -> Offer:
    """One product as it may be charged on a date."""
    return _offer(product, Policy.objects.on(on).cap_ppm(LendingRate.objects.on(on).one_year_bp))


def _offer(product: Product, cap_ppm: int, facility: Facility | None = None, taken: bool = False) -> Offer:
    rate_ppm = min(product.late_rate_ppm, cap_ppm)
    return Offer(product, percent(rate_ppm), _example_fen(rate_ppm), facility, taken)


def _has_account(person: Person) -> bool:
    return CreditAccount.objects.filter(person=person).exclude(state=CreditAccount.State.CLOSED).exists()


def _example_fen(rate_ppm: int) -> int:
    return most_charged_fen(
        principal_fen=EXAMPLE_PRINCIPAL_FEN, days_late=EXAMPLE_DAYS_LATE, rate_ppm=rate_ppm
    )


def _facilities(person: Person | None) -> list[Facility]:
    if person is None:
        return []
    return list(Facility.objects.of(person).with_consent().select_related("lender", "product"))

"""What is held about a person's agreements with lenders."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext_lazy as _

from accounts.holdings import Part, Row, Said, hold
from accounts.models import Person
from lenders.models import Facility, OfferRequest


def _facilities(person: Person) -> Iterable[Row]:
    own = Facility.objects.of(person).select_related("lender", "product").order_by("applied_at", "pk")
    for one in own:
        yield {
            "reference": one.reference,
            "lender": one.lender.name,
            "product": one.product.name,
            "state": Said(one.state, one.get_state_display()),
            "applied_at": one.applied_at,
            "decided_at": one.decided_at,
            "reason": one.decision_reason,
            "closed_at": one.closed_at,
            "pays_new_bills": one.is_default,
        }


hold(
    Part(
        "facilities",
        _("Agreements with lenders"),
        {
            "reference": _("Reference"),
            "lender": _("Lender"),
            "product": _("Product"),
            "state": _("State"),
            "applied_at": _("Asked on"),
            "decided_at": _("Decided"),
            "reason": _("Reason"),
            "closed_at": _("Closed"),
            "pays_new_bills": _("Pays new bills"),
        },
        _facilities,
    )
)


def _offer_requests(person: Person) -> Iterable[Row]:
    own = OfferRequest.objects.filter(person=person).select_related("offer__lender")
    for one in own.order_by("requested_at", "pk"):
        yield {
            "reference": one.reference,
            "lender": one.offer.lender.name,
            "offer": one.offer.name,
            "requested_at": one.requested_at,
        }


hold(
    Part(
        "offer_requests",
        _("Offers that you asked for"),
        {
            "reference": _("Reference"),
            "lender": _("Lender"),
            "offer": _("Offer"),
            "requested_at": _("Asked on"),
        },
        _offer_requests,
    )
)

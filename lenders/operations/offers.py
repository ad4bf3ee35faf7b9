"""Value-added offers: a lender words them, a citizen may ask for one, nobody is approached (23, 24, 25)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person
from accounts.operations.consents import give_consent
from accounts.operations.events import publish
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.text import check_text
from credit.models import CreditAccount
from lenders.models import Lender, Offer, OfferRequest, code_shape

WORDS = {
    "name_zh": Offer.name_zh.field,
    "name_en": Offer.name_en.field,
    "description_zh": Offer.description_zh.field,
    "description_en": Offer.description_en.field,
}


class CannotOffer(Refusal):
    code = "cannot_offer"
    articles = (22,)
    meaning = _("The lender is not in the scheme.")


class CannotTakeOffer(Refusal):
    code = "cannot_take_offer"
    articles = (24, 25, 27)
    meaning = _(
        "The offer has ended, the citizen's score is below the tier for offers, the account is not active, or"
        " the lender may not contact the citizen."
    )
    remedy = _("Read detail: it says which. Care and limit never depend on an offer.")


@dataclass(frozen=True)
class Wording:
    """What a lender says of an offer, in both languages, and when it may be asked for, both days included."""

    kind: str
    name_zh: str
    name_en: str
    description_zh: str
    description_en: str
    valid_from_on: date
    valid_until_on: date


@enforces(23, 25)
@transaction.atomic
def put_offer(*, lender: Lender, code: str, wording: Wording, at: datetime) -> Offer:
    """Make the lender's offer of this code what it says, whether it was there or not.

    The same again changes nothing. Raises BadInput, CannotOffer.
    """
    _check(code, wording)
    # The lender's row is the lock: two calls with a new code must not both find nothing.
    lender = Lender.objects.select_for_update(no_key=True).get(pk=lender.pk)
    if not lender.is_active(business_date(at)):
        raise CannotOffer(_("%(lender)s is not in the scheme."), article=22, lender=lender.name)
    offer = Offer.objects.filter(lender=lender, code=code).first()
    if offer is None:
        return Offer.objects.create(lender=lender, code=code, **vars(wording))
    changed = [name for name, value in vars(wording).items() if getattr(offer, name) != value]
    for name in changed:
        setattr(offer, name, getattr(wording, name))
    if changed:
        offer.save(update_fields=changed)
    return offer


@enforces(24, 25)
@transaction.atomic
def request_offer(
    *, person: Person, offer: Offer, agreed: bool, channel: str = "", at: datetime
) -> OfferRequest:
    """Tell a lender that the citizen asks for its offer. Asked again, it is the same request.

    `agreed` is the citizen's tick that this lender may make contact, the marketing consent of Article 25; it
    is needed where that consent is not in force. The lender hears the credit code, the offer and a
    reference: no amount, nothing of a bill or of care. Raises CannotTakeOffer.
    """
    account = CreditAccount.objects.select_for_update(no_key=True).filter(person=person).first()
    known = OfferRequest.objects.filter(person=person, offer=offer).first()
    if known:
        return known
    _check_may_take(account, offer, business_date(at))
    subject = offer.lender.code
    consent = Consent.objects.in_force(person, Consent.Purpose.MARKETING, subject)
    if not agreed and not consent.exists():
        raise CannotTakeOffer(
            _("Tick the box to let %(lender)s contact you about it. Without it nothing is sent."),
            article=25,
            field="agreed",
            lender=offer.lender.name,
        )
    if agreed:
        give_consent(
            person=person, purpose=Consent.Purpose.MARKETING, subject=subject, channel=channel, at=at
        )
    request = OfferRequest.objects.create(offer=offer, person=person, requested_at=at)
    publish(
        clients=offer.lender.clients.values_list("client", flat=True),
        name="offer.requested",
        payload={
            "reference": request.reference,
            "offer": offer.code,
            "credit_code": person.credit_code,
            "requested_at": at.isoformat(),
        },
        at=at,
    )
    return request


def _check(code: str, wording: Wording) -> None:
    try:
        code_shape(code)
    except ValidationError:
        raise BadInput(code_shape.message, field="code", article=25) from None
    if wording.kind not in Offer.Kind.values:
        raise BadInput(_("There is no such kind of offer."), field="kind", article=25)
    for name in WORDS:
        text = getattr(wording, name)
        if not text.strip():
            raise BadInput(_("Word the offer in both languages."), field=name, article=25)
        check_text(text, WORDS[name], article=25)
    if wording.valid_until_on < wording.valid_from_on:
        raise BadInput(_("An offer ends on the day it begins, or later."), field="valid_until_on", article=25)


def _check_may_take(account: CreditAccount | None, offer: Offer, on: date) -> None:
    if account is None or account.state == CreditAccount.State.CLOSED:
        raise CannotTakeOffer(_("Open your credit account first."), article=24)
    if not account.is_active:
        raise CannotTakeOffer(
            _("Your credit is suspended. Pay what is overdue, and offers are open to you again."), article=27
        )
    if not account.tier.value_added:
        raise CannotTakeOffer(
            _(
                "Offers are open from a higher score than yours. Your care and your limit do not depend"
                " on them."
            ),
            article=24,
        )
    if not Offer.objects.open_on(on).filter(pk=offer.pk).exists():
        raise CannotTakeOffer(
            _("%(lender)s takes no more requests for this offer."), article=25, lender=offer.lender.name
        )

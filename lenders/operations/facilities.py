"""The citizen asks, the lender answers, the citizen chooses (Articles 22, 23).

Everything here locks the person's credit account first: applications, answers, choices and charges of one
person happen one after another.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person
from accounts.operations.consents import give_consent
from accounts.operations.events import publish
from accounts.operations.notices import notify
from common.articles import enforces
from common.calendar import business_date
from common.errors import BadInput, Refusal
from common.statements import Statement, instance
from common.text import check_text
from credit.models import CreditAccount
from lenders import notices
from lenders.models import Facility, Lender, Product


class CannotApply(Refusal):
    code = "cannot_apply"
    articles = (23, 25, 26)
    meaning = _("An application to this lender is not possible as things stand.")


class CannotDecide(Refusal):
    code = "cannot_decide"
    articles = (22, 23, 25, 26)
    meaning = _("The application does not wait for this answer any more.")
    remedy = _("Fetch the application, and go on from its state.")


class CannotChooseLender(Refusal):
    code = "cannot_choose_lender"
    articles = (23,)
    meaning = _("Only a lender that has agreed, and may see the citizen, can be chosen.")
    remedy = _("Apply to the lender, or give it the consent again.")


class CannotCloseFacility(Refusal):
    code = "cannot_close_facility"
    articles = (23,)
    meaning = _("There is no agreement with this lender.")


class NoLender(Refusal):
    """No lender can take the bill; the desk shows why and takes another payment."""

    code = "no_lender"
    articles = (23,)
    meaning = _("No lender can take the bill.")
    remedy = _("Take another payment. The citizen can apply to a lender, or choose another.")


@enforces(23)
@transaction.atomic
def apply_for_facility(*, person: Person, product: Product, at: datetime) -> Facility:
    """Ask a lender for a product. While that request or its facility is live, asking again changes nothing.

    The lender's systems hear of it as `facility.applied`, with codes and no name. Raises CannotApply
    where the product is not on offer, the credit account is missing or closed, the consent to this lender
    is missing, or another product of this lender is live.
    """
    account = _lock_account(person)
    lender = product.lender
    live = Facility.objects.of(person).at(lender).live().first()
    if live and live.product_id == product.pk:
        return live
    if live:
        raise CannotApply(
            _("You already have %(product)s with %(lender)s. Close it first, then apply for another."),
            article=23,
            field="product",
            product=live.product.name,
            lender=lender.name,
        )
    if not product.is_on_offer(business_date(at)):
        raise CannotApply(
            _("%(product)s takes no new applications."), article=23, field="product", product=product.name
        )
    if account is None or account.state == CreditAccount.State.CLOSED:
        raise CannotApply(_("Open your credit account first, then choose a lender."), article=23)
    if account.state == CreditAccount.State.WITHDRAWN:
        raise CannotApply(
            _("You have withdrawn your consent to the scheme. Agree to it again, then apply."), article=26
        )
    if not _consented(person, lender):
        raise CannotApply(
            _("%(lender)s sees nothing of you without your consent. Give it, then apply."),
            article=26,
            field="consent",
            lender=lender.name,
        )
    facility = Facility.objects.create(person=person, product=product, lender=lender, applied_at=at)
    publish(
        clients=lender.clients.values_list("client", flat=True),
        name="facility.applied",
        payload={
            "facility": facility.reference,
            "credit_code": person.credit_code,
            "product": product.code,
            "applied_at": at.isoformat(),
        },
        at=at,
    )
    return facility


@enforces(25)
@transaction.atomic
def consent_and_apply(
    *, person: Person, product: Product, agreed: bool, channel: str = "", at: datetime
) -> Facility:
    """The citizen's own act on the lenders' page: agree that this one lender sees them, and apply.

    Nothing is agreed or asked unless the box was ticked. Raises as `apply_for_facility` does.
    """
    if not agreed:
        raise CannotApply(
            _("Tick the box to let %(lender)s see what it needs. Without it nothing is sent."),
            article=25,
            field="agreed",
            lender=product.lender.name,
        )
    _lock_account(person)
    give_consent(
        person=person, purpose=Consent.Purpose.LENDER, subject=product.lender.code, channel=channel, at=at
    )
    return apply_for_facility(person=person, product=product, at=at)


@enforces(23)
@transaction.atomic
def decide_application(*, facility: Facility, granted: bool, reason: str = "", at: datetime) -> Facility:
    """The lender's answer, which the citizen sees; the risk is the lender's (Articles 2, 23).

    A decline needs a reason. The first facility granted becomes the default if the person has none. The same
    answer again changes nothing. Raises BadInput, CannotDecide.
    """
    reason = reason.strip()
    if not granted and not reason:
        raise BadInput(_("Give the reason: the citizen will see it."), field="reason", article=23)
    check_text(reason, Facility.decision_reason.field, field="reason", article=23)
    account = _lock_account(facility.person)
    facility = _lock(facility)
    answer = Facility.State.GRANTED if granted else Facility.State.DECLINED
    if facility.state == answer:
        return facility
    if facility.state != Facility.State.APPLIED:
        raise CannotDecide(
            _("Application %(reference)s is not waiting for an answer: %(state)s."),
            article=23,
            reference=facility.reference,
            state=facility.get_state_display(),
        )
    if granted:
        _check_grantable(facility, account)
    facility.state, facility.decided_at, facility.decision_reason = answer, at, reason
    if granted:
        facility.is_default = not Facility.objects.of(facility.person).filter(is_default=True).exists()
    facility.save(update_fields=["state", "decided_at", "decision_reason", "is_default"])
    _tell(facility, notices.FACILITY_GRANTED if granted else notices.FACILITY_DECLINED, at, reason=reason)
    return facility


@enforces(23)
@transaction.atomic
def choose_default(*, person: Person, lender: Lender, at: datetime) -> Facility:
    """Let new bills go to this lender unless another is named. Bills already made stay where they are.

    Raises CannotChooseLender unless this lender granted a facility and may still see the person.
    """
    _lock_account(person)
    facility = Facility.objects.of(person).at(lender).usable().select_for_update(of=("self",)).first()
    if facility is None:
        raise CannotChooseLender(
            _("Choose a lender that has granted your application and that you allow to see it."),
            article=23,
            field="lender",
        )
    if not facility.is_default:
        Facility.objects.of(person).filter(is_default=True).update(is_default=False)
        facility.is_default = True
        facility.save(update_fields=["is_default"])
    return facility


@enforces(23)
@transaction.atomic
def close_facility(*, person: Person, lender: Lender, at: datetime) -> Facility:
    """Stop new use of a facility, or take an application back; owed bills stay owed.

    No other lender takes its place as the default: the citizen chooses. Closing twice changes nothing.
    Raises CannotCloseFacility where there never was one.
    """
    _lock_account(person)
    own = Facility.objects.of(person).at(lender).select_for_update(of=("self",))
    facility = own.live().first()
    if facility is None:
        closed = own.filter(state=Facility.State.CLOSED).first()
        if closed is None:
            raise CannotCloseFacility(
                _("You have no agreement with %(lender)s."), article=23, field="lender", lender=lender.name
            )
        return closed
    facility.state, facility.closed_at, facility.is_default = Facility.State.CLOSED, at, False
    facility.save(update_fields=["state", "closed_at", "is_default"])
    _tell(facility, notices.FACILITY_CLOSED, at)
    return facility


# `Facility.objects.usable()` of lenders that still take part, and no more of it than a charge needs.
def usable_by(people: str) -> str:
    """Part of a question: what new bills may draw on, of people whose ids are given as SQL.

    Granted by lenders that still take part, and the consent to that lender stands at this moment: withdrawing
    it stops new use at once.
    """
    return f"""
    SELECT facility.id, facility.person_id, facility.lender_id, facility.product_id, facility.is_default,
           lender.code, lender.name_zh, lender.name_en, product.interest_free_days, product.late_rate_ppm
      FROM lenders_facility facility
      JOIN lenders_lender lender ON lender.id = facility.lender_id
      JOIN lenders_product product ON product.id = facility.product_id
     WHERE facility.person_id = ANY({people}) AND facility.state = 'granted'
       AND lender.left_on IS NULL
       AND EXISTS (SELECT FROM accounts_consent consent
                    WHERE consent.person_id = facility.person_id AND consent.purpose = 'lender'
                      AND consent.subject = lender.code AND consent.withdrawn_at IS NULL
                   OFFSET 0)  -- one look by key, never a join with everybody's
     ORDER BY lender.code"""  # noqa: S608 - a question of ours


_USABLE = Statement(usable_by("%(people)s::bigint[]"))
_FACILITY = ("id", "person_id", "lender_id", "product_id", "is_default")
_LENDER = ("id", "code", "name_zh", "name_en")
_PRODUCT = ("id", "lender_id", "interest_free_days", "late_rate_ppm")


def usable_facilities(people: Iterable[int]) -> dict[int, list[Facility]]:
    """What new bills may draw on, by the ids of the people."""
    return facilities_from(_USABLE.run(people=list(people)))


def facilities_from(rows: Iterable[Sequence[Any]]) -> dict[int, list[Facility]]:
    """The same from the rows that `usable_by` asks for."""
    found: dict[int, list[Facility]] = defaultdict(list)
    for row in rows:
        _id, _person, lender_id, product_id, _is_default, *rest = row
        facility = instance(Facility, _FACILITY, row[:5])
        facility.lender = instance(Lender, _LENDER, [lender_id, *rest[:3]])
        facility.product = instance(Product, _PRODUCT, [product_id, lender_id, *rest[3:]])
        facility.product.lender = facility.lender
        found[facility.person_id].append(facility)
    return found


@enforces(23, 25)
def choose_facility(usable: Sequence[Facility], lender: Lender | None = None) -> Facility:
    """The facility that a new bill draws on: the named lender's, or else the default.

    Raises NoLender with what the citizen can do about it.
    """
    for facility in usable:
        if facility.lender_id == lender.pk if lender else facility.is_default:
            return facility
    if lender:
        raise NoLender(
            _("%(lender)s cannot take this bill: it has not agreed, or may not see the patient any more."),
            article=23,
            field="lender",
            lender=lender.name,
        )
    if usable:
        raise NoLender(
            _("No lender is chosen. Name one for this bill, or choose a default on the lenders page."),
            article=23,
            field="lender",
        )
    raise NoLender(
        _("No lender has agreed to pay yet. Apply to one on the lenders page; please pay on the spot today."),
        article=23,
        field="lender",
    )


def usable_facility(*, person: Person, lender: Lender | None = None) -> Facility:
    """The same for one person. Raises NoLender."""
    return choose_facility(usable_facilities([person.pk])[person.pk], lender)


def _lock_account(person: Person) -> CreditAccount | None:
    return CreditAccount.objects.select_for_update(no_key=True).filter(person=person).first()


def _lock(facility: Facility) -> Facility:
    rows = Facility.objects.select_for_update(of=("self",)).select_related("person", "lender", "product")
    return rows.get(pk=facility.pk)


def _consented(person: Person, lender: Lender) -> bool:
    return Consent.objects.in_force(person, Consent.Purpose.LENDER, lender.code).exists()


def _check_grantable(facility: Facility, account: CreditAccount | None) -> None:
    if not _consented(facility.person, facility.lender):
        raise CannotDecide(
            _("The citizen has withdrawn the consent to %(lender)s: the application can only be declined."),
            article=25,
            lender=facility.lender.name,
        )
    if facility.lender.left_on is not None:
        raise CannotDecide(
            _("%(lender)s has left the scheme: the application can only be declined."),
            article=22,
            lender=facility.lender.name,
        )
    if account is None or account.state == CreditAccount.State.CLOSED:
        raise CannotDecide(
            _("The citizen has closed the credit account: the application can only be declined."), article=26
        )
    if account.state == CreditAccount.State.WITHDRAWN:
        raise CannotDecide(
            _("The citizen has left the scheme for now: the application can only be declined."), article=26
        )


def _tell(facility: Facility, kind: notices.NoticeKind, at: datetime, **params: str) -> None:
    language = facility.person.language
    notify(
        person=facility.person,
        kind=kind,
        params={
            "lender": facility.lender.name_in(language),
            "product": facility.product.name_in(language),
            "reference": facility.reference,
            **params,
        },
        reference=f"facility:{facility.pk}:{kind.code}",
        at=at,
    )

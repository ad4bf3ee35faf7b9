"""Joining the scheme: from name, number and telephone to a limit and a lender asked (Articles 6, 26)."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Consent, Person, User
from accounts.operations.consents import give_consent
from accounts.operations.identity import TryAgainLater, prove
from accounts.operations.people import register_person, update_contact
from accounts.operations.phone_codes import check_code, send_code
from common.articles import enforces
from common.calendar import business_date
from common.errors import Refusal
from common.identity import check_resident_id, turns
from credit.models import CreditAccount
from credit.operations.accounts import CannotOpenAccount, open_account
from credit.operations.family import ADULT_YEARS
from credit.operations.participation import take_part
from credit.score_operator import ScoreOperatorUnavailable
from lenders.models import Facility, Product
from lenders.operations.facilities import CannotApply, consent_and_apply


class CannotEnrol(Refusal):
    code = "cannot_enrol"
    articles = (24, 26)
    meaning = _("This person cannot join, or has joined with another telephone.")


class UnderAge(Refusal):
    """A child has no account of its own."""

    code = "under_age"
    articles = (24,)
    meaning = _("Nobody under 18 has an account of their own: a parent shares theirs.")
    remedy = _("A parent who has joined adds the child on the family page.")


@dataclass(frozen=True)
class Applicant:
    """What somebody says who they are. Never written down in plain text."""

    name: str
    resident_id: str
    phone: str


@dataclass(frozen=True)
class Enrolment:
    """How far it went. `refusal` says why there is no account, or no application, yet."""

    user: User
    account: CreditAccount | None = None
    facility: Facility | None = None
    refusal: Refusal | None = None
    was_enrolled: bool = False


@enforces(26)
def prove_identity(*, applicant: Applicant, language: str, address: str, at: datetime) -> None:
    """Ask the register, then send a code to the telephone. Nothing of the applicant is kept.

    `address` is that of the network it is asked from. Raises UnderAge (Article 24),
    IdentityMismatch, TryAgainLater, BadInput, TooManyTries, TooManyCodes.
    """
    if turns(check_resident_id(applicant.resident_id).birth_on, ADULT_YEARS) > business_date(at):
        raise UnderAge(
            _(
                "Under 18 nobody has an account of their own: a parent shares theirs. Ask a parent to add you"
                " on their family page."
            ),
            article=24,
            field="resident_id",
        )
    prove(**asdict(applicant), address=address, at=at)
    send_code(phone=applicant.phone, language=language, address=address, at=at)


@enforces(6, 26)
def enrol(
    *,
    applicant: Applicant,
    code: str,
    product: Product,
    channel: str,
    language: str,
    address: str,
    at: datetime,
) -> Enrolment:
    """Let somebody in who has proved who they are and has agreed to scheme, score and this one lender.

    Whoever has no score yet is registered all the same and can `join` later without these steps. Raises
    TooManyTries, WrongCode, CannotRegister, CannotEnrol where the person signs in with another telephone.
    """
    check_code(phone=applicant.phone, code=code, address=address, at=at)
    user = _register(applicant, language, at)
    return join(user=user, product=product, channel=channel, at=at)


@enforces(9, 26)
def join(*, user: User, product: Product, channel: str, at: datetime) -> Enrolment:
    """The consents just given, the account that the score allows, and the application to the lender chosen.

    The score is fetched with no transaction open. Safe to repeat: what is there already stays as it is.
    """
    person = user.person
    if person is None:
        raise CannotEnrol(_("Only a citizen can open an account."), article=26)
    was_enrolled = CreditAccount.objects.filter(person=person).exclude(state="closed").exists()
    take_part(person=person, channel=channel, at=at)
    give_consent(person=person, purpose=Consent.Purpose.SCORE, channel=channel, at=at)
    try:
        account = open_account(person=person, at=at)
    except CannotOpenAccount as refusal:
        return Enrolment(user, refusal=refusal)
    except ScoreOperatorUnavailable:
        away = TryAgainLater(
            _("The score's operator does not answer just now. Please try again in a few minutes.")
        )
        return Enrolment(user, refusal=away)
    try:
        facility = consent_and_apply(person=person, product=product, agreed=True, channel=channel, at=at)
    except CannotApply as refusal:
        return Enrolment(user, account, refusal=refusal, was_enrolled=was_enrolled)
    return Enrolment(user, account, facility, was_enrolled=was_enrolled)


@transaction.atomic
def _register(applicant: Applicant, language: str, at: datetime) -> User:
    person = register_person(
        name=applicant.name,
        resident_id=applicant.resident_id,
        phone=applicant.phone,
        language=language,
        at=at,
    )
    # The lock lets two presses of one button make one user.
    person = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
    user = User.objects.filter(person=person).first()
    if user and person.phone != applicant.phone:
        raise CannotEnrol(
            _(
                "You have joined already, with the phone %(phone)s. Sign in with that one, or ask the service"
                " centre to change it."
            ),
            article=26,
            field="phone",
            phone=person.masked_phone,
        )
    if person.phone != applicant.phone:
        # A relative had registered this person; now the telephone is proved.
        person = update_contact(person=person, phone=applicant.phone, language=language)
    if user is None:
        user = User(username=person.credit_code, role=User.Role.CITIZEN, person=person)
        user.set_unusable_password()
        user.save()
    return user

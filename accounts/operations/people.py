"""Registering people and keeping their data right."""

from datetime import datetime

from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from accounts.models import Person
from common.articles import enforces
from common.errors import BadInput, Refusal
from common.identity import InvalidIdentity, check_resident_id, normalise_phone

MAX_NAME_LENGTH = 50


class CannotRegister(Refusal):
    """The identity number is already registered under another name."""

    code = "cannot_register"
    articles = (26,)
    meaning = _("The identity number is registered under another name.")
    remedy = _("Check number and name against the identity card. If both are right, ask the service centre.")


def _checked_name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > MAX_NAME_LENGTH or not name.isprintable():
        raise BadInput(_("Enter the name as it stands on the identity card."), article=26, field="name")
    return name


def _checked_phone(text: str) -> str:
    try:
        return normalise_phone(text) if text.strip() else ""
    except InvalidIdentity as invalid:
        raise BadInput(invalid.reason, article=26, field="phone") from None


@enforces(26, 32)
def register_person(
    *, name: str, resident_id: str, phone: str = "", language: str = "zh-hans", at: datetime
) -> Person:
    """The person with this identity number, made if need be (Article 26).

    The same number with the same name is the same row, untouched; with another name it is refused. Raises
    BadInput for what is not a name, an identity number or a mainland mobile number.
    """
    name = _checked_name(name)
    number = _checked_phone(phone)
    try:
        identity = check_resident_id(resident_id)
    except InvalidIdentity as invalid:
        raise BadInput(invalid.reason, article=26, field="resident_id") from None
    known = Person.objects.by_resident_id(identity.number).first()
    if known is None:
        person = Person(language=language, created_at=at)
        person.name, person.resident_id, person.phone = name, identity.number, number
        try:
            with transaction.atomic():
                person.save(force_insert=True)
            return person
        except IntegrityError:
            # Somebody else registered the same number in the meantime; anything else is not ours to hide.
            known = Person.objects.by_resident_id(identity.number).first()
            if known is None:
                raise
    if known.name != name:
        raise CannotRegister(
            _(
                "This identity number is registered under another name. Please check both, "
                "or ask the service centre."
            ),
            article=26,
            field="name",
        )
    return known


@enforces(26)
def update_contact(*, person: Person, phone: str, language: str | None = None) -> Person:
    """Puts the telephone and the language right (Article 26: people keep their data correct)."""
    with transaction.atomic():
        locked = Person.objects.select_for_update(no_key=True).get(pk=person.pk)
        locked.phone = _checked_phone(phone)
        locked.language = language or locked.language
        locked.save(update_fields=["phone_sealed", "phone_index", "language"])
    return locked

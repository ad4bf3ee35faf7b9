"""Proving to the register of identities who somebody is (Article 26)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.identity_check import IdentityRegisterUnavailable, check_identity
from accounts.operations.tries import count_try, forget_tries
from common.articles import enforces
from common.errors import Refusal

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# What the register answers → the input that it is about. Anything else concerns them all.
_FIELDS = {"name_differs": "name", "phone_differs": "phone", "unknown_number": "resident_id"}
_MISMATCH: dict[str, StrOrPromise] = {
    "name_differs": _("The name does not belong to this identity number. Check both."),
    "phone_differs": _("This phone is not registered to you. Use one that is in your own name."),
    "unknown_number": _("The register does not know this identity number. Check every digit."),
}


class IdentityMismatch(Refusal):
    """The register says that name, number and telephone do not belong together."""

    code = "identity_mismatch"
    status = 422
    articles = (26,)
    meaning = _("Name, identity number and telephone do not belong together.")
    remedy = _("Check each against the identity card and the contract of the telephone.")


class TryAgainLater(Refusal):
    """A counterpart does not answer. Nothing is lost."""

    code = "try_again_later"
    status = 503
    meaning = _("The register of identities or the operator of the score does not answer just now.")
    remedy = _("Nothing is lost. Try again in a few minutes.")


@enforces(26)
def prove(*, name: str, resident_id: str, phone: str = "", address: str, at: datetime) -> None:
    """Ask the register whether these belong together; nothing of them is kept.

    `address` is that of the network it is asked from, whose try counts unless it leads somewhere. No phone
    asks about name and number alone. Raises IdentityMismatch, TryAgainLater, TooManyTries.
    """
    count_try(address=address, at=at)
    try:
        answer = check_identity(name=name, resident_id=resident_id, phone=phone)
    except IdentityRegisterUnavailable:
        # Nobody was looked up, and the fault is not theirs.
        forget_tries(address=address, tries=1)
        raise TryAgainLater(
            _("The identity register does not answer just now. Please try again in a few minutes.")
        ) from None
    if not answer.match:
        unclear = _("Name, identity number and phone do not belong together. Check all three.")
        raise IdentityMismatch(
            _MISMATCH.get(answer.reason, unclear), article=26, field=_FIELDS.get(answer.reason)
        )
    forget_tries(address=address, tries=1)

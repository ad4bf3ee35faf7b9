"""The words that people consent to, one text a purpose, each on its own (Articles 9, 25, 26).

Change a text only together with its version: a consent row remembers the version that the person read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from accounts.models import Consent

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True)
class ConsentText:
    version: str
    title: StrOrPromise
    body: StrOrPromise


CONSENT_TEXTS: dict[str, ConsentText] = {
    Consent.Purpose.SCHEME: ConsentText(
        "2026-11",
        _("Take part in the scheme"),
        _(
            "I join of my own free will. The platform may keep the data that I give and what I use, "
            "bill and repay under the scheme. I can leave at any time; what I owe stays owed."
        ),
    ),
    Consent.Purpose.SCORE: ConsentText(
        "2026-11",
        _("Fetch my credit score"),
        _(
            "The platform may ask the score's operator for my score, now and each month, to set my limit. "
            "Lenders and hospitals never see the score. If I withdraw this, no new score is fetched."
        ),
    ),
    Consent.Purpose.LENDER: ConsentText(
        "2026-11",
        _("Show my application to this lender"),
        _(
            "The platform may give this lender my name, my identity number and what its decision and my "
            "bills need. It never gives diagnoses or single items of a bill. If I withdraw this, "
            "nothing new is shown."
        ),
    ),
    Consent.Purpose.MARKETING: ConsentText(
        "2026-11",
        _("Let this lender make me offers"),
        _(
            "This lender may contact me about its own offers. The scheme works the same without this, "
            "and I can withdraw it whenever I like."
        ),
    ),
}

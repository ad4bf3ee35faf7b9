"""What citizens fill in about lenders, and when they join."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from accounts.consent_texts import CONSENT_TEXTS
from accounts.models import Consent
from common.forms import CodeField, ConsentField, PhoneField, PlainForm, ResidentIdField
from lenders.comparison import Offer


class ApplyForm(PlainForm):
    """One consent to one lender, never ticked beforehand (Articles 25, 26)."""

    agreed = ConsentField(label=_("I agree that the platform shows my application to this lender."))


class AskForOfferForm(PlainForm):
    """The consent that this one lender may make contact, where it is not in force already (Article 25)."""

    agreed = ConsentField(
        label=CONSENT_TEXTS[Consent.Purpose.MARKETING].title,
        help_text=CONSENT_TEXTS[Consent.Purpose.MARKETING].body,
        error_messages={
            "required": _("The lender cannot answer without contacting you. Tick the box if you agree.")
        },
    )


class JoinForm(PlainForm):
    """The two consents without which nobody can join, each on its own (Articles 9, 26)."""

    scheme = ConsentField(
        label=CONSENT_TEXTS[Consent.Purpose.SCHEME].title,
        help_text=CONSENT_TEXTS[Consent.Purpose.SCHEME].body,
        error_messages={
            "required": _("Nobody joins without agreeing to take part. Tick the box if you agree.")
        },
    )
    score = ConsentField(
        label=CONSENT_TEXTS[Consent.Purpose.SCORE].title,
        help_text=CONSENT_TEXTS[Consent.Purpose.SCORE].body,
        error_messages={"required": _("Without your score there is no limit. Tick the box if you agree.")},
    )


class LenderForm(PlainForm):
    """The lender that the citizen chooses, and the consent to that one alone (Articles 23, 25)."""

    product = forms.ChoiceField(
        label=_("Your lender"),
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose a lender."), "invalid_choice": _("Choose a lender.")},
    )
    agreed = ConsentField(
        label=CONSENT_TEXTS[Consent.Purpose.LENDER].title,
        help_text=CONSENT_TEXTS[Consent.Purpose.LENDER].body,
        error_messages={
            "required": _("Without seeing it the lender cannot decide. Tick the box if you agree.")
        },
    )

    def __init__(self, *args: Any, offers: Iterable[Offer], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(offer.product.code, offer.product.lender.name) for offer in offers]
        cast(forms.ChoiceField, self.fields["product"]).choices = choices


class IdentityForm(PlainForm):
    """Who is joining, as the identity card and the telephone company have it."""

    name = forms.CharField(
        label=_("Full name"),
        max_length=50,
        help_text=_("As it stands on your identity card."),
        widget=forms.TextInput(attrs={"autocomplete": "name", "data-width": "20"}),
    )
    resident_id = ResidentIdField()
    phone = PhoneField(help_text=_("One that is registered in your own name. We send it a code."))


class OwnPhoneForm(PlainForm):
    """All that is still asked of whom an official account has vouched for."""

    phone = PhoneField(help_text=_("One that is registered in your own name. We send it a code."))


class CodeForm(PlainForm):
    """The code from the text message."""

    code = CodeField(label=_("Code from the text message"), one_time=True, max_length=20)

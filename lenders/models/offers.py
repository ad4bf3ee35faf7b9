"""Value-added services that lenders offer to the highest tier, and who asked for one (23, 24(4), 25)."""

from __future__ import annotations

from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import MD5, Concat
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.chained import append_only
from accounts.models import Person
from lenders.models.lenders import Bilingual, Lender, code_shape, new_reference


class OfferQuerySet(models.QuerySet["Offer"]):
    def open_on(self, on: date) -> Self:
        """What may be asked for on that date."""
        return self.filter(
            Q(lender__left_on__isnull=True) | Q(lender__left_on__gt=on),
            valid_from_on__lte=on,
            valid_until_on__gte=on,
            lender__joined_on__lte=on,
        )

    def neutral_order(self, on: date) -> Self:
        """Lenders as in `Lender.objects.neutral_order(on)`; a lender's own offers by code."""
        return self.alias(place=MD5(Concat(Value(f"{on.isoformat()}/"), F("lender__code")))).order_by(
            "place", "lender__code", "code"
        )


@pghistory.track()
class Offer(Bilingual):
    """A service that a lender offers beside the scheme, in words alone (Articles 24(4), 25).

    The lender may word it anew or end it; every wording is kept. There is no field for a gift, a price or a
    card: lenders must not compete on price or force a card, and no offer touches limit or care.
    """

    class Kind(models.TextChoices):
        INSTALMENTS = "instalments", _("Repayment in instalments")
        INSURANCE = "insurance", _("Insurance")
        HEALTH = "health", _("Health service")
        OTHER = "other", _("Other service")

    lender = models.ForeignKey(Lender, models.PROTECT, related_name="offers", verbose_name=_("lender"))
    code = models.CharField(_("code"), max_length=24, validators=[code_shape])
    kind = models.CharField(_("kind"), max_length=11, choices=Kind)
    description_zh = models.CharField(_("description, in Chinese"), max_length=500)
    description_en = models.CharField(_("description, in English"), max_length=1000)
    valid_from_on = models.DateField(_("from"))
    valid_until_on = models.DateField(_("until, this day included"))

    objects = OfferQuerySet.as_manager()

    class Meta:
        verbose_name = _("offer")
        verbose_name_plural = _("offers")
        ordering = ["lender", "code"]
        constraints = [
            models.UniqueConstraint(name="offer_code_once_a_lender", fields=["lender", "code"]),
            models.CheckConstraint(
                name="offer_code_shape", condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{1,23}$")
            ),
            models.CheckConstraint(
                name="offer_kind_known",
                condition=Q(kind__in=["instalments", "insurance", "health", "other"]),
            ),
            models.CheckConstraint(
                name="offer_worded_in_both_languages",
                condition=~Q(name_zh="") & ~Q(name_en="") & ~Q(description_zh="") & ~Q(description_en=""),
            ),
            models.CheckConstraint(
                name="offer_ends_after_it_begins", condition=Q(valid_until_on__gte=F("valid_from_on"))
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(name="offer_keeps_its_lender_and_code", fields=["lender", "code"]),
            pgtrigger.Protect(name="offer_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def description(self) -> str:
        """What the lender says of it, in the reader's language."""
        return self.description_zh if (get_language() or "zh").startswith("zh") else self.description_en


class OfferRequest(models.Model):
    """A citizen asked a lender for an offer, of their own will and with the consent to be contacted."""

    offer = models.ForeignKey(Offer, models.PROTECT, related_name="requests", verbose_name=_("offer"))
    person = models.ForeignKey(
        Person, models.PROTECT, related_name="offer_requests", verbose_name=_("citizen")
    )
    reference = models.CharField(
        _("reference"), max_length=16, unique=True, default=new_reference, editable=False
    )
    requested_at = models.DateTimeField(_("asked at"))

    class Meta:
        verbose_name = _("request for an offer")
        verbose_name_plural = _("requests for offers")
        ordering = ["-requested_at"]
        constraints = [
            models.UniqueConstraint(name="offer_asked_for_once_a_person", fields=["offer", "person"])
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return self.reference

"""Lenders, the products they registered, and the facilities they agreed with citizens."""

from __future__ import annotations

import base64
import secrets
from datetime import date
from typing import Self

import pghistory
import pgtrigger
from django.core.validators import MaxValueValidator, MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.functions import MD5, Concat
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from accounts.models import ApiClient, Consent, Person, User
from lenders.charges import percent

code_shape = RegexValidator(
    r"^[A-Z0-9][A-Z0-9-]{1,23}$", _("Use 2 to 24 capital letters, digits and hyphens.")
)


# Every lawful move of a facility; its docstring narrates them, the database refuses all others.
FACILITY_TRANSITIONS = [
    ("applied", "granted"),
    ("applied", "declined"),
    ("applied", "closed"),
    ("granted", "closed"),
]


class Bilingual(models.Model):
    """Something with a name in both languages, shown in the reader's."""

    name_zh = models.CharField(_("Chinese name"), max_length=100)
    name_en = models.CharField(_("English name"), max_length=200)

    class Meta:
        abstract = True

    @property
    def name(self) -> str:
        return self.name_in(get_language())

    def name_in(self, language: str | None) -> str:
        """For whoever reads in that language; Chinese where none is known."""
        return self.name_zh if (language or "zh").startswith("zh") else self.name_en


def new_reference() -> str:
    """A facility's public name: 16 characters that tell nothing of the person, the lender or the count."""
    return base64.b32encode(secrets.token_bytes(10)).decode()


class LenderQuerySet(models.QuerySet["Lender"]):
    def active(self, on: date) -> Self:
        """In the scheme on that date."""
        return self.filter(Q(left_on__isnull=True) | Q(left_on__gt=on), joined_on__lte=on)

    def neutral_order(self, on: date) -> Self:
        """An order that favours nobody (Articles 22, 23): by a hash of the date and the lender's code.

        The same for everyone all day, so that a reader who comes back finds what was seen and anyone can
        check the list; drawn anew each day, so that over the year each lender leads about as often as any
        other. No name, rate, size or fee can move a lender up.
        """
        return self.alias(place=MD5(Concat(Value(f"{on.isoformat()}/"), F("code")))).order_by("place", "code")

    def run_by(self, user: User) -> Self:
        """The lender that this person works for; nothing for anyone else."""
        return self.filter(staff__user=user)


class Lender(Bilingual):
    """A bank or an insurer that carries the risk of the credit it gives (Articles 2, 22)."""

    class Kind(models.TextChoices):
        BANK = "bank", _("Bank")
        INSURER = "insurer", _("Insurer")

    code = models.CharField(_("code"), max_length=24, unique=True, validators=[code_shape])
    kind = models.CharField(_("kind"), max_length=8, choices=Kind.choices)
    joined_on = models.DateField(_("joined on"))
    left_on = models.DateField(_("left on"), null=True, blank=True)

    objects = LenderQuerySet.as_manager()

    class Meta:
        verbose_name = _("lender")
        verbose_name_plural = _("lenders")
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                name="lender_code_shape", condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{1,23}$")
            ),
            models.CheckConstraint(name="lender_kind_known", condition=Q(kind__in=["bank", "insurer"])),
            models.CheckConstraint(
                name="lender_named_in_both_languages", condition=~Q(name_zh="") & ~Q(name_en="")
            ),
            models.CheckConstraint(
                name="lender_leaves_after_joining",
                condition=Q(left_on__isnull=True) | Q(left_on__gte=F("joined_on")),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    def is_active(self, on: date) -> bool:
        return self.joined_on <= on and (self.left_on is None or self.left_on > on)


class LenderFiling(models.Model):
    """That a lender's access was filed with an authority (Article 22): a fact to show, not a gate."""

    class Authority(models.TextChoices):
        REFORM_COMMISSION = "reform_commission", _("Development and reform commission")
        BANKING_REGULATOR = "banking_regulator", _("Banking regulator")

    lender = models.ForeignKey(Lender, models.PROTECT, related_name="filings", verbose_name=_("lender"))
    authority = models.CharField(_("authority"), max_length=20, choices=Authority.choices)
    filed_on = models.DateField(_("filed on"))
    document = models.CharField(_("document number"), max_length=100)

    class Meta:
        verbose_name = _("filing")
        verbose_name_plural = _("filings")
        constraints = [
            models.UniqueConstraint(
                name="one_filing_per_lender_and_authority", fields=["lender", "authority"]
            ),
            models.CheckConstraint(
                name="lender_filing_authority_known",
                condition=Q(authority__in=["reform_commission", "banking_regulator"]),
            ),
            models.CheckConstraint(name="lender_filing_has_a_document", condition=~Q(document="")),
        ]

    def __str__(self) -> str:
        return f"{self.get_authority_display()} {self.document}"


class ProductQuerySet(models.QuerySet["Product"]):
    def on_offer(self, on: date) -> Self:
        """Registered, not closed, and the lender still in the scheme."""
        return self.filter(
            Q(closed_on__isnull=True) | Q(closed_on__gt=on),
            Q(lender__left_on__isnull=True) | Q(lender__left_on__gt=on),
            registered_on__lte=on,
            lender__joined_on__lte=on,
        )

    def open_to(self, person: Person, on: date) -> Self:
        """What this person may apply for, and what they have though it is no longer on offer."""
        has = Facility.objects.of(person).live().filter(product=models.OuterRef("pk"))
        return self.on_offer(on) | self.filter(models.Exists(has))

    def neutral_order(self, on: date) -> Self:
        """Lenders as in `Lender.objects.neutral_order(on)`; a lender's own products by code."""
        return self.alias(place=MD5(Concat(Value(f"{on.isoformat()}/"), F("lender__code")))).order_by(
            "place", "lender__code", "code"
        )


@pghistory.track()
class Product(Bilingual):
    """What a lender registered: interest-free days, one rate for late fee and interest together (Article 23).

    Terms never change: other terms are another product, so that a facility keeps what was agreed. There is
    no field for gifts, discounts or cards: lenders must not compete on price or force a card (Article 25).
    """

    lender = models.ForeignKey(Lender, models.PROTECT, related_name="products", verbose_name=_("lender"))
    code = models.CharField(_("code"), max_length=24, unique=True, validators=[code_shape])
    service_zh = models.TextField(_("service, in Chinese"), max_length=500, blank=True, default="")
    service_en = models.TextField(_("service, in English"), max_length=500, blank=True, default="")
    interest_free_days = models.PositiveSmallIntegerField(
        _("interest-free days"), validators=[MinValueValidator(1), MaxValueValidator(366)]
    )
    late_rate_ppm = models.PositiveIntegerField(
        _("late rate, parts per million a year"),
        validators=[MaxValueValidator(1_000_000)],
        help_text=_("Late fee and interest together, simple, a year: 45000 is 4.5 %."),
    )
    registered_on = models.DateField(_("registered on"))
    closed_on = models.DateField(_("closed from"), null=True, blank=True)

    objects = ProductQuerySet.as_manager()

    class Meta:
        verbose_name = _("product")
        verbose_name_plural = _("products")
        ordering = ["lender", "code"]
        constraints = [
            models.CheckConstraint(
                name="product_code_shape", condition=Q(code__regex=r"^[A-Z0-9][A-Z0-9-]{1,23}$")
            ),
            models.CheckConstraint(
                name="product_named_in_both_languages", condition=~Q(name_zh="") & ~Q(name_en="")
            ),
            models.CheckConstraint(
                name="product_interest_free_days_sane",
                condition=Q(interest_free_days__gte=1, interest_free_days__lte=366),
            ),
            models.CheckConstraint(
                name="product_late_rate_sane", condition=Q(late_rate_ppm__gte=0, late_rate_ppm__lte=1_000_000)
            ),
            models.CheckConstraint(
                name="product_closes_after_it_opens",
                condition=Q(closed_on__isnull=True) | Q(closed_on__gte=F("registered_on")),
            ),
        ]
        triggers = [
            pgtrigger.ReadOnly(
                name="product_keeps_its_terms",
                fields=["lender", "code", "interest_free_days", "late_rate_ppm", "registered_on"],
            ),
            pgtrigger.Protect(name="product_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return f"{self.code} {self.name}"

    @property
    def service(self) -> str:
        """What the lender says it does, in the reader's language."""
        return self.service_zh if (get_language() or "zh").startswith("zh") else self.service_en

    @property
    def late_rate_percent(self) -> str:
        """The late rate for people: `4.5`, `3.65`, never rounded."""
        return percent(self.late_rate_ppm)

    def is_on_offer(self, on: date) -> bool:
        return (
            self.registered_on <= on
            and (self.closed_on is None or self.closed_on > on)
            and self.lender.is_active(on)
        )


class FacilityQuerySet(models.QuerySet["Facility"]):
    def of(self, person: Person) -> Self:
        return self.filter(person=person)

    def at(self, lender: Lender) -> Self:
        return self.filter(lender=lender)

    def applied(self) -> Self:
        return self.filter(state=Facility.State.APPLIED)

    def granted(self) -> Self:
        return self.filter(state=Facility.State.GRANTED)

    def live(self) -> Self:
        """Applied for or granted: at most one per person and lender."""
        return self.filter(state__in=Facility.LIVE)

    def with_consent(self) -> Self:
        """Adds `consented`: does the person let the lender see them at this moment? (Articles 9, 25, 26)"""
        return self.annotate(
            consented=models.Exists(
                Consent.objects.filter(
                    person=models.OuterRef("person"),
                    purpose=Consent.Purpose.LENDER,
                    subject=models.OuterRef("lender__code"),
                    withdrawn_at=None,
                )
            )
        )

    def usable(self) -> Self:
        """Those that new bills may draw on: granted, and the consent stands at this moment."""
        return self.granted().with_consent().filter(consented=True)


class Facility(models.Model):
    """A citizen's agreement with one lender to pay bills up to the scheme's limit (Articles 22, 23).

    A facility is *applied* when the citizen asks a lender for a product. The lender answers: *granted*, or
    *declined* with a reason that the citizen sees. A granted one can pay new bills while the consent to that
    lender stands; the first becomes the person's default, and the citizen may choose another, or another for
    one bill. The citizen closes it at any time, before the answer (the application is taken back) or after:
    *closed*. So does the lender's leaving the scheme. Declined and closed are final; asking again is a new
    facility. Bills already made stay owed under the facility that made them, whatever its state.
    """

    class State(models.TextChoices):
        APPLIED = "applied", _("Waiting for the lender")
        GRANTED = "granted", _("Granted")
        DECLINED = "declined", _("Declined")
        CLOSED = "closed", _("Closed")

    LIVE = (State.APPLIED, State.GRANTED)

    person = models.ForeignKey(Person, models.PROTECT, related_name="facilities", verbose_name=_("citizen"))
    product = models.ForeignKey(Product, models.PROTECT, related_name="facilities", verbose_name=_("product"))
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="facilities", verbose_name=_("lender"))
    reference = models.CharField(
        _("reference"), max_length=16, unique=True, default=new_reference, editable=False
    )
    state = models.CharField(_("state"), max_length=8, choices=State.choices, default=State.APPLIED)
    applied_at = models.DateTimeField(_("applied at"))
    decided_at = models.DateTimeField(_("decided at"), null=True, blank=True)
    decision_reason = models.CharField(_("reason"), max_length=500, blank=True, default="")
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    is_default = models.BooleanField(_("default"), default=False)

    objects = FacilityQuerySet.as_manager()

    class Meta:
        verbose_name = _("facility")
        verbose_name_plural = _("facilities")
        ordering = ["-applied_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                name="one_live_facility_per_person_and_lender",
                fields=["person", "lender"],
                condition=Q(state__in=["applied", "granted"]),
            ),
            models.UniqueConstraint(
                name="one_default_facility_per_person", fields=["person"], condition=Q(is_default=True)
            ),
            models.CheckConstraint(
                name="facility_state_known",
                condition=Q(state__in=["applied", "granted", "declined", "closed"]),
            ),
            models.CheckConstraint(
                name="facility_default_is_granted", condition=Q(is_default=False) | Q(state="granted")
            ),
            models.CheckConstraint(
                name="facility_decided_when_answered",
                condition=Q(state="applied", decided_at__isnull=True)
                | Q(state__in=["granted", "declined"], decided_at__isnull=False)
                | Q(state="closed"),
            ),
            models.CheckConstraint(
                name="facility_declined_with_a_reason",
                condition=~Q(state="declined") | ~Q(decision_reason=""),
            ),
            models.CheckConstraint(
                name="facility_closed_when_it_says_so",
                condition=Q(state="closed", closed_at__isnull=False)
                | (~Q(state="closed") & Q(closed_at__isnull=True)),
            ),
        ]
        triggers = [
            pgtrigger.FSM(
                name="facility_moves",
                field="state",
                transitions=FACILITY_TRANSITIONS,
            ),
            pgtrigger.Trigger(
                name="facility_starts_applied",
                when=pgtrigger.Before,
                operation=pgtrigger.Insert,
                func=pgtrigger.Func(
                    """
                    IF NEW.state <> 'applied' THEN
                        RAISE EXCEPTION 'facility_starts_applied: a facility begins as an application'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    IF (SELECT lender_id FROM lenders_product WHERE id = NEW.product_id) <> NEW.lender_id THEN
                        RAISE EXCEPTION 'facility_starts_applied: the product is another lender''s'
                            USING ERRCODE = 'check_violation';
                    END IF;
                    RETURN NEW;
                    """
                ),
            ),
            pgtrigger.ReadOnly(
                name="facility_keeps_its_parties",
                fields=["person", "product", "lender", "reference", "applied_at"],
            ),
            pgtrigger.Protect(name="facility_is_kept", operation=pgtrigger.Delete),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_live(self) -> bool:
        return self.state in self.LIVE


class LenderStaff(models.Model):
    """A person who works for one lender, and sees that lender's facilities and no other's."""

    user = models.OneToOneField(User, models.PROTECT, related_name="lender_post", verbose_name=_("user"))
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="staff", verbose_name=_("lender"))

    class Meta:
        verbose_name = _("member of staff")
        verbose_name_plural = _("staff")

    def __str__(self) -> str:
        return f"{self.user} · {self.lender_id}"


class LenderClient(models.Model):
    """The API client by which a lender's own system speaks for that lender."""

    client = models.OneToOneField(
        ApiClient, models.PROTECT, related_name="lender_client", verbose_name=_("client")
    )
    lender = models.ForeignKey(Lender, models.PROTECT, related_name="clients", verbose_name=_("lender"))

    class Meta:
        verbose_name = _("API client")
        verbose_name_plural = _("API clients")

    def __str__(self) -> str:
        return f"{self.client} · {self.lender_id}"

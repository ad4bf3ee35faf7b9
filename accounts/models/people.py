import secrets
import uuid
from datetime import datetime, time, timedelta

from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from common.calendar import SHANGHAI
from common.crypto import blind_index, decrypt, encrypt
from common.masking import mask_name, mask_phone, mask_resident_id

# Crockford's base32: no I, L, O or U, so that a code survives a telephone and a scanner.
CODE_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
CODE_LENGTH = 12


def new_credit_code() -> str:
    """60 random bits: public, but not to be guessed."""
    return "".join(secrets.choice(CODE_LETTERS) for _position in range(CODE_LENGTH))


def canonical_credit_code(text: str) -> str:
    """Forgives spaces, hyphens, small letters, and the letters that are taken for digits."""
    plain = "".join(text.split()).replace("-", "").upper()
    return plain.translate(str.maketrans("OIL", "011"))


class PersonQuerySet(models.QuerySet["Person"]):
    """Finds people without ever putting a name or a number into a query in plain text."""

    def by_resident_id(self, text: str) -> "PersonQuerySet":
        return self.filter(resident_id_index=blind_index(text.strip().upper(), "resident_id"))

    def by_phone(self, text: str) -> "PersonQuerySet":
        """Several people may share a telephone: a family often does."""
        return self.filter(phone_index=blind_index(text.strip(), "phone"))

    def by_credit_code(self, text: str) -> "PersonQuerySet":
        return self.filter(credit_code=canonical_credit_code(text))


class Person(models.Model):
    """A citizen, an account holder or not. Name, identity number and telephone are sealed (Article 32).

    Each is SM4-GCM under `uid` and the field's name, so that no value can be moved to another row or column.
    Set them by their properties; nothing of them appears in `str`, logs or errors.
    """

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    name_sealed = models.TextField()
    resident_id_sealed = models.TextField()
    resident_id_index = models.CharField(max_length=64)
    phone_sealed = models.TextField(blank=True, default="")
    phone_index = models.CharField(max_length=64, blank=True, default="")
    credit_code = models.CharField(max_length=CODE_LENGTH, default=new_credit_code, editable=False)
    language = models.CharField(max_length=10, default="zh-hans")
    # Of their own choice: in which hours of Shanghai they may be texted, and whether for what is needed only.
    texts_from_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    texts_until_hour = models.PositiveSmallIntegerField(null=True, blank=True)
    needed_texts_only = models.BooleanField(default=False, db_default=False)
    created_at = models.DateTimeField()

    objects = PersonQuerySet.as_manager()

    class Meta:
        verbose_name = _("person")
        verbose_name_plural = _("people")
        constraints = [
            models.UniqueConstraint(fields=["resident_id_index"], name="person_resident_id_once"),
            models.UniqueConstraint(fields=["credit_code"], name="person_credit_code_once"),
            models.CheckConstraint(
                condition=Q(name_sealed__regex="^v[^:]+:")
                & Q(resident_id_sealed__regex="^v[^:]+:")
                & (Q(phone_sealed="") | Q(phone_sealed__regex="^v[^:]+:")),
                name="person_is_sealed",
            ),
            models.CheckConstraint(
                condition=Q(phone_sealed="", phone_index="") | (~Q(phone_sealed="") & ~Q(phone_index="")),
                name="person_phone_has_its_index",
            ),
            models.CheckConstraint(
                condition=Q(credit_code__regex=f"^[{CODE_LETTERS}]{{{CODE_LENGTH}}}$"),
                name="person_credit_code_is_base32",
            ),
            models.CheckConstraint(
                condition=Q(texts_from_hour=None, texts_until_hour=None)
                | Q(
                    texts_from_hour__isnull=False,
                    texts_until_hour__gt=F("texts_from_hour"),
                    texts_until_hour__lte=24,
                ),
                name="person_texts_in_one_span_of_hours",
            ),
        ]
        indexes = [models.Index(fields=["phone_index"], name="person_by_phone")]

    def __str__(self) -> str:
        return self.credit_code

    def __repr__(self) -> str:
        return f"<Person {self.credit_code}>"

    def bound_to(self, field: str) -> bytes:
        """What a sealed value of this row's field can be opened with, and with nothing else."""
        return self.uid.bytes + field.encode()

    @property
    def name(self) -> str:
        return decrypt(self.name_sealed, self.bound_to("name"))

    @name.setter
    def name(self, text: str) -> None:
        self.name_sealed = encrypt(text, self.bound_to("name"))

    @property
    def resident_id(self) -> str:
        return decrypt(self.resident_id_sealed, self.bound_to("resident_id"))

    @resident_id.setter
    def resident_id(self, text: str) -> None:
        number = text.strip().upper()
        self.resident_id_sealed = encrypt(number, self.bound_to("resident_id"))
        self.resident_id_index = blind_index(number, "resident_id")

    @property
    def phone(self) -> str:
        """Empty where none is known."""
        return decrypt(self.phone_sealed, self.bound_to("phone")) if self.phone_sealed else ""

    @phone.setter
    def phone(self, text: str) -> None:
        number = text.strip()
        self.phone_sealed = encrypt(number, self.bound_to("phone")) if number else ""
        self.phone_index = blind_index(number, "phone") if number else ""

    def next_text_at(self, at: datetime, *, otherwise: tuple[int, int] | None = None) -> datetime:
        """When they may be texted: now, inside the hours that they chose, or the next time those begin.

        `otherwise` are the hours for whoever has chosen none; without them it is always now.
        """
        hours = otherwise
        if self.texts_from_hour is not None and self.texts_until_hour is not None:
            hours = self.texts_from_hour, self.texts_until_hour
        local = at.astimezone(SHANGHAI)
        if hours is None or hours[0] <= local.hour < hours[1]:
            return at
        days = timedelta(days=1 if local.hour >= hours[1] else 0)
        return datetime.combine(local.date() + days, time(hours[0]), SHANGHAI)

    @property
    def masked_name(self) -> str:
        return mask_name(self.name)

    @property
    def masked_resident_id(self) -> str:
        return mask_resident_id(self.resident_id)

    @property
    def masked_phone(self) -> str:
        return mask_phone(self.phone)


class User(AbstractUser):
    """Somebody who signs in. What a role may do stands with what it is done to.

    A citizen's user is tied to a person and carries no name, address or telephone of its own, the username
    included: those would stand in plain text.
    """

    class Role(models.TextChoices):
        CITIZEN = "citizen", _("citizen")
        CASHIER = "cashier", _("cashier")
        HOSPITAL_ADMIN = "hospital_admin", _("hospital administrator")
        OPERATOR = "operator", _("operator")
        REGULATOR = "regulator", _("regulator")
        LENDER = "lender", _("lender")
        AUDITOR = "auditor", _("auditor")

    class Bureau(models.TextChoices):
        """The bureaus whose duties Article 4 divides; for a regulator's sign-in."""

        DEVELOPMENT = "development", _("Development and reform commission")
        HEALTH = "health", _("Health commission")
        FINANCE = "finance", _("Finance bureau")
        INDUSTRY = "industry", _("Industry and big-data bureau")
        INSURANCE = "insurance", _("Medical insurance bureau")
        BANKING = "banking", _("Banking regulator")

    role = models.CharField(_("role"), max_length=20, choices=Role.choices, default=Role.CITIZEN)
    bureau = models.CharField(
        _("bureau"), max_length=11, choices=Bureau.choices, blank=True, default="", db_default=""
    )
    person = models.OneToOneField(
        Person, on_delete=models.PROTECT, null=True, blank=True, related_name="user", verbose_name=_("person")
    )
    # Sign-ins begun up to then are over.
    signed_out_at = models.DateTimeField(_("signed out everywhere"), null=True, blank=True, editable=False)

    class Meta(AbstractUser.Meta):  # type: ignore[name-defined, misc]
        abstract = False
        constraints = [
            models.CheckConstraint(
                condition=Q(
                    role__in=[
                        "citizen",
                        "cashier",
                        "hospital_admin",
                        "operator",
                        "regulator",
                        "lender",
                        "auditor",
                    ]
                ),
                name="user_role_is_known",
            ),
            models.CheckConstraint(
                condition=~Q(role="citizen") | Q(first_name="", last_name="", email=""),
                name="user_citizen_holds_no_plain_data",
            ),
            models.CheckConstraint(
                condition=Q(person=None) | Q(role="citizen"), name="user_person_is_a_citizen"
            ),
            models.CheckConstraint(
                condition=Q(bureau="")
                | Q(
                    role="regulator",
                    bureau__in=["development", "health", "finance", "industry", "insurance", "banking"],
                ),
                name="user_bureau_is_a_regulators",
            ),
        ]

    def __str__(self) -> str:
        return self.username

    @property
    def is_citizen(self) -> bool:
        return self.role == self.Role.CITIZEN

    @property
    def is_finance_bureau(self) -> bool:
        """Decides what public hospitals are given for rebuilding their systems (Article 4)."""
        return self.role == self.Role.REGULATOR and self.bureau == self.Bureau.FINANCE


class PhoneCode(models.Model):
    """Six digits sent to a telephone: five minutes, five tries, one use. Only their keyed hash is kept."""

    MAX_TRIES = 5

    uid = models.UUIDField(default=uuid.uuid4, editable=False, unique=True)
    phone_index = models.CharField(max_length=64)
    code_hash = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    tries = models.PositiveSmallIntegerField(default=0)
    used_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = _("telephone code")
        verbose_name_plural = _("telephone codes")
        constraints = [
            models.CheckConstraint(condition=Q(tries__lte=5), name="phone_code_five_tries"),
            models.CheckConstraint(
                condition=Q(used_at=None) | Q(used_at__lt=F("expires_at")), name="phone_code_used_in_time"
            ),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("created_at")), name="phone_code_expires_later"
            ),
        ]
        indexes = [models.Index(fields=["phone_index", "-created_at"], name="phone_code_newest")]

    def __str__(self) -> str:
        return str(self.uid)


class AddressTries(models.Model):
    """How often a network address has tried to prove who somebody is, since the first try of its hour.

    Of the address only a keyed hash is kept.
    """

    MOST = 20

    address_index = models.CharField(max_length=64)
    tries = models.PositiveSmallIntegerField()
    since_at = models.DateTimeField()

    class Meta:
        verbose_name = _("tries of a network address")
        verbose_name_plural = _("tries of network addresses")
        constraints = [
            models.UniqueConstraint(fields=["address_index"], name="address_tries_one_row"),
            models.CheckConstraint(condition=Q(tries__lte=20), name="address_tries_at_most_twenty"),
        ]

    def __str__(self) -> str:
        return f"{self.tries} since {self.since_at}"

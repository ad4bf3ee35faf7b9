"""What a cashier types, and the ticket that carries what was checked to where it is done."""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import asdict
from datetime import date
from typing import Any, cast

from django import forms
from django.core import signing
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from accounts.models import User
from accounts.models.people import CODE_LENGTH, CODE_LETTERS
from billing.models import Refund
from billing.operations.charges import Insurance
from billing.operations.desk import Giving, Order, Terms
from billing.patient_codes import CODE_LENGTH as PATIENT_CODE_LENGTH
from common.forms import CodeField, PlainForm, YuanField
from common.identity import InvalidIdentity, check_resident_id
from common.numbers import is_number
from hospitals.models import Hospital, HospitalScene, Scene
from lenders.models import Lender

# ¥9,999,999.99: more than any bill, less than anything that a scanner sends.
MOST_AT_DESK_FEN = 999_999_999
TICKET_LASTS_SECONDS = 30 * 60

# Anything long with a digit in it, or a code of a person, which may have none.
_SCANNED = re.compile(
    rf"(?=.*[0-9])[0-9A-Za-z-]{{8,}}|[{CODE_LETTERS}]{{{CODE_LENGTH}}}|[{CODE_LETTERS}]{{{PATIENT_CODE_LENGTH}}}"
)


class PlainTextField(forms.CharField):
    """Words: control and direction characters go, everything else stays as typed. NUL is refused, and so is
    an identity number: a scan that landed here, which must not stand in a list in plain text.
    """

    def to_python(self, value: Any) -> str:
        text = super().to_python(value) or ""
        return "".join(sign for sign in text if sign == "\0" or unicodedata.category(sign)[0] != "C").strip()

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        refuse_scan(text)
        return text


class DeskCodeField(CodeField):
    """A number of the hospital's: an identity number, which a scanner sent into the wrong box, is refused."""

    def clean(self, value: Any) -> str:
        text = super().clean(value)
        refuse_scan(text)
        return text


def refuse_scan(text: str) -> None:
    """Raises ValidationError for words with somebody's identity number in them."""
    plain = "".join(unicodedata.normalize("NFKC", text).split()).upper()
    for start in range(len(plain) - 17):
        try:
            check_resident_id(plain[start : start + 18])
        except InvalidIdentity:
            continue
        raise ValidationError(
            _("A scan landed here. Nothing was kept; scan it into the box of the patient."), code="scanned"
        )


class DeskAmountField(YuanField):
    """An amount at the desk: what a scanner sends into it by mistake is refused, not charged."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("maximum_fen", MOST_AT_DESK_FEN)
        super().__init__(**kwargs)

    def clean(self, value: Any) -> int | None:  # type: ignore[override]
        plain = "".join(unicodedata.normalize("NFKC", str(value or "")).split())
        if _SCANNED.fullmatch(plain):
            raise ValidationError(
                _("A scan landed here instead of an amount. Nothing was charged; type the amount."),
                code="scanned",
            )
        return super().clean(value)


def _choice_field(form: forms.Form, name: str) -> forms.ChoiceField:
    return cast(forms.ChoiceField, form.fields[name])


def lead_with(form: forms.Form, name: str) -> None:
    """Let the work start in this field, or, once there is something to check or mend, Esc lead back to it."""
    later = form.is_bound or bool(form.initial.get(name))
    form.fields[name].widget.attrs |= {"data-key": "Escape"} if later else {"data-focus": True}


class PatientSearch(PlainForm):
    """One box for a scanner: it sends what it reads, and Enter."""

    patient = CodeField(
        label=_("Patient's code or resident ID"),
        help_text=_("Scan the code on the patient's phone or the identity card, or type it."),
        widget=forms.TextInput(attrs={"data-focus": True, "data-scan": True, "data-width": "20"}),
    )


class NumberSearch(PlainForm):
    """The number of a bill, as printed on its slip."""

    number = CodeField(
        label=_("Bill number"),
        help_text=_("Scan or type it from the slip, for example B20261122-0000123-7."),
        widget=forms.TextInput(attrs={"data-focus": True, "data-scan": True, "data-width": "20"}),
        error_messages={"required": _("Enter the number of the bill.")},
    )

    def clean_number(self) -> str:
        text = self.cleaned_data["number"].upper()
        if not is_number(text) or text[0] not in "BV":
            raise ValidationError(
                _("This is no bill number: a digit may be mistyped. Look at the slip again."), code="invalid"
            )
        return text


class VisitSearch(PlainForm):
    """The platform's or the hospital's own number of a visit; nonsense finds nothing and breaks nothing."""

    number = CodeField(
        label=_("Visit number"),
        required=False,
        widget=forms.TextInput(attrs={"data-scan": True, "data-width": "20"}),
    )


class InsuranceFields(PlainForm):
    """The three parts that insurance pays."""

    pooled_fund_fen = DeskAmountField(label=_("Pooled fund"), minimum_fen=0, required=False)
    personal_account_fen = DeskAmountField(label=_("Personal account"), minimum_fen=0, required=False)
    other_fen = DeskAmountField(label=_("Other"), minimum_fen=0, required=False)

    PARTS = ("pooled_fund_fen", "personal_account_fen", "other_fen")

    def parts(self) -> Insurance:
        return Insurance(**{name: self.cleaned_data.get(name) or 0 for name in self.PARTS})

    def insurance_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in self.PARTS]


class InsuranceStep(InsuranceFields):
    """Has the mobile insurance settlement been done? Until somebody says so it has not (Article 17)."""

    MISSING, SETTLED, NONE = "missing", "settled", "none"
    INSURED = ((MISSING, _("Not done yet")), (SETTLED, _("Done")), (NONE, _("No insurance")))

    insured = forms.ChoiceField(
        label=_("Mobile insurance settlement"),
        choices=INSURED,
        initial=MISSING,
        widget=forms.RadioSelect,
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        typed = [name for name in self.PARTS if data.get(name)]
        if data.get("insured") == self.SETTLED:
            if not typed and not self.errors:
                self.add_error(
                    "pooled_fund_fen",
                    _("Enter what insurance paid, or choose “Not done yet” or “No insurance”."),
                )
        elif typed:
            self.add_error("insured", _("Insurance parts are entered: choose “Done”, or empty them."))
        return data

    def insurance(self) -> Insurance | None:
        """None while it is not settled; nothing paid where there is none."""
        return None if self.cleaned_data["insured"] == self.MISSING else self.parts()


def insured_as(insurance: Insurance | None) -> dict[str, Any]:
    """What the insurance step starts with, to say this."""
    if insurance is None:
        return {"insured": InsuranceStep.MISSING}
    if not insurance.total_fen:
        return {"insured": InsuranceStep.NONE}
    return {"insured": InsuranceStep.SETTLED, **asdict(insurance)}


def _lender_choices(lenders: tuple[Lender, ...], default: Lender | None) -> list[tuple[str, Any]]:
    """The payer's default first, as nothing chosen; without a default one has to be named (Article 23)."""
    first = (
        _("%(lender)s (the payer's default)") % {"lender": default.name} if default else _("Choose a lender")
    )
    return [("", first), *((lender.code, lender.name) for lender in lenders if lender != default)]


class SceneAndLender(PlainForm):
    """Where the service was given, and whose money: only what this hospital and this payer have."""

    scene = forms.ChoiceField(label=_("Service"))
    lender = forms.ChoiceField(label=_("Lender"), required=False)
    hospital_visit_no = DeskCodeField(label=_("Hospital's visit number"), required=False, max_length=64)

    def __init__(
        self,
        *args: Any,
        hospital: Hospital,
        on: date,
        lenders: tuple[Lender, ...] = (),
        default: Lender | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        live = set(HospitalScene.objects.live(on).filter(hospital=hospital).values_list("scene", flat=True))
        self.lenders = {lender.code: lender for lender in lenders}
        _choice_field(self, "scene").choices = [
            (value, label) for value, label in Scene.choices if value in live
        ]
        lender_field = _choice_field(self, "lender")
        lender_field.choices = _lender_choices(lenders, default)
        lender_field.required = default is None
        if len(lender_field.choices) < 2:
            del self.fields["lender"]

    def lender_named(self) -> Lender | None:
        return self.lenders.get(self.cleaned_data.get("lender") or "")


class ChargeForm(SceneAndLender, InsuranceStep):
    """The amount first: Enter after its digits is enough for everything else that is usual."""

    self_paid_fen = DeskAmountField(label=_("Self-paid amount"))
    item = PlainTextField(label=_("Item"), required=False, max_length=100)

    field_order = (
        "self_paid_fen",
        "scene",
        "insured",
        *InsuranceFields.PARTS,
        "item",
        "hospital_visit_no",
        "lender",
    )

    def order(self) -> Order:
        return Order(
            scene=self.cleaned_data["scene"],
            self_paid_fen=self.cleaned_data["self_paid_fen"],
            insurance=self.insurance(),
            item=self.cleaned_data["item"],
            lender=self.lender_named(),
            hospital_visit_no=self.cleaned_data["hospital_visit_no"],
        )


class OnceForm(PlainForm):
    """Carries the one-time token by which a form counts once."""

    token = forms.UUIDField(widget=forms.HiddenInput, initial=uuid.uuid4)


class OpenVisitForm(SceneAndLender, OnceForm):
    hold_fen = DeskAmountField(
        label=_("Hold"),
        minimum_fen=0,
        help_text=_("Kept aside for this visit instead of a deposit; what is not used is released."),
    )

    field_order = ("hold_fen", "scene", "hospital_visit_no", "lender")


class ItemForm(OnceForm):
    name = PlainTextField(label=_("Item"), max_length=100)
    amount_fen = DeskAmountField(label=_("Amount"))


class SettleForm(InsuranceStep):
    """The insurance step of a visit's end; the items are already reported, and so may its insurance be."""

    def __init__(self, *args: Any, reported: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if reported:
            _choice_field(self, "insured").choices = [
                choice for choice in InsuranceStep.INSURED if choice[0] != self.MISSING
            ]


# Insurance has a step of its own, and an upheld objection is answered by the operator.
REASONS = (Refund.Reason.NOT_USED, Refund.Reason.WRONG_AMOUNT, Refund.Reason.OTHER)


class RefundForm(PlainForm):
    amount_fen = DeskAmountField(label=_("Amount to refund"))
    reason = forms.ChoiceField(
        label=_("Reason for the refund"),
        choices=[(reason.value, reason.label) for reason in REASONS],
        widget=forms.RadioSelect,
        error_messages={"required": _("Choose the reason of the refund.")},
    )
    note = PlainTextField(
        label=_("Note"), required=False, max_length=200, help_text=_("Needed where the reason is “other”.")
    )

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if data.get("reason") == Refund.Reason.OTHER and not data.get("note") and "note" not in self.errors:
            self.add_error("note", _("Write what the refund is for."))
        return data


class LateInsuranceForm(InsuranceFields):
    """The insurance part of a bill that was charged without it."""

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if not self.errors and not any(data.get(name) for name in self.PARTS):
            self.add_error("pooled_fund_fen", _("Enter what insurance pays."))
        return data


class StaleTicket(ValueError):
    """The check is too old, or not this cashier's: check again."""


class Ticket(PlainForm):
    """Carries what was checked, signed, with a one-time token: what is done is what was shown."""

    ticket = forms.CharField(widget=forms.HiddenInput, max_length=4_000)
    again = forms.BooleanField(required=False)


def write_ticket(*, act: str, subject: str, cashier: User, **content: Any) -> str:
    """A ticket for one act on one patient, bill or visit, for this cashier and half an hour."""
    return signing.dumps(
        {"token": uuid.uuid4().hex, "act": act, "subject": subject, "cashier": cashier.pk, **content},
        salt="billing.desk",
        compress=True,
    )


def read_ticket(text: str, *, act: str, subject: str, cashier: User) -> dict[str, Any]:
    """What a ticket for this act on this subject carries, its token as a UUID. Raises StaleTicket."""
    content = open_ticket(text, cashier=cashier)
    if (content["act"], content["subject"]) != (act, subject):
        raise StaleTicket
    return content


def open_ticket(text: str, *, cashier: User) -> dict[str, Any]:
    """What any ticket of this cashier carries. Raises StaleTicket."""
    try:
        content = signing.loads(text, salt="billing.desk", max_age=TICKET_LASTS_SECONDS)
    except signing.BadSignature as error:
        raise StaleTicket from error
    if content["cashier"] != cashier.pk:
        raise StaleTicket
    return {**content, "token": uuid.UUID(content["token"])}


def pack_order(order: Order) -> dict[str, Any]:
    packed = asdict(order)
    packed["lender"] = order.lender.code if order.lender else ""
    return packed


def unpack_order(packed: dict[str, Any]) -> Order:
    return Order(
        **{
            **packed,
            "lender": Lender.objects.filter(code=packed["lender"]).first(),
            "insurance": unpack_insurance(packed["insurance"]),
        }
    )


def pack_insurance(insurance: Insurance | None) -> dict[str, int] | None:
    return asdict(insurance) if insurance else None


def unpack_insurance(packed: dict[str, int] | None) -> Insurance | None:
    return Insurance(**packed) if packed is not None else None


def pack_terms(terms: Terms) -> dict[str, Any]:
    return {**terms._asdict(), "due_on": terms.due_on.isoformat()}


def unpack_terms(packed: dict[str, Any]) -> Terms:
    return Terms(**{**packed, "due_on": date.fromisoformat(packed["due_on"])})


def unpack_giving(packed: list[int]) -> Giving:
    return Giving(*packed)

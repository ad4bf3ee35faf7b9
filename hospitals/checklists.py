"""What must be done before a hospital is online, and before each of its scenes is (Articles 14–16, 20)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from django.db import models
from django.utils.translation import gettext_lazy as _


class Step(models.TextChoices):
    """The steps into the scheme, in the order in which they are taken."""

    APPLICATION = "application", _("Application of its own")
    NEGOTIATION = "negotiation", _("Negotiation with the operator")
    AGREEMENT = "agreement", _("Agreement signed")
    INTERFACE = "interface", _("Interface tested")
    TRAINING = "training", _("Staff trained")
    CONSULTING = "consulting", _("Consulting point set up")
    GO_LIVE = "go_live", _("Going live")


_FOR_ALL = (Step.AGREEMENT, Step.INTERFACE, Step.TRAINING, Step.CONSULTING, Step.GO_LIVE)

# By the hospital's kind: a private one comes by its own wish and negotiates (Article 20).
STEPS_OF: Mapping[str, Sequence[Step]] = {
    "public": _FOR_ALL,
    "community": _FOR_ALL,
    "private": (Step.APPLICATION, Step.NEGOTIATION, *_FOR_ALL),
}


class Item(models.TextChoices):
    """What makes a scene ready."""

    INTERFACE = "interface", _("Interface of this service tested")
    STAFF = "staff", _("Staff of this service trained")
    SIGNS = "signs", _("Signs and consulting point in place")
    ACCOUNT = "account", _("Payout account in force")
    INSURANCE = "insurance", _("Staff remind of mobile insurance payment")
    ADMISSION = "admission", _("Admission without deposit is the wards’ rule")
    GATE = "gate", _("The gate opens whatever becomes of the payment")


_FOR_EACH = (Item.INTERFACE, Item.STAFF, Item.SIGNS, Item.ACCOUNT)

# Insurance is reminded of where care is settled (17); parking never keeps anybody in or out.
ITEMS_OF: Mapping[str, Sequence[Item]] = {
    "registration": _FOR_EACH,
    "outpatient": (*_FOR_EACH, Item.INSURANCE),
    "inpatient": (*_FOR_EACH, Item.INSURANCE, Item.ADMISSION),
    "checkup": _FOR_EACH,
    "nursing": (*_FOR_EACH, Item.INSURANCE),
    "parking": (*_FOR_EACH, Item.GATE),
}


def as_rows(wanted: Mapping[str, Sequence[str]]) -> str:
    """The pairs as the VALUES of a statement: a trigger keeps the same list as the code."""
    return ", ".join(f"('{key}', '{str(value)}')" for key, values in wanted.items() for value in values)

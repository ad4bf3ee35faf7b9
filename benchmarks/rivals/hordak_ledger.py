"""django-hordak, used as its documentation says; run by its own environment, never by the platform's."""

from __future__ import annotations

from random import Random

from django.core.management import call_command
from hordak.models import Account, AccountType
from moneyed import Money

HOSPITALS = 60


def open_accounts(*, accounts: int) -> int:
    """In a hand: tables, an asset account a payer and a liability account a hospital."""
    call_command("migrate", verbosity=0)
    for number in range(accounts):
        Account.objects.create(name=f"payer {number}", type=AccountType.asset, currencies=["CNY"])
    for number in range(HOSPITALS):
        Account.objects.create(name=f"hospital {number}", type=AccountType.liability, currencies=["CNY"])
    return accounts


def post_many(*, transfers: int, is_hot: bool, seed: int) -> int:
    """In a hand: transfers from hospitals' accounts to payers', each in its own transaction."""
    lots = Random(seed)  # noqa: S311 - lots, not secrets
    payers = list(Account.objects.filter(type=AccountType.asset).order_by("pk"))
    hospitals = list(Account.objects.filter(type=AccountType.liability).order_by("pk"))
    amount = Money(1, "CNY")
    for _number in range(transfers):
        hospital = hospitals[0] if is_hot else lots.choice(hospitals)
        hospital.transfer_to(lots.choice(payers), amount, description="charge")
    return transfers

"""What a medical electronic invoice 医疗电子票据 says of itself, and whether it can be so (Article 17)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlsplit

from django.utils.translation import gettext_lazy as _

from common.errors import BadInput

CODE, NUMBER, CHECK_CODE = r"^[0-9]{8,12}$", r"^[0-9]{8,20}$", r"^[0-9A-Za-z]{4,20}$"
LONGEST_ADDRESS = 500
# Nothing but the printable signs of an address, none of which ends a quotation or turns the text.
ADDRESS = r"^https://[\x21\x23-\x26\x28-\x3b\x3d\x3f-\x5b\x5d\x5f\x61-\x7e]+$"
# Names that no public server has: of one's own machine, house or network.
_NOT_PUBLIC = (
    "localhost",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "private",
    "arpa",
    "onion",
)
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
# An invoice of another year than the bill's, but not of another decade: a slip of the finger.
FARTHEST = timedelta(days=366)


@dataclass(frozen=True)
class EInvoice:
    """One invoice as its hospital issued it: `code` 票据代码, `number` 票据号码, `check_code` 校验码."""

    code: str
    number: str
    check_code: str
    address: str
    issued_on: date
    amount_fen: int


@dataclass(frozen=True)
class RedInvoice:
    """The red invoice 红字票据 by which a hospital takes one back."""

    code: str
    number: str
    issued_on: date


def check_e_invoice(given: EInvoice, *, billed_on: date, on: date) -> None:
    """Raises BadInput naming what is none of an invoice's particulars."""
    _check_numbers(given, billed_on=billed_on, on=on)
    if not re.fullmatch(CHECK_CODE, given.check_code):
        raise _bad(_("A check code has 4 to 20 letters and digits."), "check_code")
    check_address(given.address)
    if given.amount_fen <= 0:
        raise _bad(_("An invoice has an amount of more than 0 fen."), "amount_fen")


def check_red_invoice(given: RedInvoice, *, billed_on: date, on: date) -> None:
    """Raises BadInput naming what is none of a red invoice's particulars."""
    _check_numbers(given, billed_on=billed_on, on=on)


def check_address(address: str) -> None:
    """An invoice is looked up at a public https:// address. Nobody is asked for it: no name is resolved.

    Raises BadInput.
    """
    if len(address) > LONGEST_ADDRESS or not re.fullmatch(ADDRESS, address):
        raise _bad(_("An address begins with https:// and has at most 500 plain characters."), "address")
    try:
        parts = urlsplit(address)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise _bad(_("The address is not a URL."), "address") from None
    if parts.username is not None or parts.password is not None:
        raise _bad(_("An address names no user and no password."), "address")
    if not _is_public(host):
        raise _bad(_("The host of the address is not a public one."), "address")


def host_of(address: str) -> str:
    """Where an address leads, to be read before it is followed."""
    return urlsplit(address).hostname or ""


def _check_numbers(given: EInvoice | RedInvoice, *, billed_on: date, on: date) -> None:
    if not re.fullmatch(CODE, given.code):
        raise _bad(_("An invoice code has 8 to 12 digits."), "code")
    if not re.fullmatch(NUMBER, given.number):
        raise _bad(_("An invoice number has 8 to 20 digits."), "number")
    if given.issued_on > on:
        raise _bad(_("An invoice is not issued in the future."), "issued_on")
    if given.issued_on < billed_on - FARTHEST:
        raise _bad(_("The invoice is more than a year older than the bill."), "issued_on")


def _is_public(host: str) -> bool:
    try:
        found = ipaddress.ip_address(host)
    except ValueError:
        labels = host.rstrip(".").split(".")
        # The last label begins with a letter, or browsers read the name as a number: 127.1, 0x7f.1.
        return (
            len(labels) > 1
            and all(_LABEL.fullmatch(label) for label in labels)
            and labels[-1][0].isalpha()
            and labels[-1] not in _NOT_PUBLIC
        )
    inner = found.ipv4_mapped or found.sixtofour if isinstance(found, ipaddress.IPv6Address) else None
    return all(one.is_global and not one.is_multicast for one in [found, *([inner] if inner else [])])


def _bad(words: Any, field: str) -> BadInput:
    return BadInput(words, field=field, article=17)

"""How often one network address may try: twenty times an hour that lead nowhere, whoever is asked about.

Counted before anybody is looked up, so that neither words nor timing tell who is known.
"""

import ipaddress
from datetime import datetime, timedelta

from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Greatest
from django.utils.translation import gettext_lazy as _

from accounts.models import AddressTries
from common.articles import enforces
from common.crypto import blind_index
from common.errors import Refusal

WINDOW = timedelta(hours=1)
# Whoever has one IPv6 address has the 2^64 beside it.
IPV6_PREFIX = 64

# One statement counts and judges, so that twenty tries at once are counted as twenty.
_COUNT = """
    INSERT INTO accounts_addresstries AS known (address_index, tries, since_at)
    VALUES (%(index)s, 1, %(at)s)
    ON CONFLICT (address_index) DO UPDATE
       SET tries = CASE WHEN known.since_at <= %(over)s THEN 1 ELSE known.tries + 1 END,
           since_at = CASE WHEN known.since_at <= %(over)s THEN %(at)s ELSE known.since_at END
     WHERE known.since_at <= %(over)s OR known.tries < %(most)s"""


class TooManyTries(Refusal):
    """Twenty tries an hour for one network address."""

    code = "too_many_tries"
    status = 429
    meaning = _("One network address has twenty tries an hour that lead nowhere.")
    remedy = _("Try again in an hour, or from another network.")


def _index(address: str) -> str:
    """Of the network behind the address; the address itself is not kept."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return blind_index(address, "address")
    # An IPv4 address in an IPv6 coat is judged as what it is.
    found = getattr(found, "ipv4_mapped", None) or found
    prefix = 32 if found.version == 4 else IPV6_PREFIX
    return blind_index(str(ipaddress.ip_network((str(found), prefix), strict=False)), "address")


@enforces(32)
def count_try(*, address: str, at: datetime) -> None:
    """Counts one try of a network address. Raises TooManyTries after twenty within an hour of the first.

    A transaction of its own, never part of another: a try counts even when what it was for is rolled back.
    """
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute(
            _COUNT,
            {"index": _index(address), "at": at, "over": at - WINDOW, "most": AddressTries.MOST},
        )
        is_counted = cursor.rowcount == 1
    if not is_counted:
        raise TooManyTries(_("Too many tries from your network. Please try again in an hour."))


def forget_tries(*, address: str, tries: int) -> None:
    """These tries of the address have led somewhere: a network that many people share stays open to them."""
    rows = AddressTries.objects.filter(address_index=_index(address))
    rows.update(tries=Greatest(F("tries") - tries, 0))

"""Codes by text message: six digits, five minutes, five tries, one use.

Nothing here looks at whether the telephone belongs to anybody, so that neither words nor timing tell.
"""

import secrets
from datetime import datetime, timedelta
from hmac import compare_digest
from uuid import UUID

from django.db import connection, transaction
from django.db.models import F
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from accounts.models import Message, PhoneCode
from accounts.operations.tries import count_try, forget_tries
from accounts.wording import scheme_names
from common.crypto import blind_index
from common.errors import BadInput, Refusal
from common.identity import InvalidIdentity, normalise_phone
from common.wording import fill

VALID_FOR = timedelta(minutes=5)
RESEND_AFTER = timedelta(seconds=60)
CODES_A_DAY = 10

CODE_TEXT = _(
    "[%(scheme)s] Your code is %(code)s, good for 5 minutes. Nobody of ours will ever ask you for it; "
    "if you did not want it, ignore this message."
)


class TooManyCodes(Refusal):
    """Ten codes a day for one telephone."""

    code = "too_many_codes"
    status = 429
    meaning = _("One telephone is sent ten codes a day.")
    remedy = _("Use the newest code, or ask again tomorrow.")


class WrongCode(BadInput):
    """Wrong, used, expired, tried too often, or never sent: the same words for all of them."""

    code = "wrong_code"
    meaning = _("The code is wrong, was used, is older than five minutes, or was tried five times.")
    remedy = _("Ask for a new code, and type it within five minutes.")


def _hash(uid: UUID, code: str) -> str:
    return blind_index(f"{uid}:{code}", "phone_code")


def _normalised(phone: str) -> str:
    try:
        return normalise_phone(phone)
    except InvalidIdentity as invalid:
        raise BadInput(invalid.reason, field="phone") from None


def send_code(*, phone: str, language: str = "zh-hans", address: str, at: datetime) -> UUID:
    """Puts a code for this telephone into the outbox; the code's own id.

    Asked again within a minute it sends nothing new: the first message may still be on its way. `address` is
    that of the network it is asked from. Raises BadInput, TooManyTries and TooManyCodes.
    """
    number = _normalised(phone)
    count_try(address=address, at=at)
    index = blind_index(number, "phone")
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"phone code {index}"])
        sent = PhoneCode.objects.filter(phone_index=index, created_at__gt=at - timedelta(days=1))
        newest = sent.order_by("-created_at").first()
        if newest is not None and newest.created_at > at - RESEND_AFTER and newest.used_at is None:
            return newest.uid
        if sent.count() >= CODES_A_DAY:
            raise TooManyCodes(_("Too many codes were sent to this telephone today. Try again tomorrow."))
        code = f"{secrets.randbelow(10**6):06}"
        row = PhoneCode(phone_index=index, created_at=at, expires_at=at + VALID_FOR)
        row.code_hash = _hash(row.uid, code)
        row.save(force_insert=True)
        message = Message(
            channel=Message.Channel.SMS,
            reference=f"code-{row.uid}:sms",
            created_at=at,
            next_at=at,
            expires_at=row.expires_at,
        )
        with translation.override(language):
            message.seal(phone=number, text=fill(CODE_TEXT, {**scheme_names(language), "code": code}))
        message.save(force_insert=True)
    return row.uid


def check_code(*, phone: str, code: str, address: str, at: datetime) -> None:
    """Uses the newest code of this telephone up. Raises TooManyTries, WrongCode.

    A transaction of its own, never part of another: a try counts even when what it was for is rolled back.
    """
    number = _normalised(phone)
    count_try(address=address, at=at)
    index = blind_index(number, "phone")
    given = "".join(code.split())
    with transaction.atomic(durable=True):
        newest = PhoneCode.objects.filter(phone_index=index).order_by("-created_at", "-id").values("pk")[:1]
        live = PhoneCode.objects.filter(
            pk__in=newest, used_at=None, tries__lt=PhoneCode.MAX_TRIES, expires_at__gt=at
        )
        counted = live.update(tries=F("tries") + 1)
        row = PhoneCode.objects.filter(pk__in=newest).first() or PhoneCode(code_hash="0" * 64)
        is_right = compare_digest(row.code_hash, _hash(row.uid, given))
        is_used = bool(
            counted and is_right and PhoneCode.objects.filter(pk=row.pk, used_at=None).update(used_at=at) == 1
        )
    if not is_used:
        raise WrongCode(_("The code is wrong or no longer good. Ask for a new one."), field="code")
    # The asking and this.
    forget_tries(address=address, tries=2)

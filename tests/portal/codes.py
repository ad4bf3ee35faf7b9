"""The code that stands on somebody's telephone."""

import re

from accounts.models import Message
from accounts.operations.outbox import deliver
from tests.sandbox_process import SandboxProcess


def code_of(counterparts: SandboxProcess, phone: str) -> str:
    """Sends what waits in the outbox, then reads the newest message of this telephone that holds a code."""
    deliver(at=Message.objects.latest("created_at").created_at, limit=50)
    codes = [re.search(r"\b\d{6}\b", message["text"]) for message in counterparts.inbox(phone)]
    return next(code[0] for code in codes if code)

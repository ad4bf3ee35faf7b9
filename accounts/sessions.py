"""People's data that waits in a session: sealed, and only for a short while.

Sessions are rows, so nothing of a person may stand in one in plain text (Article 32).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from django.contrib.sessions.backends.base import SessionBase

from common.crypto import CannotDecrypt, decrypt, encrypt

# The next one to hold the same phone may be somebody else.
KEPT_FOR = timedelta(minutes=30)


def put_sealed(session: SessionBase, key: str, values: Mapping[str, str], *, at: datetime) -> None:
    """Keep these texts under a key of the session for half an hour."""
    sealed = {name: encrypt(text, _bound_to(key, name)) for name, text in values.items()}
    session[key] = {"until": (at + KEPT_FOR).timestamp(), "sealed": sealed}


def take_sealed(session: SessionBase, key: str, *, at: datetime) -> dict[str, str] | None:
    """What was put under the key, if it is still good."""
    kept = session.get(key)
    if kept is None or kept["until"] < at.timestamp():
        return None
    try:
        return {name: decrypt(value, _bound_to(key, name)) for name, value in kept["sealed"].items()}
    except CannotDecrypt:
        return None


def _bound_to(key: str, name: str) -> bytes:
    return f"session/{key}/{name}".encode()

"""By which door somebody came: kept in the session until it is written beside their consents (Article 6)."""

from __future__ import annotations

from django.contrib.sessions.backends.base import SessionBase

KEY = "entry_channel"
USUAL = "portal"
OTHER = "other"


def note_channel(session: SessionBase, channel: str) -> None:
    """The newest door counts; one that nobody knows does not take the place of one that is known."""
    if channel != OTHER or KEY not in session:
        session[KEY] = channel


def channel_of(session: SessionBase) -> str:
    return str(session.get(KEY, USUAL))

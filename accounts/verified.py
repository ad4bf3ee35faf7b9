"""Whom an official account has vouched for and who has not joined yet: kept sealed for their enrolment."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from django.contrib.sessions.backends.base import SessionBase

from accounts.official_accounts import ProvedIdentity
from accounts.sessions import put_sealed, take_sealed

KEY = "proved_identity"


def keep_identity(session: SessionBase, identity: ProvedIdentity, *, at: datetime) -> None:
    # Whoever knew the session's key before knows it no more.
    session.cycle_key()
    put_sealed(session, KEY, asdict(identity), at=at)


def kept_identity(session: SessionBase, *, at: datetime) -> ProvedIdentity | None:
    kept = take_sealed(session, KEY, at=at)
    return ProvedIdentity(**kept) if kept else None


def drop_identity(session: SessionBase) -> None:
    session.pop(KEY, None)

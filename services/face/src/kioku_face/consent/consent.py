"""What a consent is, entry by entry, and the rules of this deployment."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum, unique
from uuid import UUID

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

SCOPE = "recognition"
"""What people agree to; there is one thing so far."""
MAX_TEXT_VERSION = 100
MAX_PURPOSE = 200
SERVICE = "kioku-face"
"""The actor of what no caller asked for: ends of terms, retention."""


@unique
class State(StrEnum):
    """What an entry says."""

    GRANTED = "GRANTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class Consent:
    """One entry; `sequence` is its place among all changes of its owner's people."""

    person_id: UUID
    version: int
    state: State
    text_version: str
    actor: str
    sequence: int
    created_at: datetime
    expires_at: datetime | None


@dataclass(frozen=True)
class PersonRef:
    """Somebody whose consent it is about.

    Args:
        user_id: the user of the app that this is; empty: none.
        merged_into: who they became.
    """

    owner: str
    person_id: UUID
    user_id: str
    merged_into: UUID | None


@dataclass(frozen=True)
class ConsentRules:
    """What an operator may set.

    Args:
        wait: how long a withdrawal waits for `search` before it answers PENDING.
        lease: how long one process is alone with an erasure; more than an attempt takes.
        attempt: the longest attempt.
        again: after a failed attempt; more than a statement in `search` can outlive its caller.
        anonymous: how long faces of nobody known are kept after the last of theirs came.
        batch: rows that one round of a job takes.
    """

    wait: timedelta = timedelta(seconds=5)
    lease: timedelta = timedelta(seconds=60)
    attempt: timedelta = timedelta(seconds=45)
    again: timedelta = timedelta(seconds=6)
    anonymous: timedelta = timedelta(days=365)
    batch: int = 1000


def person_not_found() -> KiokuError:
    """Somebody else's person looks like none."""
    return KiokuError(Reason.PERSON_NOT_FOUND, field="person_id")

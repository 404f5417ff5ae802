"""What a person is, and which fields of one are acceptable."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum, unique
from uuid import UUID

from kioku_rt.auth.principal import acceptable_subject
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_rt.text import clean_text

DEFAULT_COLLECTION = "default"
MAX_NAME = 200
NAME = "name"
USER = "user_id"
COLLECTION = "collection_id"
HIDDEN = "hidden"
FIELDS = (NAME, USER, COLLECTION, HIDDEN)
_COLLECTION = re.compile(r"[a-z0-9_-]{1,64}", re.ASCII)
_EVERY = frozenset({"*"})


@unique
class ConsentState(StrEnum):
    """What a person has agreed to; UNSPECIFIED: never asked."""

    UNSPECIFIED = "UNSPECIFIED"
    GRANTED = "GRANTED"
    WITHDRAWN = "WITHDRAWN"
    EXPIRED = "EXPIRED"


@dataclass(frozen=True)
class Facts:
    """What an owner says of a person; each inside its range.

    Args:
        name: at most 200 characters, may be empty.
        user_id: the user of the app that this is; empty: none.
        collection_id: 1 to 64 characters of a-z, 0-9, `-` and `_`.
    """

    name: str = ""
    user_id: str = ""
    collection_id: str = DEFAULT_COLLECTION
    hidden: bool = False


@dataclass(frozen=True)
class Person:
    """Somebody as their owner sees them."""

    person_id: UUID
    facts: Facts
    consent_state: ConsentState
    face_count: int
    version: int
    created_at: datetime
    updated_at: datetime


@dataclass(frozen=True)
class Update:
    """New values of the fields that are named; the others stay.

    Args:
        version: what the person's must be; 0: whatever it is.
    """

    fields: frozenset[str]
    facts: Facts
    version: int = 0

    def of(self, before: Facts) -> Facts:
        """The facts as they are to be."""
        return replace(before, **{field: getattr(self.facts, field) for field in self.fields})


def checked_facts(name: str, user_id: str, collection_id: str, *, hidden: bool) -> Facts:
    """Facts from a request's `person`.

    Raises:
        InvalidInput: TEXT_TOO_LONG, TEXT_INVALID_CHARACTER, TEXT_EMPTY (a name of blanks), or
            FIELD_INVALID for a user or collection that cannot be.
    """
    if user_id and not acceptable_subject(user_id):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "A user id has 1 to 255 printable characters.",
            field="person.user_id",
        )
    return Facts(
        clean_text(name, field="person.name", limit=MAX_NAME) if name else "",
        user_id,
        checked_collection(collection_id or DEFAULT_COLLECTION, "person.collection_id"),
        hidden,
    )


def checked_collection(value: str, field: str) -> str:
    """The collection; FIELD_INVALID for what no collection is called."""
    if not _COLLECTION.fullmatch(value):
        raise InvalidInput(
            Reason.FIELD_INVALID,
            "A collection has 1 to 64 characters of a-z, 0-9, `-` and `_`.",
            field=field,
        )
    return value


def checked_mask(paths: Iterable[str]) -> frozenset[str]:
    """The fields that an update mask names (AIP-134); none, or `*` alone: every field.

    Raises:
        InvalidInput: FIELD_INVALID for a path that cannot be set.
    """
    named = frozenset(paths)
    if not named or named == _EVERY:
        return frozenset(FIELDS)
    unknown = sorted(named.difference(FIELDS))
    if unknown:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"The mask names a field that cannot be set; there are: {', '.join(FIELDS)}.",
            field="update_mask",
            metadata={"path": unknown[0][:128]},
        )
    return named

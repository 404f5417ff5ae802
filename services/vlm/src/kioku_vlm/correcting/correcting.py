"""Promise: what a person says of an entry holds, whoever reads the picture again.

A correction stands beside what was read, with who said it and when, and can be taken back.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Protocol
from uuid import UUID
from zoneinfo import ZoneInfo

from dateutil.rrule import rrulestr
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from kioku_vlm.correcting.correction import FIELDS, YES
from kioku_vlm.observing.observation import KnownEntry
from kioku_vlm.schedule_facts import Kind

MOST_TEXT = 500
MOST_NOTES = 20
Changes = Mapping[str, tuple[str, ...]]
"""By field, its values: one, of `notes` any number; an empty one: there is no such thing."""
_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d)?", re.ASCII)
_RULE = re.compile(r"[A-Z0-9=;,+-]{6,500}", re.ASCII)
_SAMPLE = datetime(2026, 1, 1)  # noqa: DTZ001 - local, as the rule is


class CorrectionStore(Protocol):
    """Corrections in the name of one owner, audited in the transaction that makes them."""

    async def correct(
        self,
        acting: Acting,
        observation_id: UUID,
        entry_id: UUID,
        changes: Changes,
        version: int,
    ) -> KnownEntry | None:
        """Note what a person says, and give the entry as it holds; None: there is none.

        Raises:
            KiokuError: VERSION_OUTDATED, if `version` is neither 0 nor the entry's.
        """

    async def restore(
        self, acting: Acting, observation_id: UUID, entry_id: UUID, fields: Sequence[str]
    ) -> KnownEntry | None:
        """Take what a person said of these fields back; None: there is no such entry."""


class Correcting:
    """UpdateEntry and RestoreEntry."""

    def __init__(self, store: CorrectionStore) -> None:
        self._store = store

    async def correct(
        self,
        acting: Acting,
        observation_id: UUID,
        entry_id: UUID,
        changes: Changes,
        version: int = 0,
    ) -> KnownEntry:
        """Correct fields of an entry.

        Raises:
            InvalidInput: FIELD_MISSING (nothing is changed), FIELD_INVALID.
            KiokuError: ENTRY_NOT_FOUND, VERSION_OUTDATED.
        """
        if not changes:
            raise InvalidInput(
                Reason.FIELD_MISSING, "The mask names no field.", field="update_mask"
            )
        for field, values in changes.items():
            _check(field, values)
        return _found(await self._store.correct(acting, observation_id, entry_id, changes, version))

    async def restore(
        self, acting: Acting, observation_id: UUID, entry_id: UUID, fields: Sequence[str]
    ) -> KnownEntry:
        """Take corrections back; no fields: all of them.

        Raises:
            InvalidInput: FIELD_INVALID.
            KiokuError: ENTRY_NOT_FOUND.
        """
        for field in fields:
            _known(field, "restore_mask")
        return _found(await self._store.restore(acting, observation_id, entry_id, fields or FIELDS))


def _found(entry: KnownEntry | None) -> KnownEntry:
    if entry is None:
        raise KiokuError(Reason.ENTRY_NOT_FOUND, field="entry_id")
    return entry


def _known(field: str, mask: str) -> None:
    if field not in FIELDS:
        raise InvalidInput(
            Reason.FIELD_INVALID,
            f"{field!r} is none of: {', '.join(FIELDS)}.",
            field=mask,
        )


def _check(field: str, values: tuple[str, ...]) -> None:
    _known(field, "update_mask")
    if len(values) > MOST_NOTES:
        raise _invalid(field, f"has more than {MOST_NOTES} values")
    for value in values:
        if len(value) > MOST_TEXT or not value.replace("\n", "").isprintable():
            raise _invalid(field, f"is no printable text of at most {MOST_TEXT} characters")
    problem = _PROBLEMS.get(field)
    if problem is not None and (wrong := problem(values[0])):
        raise _invalid(field, wrong)


def _kind(value: str) -> str:
    return "" if value in set(Kind) else "is no kind of entry"


def _start(value: str) -> str:
    return _end(value) if value else "cannot be without a value"


def _end(value: str) -> str:
    return "" if not value or _is_moment(value) else "is no ISO 8601 date or local date-time"


def _is_moment(value: str) -> bool:
    try:
        if _MOMENT.fullmatch(value):
            datetime.fromisoformat(value)
        else:
            return date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False
    return True


def _zone(value: str) -> str:
    return "" if not value or is_zone(value) else "is no IANA zone"


def is_zone(name: str) -> bool:
    """Whether there is such an IANA zone."""
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # none, no path of one, a folder of them
        return False
    return True


def _rule(value: str) -> str:
    wrong = "is no RRULE of RFC 5545"
    if not value:
        return ""
    if not _RULE.fullmatch(value):
        return wrong
    try:
        rrulestr(value, dtstart=_SAMPLE)
    except (ValueError, KeyError, TypeError):
        return wrong
    return ""


def _dismissed(value: str) -> str:
    return "" if value in ("", YES) else "is neither true nor false"


_PROBLEMS = {
    "kind": _kind,
    "start": _start,
    "end": _end,
    "zone": _zone,
    "rrule": _rule,
    "dismissed": _dismissed,
}


def _invalid(field: str, wrong: str) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID, f"The field `{field}` {wrong}.", field=f"entry.{field}"
    )

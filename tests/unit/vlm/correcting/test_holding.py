"""What holds of a stored entry: a reading, a caller's zone, and what a person said."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from kioku_vlm.correcting.correction import holding
from kioku_vlm.observing.observation import Correction, KnownEntry
from kioku_vlm.schedule_facts import Entry, Kind

NOWHERE = Entry(Kind.EVENT, flags=("NO_TITLE", "NO_ZONE"))
NOON = datetime(2026, 5, 1, 12, tzinfo=UTC)
ID = UUID(int=7)


def known(zone: str = "", corrections: Mapping[str, Correction] | None = None) -> KnownEntry:
    """A stored entry that nothing on the page gives a zone."""
    return KnownEntry(
        ID, ID, NOWHERE, corrections or {}, None, ID, False, False, 1, NOON, zone=zone
    )  # fmt: skip


def said(zone: str) -> dict[str, Correction]:
    """A person names a zone."""
    return {"zone": Correction((zone,), "ann", NOON)}


def test_a_callers_zone_ends_the_doubt_that_there_is_none() -> None:
    holds = holding(known("Asia/Tokyo"))
    assert (holds.zone, holds.zone_by, holds.flags) == ("Asia/Tokyo", "request", ("NO_TITLE",))


def test_a_persons_zone_goes_before_a_callers_and_ends_it_too() -> None:
    holds = holding(known("Asia/Tokyo", said("Asia/Seoul")))
    assert (holds.zone, holds.zone_by, holds.flags) == ("Asia/Seoul", "person", ("NO_TITLE",))


def test_where_nobody_names_one_the_doubt_stays() -> None:
    assert holding(known()).flags == ("NO_TITLE", "NO_ZONE")
    assert holding(known("Asia/Tokyo", said(""))).flags == ("NO_TITLE", "NO_ZONE")

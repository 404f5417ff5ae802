"""Which entry of a new reading is which of the one before, so that each keeps its id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from kioku_vlm.observing.likeness import likeness
from kioku_vlm.schedule_facts import Entry

LEAST = 0.55
"""Below it two entries of one picture are two: the day or most of the title must be the same."""


def carried(known: Mapping[UUID, Entry], found: Sequence[Entry]) -> list[UUID | None]:
    """For each entry that was found the id of the one that it was; None: it is new.

    The likeliest pairs are made first; each id is given once.
    """
    pairs = sorted(
        (
            (likeness(entry, new), -place, entry_id)
            for entry_id, entry in known.items()
            for place, new in enumerate(found)
        ),
        reverse=True,
    )
    ids: list[UUID | None] = [None] * len(found)
    given: set[UUID] = set()
    for score, minus_place, entry_id in pairs:
        if score < LEAST:
            break
        if entry_id not in given and ids[-minus_place] is None:
            ids[-minus_place] = entry_id
            given.add(entry_id)
    return ids

"""How many faces went which way."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum, unique


@unique
class Went(StrEnum):
    """What became of a face, or of a group."""

    LINKED = "linked"  # to a person, by likeness
    JOINED = "joined"  # a group
    ALONE = "alone"  # a new anonymous id
    KEPT = "kept"  # linked to a person before
    WAITING = "waiting"  # its vector is not stored yet
    AGAIN = "again"  # to be compared once more
    UNITED = "united"  # a group became part of another
    MOVED = "moved"  # by that, a face changed its group


@dataclass
class Tally:
    """Counts of one round."""

    counts: Counter[Went] = field(default_factory=Counter)

    def add(self, went: Went, many: int = 1) -> None:
        """Count."""
        if many:
            self.counts[went] += many

    @property
    def placed(self) -> int:
        """Faces that were compared."""
        ways = (Went.LINKED, Went.JOINED, Went.ALONE, Went.KEPT)
        return sum(self.counts[went] for went in ways)

    @property
    def told(self) -> dict[str, int]:
        """For the audit and the log."""
        return {str(went): many for went, many in sorted(self.counts.items()) if many}

    def __iadd__(self, other: Tally) -> Tally:
        """Add another round's."""
        self.counts.update(other.counts)
        return self

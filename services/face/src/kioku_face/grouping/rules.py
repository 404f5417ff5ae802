"""What the grouping of faces goes by."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class GroupingRules:
    """Scores are 1 - cosine distance and belong to one pack: another pack needs others.

    Args:
        link: least score to a face that somebody linked, for a link by likeness.
        margin: how much more than with the next person; with less, the face is linked to nobody.
        join: least score to a good face of a group, where `supports` faces of it are that near.
        sure: least score at which one face of a group is enough.
        stricter: how much higher each of these is for a poor face.
        supports: pictures of a group that must speak for it; fewer where it has fewer.
        quality: a face below is poor, as is one with a flaw.
        neighbours: faces that are looked at for each face, 1 to 200.
        people: people that are looked at for each face, 1 to 20.
        batch: faces that are placed in one transaction, 1 to 256.
        batches: of one owner, before others have their turn.
        owners: that have a turn in one round of the job.
        unite_most: faces that may change their group at once.
    """

    link: float = 0.55
    margin: float = 0.05
    join: float = 0.50
    sure: float = 0.58
    stricter: float = 0.08
    supports: int = 2
    quality: float = 0.2
    neighbours: int = 50
    people: int = 5
    batch: int = 64
    batches: int = 8
    owners: int = 32
    unite_most: int = 2000

    def raised(self, good: bool) -> float:
        """What a face's scores must have on top."""
        return 0.0 if good else self.stricter

"""Two groups become one when a good face belongs to both."""

from __future__ import annotations

from dataclasses import replace
from uuid import UUID

from kioku_face.grouping.ports import Scene
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.tally import Tally, Went


class Uniting:
    """Unites groups where nothing forbids it.

    The older group's id stays, by age and so by id, unless that would move more faces than allowed
    and the other way would not: the cost of one face stays bounded, whatever the library.
    """

    def __init__(self, scene: Scene, rules: GroupingRules) -> None:
        self._scene = scene
        self._most = rules.unite_most

    async def unite(self, one: UUID, other: UUID, tally: Tally) -> UUID:
        """The group that the faces of `one` are in afterwards."""
        if one == other:
            return one
        older, younger = sorted((one, other))
        sizes = {group: await self._scene.size(group, self._most) for group in (older, younger)}
        gone = next((group for group in (younger, older) if sizes[group] <= self._most), None)
        smaller, larger = sorted((one, other), key=lambda group: (sizes[group], group))
        if gone is None or await self._scene.share_picture(smaller, larger):
            return one
        kept = older if gone == younger else younger
        tally.add(Went.MOVED, await self._scene.unite(gone, kept))
        tally.add(Went.UNITED)
        self._rename(gone, kept)
        return kept

    def _rename(self, gone: UUID, kept: UUID) -> None:
        members = self._scene.members
        for face_id, member in members.items():
            if member.anonymous_id == gone:
                members[face_id] = replace(member, anonymous_id=kept)

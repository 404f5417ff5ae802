"""Places the faces of one scene, one after the other, each seeing where the former went."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from uuid import UUID

from kioku_face.grouping.looking import Seen
from kioku_face.grouping.member import Guess, Member, Near, Picture, Strength, Support
from kioku_face.grouping.placing import groups_for, lone_near, person_for, supports_of
from kioku_face.grouping.ports import Scene
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.tally import Tally, Went
from kioku_face.grouping.uniting import Uniting


class Placer:
    """Decides for each face of a scene and writes it down.

    Args:
        seen: what `search` found near each.
        new_id: makes anonymous ids in the order of time, so that the smaller is the older one.
    """

    def __init__(
        self,
        scene: Scene,
        seen: Mapping[UUID, Seen],
        rules: GroupingRules,
        new_id: Callable[[], UUID],
    ) -> None:
        self._scene = scene
        self._seen = seen
        self._rules = rules
        self._new_id = new_id
        self._uniting = Uniting(scene, rules)
        self._pictures = _pictures(scene.members.values())
        self.tally = Tally()

    async def place_all(self) -> Tally:
        """Place every face: the good first, and of two faces of a picture the more alike first."""
        members = self._scene.members
        order = sorted(
            self._scene.asked,
            key=lambda face_id: (not members[face_id].good, -self._seen[face_id].best),
        )
        for face_id in order:
            await self._place(self._scene.members[face_id])
        return self.tally

    async def _place(self, face: Member) -> None:
        if face.person_id is not None:
            await self._keep(face)
        elif (guess := self._person(face)) is not None and await self._scene.link(
            face.face_id, guess
        ):
            await self._linked(face, guess)
        else:
            await self._group(face)

    def _person(self, face: Member) -> Guess | None:
        known = self._scene.members
        standing = [
            guess
            for guess in self._seen[face.face_id].guesses
            if guess.person_id in self._scene.consenting
            and _vouched(known.get(guess.face_id), guess.person_id)
        ]
        taken = {mate.person_id for mate in self._mates(face) if mate.person_id is not None}
        return person_for(face, standing, taken, self._rules)

    async def _keep(self, face: Member) -> None:
        """A face that somebody linked calls those that look like it; they decide for themselves."""
        await self._scene.keep(face.face_id)
        self.tally.add(Went.KEPT)
        if face.vouched and face.good:
            await self._call(face, datetime.max.replace(tzinfo=UTC))

    async def _linked(self, face: Member, guess: Guess) -> None:
        """Pass the call on to faces that were compared before the person's face was known.

        Only those: so a face is called once for each face that somebody links, and no more.
        """
        self._know(replace(face, person_id=guess.person_id, anonymous_id=None))
        self.tally.add(Went.LINKED)
        since = self._scene.members[guess.face_id].grouped_at
        if since is not None:
            await self._call(face, since)

    async def _call(self, face: Member, before: datetime) -> None:
        called = {
            near.member.face_id
            for near in self._near(face)
            if near.score >= self._rules.link
            and near.member.person_id is None
            and near.member.face_id not in self._seen
            and near.member.grouped_at is not None
            and near.member.grouped_at < before
        }
        await self._scene.look_again(called)
        self.tally.add(Went.AGAIN, len(called))

    async def _group(self, face: Member) -> None:
        near = self._near(face)
        taken = {mate.anonymous_id for mate in self._mates(face) if mate.anonymous_id is not None}
        supports = supports_of(face, near, taken, self._rules)
        strengths = await self._strengths(face, near, supports)
        groups = groups_for(face, supports, strengths, self._rules)
        lone = self._lone(face, near, strengths, taken)
        self.tally.add(Went.JOINED if groups or lone else Went.ALONE)
        if not groups:
            groups = [min((m.anonymous_id for m in lone if m.anonymous_id), default=self._new_id())]
        await self._join(face, groups)
        await self._come(lone)

    async def _strengths(
        self, face: Member, near: Sequence[Near], supports: Sequence[Support]
    ) -> Mapping[UUID, Strength]:
        poor = {n.member.anonymous_id for n in near if face.good and not n.member.good}
        asked = {face.anonymous_id, *poor, *(s.anonymous_id for s in supports)} - {None}
        return await self._scene.strengths({group for group in asked if group is not None})

    def _lone(
        self,
        face: Member,
        near: Sequence[Near],
        strengths: Mapping[UUID, Strength],
        taken: Collection[UUID],
    ) -> list[Member]:
        if not face.good:
            return []
        return [m for m in lone_near(near, strengths, self._rules) if m.anonymous_id not in taken]

    async def _join(self, face: Member, groups: Sequence[UUID]) -> None:
        await self._scene.join(face.face_id, groups[0])
        self._know(replace(face, anonymous_id=groups[0]))
        kept = groups[0]
        for other in groups[1:]:
            kept = await self._uniting.unite(kept, other, self.tally)

    async def _come(self, lone: Iterable[Member]) -> None:
        """The lone poor faces are compared again: now there is a good one to join."""
        called = {member.face_id for member in lone} - set(self._seen)
        await self._scene.look_again(called)
        self.tally.add(Went.AGAIN, len(called))

    def _near(self, face: Member) -> list[Near]:
        """What is near and still there, without its own picture's other faces."""
        members = self._scene.members
        found = [
            Near(members[face_id], score)
            for face_id, score in self._seen[face.face_id].hits
            if face_id in members and face_id != face.face_id
        ]
        return [one for one in found if face.picture is None or one.member.picture != face.picture]

    def _mates(self, face: Member) -> list[Member]:
        if face.picture is None:
            return []
        there = self._pictures[face.picture]
        return [self._scene.members[face_id] for face_id in there if face_id != face.face_id]

    def _know(self, member: Member) -> None:
        self._scene.members[member.face_id] = member


def _pictures(members: Iterable[Member]) -> dict[Picture, list[UUID]]:
    found: dict[Picture, list[UUID]] = {}
    for member in members:
        if member.picture is not None:
            found.setdefault(member.picture, []).append(member.face_id)
    return found


def _vouched(member: Member | None, person_id: UUID) -> bool:
    """Whether a face is, now, one that somebody linked to the person."""
    return member is not None and member.vouched and member.good and member.person_id == person_id

"""Promise: every picture of a request is looked at, or it is known why not."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import UUID

from kioku_rt.auth.principal import Acting
from kioku_rt.errors import DependencyDown, KiokuError

from kioku_vlm.schedule_facts import Entry
from kioku_vlm.themes.lexicon import Lexicon
from kioku_vlm.themes.ports import Labels, Library, Neighbours, Schedules
from kioku_vlm.themes.theme import (
    AssetFacts,
    LeftOut,
    Look,
    Missing,
    Neighbour,
    Picture,
    Question,
    Seen,
)

_T = TypeVar("_T")
BY_PERSON = "person"
UNGROUNDED = "UNGROUNDED"
_OF_ONE_PICTURE = ("IMAGE_", "OBJECT_", "VIDEO_", "CHECKSUM_")


@dataclass
class Gathered:
    """What was seen, what was not, and what was missing."""

    seen: list[Seen] = field(default_factory=list)
    left_out: list[LeftOut] = field(default_factory=list)
    missing: set[Missing] = field(default_factory=set)


class Gathering:
    """Gathers what is known of pictures.

    Args:
        schedules: None: nothing is read from pictures in this deployment.
        near: neighbours of each picture; 0: they are not asked for.
        at_once: pictures under way.
    """

    def __init__(
        self,
        library: Library,
        labels: Labels,
        neighbours: Neighbours,
        schedules: Schedules | None,
        lexicon: Lexicon,
        *,
        near: int = 10,
        at_once: int = 4,
    ) -> None:
        self._library = library
        self._labels = labels
        self._neighbours = neighbours
        self._schedules = schedules
        self._lexicon = lexicon
        self._near = near
        self._at_once = at_once

    async def gather(self, acting: Acting, question: Question) -> Gathered:
        """Look at everything; a bad picture fails alone.

        Raises:
            InvalidInput: an IMAGE_* reason, where no picture at all could be looked at.
            KiokuError: ASSET_NOT_FOUND, ASSET_NOT_READY, ASSET_NOT_UPLOADED; the model has no
                words (TEXT_NOT_SUPPORTED, LABELS_UNSUPPORTED).
            DependencyDown: the library or the model does not answer.
        """
        gathered, refusals, owner = Gathered(), list[KiokuError](), acting.owner
        facts = await self._facts(owner, question.asset_ids)
        asked: list[tuple[Picture, AssetFacts | bytes]] = [(one.asset_id, one) for one in facts]
        asked += enumerate(question.images)
        looks = await self._each(self._look(owner, what, refusals) for _, what in asked)
        for (picture, what), look in zip(asked, looks, strict=True):
            if isinstance(look, KiokuError):
                gathered.left_out.append(LeftOut(picture, look.reason))
            else:
                known = what if isinstance(what, AssetFacts) else None
                gathered.seen.append(Seen(picture, look, known))
        if not gathered.seen:
            raise refusals[0]
        await self._add_neighbours(owner, gathered)
        await self._add_entries(acting, gathered)
        return gathered

    async def _facts(self, owner: str, asset_ids: Sequence[UUID]) -> Sequence[AssetFacts]:
        return await self._each(self._library.facts(owner, one) for one in asset_ids)

    async def _look(
        self, owner: str, what: AssetFacts | bytes, refusals: list[KiokuError]
    ) -> Look | KiokuError:
        try:
            data = what if isinstance(what, bytes) else await self._library.read(owner, what)
            return await self._labels.look(data)
        except DependencyDown:
            raise
        except KiokuError as error:
            if not error.reason.startswith(_OF_ONE_PICTURE):
                raise
            refusals.append(error)
            return error

    async def _add_neighbours(self, owner: str, gathered: Gathered) -> None:
        """Neighbours of each, without the pictures that are asked about themselves."""
        if not self._near:
            return
        asked = {one.picture for one in gathered.seen}
        found = await self._each(self._neighbours_of(owner, one) for one in gathered.seen)
        for at, near in enumerate(found):
            if near is None:
                gathered.missing.add(Missing.NEIGHBOURS)
                continue
            others = tuple(one for one in near if one.asset_id not in asked)
            gathered.seen[at] = replace(gathered.seen[at], neighbours=others)

    async def _neighbours_of(self, owner: str, one: Seen) -> Sequence[Neighbour] | None:
        """None: they could not be had, which costs no theme."""
        try:
            if isinstance(one.picture, UUID):
                return await self._neighbours.of_asset(owner, one.picture, self._near)
            return await self._neighbours.of_look(owner, one.look, self._near)
        except KiokuError:
            return None

    async def _add_entries(self, acting: Acting, gathered: Gathered) -> None:
        asset_ids = [one.picture for one in gathered.seen if isinstance(one.picture, UUID)]
        if self._schedules is None or not asset_ids:
            return
        try:
            entries = await self._schedules.entries(acting, asset_ids)
        except KiokuError:
            gathered.missing.add(Missing.SCHEDULES)
            return
        gathered.seen = [self._with_entries(one, entries) for one in gathered.seen]

    def _with_entries(self, one: Seen, entries: Mapping[UUID, Sequence[Entry]]) -> Seen:
        found = entries.get(one.picture, ()) if isinstance(one.picture, UUID) else ()
        if not found:
            return one
        return replace(one, announced=announced(found, self._lexicon))

    async def _each(self, work: Iterable[Coroutine[Any, Any, _T]]) -> list[_T]:
        """Results in order; the first failure ends the others and is raised as it is."""
        room = asyncio.Semaphore(self._at_once)

        async def one(task: Coroutine[Any, Any, _T]) -> _T:
            async with room:
                return await task

        waiting = list(work)
        try:
            async with asyncio.TaskGroup() as group:
                tasks = [group.create_task(one(task)) for task in waiting]
        except* KiokuError as failures:
            raise _first(failures) from None
        finally:
            for task in waiting:
                task.close()  # those that never got room
        return [task.result() for task in tasks]


def _first(group: BaseExceptionGroup[KiokuError]) -> KiokuError:
    inner = group.exceptions[0]
    return _first(inner) if isinstance(inner, BaseExceptionGroup) else inner


def announced(entries: Iterable[Entry], lexicon: Lexicon) -> frozenset[int]:
    """Places of the themes that titles of entries name, where a page or a person bears them out.

    The title itself goes no further: only which words of the lexicon are in it.
    """
    titles = [entry.title for entry in entries if entry.title is not None]
    grounded = [
        one
        for one in titles
        if one.resolved_by == BY_PERSON or (one.evidence and UNGROUNDED not in one.flags)
    ]
    return frozenset[int]().union(*(lexicon.mentioned(one.value) for one in grounded))

"""Promise: what all of an owner's pictures show is known from a few of them, and asked for rarely.

A sample of the owner's newest pictures is looked at within a time limit and remembered in memory
for some minutes: shares and tags, no picture and no vector. What is deleted meanwhile is forgotten
with the rest; nothing of it is ever shown.
"""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from uuid import UUID

from kioku_rt.errors import KiokuError

from kioku_vlm.themes.affinity import Background, background_of, no_background
from kioku_vlm.themes.lexicon import Lexicon
from kioku_vlm.themes.ports import Labels, Library
from kioku_vlm.themes.theme import AssetFacts, Look


@dataclass(frozen=True)
class HabitRules:
    """How much is looked at.

    Attributes:
        sample: pictures; 0: no background.
        seconds: for looking at them.
        kept_seconds: until they are looked at anew.
        owners: remembered at once.
        at_once: pictures under way.
    """

    sample: int = 12
    seconds: float = 4.0
    kept_seconds: float = 600.0
    owners: int = 256
    at_once: int = 2


@dataclass(frozen=True)
class _Known:
    until: float
    looks: tuple[tuple[AssetFacts, Look], ...]


class Habits:
    """What owners' pictures show anyway."""

    def __init__(
        self,
        library: Library,
        labels: Labels,
        lexicon: Lexicon,
        rules: HabitRules,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._library = library
        self._labels = labels
        self._lexicon = lexicon
        self._rules = rules
        self._clock = clock
        self._known: OrderedDict[str, _Known] = OrderedDict()

    async def background(
        self, owner: str, space_id: str, without: Collection[UUID]
    ) -> Background | None:
        """The background of an owner; None: it could not be had now.

        Args:
            without: assets that are being asked about, which must not count against themselves.
        """
        if not self._rules.sample:
            return no_background(len(self._lexicon))
        looks = await self._looks(owner)
        if looks is None:
            return None
        return background_of(
            [
                (look.shares, facts.tags)
                for facts, look in looks
                if look.space_id == space_id and facts.asset_id not in without
            ],
            self._lexicon,
        )

    async def _looks(self, owner: str) -> Sequence[tuple[AssetFacts, Look]] | None:
        known = self._known.get(owner)
        if known is not None and known.until > self._clock():
            self._known.move_to_end(owner)
            return known.looks
        looks: list[tuple[AssetFacts, Look]] = []
        try:
            async with asyncio.timeout(self._rules.seconds):
                await self._look_round(owner, looks)
        except TimeoutError:
            if not looks:
                return None  # and it is tried again by the next call
        except KiokuError:
            return None
        self._keep(owner, tuple(looks))
        return looks

    async def _look_round(self, owner: str, looks: list[tuple[AssetFacts, Look]]) -> None:
        """Look at the sample; what is done when the time is up stays."""
        room = asyncio.Semaphore(self._rules.at_once)

        async def look(facts: AssetFacts) -> None:
            async with room:
                try:
                    seen = await self._labels.look(await self._library.read(owner, facts))
                except KiokuError:
                    return  # one picture less
            looks.append((facts, seen))

        sample = await self._library.sample(owner, self._rules.sample)
        async with asyncio.TaskGroup() as group:
            for facts in sample:
                group.create_task(look(facts))

    def _keep(self, owner: str, looks: tuple[tuple[AssetFacts, Look], ...]) -> None:
        stripped = tuple((facts, _without_vector(look)) for facts, look in looks)
        self._known[owner] = _Known(self._clock() + self._rules.kept_seconds, stripped)
        self._known.move_to_end(owner)
        while len(self._known) > self._rules.owners:
            self._known.popitem(last=False)


def _without_vector(look: Look) -> Look:
    return Look(look.space_id, look.vector[:0], look.shares)

"""The job: faces that were not compared yet find their people, a batch and an owner at a time."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

import structlog
from kioku_rt.errors import DependencyDown, KiokuError

from kioku_face.grouping.looking import Looking
from kioku_face.grouping.placer import Placer
from kioku_face.grouping.ports import Library, Turn, Waiting
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.tally import Tally, Went
from kioku_face.vectors import FaceVectors

log = structlog.get_logger(__name__)


class Grouping:
    """Groups faces incrementally: what one face costs does not depend on the library.

    Any number of processes may run it; an owner is one process's at a time. A batch is one
    transaction, so that a crash loses nothing and does nothing by halves.

    Args:
        new_id: makes anonymous ids in the order of time (UUIDv7, RFC 9562).
    """

    def __init__(
        self,
        library: Library,
        vectors: FaceVectors,
        rules: GroupingRules,
        new_id: Callable[[], UUID],
    ) -> None:
        self._library = library
        self._looking = Looking(vectors, rules)
        self._rules = rules
        self._new_id = new_id
        self._last = ""

    async def run_once(self) -> Tally:
        """Give owners their turn, beginning after the last one of the round before.

        Raises:
            DependencyDown: the database or `search` does not answer.
        """
        owners = await self._library.owners(self._last, self._rules.owners)
        done = Tally()
        for owner in owners:
            self._last = owner
            done += await self._turn(owner)
        if len(owners) < self._rules.owners:
            self._last = ""
        return done

    async def _turn(self, owner: str) -> Tally:
        done = Tally()
        async with self._library.turn(owner) as turn:
            if turn is None:
                return done
            for _ in range(self._rules.batches):
                waiting = await turn.waiting(self._rules.batch)
                if not waiting.face_ids or not await self._batch(owner, turn, waiting, done):
                    break
        return done

    async def _batch(self, owner: str, turn: Turn, waiting: Waiting, done: Tally) -> bool:
        """Place some faces; False: nothing more can be done for this owner now."""
        try:
            sight = await self._looking.at(owner, waiting)
        except DependencyDown:
            raise
        except KiokuError as error:  # CONSENT_BEHIND: it will hear of it
            log.warning("grouping.refused", reason=error.reason)
            return False
        done.add(Went.WAITING, len(sight.unknown))
        await turn.postpone(sight.unknown)
        if sight.seen:
            links = {face_id: waiting.links[face_id] for face_id in sight.seen}
            async with turn.scene(links, sight.near, sight.people) as scene:
                placed = await Placer(scene, sight.seen, self._rules, self._new_id).place_all()
                await scene.close(placed.told)
            done += placed
        return True

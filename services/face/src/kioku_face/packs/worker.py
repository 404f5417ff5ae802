"""Promise: whatever happens in a child that looks at pictures hits one picture, with a reason."""

from __future__ import annotations

import json
from time import monotonic

import structlog
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.images.child import READY
from kioku_rt.images.link import Link
from kioku_rt.images.linked_child import WALL_FACTOR, ChildGone, LinkedChild
from kioku_rt.reasons import Reason

from kioku_face.metrics import CHILDREN_GONE
from kioku_face.packs.answers import read_faces
from kioku_face.packs.child import ASKED, DECODED, Recipe, serve
from kioku_face.packs.engine import Found
from kioku_face.packs.licences import PackUnusable
from kioku_face.packs.suspects import ChildLost

DEPENDENCY = "face engine"
_ANSWER_SECONDS = 10.0  # a probe stops waiting before; a child that is slow need not die of it
_MILLISECONDS = 1000.0
_LATE = "Finding the faces of the picture took longer than the limit; try again later."
_log = structlog.get_logger()


class EngineWorker(LinkedChild):
    """Owns at most one child with the pack; used by one thread at a time.

    Args:
        recipe: what the child is told.
    """

    def __init__(self, recipe: Recipe) -> None:
        super().__init__(serve, (recipe,), name="kioku-faces", dependency=DEPENDENCY)
        self._recipe = recipe
        self._warm = False
        self._decoded = False

    @property
    def warm(self) -> bool:
        """Whether there is a child that has loaded its pack."""
        return self._warm and self.running()

    def look(self, data: bytes) -> Found:
        """Lets the child find the faces of a picture's file; a child that is gone has a successor.

        Raises:
            InvalidInput: IMAGE_*: the picture is refused, or ended its decoder.
            ChildLost: the child was killed meanwhile, or fell over the faces.
            KiokuError: DEADLINE_EXCEEDED, or what the engine says.
            DependencyDown: no child could be started.
        """
        self._decoded = False
        try:
            return self._exchange(data)
        except ChildGone as gone:
            how = "late" if gone.late else "killed" if gone.innocent else "died"
            CHILDREN_GONE.labels(how).inc()
            _log.warning("face_child_gone", how=how, exitcode=gone.exitcode)
            raise self._told(gone) from None
        except KiokuError as error:
            if error.reason is Reason.ENGINE_OUT_OF_MEMORY:
                self.discard()  # what it took it does not give back
            raise

    def answer(self) -> None:
        """Asks the child whether it is there; where there is none, starts one.

        Raises:
            DependencyDown: it is not.
        """
        link = self.revive()
        try:
            with self.ending_it():
                link.send(ASKED)
                if link.receive(_ANSWER_SECONDS) != READY:
                    raise EOFError
        except ChildGone:
            raise DependencyDown(DEPENDENCY) from None

    def revive(self) -> Link:
        """See `LinkedChild`; a pack that ran at the start and does not now is a server that is
        down."""
        try:
            return super().revive()
        except PackUnusable as unusable:
            _log.error("face_pack_unusable", why=str(unusable))
            raise DependencyDown(DEPENDENCY) from None

    def wait_ready(self) -> None:
        """See `LinkedChild`; raises PackUnusable as well."""
        super().wait_ready()
        self._warm = True

    def heard(self, said: bytes) -> None:
        """A pack that does not run, in the child's words; raises PackUnusable."""
        if said:
            raise PackUnusable(str(json.loads(said)["unusable"]))

    def discard(self) -> int | None:
        """See `LinkedChild`."""
        self._warm = False
        return super().discard()

    def _exchange(self, data: bytes) -> Found:
        """Raises ChildGone, InvalidInput or KiokuError."""
        link, begun = self.handed_over(data), monotonic()
        recipe = self._recipe
        with self.ending_it():
            message = link.receive(recipe.limits.decode_seconds * WALL_FACTOR)
            decoded = monotonic()
            if message == DECODED:
                self._decoded = True
                message = link.receive(recipe.picture_seconds)
            faces, (width, height) = read_faces(message, link, recipe.dimension)
            link.tidy()
        return Found(
            faces=faces,
            width=width,
            height=height,
            decode_ms=(decoded - begun) * _MILLISECONDS,
            detect_ms=(monotonic() - decoded) * _MILLISECONDS,
        )

    def _told(self, gone: ChildGone) -> KiokuError:
        """What the sender of the picture hears: a decoder dies of its picture, unless it was killed
        from outside; what dies later is no proof against it."""
        if not self._decoded and not gone.innocent:
            return gone.refusal()
        if gone.late:
            return KiokuError(Reason.DEADLINE_EXCEEDED, _LATE, retry_after=1.0)
        return ChildLost()

"""Promise: every face of a stored picture ends as a row, and its vector as an event, or neither.

A picture is looked at when it comes, again when its vectors are missing, and again with every new
pack. What is found is stored in one transaction that knows tombstones, erased places and the faces
of before. A bad file fails its picture here and nothing else: nobody waits for faces.
"""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic
from typing import Protocol

from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.space import Space

from kioku_face.originals import Originals
from kioku_face.packs.engine import FaceFinder, Found
from kioku_face.picture import Cause, Effect, Picture

OURS = frozenset({Reason.OVERLOADED, Reason.MODEL_UNAVAILABLE})
"""Not the picture's fault: it is looked at once the engine takes it."""


@dataclass(frozen=True)
class Look:
    """What a look at a picture found: the faces, by which pack and in which space, in how long."""

    found: Found
    pack: str
    space: Space
    seconds: float


class Sightings(Protocol):
    """Where faces are kept. Every method raises DependencyDown when the database is away."""

    async def standing(self, picture: Picture, cause: Cause | None) -> Effect:
        """DONE while a look at the picture would be stored, else why it would not."""

    async def put(self, picture: Picture, look: Look, cause: Cause | None) -> Effect:
        """Store the faces, tell of their vectors and audit it, in one transaction."""

    async def fail(self, picture: Picture, pack: str, reason: Reason) -> None:
        """Note and audit that no faces can be found in the picture by that pack."""


class Detection:
    """Looks at pictures."""

    def __init__(self, store: Sightings, originals: Originals, finder: FaceFinder) -> None:
        self._store = store
        self._originals = originals
        self._finder = finder

    @property
    def pack(self) -> str:
        """The pack that looks."""
        return self._finder.pack

    async def look(self, picture: Picture, cause: Cause | None = None) -> Effect:
        """Find and store the faces of a picture.

        Raises:
            InvalidInput: IMAGE_*; it has to be failed.
            KiokuError: OBJECT_MISSING, CHECKSUM_MISMATCH, and what the engine raises.
            DependencyDown: database, object store or decoder do not answer.
        """
        standing = await self._store.standing(picture, cause)
        if standing is not Effect.DONE:
            return standing
        begun = monotonic()
        found = await self._finder.faces_in(await self._originals.bytes_of(picture))
        look = Look(found, self._finder.pack, self._finder.space, monotonic() - begun)
        return await self._store.put(picture, look, cause)

    async def fail(self, picture: Picture, reason: Reason) -> None:
        """Give a picture up until there is another pack or another generation of it."""
        await self._store.fail(picture, self._finder.pack, reason)

    async def look_or_fail(self, picture: Picture, cause: Cause | None = None) -> Effect | Reason:
        """The same where one bad picture must not stop the others: its reason is the answer.

        Raises:
            KiokuError: what may pass.
            DependencyDown: as `look`.
        """
        try:
            return await self.look(picture, cause)
        except DependencyDown:
            raise
        except KiokuError as error:
            if CATALOGUE[error.reason].retryable:
                raise
            await self.fail(picture, error.reason)
            return error.reason

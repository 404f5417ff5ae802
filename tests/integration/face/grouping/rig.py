"""A library of faces in a real database, with drawn vectors, and the job that groups it."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass, field
from typing import Any

import asyncpg
import numpy as np
from kioku_face.grouping.grouping import Grouping
from kioku_face.grouping.library_store import LibraryStore
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.tally import Tally
from kioku_face.vectors import Access, Link, Matchable
from uuid_utils import compat as uuids

from tests.fakes.face_vectors import FakeFaceVectors

OWNER = "ada"
DIMENSION = 32
RULES = GroupingRules(link=0.6, margin=0.05, join=0.6, sure=0.7, stricter=0.1)
_FACE = """
INSERT INTO face.faces (owner, face_id, asset_id, frame_no, generation, box, landmarks,
    detection_score, quality, pixels, sharpness, yaw, pitch, roll, flaws, space_id)
VALUES ($1, $2, $3, $4, 1, '{0,0,0.1,0.1}', array_fill(0::real, ARRAY[10]), 0.9, $5, 100, 1, 0, 0,
    0, $6, $7)
"""
_PERSON = "INSERT INTO face.people (owner, person_id, name) VALUES ($1, $2, 'Ada')"
_CONSENT = """
INSERT INTO face.consent_states (owner, person_id, version, state) VALUES ($1, $2, 1, 'GRANTED')
"""
_SAID = """
UPDATE face.faces SET person_id = $3, link_source = 'PERSON', anonymous_id = NULL,
    link_version = link_version + 1
WHERE owner = $1 AND face_id = $2
"""
_LINKS = """
SELECT face_id, asset_id, person_id, link_version, flaws = '{}' AND link_source = 'PERSON' AS known
FROM face.faces WHERE owner = $1 AND link_version > linked_version
"""
_LINKED = "UPDATE face.faces SET linked_version = link_version WHERE owner = $1"


def direction(seed: int) -> np.ndarray:
    """A unit vector; two of them are nearly at right angles."""
    vector = np.random.default_rng(seed).standard_normal(DIMENSION)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def near(centre: np.ndarray, score: float, seed: int = 1) -> np.ndarray:
    """A unit vector whose cosine to `centre` is `score`; `-seed` lies on the other side of it."""
    other = direction(abs(seed)) * np.sign(seed)
    other = other - (other @ centre) * centre
    other = other / np.linalg.norm(other)
    return np.asarray(score * centre + np.sqrt(1 - score**2) * other, np.float32)


class Gate:
    """Vectors that keep whoever asks waiting, after they have been read."""

    def __init__(self, inner: FakeFaceVectors) -> None:
        self._inner = inner
        self.asked = asyncio.Event()
        self.open = asyncio.Event()

    async def nearest(self, *given: Any, **named: Any) -> Any:
        return await self._inner.nearest(*given, **named)

    async def match(self, *given: Any, **named: Any) -> Any:
        found = await self._inner.match(*given, **named)
        self.asked.set()
        await self.open.wait()
        return found


@dataclass
class Home:
    """Faces of some owners, the vectors that `search` has of them, and the job."""

    owner_pool: asyncpg.Pool
    worker: asyncpg.Pool
    vectors: FakeFaceVectors = field(default_factory=FakeFaceVectors)
    rules: GroupingRules = RULES

    async def face(
        self,
        vector: np.ndarray | None,
        *,
        owner: str = OWNER,
        asset: uuid.UUID | None = None,
        frame_no: int = -1,
        flaws: tuple[str, ...] = (),
        quality: float = 0.9,
        stored: bool = True,
    ) -> uuid.UUID:
        """A face that was found; `stored`: `search` has its vector, too."""
        face_id, asset = uuid.uuid4(), asset or uuid.uuid4()
        facts = (owner, face_id, asset, frame_no, quality, list(flaws), "s")
        await self.owner_pool.execute(_FACE, *facts)
        if stored and vector is not None:
            self.vectors.put(owner, face_id, vector, asset_id=asset)
        return face_id

    async def person(self, owner: str = OWNER) -> uuid.UUID:
        """Somebody who agreed."""
        person_id = uuid.uuid4()
        await self.owner_pool.execute(_PERSON, owner, person_id)
        await self.owner_pool.execute(_CONSENT, owner, person_id)
        agreed = Matchable(person_id, "", True, None, 1)
        await self.vectors.set_people(Access(owner, "t", "t", "t"), [agreed])
        return person_id

    async def say(
        self, person_id: uuid.UUID, *faces: uuid.UUID, owner: str = OWNER, told: bool = True
    ) -> None:
        """Somebody links faces to a person; `told`: `search` knows."""
        for face_id in faces:
            await self.owner_pool.execute(_SAID, owner, face_id, person_id)
        if told:
            await self.tell(owner)

    async def tell(self, owner: str = OWNER) -> None:
        """Tell `search` whose faces are whose, as the job `links` does."""
        rows = await self.owner_pool.fetch(_LINKS, owner)
        links = [
            Link(r["face_id"], r["asset_id"], r["person_id"], r["known"], r["link_version"])
            for r in rows
        ]
        await self.vectors.link(Access(owner, "t", "t", "t"), links)
        await self.owner_pool.execute(_LINKED, owner)

    def job(self, vectors: Any = None, **rules: Any) -> Grouping:
        """A process's job."""
        used = GroupingRules(**{**vars(self.rules), **rules})
        store = LibraryStore(self.worker, used.quality)
        return Grouping(store, vectors or self.vectors, used, uuids.uuid7)

    async def group(self, **rules: Any) -> Tally:
        """Run the job until nothing waits any more."""
        done = Tally()
        job = self.job(**rules)
        for _ in range(100):
            tally = await job.run_once()
            done += tally
            if not tally.placed:
                return done
        raise AssertionError("the job never comes to an end")

    async def row(self, face_id: uuid.UUID) -> asyncpg.Record:
        """A face as it is stored."""
        row = await self.owner_pool.fetchrow("SELECT * FROM face.faces WHERE face_id = $1", face_id)
        assert row is not None
        return row

    async def group_of(self, face_id: uuid.UUID) -> uuid.UUID | None:
        """The anonymous id of a face."""
        found: uuid.UUID | None = (await self.row(face_id))["anonymous_id"]
        return found

    async def person_of(self, face_id: uuid.UUID) -> uuid.UUID | None:
        """The person of a face."""
        found: uuid.UUID | None = (await self.row(face_id))["person_id"]
        return found

    async def parts(self, owner: str = OWNER) -> dict[uuid.UUID, uuid.UUID]:
        """Where every face is: its group or its person."""
        rows = await self.owner_pool.fetch(
            "SELECT face_id, coalesce(person_id, anonymous_id) AS part FROM face.faces"
            " WHERE owner = $1",
            owner,
        )
        return {row["face_id"]: row["part"] for row in rows}

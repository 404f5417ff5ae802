"""A library of faces for benches: rows in a real PostgreSQL, vectors in memory, all compared.

`ExactVectors` stands for `search` where only the grouping itself is measured: it finds every
neighbour, and counts what it was asked. Its time grows with the library; that of `search` does not,
once a library is large enough for an index.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import asyncpg
import numpy as np
import numpy.typing as npt
from kioku_face.face import Floats
from kioku_face.grouping.grouping import Grouping
from kioku_face.grouping.library_store import LibraryStore
from kioku_face.grouping.rules import GroupingRules
from kioku_face.grouping.tally import Tally
from kioku_face.vectors import Access, FaceHit, PersonHit, VectorOf
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_stack.postgres import Postgres
from uuid_utils import compat as uuids

OWNER = "bench"
_BEFORE = datetime(2026, 1, 1, tzinfo=UTC)
_COLUMNS = [
    "owner",
    "face_id",
    "asset_id",
    "generation",
    "box",
    "landmarks",
    "detection_score",
    "quality",
    "pixels",
    "sharpness",
    "yaw",
    "pitch",
    "roll",
    "flaws",
    "space_id",
    "anonymous_id",
    "grouped",
    "grouped_at",
]
_PERSON = "INSERT INTO face.people (owner, person_id) VALUES ($1, $2)"
_AGREES = """
INSERT INTO face.consent_states (owner, person_id, version, state) VALUES ($1, $2, 1, 'GRANTED')
"""
_LINK = """
UPDATE face.faces SET person_id = $3, link_source = 'PERSON', anonymous_id = NULL,
    link_version = 1, linked_version = 1 WHERE owner = $1 AND face_id = ANY($2::uuid[])
"""
_PARTS = """
SELECT face_id, person_id, coalesce(person_id, anonymous_id) AS part FROM face.faces
WHERE owner = $1
"""


@dataclass
class ExactVectors:
    """Vectors of one owner's faces. Implements what the grouping needs of `FaceVectors`."""

    vectors: Floats
    ids: list[UUID] = field(default_factory=list)
    references: dict[int, UUID] = field(default_factory=dict)
    queries: int = 0
    seconds: float = 0.0

    def __post_init__(self) -> None:
        self._at: dict[UUID, int] = {}
        self._many = 0

    def put(self, ids: Sequence[UUID], vectors: Floats) -> None:
        """Store vectors of length one; there must be room for them."""
        self.vectors[self._many : self._many + len(ids)] = vectors
        self._at.update((one, self._many + at) for at, one in enumerate(ids))
        self.ids.extend(ids)
        self._many += len(ids)

    def refer(self, ids: Collection[UUID], person: UUID) -> None:
        """These are the person's."""
        self.references.update((self._at[one], person) for one in ids)

    async def nearest(
        self, _access: Access, queries: Sequence[VectorOf], *, most: int, min_score: float
    ) -> list[list[FaceHit] | None]:
        """Faces for each query, the most similar first."""
        started = time.perf_counter()
        scores = self._scores(queries, self.vectors[: self._many])
        found: list[list[FaceHit] | None] = []
        for query, row in zip(queries, scores, strict=True):
            top = _top(row, most + 1, min_score)
            hits = [FaceHit(self.ids[at], None, None, None, float(row[at])) for at in top]
            found.append([hit for hit in hits if hit.face_id != query.face_id][:most])
        self.queries += len(queries)
        self.seconds += time.perf_counter() - started
        return found

    async def match(
        self, _access: Access, queries: Sequence[VectorOf], *, most: int, min_score: float
    ) -> list[list[PersonHit] | None]:
        """People for each query, the most similar first."""
        started = time.perf_counter()
        places = list(self.references)
        scores = self._scores(queries, self.vectors[places])
        found = [self._people(places, row, min_score)[:most] for row in scores]
        self.queries += len(queries)
        self.seconds += time.perf_counter() - started
        return list(found)

    def _people(self, places: Sequence[int], row: Floats, min_score: float) -> list[PersonHit]:
        best: dict[UUID, PersonHit] = {}
        for at in _top(row, len(row), min_score):
            person = self.references[places[at]]
            hit = PersonHit(person, "", self.ids[places[at]], float(row[at]))
            best.setdefault(person, hit)
        return list(best.values())

    def _scores(self, queries: Sequence[VectorOf], among: Floats) -> Floats:
        rows = [self._at[query.face_id] for query in queries if query.face_id is not None]
        scores: Floats = self.vectors[rows] @ among.T
        return scores


def _top(row: Floats, most: int, min_score: float) -> npt.NDArray[np.int64]:
    (enough,) = np.nonzero(row >= min_score)
    return np.asarray(enough[np.argsort(-row[enough], kind="stable")][:most])


@dataclass
class FaceLibrary:
    """One owner's faces in a database, and the job that groups them."""

    owner: asyncpg.Pool
    worker: asyncpg.Pool

    async def add(
        self, many: int, *, groups: Sequence[UUID] = (), good: Sequence[bool] = ()
    ) -> list[UUID]:
        """Faces of an asset each; with `groups` they are grouped already."""
        ids = [uuid.uuid4() for _ in range(many)]
        rows = [
            _row(one, groups[at] if groups else None, good[at] if good else True)
            for at, one in enumerate(ids)
        ]
        await self.owner.copy_records_to_table(
            "faces", schema_name="face", columns=_COLUMNS, records=rows, timeout=300
        )
        await self.owner.execute("ANALYZE face.faces", timeout=300)
        return ids

    async def say(self, faces: Sequence[UUID], person: UUID) -> None:
        """Somebody says that these are a new person's, who agreed to it."""
        await self.owner.execute(_PERSON, OWNER, person)
        await self.owner.execute(_AGREES, OWNER, person)
        await self.owner.execute(_LINK, OWNER, list(faces), person)

    async def group(self, vectors: ExactVectors, rules: GroupingRules) -> Tally:
        """Run the job until nothing waits."""
        store = LibraryStore(self.worker, rules.quality)
        job, done = Grouping(store, vectors, rules, uuids.uuid7), Tally()  # type: ignore[arg-type]
        while (tally := await job.run_once()).placed:
            done += tally
        return done

    async def parts(self) -> dict[UUID, tuple[UUID, UUID | None]]:
        """Where each face is, and its person."""
        rows = await self.owner.fetch(_PARTS, OWNER)
        return {row["face_id"]: (row["part"], row["person_id"]) for row in rows}


def _row(face_id: UUID, group: UUID | None, good: bool) -> tuple[Any, ...]:
    box, points, flaws = [0.0, 0.0, 0.1, 0.1], [0.0] * 10, [] if good else ["FACE_UNSURE"]
    quality = (0.9, 0.9, 100.0, 1.0, 0.0, 0.0, 0.0)
    then = None if group is None else _BEFORE
    facts = (OWNER, face_id, uuid.uuid4(), 1, box, points, *quality, flaws, "bench")
    return (*facts, group, group is not None, then)


@asynccontextmanager
async def library(postgres: Postgres, name: str) -> AsyncIterator[FaceLibrary]:
    """An empty one in a database of its own."""
    postgres.create_database(name)
    await Migrations("kioku_face.migrations", "face").apply(postgres.dsn(name))
    dsns = [postgres.dsn(name), postgres.dsn(name, "face_worker")]
    pools = [await open_pool(one, max_size=2, application_name="bench") for one in dsns]
    try:
        yield FaceLibrary(*pools)
    finally:
        for pool in pools:
            await close_pool(pool)

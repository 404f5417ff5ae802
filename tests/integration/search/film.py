"""A video as the embedder tells of it: stored manifests, ranges of frames, and their vectors."""

from __future__ import annotations

import hashlib
import uuid
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from kioku.events.v1 import events_pb2
from kioku_rt.objects import MemoryObjectStore, derived_prefix
from kioku_search.assets.asset_store import AssetStore
from kioku_search.spaces.space import Spaces
from kioku_search.spaces.space_store import SpaceStore
from kioku_search.vectors.indexing import Indexing, Item, Origin, Ready
from kioku_search.vectors.vector_store import VectorStore
from kioku_search.videos.cutting import Cutting, FrameRange
from kioku_search.videos.frame_store import FrameStore
from kioku_search.videos.video import VideoFacts

from tests.integration.search.rig import Db, FakeEmbedder, space, unit, user

FACTS = VideoFacts(3000, 64, 48, "h264", hdr=False, incomplete="")


def frame_vector(asset_id: uuid.UUID, frame_no: int, generation: int = 1) -> np.ndarray:
    """The vector of one frame."""
    return unit(f"{asset_id}/{generation}/{frame_no}")


def manifest(owner: str, asset_id: uuid.UUID, first: int, count: int, generation: int = 1) -> Any:
    """The frames of a range, two a second."""
    folder = f"{derived_prefix(owner, str(asset_id))}frames/{generation}/"
    return events_pb2.FrameManifest(
        asset_id=str(asset_id),
        generation=generation,
        frames=[
            events_pb2.Frame(
                frame_no=number,
                time_ms=500 * number,
                object_key=f"{folder}{number:06d}.jpg",
                sha256=hashlib.sha256(f"{generation}/{number}".encode()).hexdigest(),
                width=64,
                height=48,
            )
            for number in range(first, first + count)
        ],
    )


@dataclass
class Film:
    """One video of one owner, and the two use cases that hear of it.

    Each telling has an event id of its own, unless one is given.
    """

    db: Db
    asset_id: uuid.UUID
    owner: str = "ann"
    objects: MemoryObjectStore = field(default_factory=MemoryObjectStore)
    generation: int = 1

    def __post_init__(self) -> None:
        store = FrameStore(self.db.worker)
        spaces = Spaces(SpaceStore(self.db.worker), FakeEmbedder(space()))
        self.cutting = Cutting(store, self.objects)
        self.indexing = Indexing(VectorStore(self.db.worker), store, spaces)

    @property
    def folder(self) -> str:
        """Under which its frames are stored."""
        return f"{derived_prefix(self.owner, str(self.asset_id))}frames/"

    def origin(self, event: str = "") -> Origin:
        """This cutting's first delivery."""
        return Origin(event or str(uuid.uuid4()), self.owner, self.asset_id, self.generation, 1)

    async def cut(
        self, first: int, count: int, total: int | None = None, *, event: str = "", **changes: Any
    ) -> Any:
        """A range is stored, told with its manifest."""
        key = f"{self.folder}{self.generation}/manifest-{first:06d}.pb"
        listed = manifest(self.owner, self.asset_id, first, count, self.generation)
        if count:
            await self.objects.put(key, listed.SerializeToString(), "application/x-protobuf")
            for one in listed.frames:
                await self.objects.put(one.object_key, b"jpeg", "image/jpeg")
        facts = FACTS if total is not None else None
        values = {"first": first, "count": count, "total": total, "facts": facts, **changes}
        values = {"manifest_key": key if count else "", **values}
        return await self.cutting.extracted(FrameRange(origin=self.origin(event), **values))

    async def embed(self, *numbers: int, event: str = "", one: Any = None, **failures: Any) -> Any:
        """Frames are embedded, told in one event; `f3=Failure(...)`: frame 3 failed."""
        one = one or space()
        items = [
            Item(
                frame_vector(self.asset_id, number, self.generation).astype("<f4").tobytes(),
                number,
                500 * number,
                failures.get(f"f{number}"),
            )
            for number in numbers
        ]
        return await self.indexing.vector_ready(Ready(self.origin(event), one, items))

    async def asset(self) -> Any:
        """The asset as its owner sees it."""
        return await AssetStore(self.db.api).find(user(self.owner), self.asset_id, "")

    async def standing(self) -> tuple[str, dict[str, str]]:
        """State of the asset and of each stage."""
        asset = await self.asset()
        return str(asset.state), {one.stage: str(one.state) for one in asset.stages}

    async def vectors(self) -> dict[int, Any]:
        """Rows of its vectors, by frame."""
        rows = await self.db.owner.fetch(
            "SELECT * FROM search.image_embeddings WHERE asset_id = $1", self.asset_id
        )
        return {row["frame_no"]: row for row in rows}

    async def frames(self) -> dict[int, Any]:
        """Rows of its frames, by number."""
        rows = await self.db.owner.fetch(
            "SELECT * FROM search.frames WHERE asset_id = $1", self.asset_id
        )
        return {row["frame_no"]: row for row in rows}


async def film(db: Db, owner: str = "ann", **changes: Any) -> Film:
    """A video whose bytes are in place."""
    await db.register(space())
    facts = {"filename": "a.mp4", "content_type": "video/mp4", **changes}
    asset_id = await db.stored_asset(owner, kind="VIDEO", **facts)
    return Film(db, asset_id, owner)


async def whole_film(db: Db, owner: str = "ann", count: int = 6, **changes: Any) -> Film:
    """A READY video of `count` frames."""
    one = await film(db, owner, **changes)
    await one.cut(0, count, count)
    await one.embed(*range(count))
    return one

"""Promise: a pack's folder becomes a finder of faces, or one sentence for the operator."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from kioku_rt.images import DecodePool

from kioku_face.packs.decoding import FacePixels, face_limits
from kioku_face.packs.pack import open_pack
from kioku_face.packs.pack_engine import EngineRules, PackEngine, load_engine
from kioku_face.packs.pool import EnginePool

MIB = 2**20


@dataclass(frozen=True)
class FinderOptions:
    """What `open_finder` needs to know.

    Args:
        folder: of the pack.
        accepted: names of packs whose licence for research only was accepted.
        threads: pictures in which faces are looked for at once; 0: one per core.
        decoders: decoder processes; 0: one per core.
        queue_limit: pictures in hand of each priority before OVERLOADED.
        upload_max_bytes: of a picture's file.
        picture_seconds: for finding the faces of one picture.
    """

    folder: Path
    accepted: frozenset[str] = frozenset()
    engine: EngineRules = field(default_factory=EngineRules)
    threads: int = 0
    decoders: int = 0
    queue_limit: int = 128
    upload_max_bytes: int = 64 * MIB
    picture_seconds: float = 30.0


async def open_finder(options: FinderOptions, resources: AsyncExitStack) -> EnginePool:
    """Opens the pack, its engine, and the decoders; `resources` closes them.

    Raises:
        PackUnusable: with one sentence for the operator; LicenceNotAccepted is one.
        DependencyDown: a decoder did not come up.
    """
    engine = await asyncio.to_thread(_load, options)
    cores = len(os.sched_getaffinity(0))
    decoders = options.decoders or cores
    decoder = DecodePool(
        decoders,
        face_limits(options.upload_max_bytes),
        prepare=FacePixels(options.engine.most_pixels),
    )
    resources.callback(decoder.close)
    await asyncio.to_thread(decoder.start)
    pool = EnginePool(
        engine,
        decoder,
        threads=options.threads or cores,
        decoders=decoders,
        limit=options.queue_limit,
        picture_seconds=options.picture_seconds,
    )
    resources.push_async_callback(pool.close)
    return pool


def _load(options: FinderOptions) -> PackEngine:
    return load_engine(open_pack(options.folder, accepted=options.accepted), options.engine)

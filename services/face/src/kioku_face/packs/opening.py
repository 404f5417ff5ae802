"""Promise: a pack's folder becomes a finder of faces, or one sentence for the operator."""

from __future__ import annotations

import asyncio
import os
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path

from kioku_face.packs.child import Recipe
from kioku_face.packs.decoding import face_limits
from kioku_face.packs.pack import open_pack
from kioku_face.packs.pack_engine import EngineRules, space_of
from kioku_face.packs.pool import EnginePool
from kioku_face.packs.worker import EngineWorker

MIB = 2**20


@dataclass(frozen=True)
class FinderOptions:
    """What `open_finder` needs to know.

    Args:
        folder: of the pack.
        accepted: names of packs whose licence for research only was accepted.
        processes: child processes, each with the pack and a picture at a time; 0: one per core.
        queue_limit: pictures in hand of each priority before OVERLOADED.
        upload_max_bytes: of a picture's file.
        picture_seconds: for finding the faces of one picture, without decoding it.
        memory_bytes: address space that finding the faces may add to a child.
    """

    folder: Path
    accepted: frozenset[str] = frozenset()
    engine: EngineRules = field(default_factory=EngineRules)
    processes: int = 0
    queue_limit: int = 128
    upload_max_bytes: int = 64 * MIB
    picture_seconds: float = 30.0
    memory_bytes: int = 2_048 * MIB


async def open_finder(options: FinderOptions, resources: AsyncExitStack) -> EnginePool:
    """Opens the pack and, once its licence and its files are right, the children that load it;
    `resources` ends them.

    Raises:
        PackUnusable: with one sentence for the operator; LicenceNotAccepted is one.
        DependencyDown: a child did not come up.
    """
    recipe = await asyncio.to_thread(_recipe, options)
    count = options.processes or len(os.sched_getaffinity(0))
    pool = EnginePool(
        [EngineWorker(recipe) for _ in range(count)],
        pack=recipe.pack.name,
        space=space_of(recipe.pack, options.engine),
        limits=recipe.limits,
        limit=options.queue_limit,
    )
    resources.push_async_callback(pool.close)
    await asyncio.to_thread(pool.start)
    return pool


def _recipe(options: FinderOptions) -> Recipe:
    return Recipe(
        pack=open_pack(options.folder, accepted=options.accepted),
        rules=options.engine,
        limits=face_limits(options.upload_max_bytes),
        picture_seconds=options.picture_seconds,
        memory_bytes=options.memory_bytes,
    )

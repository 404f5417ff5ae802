"""Opens what reads pages and what extracts entries, as the settings name them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from typing import TYPE_CHECKING, Any

from kioku_rt.images import DecodePool, ImageLimits

from kioku_vlm.engines.opening import Around, open_models
from kioku_vlm.observing.deployment import AsDeployed
from kioku_vlm.observing.picture_hash import difference_bits
from kioku_vlm.observing.picture_hasher import PictureHasher
from kioku_vlm.observing.ports import Engines
from kioku_vlm.observing.rules_extractor import RulesExtractor
from kioku_vlm.reading import ReaderOptions, open_reader

if TYPE_CHECKING:
    from kioku_vlm.settings import Settings

_HASHED_EDGE = 256
"""A picture is decoded no larger than this to be hashed."""
_SEEN_EDGE = 4096
"""Nor larger than this for a model, which sees less."""


async def open_engines(settings: Settings, resources: AsyncExitStack) -> Engines:
    """Open them all.

    Raises:
        ReaderUnusable, EngineUnusable: with one sentence for the operator.
        DependencyDown: a child does not start.
    """
    reader = await resources.enter_async_context(open_reader(reader_options(settings)))
    hashing = await _decoders(settings, resources, _HASHED_EDGE, prepare=difference_bits)
    seeing = hashing
    if settings.vlm_engine != "rules":
        seeing = await _decoders(settings, resources, _SEEN_EDGE)
    around = Around(settings.ai_policy(), seeing, reader, RulesExtractor())
    opened = await open_models(settings, around, resources)
    extractor = AsDeployed(opened.extractor, zone=settings.vlm_zone, locale=settings.vlm_locale)
    return Engines(reader, extractor, PictureHasher(hashing), opened.writer, opened.describer)


def reader_options(settings: Settings) -> ReaderOptions:
    """What the reader is opened with."""
    return ReaderOptions(
        tessdata=settings.vlm_tessdata,
        processes=settings.vlm_read_processes,
        max_bytes=settings.vlm_upload_max_bytes,
        page_seconds=settings.vlm_page_seconds,
        most_pages=settings.vlm_most_pages,
    )


async def _decoders(
    settings: Settings, resources: AsyncExitStack, edge: int, prepare: Any = None
) -> DecodePool:
    limits = ImageLimits(max_bytes=settings.vlm_upload_max_bytes, long_edge=edge)
    pool = DecodePool(settings.vlm_decoders, limits, prepare=prepare)
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    return pool

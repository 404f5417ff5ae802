"""Opens what reads pages and what extracts entries, as the settings name them."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from importlib import import_module
from typing import TYPE_CHECKING, Any

import structlog
from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodePool, ImageLimits
from kioku_rt.reasons import Reason

from kioku_vlm.engines.opening import Around, open_models
from kioku_vlm.observing.deployment import AsDeployed
from kioku_vlm.observing.picture_hash import difference_bits
from kioku_vlm.observing.picture_hasher import PictureHasher
from kioku_vlm.observing.ports import Engines
from kioku_vlm.observing.rules_extractor import RulesExtractor

if TYPE_CHECKING:
    from kioku_vlm.observing.ports import Reader
    from kioku_vlm.page import Document
    from kioku_vlm.settings import Settings

log = structlog.get_logger(__name__)
_HASHED_EDGE = 256
"""A picture is decoded no larger than this to be hashed."""
_SEEN_EDGE = 4096
"""Nor larger than this for a model, which sees less."""


class NoReader:
    """Stands where this installation has nothing that reads pages: whatever is ordered waits."""

    version = "none"

    async def read(self, _data: bytes, _content_type: str = "") -> Document:
        """Nothing can be read now."""
        raise KiokuError(Reason.MODEL_UNAVAILABLE)


class PageReader:
    """The room `reading`, under a name and version."""

    def __init__(self, reader: Any) -> None:
        self._reader = reader
        self.version = str(getattr(reader, "version", "pages@1"))

    async def read(self, data: bytes, content_type: str = "") -> Document:
        """The pages of a picture or file."""
        document: Document = await self._reader.read(data, content_type)
        return document


async def open_engines(settings: Settings, resources: AsyncExitStack) -> Engines:
    """Open all three.

    Raises:
        EngineUnusable: with one sentence for the operator.
        DependencyDown: a child does not start.
    """
    hashing = await _decoders(settings, resources, _HASHED_EDGE, prepare=difference_bits)
    seeing = hashing
    if settings.vlm_engine != "rules":
        seeing = await _decoders(settings, resources, _SEEN_EDGE)
    reader = await open_reader(resources)
    around = Around(settings.ai_policy(), seeing, reader, RulesExtractor())
    opened = await open_models(settings, around, resources)
    extractor = AsDeployed(opened.extractor, zone=settings.vlm_zone, locale=settings.vlm_locale)
    return Engines(reader, extractor, PictureHasher(hashing))


async def open_reader(resources: AsyncExitStack) -> Reader:
    """What reads pages; where nothing does, that is said once, and everything waits."""
    try:
        opening = import_module("kioku_vlm.reading").open_reader()
    except (ImportError, AttributeError):
        log.warning("reader.missing")
        return NoReader()
    return PageReader(await resources.enter_async_context(opening))


async def _decoders(
    settings: Settings, resources: AsyncExitStack, edge: int, prepare: Any = None
) -> DecodePool:
    limits = ImageLimits(max_bytes=settings.vlm_upload_max_bytes, long_edge=edge)
    pool = DecodePool(settings.vlm_decoders, limits, prepare=prepare)
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    return pool

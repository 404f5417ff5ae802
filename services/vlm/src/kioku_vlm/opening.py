"""Opens what reads pages and what extracts entries, as the settings name them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import AsyncExitStack
from importlib import import_module

from kioku_rt.images import DecodePool, ImageLimits

from kioku_vlm.observing.picture_hash import difference_bits
from kioku_vlm.observing.picture_hasher import PictureHasher
from kioku_vlm.observing.ports import Engines, Picture
from kioku_vlm.page import Document
from kioku_vlm.reading import ReaderOptions, open_reader
from kioku_vlm.schedule_facts import Circumstances, Schedule
from kioku_vlm.settings import Settings

_HASHED_EDGE = 256
"""A picture is decoded no larger than this to be hashed."""


class RulesExtractor:
    """Entries by the rules of `kioku_vlm.rules`.  Implements `Extractor`.

    Args:
        zone, locale: of the deployment, where neither picture nor caller names one.
    """

    model_version = "kioku-rules@1"
    prompt_version = ""
    schema_version = ""

    def __init__(self, *, zone: str = "", locale: str = "") -> None:
        self._zone = zone
        self._locale = locale

    async def extract(
        self, _pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """What the pages announce, off the event loop."""
        return await asyncio.to_thread(_announce, document, self._with_defaults(circumstances))

    def _with_defaults(self, told: Circumstances) -> Circumstances:
        return Circumstances(
            today=told.today,
            taken=told.taken,
            zone=told.zone or self._zone,
            locale=told.locale or self._locale,
            aliases=told.aliases,
        )


async def open_engines(settings: Settings, resources: AsyncExitStack) -> Engines:
    """Open all three.

    Raises:
        ReaderUnusable: nothing reads pages here, in one sentence for the operator.
        DependencyDown: a child does not start.
    """
    limits = ImageLimits(max_bytes=settings.vlm_upload_max_bytes, long_edge=_HASHED_EDGE)
    pool = DecodePool(settings.vlm_decoders, limits, prepare=difference_bits)
    resources.callback(pool.close)
    await asyncio.to_thread(pool.start)
    extractor = RulesExtractor(zone=settings.vlm_zone, locale=settings.vlm_locale)
    reader = await resources.enter_async_context(open_reader(reader_options(settings)))
    return Engines(reader, extractor, PictureHasher(pool))


def reader_options(settings: Settings) -> ReaderOptions:
    """What the reader is opened with."""
    return ReaderOptions(
        tessdata=settings.vlm_tessdata,
        processes=settings.vlm_read_processes,
        max_bytes=settings.vlm_upload_max_bytes,
        page_seconds=settings.vlm_page_seconds,
        most_pages=settings.vlm_most_pages,
    )


def _announce(document: Document, circumstances: Circumstances) -> Schedule:
    rules = import_module("kioku_vlm.rules")  # its lexicons are loaded when first needed
    schedule: Schedule = rules.announce(document, circumstances)
    return schedule

"""Entries by the rules of `kioku_vlm.rules`.  Implements `Extractor`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from kioku_vlm.page import Document
from kioku_vlm.rules import announce
from kioku_vlm.schedule_facts import Circumstances, Schedule


class RulesExtractor:
    """Needs no model."""

    model_version = "kioku-rules@1"
    prompt_version = ""
    schema_version = ""

    async def extract(
        self, _pictures: Sequence[object], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """What the pages announce, off the event loop."""
        return await asyncio.to_thread(announce, document, circumstances)

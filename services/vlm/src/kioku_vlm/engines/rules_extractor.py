"""The offline engine behind the same port: rules, no model."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import replace
from time import monotonic

from kioku_vlm.engines.ports import Picture
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Provenance, Schedule

Announce = Callable[[Document, Circumstances], Schedule]
VERSION = "kioku-rules@1"


class RulesExtractor:
    """See `ports.Extractor`.

    Args:
        announce: from a read document to what it announces (`kioku_vlm.rules.announce`).
        version: of the rules.
    """

    prompt_version = ""
    schema_version = ""

    def __init__(self, announce: Announce, version: str = VERSION) -> None:
        self._announce = announce
        self.model_version = version

    async def extract(
        self,
        pictures: Sequence[Picture],  # noqa: ARG002 - rules read the document alone
        document: Document,
        circumstances: Circumstances,
    ) -> Schedule:
        """See the port."""
        begun = monotonic()
        schedule = await asyncio.to_thread(self._announce, document, circumstances)
        seconds = monotonic() - begun
        return replace(schedule, provenance=Provenance(self.model_version, seconds=seconds))

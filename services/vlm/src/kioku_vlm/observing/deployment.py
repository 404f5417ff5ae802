"""What a deployment says where neither picture nor caller does.  Implements `Extractor`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from kioku_vlm.observing.ports import Extractor, Picture
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Entry, Schedule

BY_DEPLOYMENT = "tenant"
NO_ZONE = "NO_ZONE"


class AsDeployed:
    """Another extractor, with this deployment's zone and locale.

    Args:
        zone: IANA zone of entries that nothing gives one; a place or a caller goes before it.
        locale: decides 03/04 where no caller names one.
    """

    def __init__(self, extractor: Extractor, *, zone: str, locale: str) -> None:
        self._extractor = extractor
        self._zone = zone
        self._locale = locale

    @property
    def model_version(self) -> str:
        """Of the other."""
        return self._extractor.model_version

    @property
    def prompt_version(self) -> str:
        """Of the other."""
        return self._extractor.prompt_version

    @property
    def schema_version(self) -> str:
        """Of the other."""
        return self._extractor.schema_version

    async def extract(
        self, pictures: Sequence[Picture], document: Document, circumstances: Circumstances
    ) -> Schedule:
        """What the other says, completed."""
        known = replace(circumstances, locale=circumstances.locale or self._locale)
        schedule = await self._extractor.extract(pictures, document, known)
        if not self._zone:
            return schedule
        return replace(schedule, entries=tuple(map(self._in_zone, schedule.entries)))

    def _in_zone(self, entry: Entry) -> Entry:
        if entry.zone:
            return entry
        flags = tuple(flag for flag in entry.flags if flag != NO_ZONE)
        return replace(entry, zone=self._zone, zone_by=BY_DEPLOYMENT, flags=flags)

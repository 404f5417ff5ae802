"""A deployment's zone and locale come last: after the picture, and after the caller."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from kioku_vlm.observing.deployment import AsDeployed
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Document
from kioku_vlm.schedule_facts import Circumstances, Entry, Kind, Schedule

PLACED = Entry(Kind.EVENT, zone="Europe/Paris", zone_by="place")
NOWHERE = Entry(Kind.EVENT, flags=("NO_ZONE", "OTHER"))


class Told:
    """Implements `Extractor`: keeps what it was told."""

    model_version, prompt_version, schema_version = "m@1", "p1", "s1"

    def __init__(self) -> None:
        self.known: list[Circumstances] = []

    async def extract(
        self, _pictures: Sequence[Picture], _document: Document, circumstances: Circumstances
    ) -> Schedule:
        self.known.append(circumstances)
        return Schedule((PLACED, NOWHERE))


async def test_only_entries_without_a_zone_get_the_deployments() -> None:
    """And they need nobody to look at them for that any more."""
    told = Told()
    deployed = AsDeployed(told, zone="Asia/Tokyo", locale="ja")
    found = await deployed.extract([], Document(()), Circumstances(date(2026, 5, 1)))
    assert (PLACED, Entry(Kind.EVENT, zone="Asia/Tokyo", zone_by="tenant", flags=("OTHER",))) == (
        found.entries
    )
    assert [("", "ja")] == [(one.zone, one.locale) for one in told.known]
    assert ("m@1", "p1", "s1") == (
        deployed.model_version,
        deployed.prompt_version,
        deployed.schema_version,
    )


async def test_a_caller_goes_before_it_and_without_any_nothing_is_said() -> None:
    """The caller's locale is kept; no zone is invented."""
    told = Told()
    deployed = AsDeployed(told, zone="", locale="ja")
    known = Circumstances(date(2026, 5, 1), locale="en-GB")
    found = await deployed.extract([], Document(()), known)
    assert (PLACED, NOWHERE) == found.entries
    assert "en-GB" == told.known[0].locale

"""A correction teaches: the same words in another picture of that owner mean what was said."""

from __future__ import annotations

from typing import Any

from kioku.vlm.v1 import observation_pb2
from kioku.vlm.v1 import schedule_service_pb2 as messages

from tests.integration.vlm.rig import Db, notice
from tests.integration.vlm.test_corrections import read, read_again, update

GYM = {"title": "Fair", "start": "2026-05-30T10:00", "place": "GYM (S)"}
OTHER = {"title": "Concert", "start": "2026-06-12T18:00", "place": "Gym (S)"}
Text = observation_pb2.FieldValue


async def entries(service: Any, owner: str) -> dict[str, Any]:
    """All of an owner's, by title."""
    page = await service.schedules(owner).ListEntries(messages.ListEntriesRequest())
    return {one.title.value: one for one in page.entries}


async def taught(service: Any, db: Db, meaning: str = "South gym") -> tuple[Any, Any]:
    """An asset whose place was corrected, and its entry."""
    asset_id, known = await read(service, db, GYM)
    await service.schedules("ann").UpdateEntry(update(known, ["place"], place=Text(value=meaning)))
    return asset_id, known


async def test_the_same_words_mean_what_a_person_said(db: Db, start_vlm: Any) -> None:
    """In another picture, whatever the case; what was read stands beside it with its evidence."""
    async with start_vlm() as service:
        await taught(service, db)
        await service.upload("ann", notice(OTHER, shade=90))
        await db.until_read("ann", 2)
        place = (await entries(service, "ann"))["Concert"].place
    assert ("South gym", "alias", "Gym (S)") == (place.value, place.resolved_by, place.raw)
    assert ["Gym (S)"] == list(place.alternatives)
    assert 1 == len(place.evidence)
    assert not place.HasField("correction")


async def test_it_teaches_nobody_else(db: Db, start_vlm: Any) -> None:
    """Another owner's words mean what they say."""
    async with start_vlm() as service:
        await taught(service, db)
        await service.upload("bob", notice(OTHER, shade=90))
        await db.until_read("bob")
        assert "Gym (S)" == (await entries(service, "bob"))["Concert"].place.value


async def test_what_is_taken_back_teaches_no_more(db: Db, start_vlm: Any) -> None:
    """The words mean again what they say."""
    async with start_vlm() as service:
        _, known = await taught(service, db)
        restore = messages.RestoreEntryRequest(
            observation_id=known.observation_id, entry_id=known.entry_id
        )
        await service.schedules("ann").RestoreEntry(restore)
        await service.upload("ann", notice(OTHER, shade=90))
        await db.until_read("ann", 2)
        assert "Gym (S)" == (await entries(service, "ann"))["Concert"].place.value


async def test_the_corrected_entry_keeps_its_id_and_its_correction(db: Db, start_vlm: Any) -> None:
    """Read again with what it taught, it is the same entry, and there is no other."""
    async with start_vlm() as service:
        asset_id, known = await read(service, db, GYM)
        request = update(known, ["title"], title=Text(value="Something else entirely"))
        await service.schedules("ann").UpdateEntry(request)
        await read_again(service, db, asset_id, 2)
        [entry] = (await entries(service, "ann")).values()
    assert (known.entry_id, "Something else entirely") == (entry.entry_id, entry.title.value)
    assert "person" == entry.title.resolved_by
    assert [] == list(entry.flags)


async def test_a_correction_does_not_teach_its_own_entry(db: Db, start_vlm: Any) -> None:
    """Beside it stands what the second reading says, and that holds once it is taken back."""
    async with start_vlm() as service:
        asset_id, known = await taught(service, db)
        await read_again(service, db, asset_id, 2)
        [corrected] = (await entries(service, "ann")).values()
        restore = messages.RestoreEntryRequest(
            observation_id=known.observation_id, entry_id=known.entry_id
        )
        restored = (await service.schedules("ann").RestoreEntry(restore)).entry
    assert ("South gym", "person") == (corrected.place.value, corrected.place.resolved_by)
    assert "GYM (S)" == corrected.place.correction.reading.value
    assert "GYM (S)" == restored.place.value

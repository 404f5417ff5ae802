"""What is to be seen of people is stored with a reading and put beside their faces in answers."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from typing import Any

from kioku.vlm.v1 import schedule_service_pb2 as messages
from kioku_vlm.engines.failure import ModelDown
from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Box, Document
from kioku_vlm.people.member import Member

from tests.integration.vlm.rig import Db, notice, until
from tests.integration.vlm.test_corrections import read_again

FAIR = {"title": "Fair", "start": "2026-05-30T10:00"}
LEFT = SeenPerson(1, Box(0.0, 0.0, 0.5, 1.0), "a woman in a red coat", 0.5)
RIGHT = SeenPerson(1, Box(0.5, 0.0, 0.5, 1.0), "a child with a hat", 0.3, ("QUOTES_PICTURE",))


class Eyes:
    """Implements `Describer`: sees `people`, or fails."""

    model_version, prompt_version = "eyes@1", "p1"

    def __init__(self, *people: SeenPerson) -> None:
        self.people = people
        self.failure: Exception | None = None
        self.asked: list[tuple[int, str]] = []

    async def describe(
        self, pictures: Sequence[Picture], _document: Document, language: str
    ) -> tuple[SeenPerson, ...]:
        self.asked.append((len(pictures), language))
        if self.failure is not None:
            raise self.failure
        return self.people


class OneFace:
    """Implements `Faces`: somebody known on the right of every picture."""

    async def members(self, _owner: str, _asset_id: uuid.UUID) -> list[Member]:
        box = Box(0.7, 0.1, 0.1, 0.1)
        return [Member(uuid.UUID(int=1), box, uuid.UUID(int=2), "u2", "Ben", score=0.7)]


async def people(db: Db, owner: str = "ann") -> list[dict[str, Any]]:
    """The fields of the people of an owner's pictures."""
    rows = await db.owner.fetch(
        "SELECT fields FROM vlm.vlm_detection_entities WHERE owner = $1 AND type = 'PERSON'"
        " ORDER BY ordinal",
        owner,
    )
    return [json.loads(row["fields"]) for row in rows]


async def candidates(service: Any, asset_id: uuid.UUID, owner: str = "ann") -> list[Any]:
    """The faces of ExtractSchedule's answer."""
    request = messages.ExtractScheduleRequest(asset_id=str(asset_id))
    answer = await service.schedules(owner).ExtractSchedule(request)
    return list(answer.member_candidates)


async def test_a_reading_stores_boxes_and_descriptions(db: Db, start_vlm: Any) -> None:
    """As rows of the type PERSON, which are no entries and hold no name."""
    eyes = Eyes(LEFT, RIGHT)
    async with start_vlm(describer=eyes, faces=OneFace(), vlm_language="en") as service:
        await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        page = await service.schedules("ann").ListEntries(messages.ListEntriesRequest())
    assert [(1, "en")] == eyes.asked
    assert [
        {
            "value": "a woman in a red coat",
            "raw": "a woman in a red coat",
            "confidence": 0.5,
            "resolved_by": "model",
            "evidence": [{"page": 1, "box": [0.0, 0.0, 0.5, 1.0], "quote": ""}],
            "alternatives": [],
            "flags": [],
        },
        ["QUOTES_PICTURE"],
    ] == [(await people(db))[0], (await people(db))[1]["flags"]]
    assert ["Fair"] == [entry.title.value for entry in page.entries]


async def test_the_face_in_the_box_has_the_description(db: Db, start_vlm: Any) -> None:
    """In both answers that name members, for whoever asks again."""
    async with start_vlm(describer=Eyes(LEFT, RIGHT), faces=OneFace()) as service:
        asset_id = await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
        [member] = await candidates(service, asset_id)
        request = messages.GetObservationRequest(observation_id=str(row["observation_id"]))
        answer = await service.schedules("ann").GetObservation(request)
    assert ("Ben", "a child with a hat") == (member.name, member.description)
    [same] = answer.observation.member_candidates
    assert "a child with a hat" == same.description


async def test_without_a_describer_nothing_is_said(db: Db, start_vlm: Any) -> None:
    """Faces are named as before, and no row is stored."""
    async with start_vlm(faces=OneFace()) as service:
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        [member] = await candidates(service, asset_id)
    assert ("Ben", "") == (member.name, member.description)
    assert [] == await people(db)


async def test_a_describer_that_fails_costs_the_descriptions_alone(db: Db, start_vlm: Any) -> None:
    """The picture is read; what an earlier reading of the same bytes saw stays."""
    eyes = Eyes(RIGHT)
    async with start_vlm(describer=eyes, faces=OneFace()) as service:
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        eyes.failure = ModelDown()
        await read_again(service, db, asset_id, 2)
        [member] = await candidates(service, asset_id)
        await service.upload("ben", notice(FAIR))
        [other] = await db.until_read("ben")
    assert "a child with a hat" == member.description
    assert ("READY", 1) == (other["state"], other["attempts"])
    assert [] == await people(db, "ben")


async def test_another_reading_takes_the_place_of_the_first(db: Db, start_vlm: Any) -> None:
    """Whoever is not seen any more is not told of."""
    eyes = Eyes(LEFT, RIGHT)
    async with start_vlm(describer=eyes) as service:
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        eyes.people = (SeenPerson(1, LEFT.box, "a woman with glasses", 0.5),)
        await read_again(service, db, asset_id, 2)
    assert ["a woman with glasses"] == [one["value"] for one in await people(db)]


async def test_lies_cost_the_lie_alone(db: Db, start_vlm: Any) -> None:
    """What no row can hold is left out; the reading is stored with the rest."""
    nowhere = SeenPerson(1, Box(float("nan"), 0.0, 0.5, 1.0), "nowhere", 0.5)
    silent = SeenPerson(1, LEFT.box, "\x00", 0.5)
    async with start_vlm(describer=Eyes(nowhere, silent, LEFT)) as service:
        await service.upload("ann", notice(FAIR))
        [row] = await db.until_read("ann")
    assert "READY" == row["state"]
    assert ["a woman in a red coat"] == [one["value"] for one in await people(db)]


async def test_descriptions_go_with_the_picture(db: Db, start_vlm: Any) -> None:
    """A deletion leaves nothing that was seen."""
    async with start_vlm(describer=Eyes(LEFT, RIGHT)) as service:
        asset_id = await service.upload("ann", notice(FAIR))
        await db.until_read("ann")
        assert 2 == len(await people(db))
        await service.delete("ann", asset_id)

        async def gone() -> bool:
            return not await db.observations("ann")

        await until(gone)
    assert [] == await people(db)

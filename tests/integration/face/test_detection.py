"""Every face of a picture becomes a row and an event, keeps its id, and does not come back."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from uuid import UUID

import numpy as np
import pytest
from kioku.common.v1 import space_pb2
from kioku.events.v1 import events_pb2
from kioku_face.detection import Detection
from kioku_face.face import WHOLE
from kioku_face.originals import Originals
from kioku_face.picture import Cause, Effect, Picture
from kioku_face.sighting_store import SightingStore
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.rig import (
    BLUE,
    GREEN,
    RED,
    Db,
    MarkFinder,
    draw,
    face_space,
    until,
    vector_of,
)

ADA, BEN = (RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80))


async def looked_at(db: Db, asset_id: UUID, state: str = "DONE", looks: int = 1) -> Any:
    """The asset's row once it was looked at so often."""

    async def row() -> Any:
        return await db.owner.fetchrow(
            "SELECT * FROM face.assets WHERE asset_id = $1 AND state = $2 AND looks >= $3",
            asset_id,
            state,
            looks,
        )

    return await until(row)


async def told(db: Db) -> list[events_pb2.EmbeddingReady]:
    """What was enqueued of vectors, in order."""
    rows = await db.owner.fetch(
        "SELECT payload FROM face.outbox WHERE subject = 'embedding.ready' ORDER BY id"
    )
    return [events_pb2.EmbeddingReady.FromString(row["payload"]) for row in rows]


def picture_of(row: Any) -> Picture:
    """The picture of a row of `face.assets`."""
    return Picture(
        row["owner"], row["asset_id"], row["generation"], WHOLE, None, row["object_key"],
        row["sha256"],
    )  # fmt: skip


async def test_a_picture_gives_rows_vectors_and_one_audit_row(db: Db, start_face: Any) -> None:
    """Two marks: two faces with box and quality, one event with both vectors, one audit row."""
    async with start_face(face_empty_seconds=3600) as service:
        asset_id = await service.upload("ann", draw(ADA, BEN))
        await looked_at(db, asset_id)
        [event] = await told(db)
    best, other = await db.faces("ann")
    assert [0.1, 0.1, 0.3, 0.3] == pytest.approx(best["box"])
    assert [0.6, 0.15, 0.25, 0.25] == pytest.approx(other["box"])
    assert ("", 0, -1, asset_id) == tuple(
        best[name] or "" if name == "person_id" else best[name]
        for name in ("person_id", "link_version", "frame_no", "asset_id")
    )
    assert face_space().space_id == best["space_id"] == event.space.space_id
    assert space_pb2.SPACE_KIND_FACE == event.space.kind
    assert [str(best["face_id"]), str(other["face_id"])] == [one.face_id for one in event.items]
    vector = np.frombuffer(event.items[0].vector, "<f4")
    assert np.array_equal(vector, vector_of(RED, "marks@1"))
    [audit] = await db.audited("face.find")
    assert ("face", str(asset_id), "ok") == (audit["actor"], audit["subject"], audit["outcome"])


async def test_vectors_reach_the_event_log_and_leave_the_outbox(db: Db, start_face: Any) -> None:
    """The event is published whole; afterwards the outbox holds no vector of it."""
    heard: list[events_pb2.EmbeddingReady] = []

    async def emptied() -> Any:
        return await db.owner.fetchval(
            "SELECT count(*) FROM face.outbox WHERE subject = 'embedding.ready' AND payload = ''"
        )

    async with start_face() as service:

        async def hear(message: Any) -> None:
            heard.append(events_pb2.EmbeddingReady.FromString(message.data))

        listening = await service.bus.client.subscribe("embedding.ready", cb=hear)
        asset_id = await service.upload("ann", draw(ADA))
        assert 1 == await until(emptied)
        await listening.unsubscribe()
    ours = [one for one in heard if one.asset_id == str(asset_id)]
    assert [1] == [len(one.items) for one in ours]
    assert 4 * 32 == len(ours[0].items[0].vector)


async def test_a_second_delivery_has_no_second_effect(db: Db, start_face: Any) -> None:
    """The same event again: nothing new, and no second look."""
    async with start_face(face_empty_seconds=3600) as service:
        asset_id = await service.upload("ann", draw(ADA), event_id="0" * 8)
        row = await looked_at(db, asset_id)
        detection = Detection(
            SightingStore(db.worker), Originals(service.objects, max_bytes=1000), service.finder
        )
        again = await service.upload("ann", draw(BEN))
        await looked_at(db, again)
        calls = service.finder.calls
        effect = await detection.look(picture_of(row), Cause("face-uploaded", "0" * 8))
        assert (Effect.REPEATED, calls) == (effect, service.finder.calls)
    assert [1, 1] == [len(one.items) for one in await told(db)]


BAD_FILES = {
    "IMAGE_TRUNCATED": draw(ADA)[:200],
    "IMAGE_UNSUPPORTED_FORMAT": b"no picture at all",
    "IMAGE_EMPTY": b"",
}


@pytest.mark.parametrize("reason", BAD_FILES)
async def test_a_bad_file_fails_here_and_nowhere_else(db: Db, start_face: Any, reason: str) -> None:
    """The asset has its reason; nothing is said that would fail it in `search`."""
    async with start_face() as service:
        asset_id = await service.upload("ann", BAD_FILES[reason])
        row = await looked_at(db, asset_id, "FAILED")
    assert reason == row["reason"]
    assert [] == await db.faces("ann")
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM face.outbox")
    [audit] = await db.audited("face.find")
    assert ("failed", reason) == (audit["outcome"], audit["reason"])


async def test_a_picture_without_faces_is_done(db: Db, start_face: Any) -> None:
    """No face: no row, no event, and the picture counts as looked at."""
    async with start_face() as service:
        await looked_at(db, await service.upload("ann", draw()))
    assert [] == await db.faces("ann")
    assert [] == await told(db)


async def test_changed_bytes_are_not_looked_at(db: Db, start_face: Any) -> None:
    """What is stored is not what was uploaded: no face of it."""
    async with start_face() as service:
        asset_id = await service.upload("ann", draw(ADA), sha256="0" * 64)
        row = await looked_at(db, asset_id, "FAILED")
    assert "CHECKSUM_MISMATCH" == row["reason"]


async def test_a_busy_engine_costs_no_attempt(db: Db, start_face: Any) -> None:
    """While the engine refuses, the picture waits; then it is looked at in its first delivery."""
    finder = MarkFinder()
    finder.failure = KiokuError(Reason.OVERLOADED)
    async with start_face(finder=finder, face_empty_seconds=3600) as service:
        asset_id = await service.upload("ann", draw(ADA))

        async def tried() -> bool:
            return finder.calls > 0

        await until(tried)
        finder.failure = None
        await looked_at(db, asset_id)
    [event] = [one for one in await told(db) if one.asset_id == str(asset_id)]
    assert 1 == event.attempts


async def test_more_faces_than_an_event_holds(db: Db, start_face: Any) -> None:
    """70 faces: 70 rows, and two events of 64 and 6."""
    marks = [
        ((255, 40 + 2 * n, 10), (14 * (n % 14), 14 * (n // 14), 14 * (n % 14) + 12,
                                 14 * (n // 14) + 12))
        for n in range(70)
    ]  # fmt: skip
    async with start_face(face_empty_seconds=3600) as service:
        await looked_at(db, await service.upload("ann", draw(*marks)))
    assert 70 == len(await db.faces("ann"))
    assert [64, 6] == [len(one.items) for one in await told(db)]


async def test_a_tiny_face_has_a_row_and_no_vector(db: Db, start_face: Any) -> None:
    """A face that is too poor for a vector is known, with its flaw, and no event tells of it."""
    async with start_face(face_empty_seconds=3600) as service:
        await looked_at(db, await service.upload("ann", draw((RED, (10, 10, 15, 15)))))
    [face] = await db.faces("ann")
    assert ("", ["FACE_TOO_SMALL"]) == (face["space_id"], face["flaws"])
    assert [] == await told(db)


class Looks:
    """Pictures looked at directly, without events."""

    def __init__(self, db: Db, objects: Any, finder: MarkFinder) -> None:
        self.db, self.objects, self.finder = db, objects, finder
        self.store = SightingStore(db.worker)

    async def at(self, owner: str, data: bytes, asset_id: UUID, **changes: Any) -> Effect:
        """Store the bytes and look at them."""
        sha256 = hashlib.sha256(data).hexdigest()
        key = f"originals/{sha256}"
        await self.objects.put(key, data, "image/png")
        await self.db.owner.execute(
            "INSERT INTO face.assets (owner, asset_id, generation, kind, object_key, sha256)"
            " VALUES ($1, $2, 1, 'IMAGE', $3, $4) ON CONFLICT DO NOTHING",
            owner,
            asset_id,
            key,
            sha256,
        )
        facts: dict[str, Any] = {"generation": 1, "object_key": key, "sha256": sha256, **changes}
        picture = Picture(owner, asset_id, frame_no=WHOLE, time_ms=None, **facts)
        detection = Detection(self.store, Originals(self.objects, max_bytes=10**6), self.finder)
        return await detection.look(picture)


@pytest.fixture
def looks(db: Db, objects: Any) -> Looks:
    return Looks(db, objects, MarkFinder())


ASSET = UUID("00000000-0000-4000-8000-000000000001")
OTHER = UUID("00000000-0000-4000-8000-000000000002")


async def test_a_face_found_again_keeps_id_person_and_rejections(db: Db, looks: Looks) -> None:
    """Another pack, the same places: the same ids, links and refusals, in the new space."""
    data = draw(ADA, BEN)
    await looks.at("ann", data, ASSET)
    before = {face["face_id"]: face for face in await db.faces("ann")}
    first, second = before
    person, stranger = await db.person("ann"), await db.person("ann")
    await db.link("ann", first, person)
    await db.owner.execute("UPDATE face.faces SET grouped = true, linked_version = link_version")
    await db.owner.execute(
        "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ('ann', $1, $2)",
        second,
        stranger,
    )
    looks.finder = MarkFinder("other@2")
    assert Effect.DONE == await looks.at("ann", data, ASSET)
    after = {face["face_id"]: face for face in await db.faces("ann")}
    assert set(before) == set(after)
    assert (person, "PERSON") == (after[first]["person_id"], after[first]["link_source"])
    assert face_space("other").space_id == after[first]["space_id"]
    assert not after[first]["grouped"]
    assert after[first]["link_version"] > after[first]["linked_version"]
    assert 1 == await db.owner.fetchval("SELECT count(*) FROM face.rejections")
    assert 2 == len(await told(db))


async def test_a_face_that_moved_a_little_is_the_same(db: Db, looks: Looks) -> None:
    """Overlap decides: a box that moved by a few pixels keeps its id, one elsewhere is new."""
    await looks.at("ann", draw(ADA, BEN), ASSET)
    ada, ben = [face["face_id"] for face in await db.faces("ann")]
    moved = draw((RED, (26, 24, 86, 84)), (BLUE, (20, 120, 70, 170)))
    await looks.at("ann", moved, ASSET)
    faces = [face["face_id"] for face in await db.faces("ann")]
    assert ada == faces[0]
    assert ben not in faces


async def test_a_face_that_is_gone_is_removed_and_its_vector_queued(db: Db, looks: Looks) -> None:
    """One the finder no longer sees goes; one that somebody linked stays their word."""
    await looks.at("ann", draw(ADA, BEN, (GREEN, (20, 120, 60, 160))), ASSET)
    ada, ben, cleo = [face["face_id"] for face in await db.faces("ann")]
    await db.link("ann", cleo, await db.person("ann"))
    await looks.at("ann", draw(ADA), ASSET)
    assert {ada, cleo} == {face["face_id"] for face in await db.faces("ann")}
    rows = await db.owner.fetch("SELECT owner, face_id FROM face.vanished")
    assert [("ann", ben)] == [tuple(row) for row in rows]


async def test_an_id_that_vanished_never_comes_again(db: Db, looks: Looks) -> None:
    """Its vector was removed for good; the same place in a later look is another face."""
    await looks.at("ann", draw(ADA), ASSET)
    [before] = await db.faces("ann")
    await looks.at("ann", draw(), ASSET)
    await looks.at("ann", draw(ADA), ASSET)
    [after] = await db.faces("ann")
    assert before["face_id"] != after["face_id"]


async def test_an_erased_place_gets_no_face_under_any_asset(db: Db, looks: Looks) -> None:
    """The same bytes under another id: the erased face stays away, the other one comes."""
    data = draw(ADA, BEN)
    await db.owner.execute(
        "INSERT INTO face.erased_places (owner, sha256, frame_no, box)"
        " VALUES ('ann', $1, -1, '{0.12,0.12,0.28,0.28}')",
        hashlib.sha256(data).hexdigest(),
    )
    await looks.at("ann", data, ASSET)
    await looks.at("ann", data, OTHER)
    await looks.at("bob", data, ASSET)
    assert 2 * [pytest.approx(0.6)] == [face["box"][0] for face in await db.faces("ann")]
    assert 2 == len(await db.faces("bob"))


async def test_a_withdrawal_meanwhile_is_waited_for(db: Db, looks: Looks) -> None:
    """Faces are stored before a withdrawal that removes them, or after one they know of."""
    data = draw(ADA)
    await db.owner.execute("INSERT INTO face.consent_sequences VALUES ('ann', 1)")
    async with db.owner.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE face.consent_sequences SET sequence = 2 WHERE owner = 'ann'"
        )
        looking = asyncio.create_task(looks.at("ann", data, ASSET))

        async def waits() -> Any:
            return await db.owner.fetchval(
                "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                " AND datname = current_database()"
            )

        await until(waits)
        await connection.execute(
            "INSERT INTO face.erased_places (owner, sha256, frame_no, box)"
            " VALUES ('ann', $1, -1, '{0.1,0.1,0.3,0.3}')",
            hashlib.sha256(data).hexdigest(),
        )
    assert Effect.DONE == await looking
    assert [] == await db.faces("ann")


async def test_an_older_generation_changes_nothing(db: Db, looks: Looks) -> None:
    """A late look at what was cut or tried anew since is dropped."""
    await looks.at("ann", draw(ADA), ASSET)
    await db.owner.execute("UPDATE face.assets SET generation = 2")
    assert Effect.STALE == await looks.at("ann", draw(BEN), ASSET)
    [face] = await db.faces("ann")
    assert pytest.approx(0.1) == face["box"][0]


async def test_what_cannot_be_audited_is_not_stored(db: Db, looks: Looks) -> None:
    """Without the audit's row there is no face and no event."""
    await db.owner.execute(
        "ALTER TABLE face.audit_logs ADD CONSTRAINT full_now CHECK (id < 0) NOT VALID"
    )
    with pytest.raises(Exception, match="full_now"):
        await looks.at("ann", draw(ADA), ASSET)
    assert [] == await db.faces("ann")
    assert [] == await told(db)

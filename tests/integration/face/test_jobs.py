"""What was missed is found again: links, removals, looks that never ended, packs and vectors."""

from __future__ import annotations

from typing import Any

from kioku_face.untold_store import UntoldStore, republish_whole
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.rig import (
    BLUE,
    RED,
    Db,
    MarkFinder,
    RecordingVectors,
    draw,
    until,
    vector_of,
)
from tests.integration.face.test_detection import looked_at, told

ADA, BEN = (RED, (20, 20, 80, 80)), (BLUE, (120, 30, 170, 80))
EAGER = {"face_again_seconds": 0.1, "face_again_grace_seconds": 0, "face_check_seconds": 1}


async def test_links_are_told_once_with_their_version(db: Db, start_face: Any) -> None:
    """A good face that somebody linked is a reference; a poor one is not; then all is told."""
    async with start_face() as service:
        await looked_at(db, await service.upload("ann", draw(ADA, (BLUE, (120, 30, 135, 45)))))
        good, poor = [face["face_id"] for face in await db.faces("ann")]
        ada, ben = await db.person("ann"), await db.person("ann")
        for version, (face_id, person) in enumerate(((good, ada), (poor, ben)), 3):
            await db.owner.execute(
                "UPDATE face.faces SET person_id = $1, link_source = 'PERSON', link_version = $3"
                " WHERE face_id = $2",
                person,
                face_id,
                version,
            )

        async def all_told() -> bool:
            left = "SELECT count(*) FROM face.faces WHERE link_version > linked_version"
            return await db.owner.fetchval(left) == 0

        await until(all_told)
        links = [link for _, link in service.vectors.told]
    assert {(good, ada, True, 3), (poor, ben, False, 4)} == {
        (one.face_id, one.person_id, one.reference, one.version) for one in links
    }


async def test_links_wait_while_search_is_away(db: Db, start_face: Any) -> None:
    """Nothing is lost: the link is told when `search` answers again."""
    vectors = RecordingVectors()
    vectors.down = True
    async with start_face(vectors=vectors) as service:
        await looked_at(db, await service.upload("ann", draw(ADA)))
        [face] = await db.faces("ann")
        await db.owner.execute("UPDATE face.faces SET link_version = 1")
        vectors.down = False

        async def is_told() -> Any:
            return await db.owner.fetchval("SELECT linked_version FROM face.faces")

        assert 1 == await until(is_told)
        assert [face["face_id"]] == [link.face_id for _, link in service.vectors.told]


async def test_vectors_of_vanished_faces_are_erased(db: Db, start_face: Any) -> None:
    """Until `search` has removed them they are remembered."""
    async with start_face() as service:
        await looked_at(db, await service.upload("ann", draw(ADA)))
        [face] = await db.faces("ann")
        service.vectors.put("ann", face["face_id"], vector_of(RED))
        await db.owner.execute(
            "INSERT INTO face.vanished (owner, face_id) VALUES ('ann', $1)", face["face_id"]
        )

        async def forgotten() -> bool:
            return await db.owner.fetchval("SELECT count(*) FROM face.vanished") == 0

        await until(forgotten)
        assert not service.vectors.put("ann", face["face_id"], vector_of(RED))


async def test_a_look_that_never_ended_is_done_again(db: Db, start_face: Any) -> None:
    """A picture that is PENDING for long is looked at without an event."""
    async with start_face(**EAGER) as service:
        asset_id = await service.upload("ann", draw(ADA))
        await looked_at(db, asset_id)
        await db.owner.execute("DELETE FROM face.faces")
        await db.owner.execute("UPDATE face.assets SET state = 'PENDING'")
        await looked_at(db, asset_id, looks=2)
        assert 1 == len(await db.faces("ann"))


async def test_another_pack_looks_again_and_ids_stay(db: Db, start_face: Any, objects: Any) -> None:
    """A process with a new pack looks at what the old one saw, a batch a round; names stay."""
    async with start_face(face_empty_seconds=3600) as service:
        assets = [await service.upload("ann", draw(ADA, BEN)) for _ in range(3)]
        for asset_id in assets:
            await looked_at(db, asset_id)
    before = {face["face_id"] for face in await db.faces("ann")}
    finder = MarkFinder("better@2")
    eager = {**EAGER, "face_again_batch": 1, "face_empty_seconds": 3600}
    async with start_face(finder=finder, **eager):

        async def renewed() -> bool:
            packs = await db.owner.fetch("SELECT pack FROM face.assets")
            return {"better@2"} == {row["pack"] for row in packs}

        await until(renewed)
    faces = await db.faces("ann")
    assert before == {face["face_id"] for face in faces}
    assert {finder.space.space_id} == {face["space_id"] for face in faces}
    assert 6 == len([1 for e in await told(db) if e.space.space_id == finder.space.space_id]) * 2


async def test_a_missing_vector_is_made_again(db: Db, start_face: Any) -> None:
    """`search` lacks one of two vectors: that picture is looked at, the other is left alone."""
    async with start_face() as service:
        lacks, has = [await service.upload("ann", draw(mark)) for mark in (ADA, BEN)]
        for asset_id in (lacks, has):
            await looked_at(db, asset_id)
    vectors = RecordingVectors()
    for face in await db.faces("ann"):
        if face["asset_id"] == has:
            vectors.put("ann", face["face_id"], vector_of(BLUE))
    async with start_face(vectors=vectors, **EAGER, face_again_patience_seconds=0):
        await looked_at(db, lacks, looks=2)
    row = await db.owner.fetchrow("SELECT looks FROM face.assets WHERE asset_id = $1", has)
    assert 1 == row["looks"]
    assert 2 == len(await db.faces("ann"))


async def test_a_vector_that_stays_away_is_not_made_for_ever(db: Db, start_face: Any) -> None:
    """A picture that was looked at is left alone until the patience is over."""
    vectors = RecordingVectors()
    async with start_face(vectors=vectors) as service:
        asset_id = await service.upload("ann", draw(ADA))
        await looked_at(db, asset_id)
    async with start_face(vectors=vectors, **EAGER):

        async def asked_often() -> bool:
            return len(vectors.accesses) > 2

        await until(asked_often)
    row = await db.owner.fetchrow("SELECT looks FROM face.assets WHERE asset_id = $1", asset_id)
    assert 1 == row["looks"]


async def test_a_refusal_of_search_costs_one_round(db: Db, start_face: Any) -> None:
    """While `search` refuses, nothing is looked at again, and no job dies."""

    class Refusing(RecordingVectors):
        asked = linked = 0

        async def nearest(self, *_: Any, **__: Any) -> Any:
            self.asked += 1
            raise KiokuError(Reason.SPACE_UNKNOWN)

        async def link(self, *_: Any, **__: Any) -> Any:
            self.linked += 1
            raise KiokuError(Reason.SPACE_UNKNOWN)

    vectors = Refusing()
    async with start_face(vectors=vectors) as service:
        asset_id = await service.upload("ann", draw(ADA))
        await looked_at(db, asset_id)
    await db.owner.execute("UPDATE face.faces SET link_version = 1")
    async with start_face(vectors=vectors, **EAGER, face_again_patience_seconds=0):

        async def asked_often() -> bool:
            return min(vectors.asked, vectors.linked) > 2

        await until(asked_often)
    row = await db.owner.fetchrow(
        "SELECT looks, linked_version FROM face.assets JOIN face.faces USING (owner, asset_id)"
    )
    assert (1, 0) == tuple(row)


async def test_an_emptied_event_is_not_published_again(db: Db, objects: Any) -> None:
    """After the event store was lost, events go out again, but for those without their vectors."""
    rows = [
        ("full", "asset.purged", b"x", True),
        ("emptied", "embedding.ready", b"", True),
        ("fresh", "embedding.ready", b"y", False),
    ]
    for event_id, subject, payload, published in rows:
        await db.owner.execute(
            "INSERT INTO face.outbox (event_id, subject, payload, published_at)"
            " VALUES ($1, $2, $3, CASE WHEN $4 THEN now() END)",
            event_id,
            subject,
            payload,
            published,
        )
    async with db.worker.acquire() as connection, connection.transaction():
        assert 1 == await republish_whole(connection)
    waiting = await db.owner.fetch(
        "SELECT event_id FROM face.outbox WHERE published_at IS NULL ORDER BY event_id"
    )
    assert ["fresh", "full"] == [row["event_id"] for row in waiting]


async def test_only_published_vectors_are_emptied(db: Db) -> None:
    """What waits for the event log keeps its vectors."""
    for event_id, published in (("sent", True), ("waits", False)):
        await db.owner.execute(
            "INSERT INTO face.outbox (event_id, subject, payload, published_at)"
            " VALUES ($1, 'embedding.ready', 'v', CASE WHEN $2 THEN now() END)",
            event_id,
            published,
        )
    assert 1 == await UntoldStore(db.worker).empty_outbox()
    rows = await db.owner.fetch("SELECT event_id, payload FROM face.outbox ORDER BY event_id")
    assert [("sent", b""), ("waits", b"v")] == [tuple(row) for row in rows]

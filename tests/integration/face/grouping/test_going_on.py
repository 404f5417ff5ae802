"""Several processes, crashes, faces that come late or go, and a change of the model."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from kioku_rt.errors import DependencyDown

from tests.fakes.face_vectors import FakeFaceVectors
from tests.integration.face.grouping.rig import OWNER, Gate, Home, direction, near

_COUNTED = (
    "SELECT sum((details->'found'->>$1)::int) FROM face.audit_logs WHERE action = 'face.group'"
)


async def test_a_face_without_its_vector_waits_and_is_placed_when_it_comes(home: Home) -> None:
    ada = direction(1)
    face = await home.face(ada, stored=False)
    other = await home.face(near(ada, 0.95, 3))

    done = await home.group()
    assert done.told["waiting"] >= 1
    assert (await home.row(face))["grouped"] is False
    assert await home.group_of(other) is not None

    home.vectors.put(OWNER, face, ada)
    await home.owner_pool.execute("UPDATE face.faces SET group_after = now()")
    await home.group()
    assert await home.group_of(face) == await home.group_of(other)


async def test_faces_without_vectors_hold_nobody_up(home: Home) -> None:
    for _ in range(10):
        await home.face(None, stored=False)
    late = await home.face(direction(1))

    await home.group(batch=4, batches=1)
    for _ in range(3):
        await home.job(batch=4, batches=1).run_once()

    assert await home.group_of(late) is not None


async def test_two_processes_place_every_face_once(home: Home) -> None:
    people = [direction(100 + at) for at in range(6)]
    for owner in ("ada", "ben", "cem"):
        for at, centre in enumerate(people):
            for k in range(5):
                await home.face(near(centre, 0.95, 10 * at + k + 1), owner=owner)

    jobs = [home.job(batch=4), home.job(batch=4)]
    for _ in range(20):
        await asyncio.gather(*(job.run_once() for job in jobs))

    for owner in ("ada", "ben", "cem"):
        parts = await home.parts(owner)
        assert None not in parts.values()
        assert len(set(parts.values())) == len(people)
    placed = [await home.owner_pool.fetchval(_COUNTED, way) or 0 for way in ("joined", "alone")]
    assert placed == [72, 18]


async def test_an_owner_is_one_processs_at_a_time(home: Home) -> None:
    face = await home.face(direction(1))
    gate = Gate(home.vectors)
    first = asyncio.create_task(home.job(gate).run_once())
    await asyncio.wait_for(gate.asked.wait(), 30)

    second = await home.job().run_once()

    assert second.placed == 0
    gate.open.set()
    assert (await asyncio.wait_for(first, 30)).placed == 1
    assert await home.group_of(face) is not None


async def test_a_process_that_dies_leaves_its_owner_to_the_next(home: Home) -> None:
    ada = direction(1)
    faces = [await home.face(near(ada, 0.95, seed)) for seed in (2, 3)]
    gate = Gate(home.vectors)
    dying = asyncio.create_task(home.job(gate).run_once())
    await asyncio.wait_for(gate.asked.wait(), 30)
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying

    done = await home.group()

    assert done.placed == 2
    assert await home.group_of(faces[0]) == await home.group_of(faces[1])


async def test_a_crash_in_the_middle_of_a_batch_places_nothing(home: Home) -> None:
    ada = direction(1)
    faces = [await home.face(near(ada, 0.95, seed)) for seed in range(2, 6)]
    await home.owner_pool.execute(
        "CREATE FUNCTION face.crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        " IF NEW.face_id = '" + str(max(faces)) + "' THEN"
        " RAISE EXCEPTION 'crash' USING ERRCODE = '57P01'; END IF; RETURN NEW; END $$"
    )
    await home.owner_pool.execute(
        "CREATE TRIGGER crash BEFORE UPDATE OF anonymous_id ON face.faces"
        " FOR EACH ROW EXECUTE FUNCTION face.crash()"
    )
    with pytest.raises(DependencyDown):
        await home.group()
    assert [await home.group_of(face) for face in faces] == [None] * 4

    await home.owner_pool.execute("DROP TRIGGER crash ON face.faces")
    done = await home.group()

    assert done.placed == 4
    assert len({await home.group_of(face) for face in faces}) == 1


async def test_search_that_is_away_costs_a_round_and_nothing_else(home: Home) -> None:
    face = await home.face(direction(1))
    home.vectors.down = True
    with pytest.raises(DependencyDown):
        await home.group()

    home.vectors.down = False
    await home.group()

    assert await home.group_of(face) is not None


async def test_a_face_that_goes_while_it_is_looked_at_comes_to_no_harm(home: Home) -> None:
    ada = direction(1)
    going, staying = await home.face(ada), await home.face(near(ada, 0.95, 3))
    gate = Gate(home.vectors)
    job = asyncio.create_task(home.job(gate).run_once())
    await asyncio.wait_for(gate.asked.wait(), 30)
    await home.owner_pool.execute("DELETE FROM face.faces WHERE face_id = $1", going)
    gate.open.set()

    assert (await asyncio.wait_for(job, 30)).placed == 1

    assert set(await home.parts()) == {staying}
    assert await home.group_of(staying) is not None


async def test_erased_faces_are_no_neighbours_even_while_search_has_them(home: Home) -> None:
    b = direction(1)
    a, c = near(b, 0.78, 2), near(b, 0.78, -2)
    first, bridge = await home.face(a), await home.face(b)
    await home.group()
    assert await home.group_of(first) == await home.group_of(bridge)
    await home.owner_pool.execute("DELETE FROM face.faces WHERE face_id = $1", bridge)

    other = await home.face(c)
    await home.group()

    assert await home.group_of(other) != await home.group_of(first)


async def test_somebody_links_a_face_while_it_is_looked_at_and_is_right(home: Home) -> None:
    ada, person = direction(1), await home.person()
    other = await home.face(near(ada, 0.95, 3))
    await home.group()
    face = await home.face(ada)
    gate = Gate(home.vectors)
    job = asyncio.create_task(home.job(gate).run_once())
    await asyncio.wait_for(gate.asked.wait(), 30)
    await home.say(person, face)
    gate.open.set()
    await asyncio.wait_for(job, 30)
    await home.group()

    row = await home.row(face)
    assert (row["person_id"], row["link_source"]) == (person, "PERSON")
    assert await home.person_of(other) == person


async def test_a_face_linked_while_its_likes_were_looked_at_calls_them_all_the_same(
    home: Home,
) -> None:
    """All in one batch: none of the others could be compared with what was said just now."""
    ada, person = direction(1), await home.person()
    faces = [await home.face(near(ada, 0.9, seed)) for seed in range(2, 6)]
    gate = Gate(home.vectors)
    running = asyncio.create_task(home.job(gate).run_once())
    await gate.asked.wait()

    await home.say(person, faces[0])
    gate.open.set()
    await running
    await home.group()

    assert {await home.person_of(face) for face in faces} == {person}


async def test_a_change_of_the_model_keeps_every_name(home: Home) -> None:
    """All faces get vectors of another pack; groups, links and rejections are where they were."""
    ada, ben, person = direction(1), direction(2), await home.person()
    known = await home.face(ada)
    await home.say(person, known)
    liked = await home.face(near(ada, 0.9, 3))
    unknown = [await home.face(near(ben, 0.95, seed)) for seed in (4, 5, 6)]
    await home.group()
    before = await home.parts()

    other = FakeFaceVectors("faces@111111111111")
    other.__dict__["_owners"] = home.vectors.__dict__["_owners"]
    for face_id in before:
        turned = direction(900) if face_id in unknown else direction(901)
        home.vectors.put(OWNER, face_id, near(turned, 0.9, int(face_id) % 1000 + 1))
    await home.owner_pool.execute("UPDATE face.faces SET space_id = 'other', grouped = false")
    await home.tell()
    await home.group()
    assert await home.parts() == before
    assert await home.person_of(liked) == person

    new = await home.face(direction(900))
    await home.group()
    assert await home.group_of(new) == before[unknown[0]]


async def test_a_model_that_tells_less_apart_splits_nothing(home: Home) -> None:
    """In the new space two faces of a group are strangers: they stay together all the same."""
    ben = direction(2)
    faces = [await home.face(near(ben, 0.95, seed)) for seed in (4, 5)]
    await home.group()
    before = await home.parts()
    for at, face in enumerate(faces):
        home.vectors.put(OWNER, face, direction(700 + at))
    await home.owner_pool.execute("UPDATE face.faces SET grouped = false")

    await home.group()

    assert await home.parts() == before


async def test_an_undo_gets_its_group_back_and_a_rejection_none(home: Home) -> None:
    """What unlinks a face and says which group it had is believed; else it is compared anew."""
    ada, person = direction(1), await home.person()
    face = await home.face(ada)
    await home.group()
    group = await home.group_of(face)
    await home.say(person, face)
    assert (await home.row(face))["grouped"] is False

    await home.owner_pool.execute(
        "UPDATE face.faces SET person_id = NULL, link_source = NULL, anonymous_id = $2,"
        " grouped = true WHERE face_id = $1",
        face,
        group,
    )
    row = await home.row(face)
    assert (row["grouped"], row["anonymous_id"]) == (True, group)


async def test_the_worker_may_group_and_the_api_role_cannot_see_other_owners(home: Home) -> None:
    await home.face(direction(1))
    await home.face(direction(1), owner=str(uuid.uuid4()))
    await home.group()

    async with home.owner_pool.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL ROLE face_api")
        await connection.execute("SELECT set_config('kioku.owner', $1, true)", OWNER)
        ids = await connection.fetch("SELECT DISTINCT anonymous_id FROM face.faces")
    assert len(ids) == 1

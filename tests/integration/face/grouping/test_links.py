"""Faces that are linked by likeness: to people who agreed, and to nobody where it is not clear."""

from __future__ import annotations

import asyncio
import uuid

import pytest
from kioku_face.vectors import Access, Matchable

from tests.integration.face.grouping.rig import OWNER, Gate, Home, direction, near

_AUDIT = "SELECT action, subject, actor, details FROM face.audit_logs ORDER BY id"


async def test_a_face_is_linked_to_the_person_it_looks_like(home: Home) -> None:
    ada, person = direction(1), await home.person()
    known, other = await home.face(ada), await home.face(direction(2))
    await home.say(person, known)

    new = await home.face(near(ada, 0.9, 3))
    await home.group()

    row = await home.row(new)
    assert (row["person_id"], row["link_source"]) == (person, "LIKENESS")
    assert row["anonymous_id"] is None
    assert row["link_version"] > row["linked_version"]
    assert await home.person_of(other) is None


async def test_nobody_is_linked_to_a_face_that_was_linked_by_likeness(home: Home) -> None:
    """Or a chain of likenesses would lead from one person to another."""
    ada, person = direction(1), await home.person()
    known = await home.face(ada)
    await home.say(person, known)
    step = near(ada, 0.75, 3)
    second = await home.face(step)
    await home.group()
    await home.tell()
    assert await home.person_of(second) == person

    third = await home.face(near(step, 0.75, -3))
    far = await home.face(step * 0.8 + near(ada, 0.0, 3) * 0.6)
    await home.group()

    assert await home.person_of(third) == person
    assert await home.person_of(far) is None
    assert await home.group_of(far) is not None


async def test_faces_that_were_there_are_linked_once_somebody_names_one(home: Home) -> None:
    ada, person = direction(1), await home.person()
    faces = [await home.face(near(ada, 0.9, seed)) for seed in range(2, 7)]
    stranger = await home.face(direction(50))
    await home.group()
    before = await home.group_of(stranger)

    await home.say(person, faces[0])
    await home.group()

    assert {await home.person_of(face) for face in faces} == {person}
    assert await home.group_of(stranger) == before


async def test_all_of_a_crowd_are_found_from_one_face(home: Home) -> None:
    """More faces look like the one that was named than are looked at for one face."""
    ada, person = direction(1), await home.person()
    faces = [await home.face(near(ada, 0.9, seed)) for seed in range(2, 32)]
    await home.group(neighbours=5)

    await home.say(person, faces[0])
    done = await home.group(neighbours=5)

    assert {await home.person_of(face) for face in faces} == {person}
    assert done.placed <= 3 * len(faces)


async def test_a_face_waits_to_call_until_search_knows_it(home: Home) -> None:
    ada, person = direction(1), await home.person()
    known, other = await home.face(ada), await home.face(near(ada, 0.9, 3))
    await home.group()

    await home.say(person, known, told=False)
    await home.group()
    assert await home.person_of(other) is None

    await home.tell()
    await home.group()
    assert await home.person_of(other) == person


async def test_between_two_people_nobody_is_chosen(home: Home) -> None:
    between = direction(1)
    for side in (2, -2):
        person = await home.person()
        await home.say(person, await home.face(near(between, 0.8, side)))

    face = await home.face(between)
    await home.group()

    assert await home.person_of(face) is None
    assert await home.group_of(face) is not None


async def test_who_is_just_below_the_bar_makes_it_unclear_as_well(home: Home) -> None:
    between = direction(1)
    link = home.rules.link
    for score, side in ((link + 0.01, 2), (link - 0.02, -2)):
        person = await home.person()
        await home.say(person, await home.face(near(between, score, side)))

    face = await home.face(between)
    await home.group()

    assert await home.person_of(face) is None


async def test_a_rejection_is_remembered(home: Home) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    face = await home.face(near(ada, 0.95, 3))
    await home.owner_pool.execute(
        "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ($1, $2, $3)",
        OWNER,
        face,
        person,
    )
    await home.group()
    assert await home.person_of(face) is None

    await home.say(person, await home.face(near(ada, 0.96, 4)))
    await home.group()

    assert await home.person_of(face) is None
    assert await home.group_of(face) is not None


async def test_a_rejected_face_that_was_linked_by_likeness_gets_an_id_of_its_own(
    home: Home,
) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    face = await home.face(near(ada, 0.95, 3))
    await home.group()
    assert await home.person_of(face) == person

    await home.owner_pool.execute(
        "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ($1, $2, $3)",
        OWNER,
        face,
        person,
    )
    await home.owner_pool.execute(
        "UPDATE face.faces SET person_id = NULL, link_source = NULL WHERE face_id = $1", face
    )
    await home.group()

    assert await home.person_of(face) is None
    assert await home.group_of(face) is not None


async def test_of_two_faces_in_a_picture_the_more_alike_is_linked(home: Home) -> None:
    ada, person, picture = direction(1), await home.person(), uuid.uuid4()
    await home.say(person, await home.face(ada))
    less = await home.face(near(ada, 0.8, 3), asset=picture)
    more = await home.face(near(ada, 0.9, 4), asset=picture)

    await home.group()

    assert await home.person_of(more) == person
    assert await home.person_of(less) is None


async def test_a_person_who_is_in_the_picture_already_is_not_in_it_twice(home: Home) -> None:
    ada, person, picture = direction(1), await home.person(), uuid.uuid4()
    await home.say(person, await home.face(ada, asset=picture))

    face = await home.face(near(ada, 0.95, 3), asset=picture)
    await home.group()

    assert await home.person_of(face) is None


async def test_whose_consent_ran_out_is_linked_to_nothing_whatever_search_says(home: Home) -> None:
    """`search` still offers the person: the database of `face` has the last word."""
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    await home.owner_pool.execute(
        "UPDATE face.consent_states SET expires_at = now() WHERE person_id = $1", person
    )

    face = await home.face(near(ada, 0.95, 3))
    await home.group()

    assert await home.person_of(face) is None


async def test_who_takes_consent_back_while_a_face_is_looked_at_is_not_linked(home: Home) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    await home.group()
    face = await home.face(near(ada, 0.95, 3))
    gate = Gate(home.vectors)
    job = asyncio.create_task(home.job(gate).run_once())
    await asyncio.wait_for(gate.asked.wait(), 30)
    await home.owner_pool.execute("DELETE FROM face.faces WHERE person_id = $1", person)
    await home.owner_pool.execute(
        "UPDATE face.consent_states SET state = 'WITHDRAWN' WHERE person_id = $1", person
    )
    gate.open.set()
    await asyncio.wait_for(job, 30)

    assert await home.person_of(face) is None
    assert await home.group_of(face) is not None


async def test_a_face_that_search_takes_for_somebodys_and_is_not_links_nobody(home: Home) -> None:
    ada, person = direction(1), await home.person()
    known = await home.face(ada)
    await home.say(person, known)
    await home.owner_pool.execute(
        "UPDATE face.faces SET person_id = NULL, link_source = NULL WHERE face_id = $1", known
    )

    face = await home.face(near(ada, 0.95, 3))
    await home.group()

    assert await home.person_of(face) is None
    assert await home.group_of(face) == await home.group_of(known)


async def test_a_poor_face_is_linked_with_more_likeness_only(home: Home) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    bar = home.rules.link + home.rules.stricter
    below = await home.face(near(ada, bar - 0.02, 3), flaws=("FACE_TURNED",))
    above = await home.face(near(ada, bar + 0.02, 4), flaws=("FACE_TURNED",))

    await home.group()

    assert await home.person_of(below) is None
    assert await home.person_of(above) == person


async def test_nothing_is_asked_twice_for_faces_that_stay_strangers(home: Home) -> None:
    """Of a face that was refused, another photo of the person changes nothing."""
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    refused = [await home.face(near(ada, 0.9, seed)) for seed in range(2, 12)]
    for face in refused:
        await home.owner_pool.execute(
            "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ($1, $2, $3)",
            OWNER,
            face,
            person,
        )
    await home.group()

    await home.face(near(ada, 0.95, 40))
    done = await home.group()

    assert done.told == {"linked": 1}


async def test_every_link_and_every_batch_is_audited(home: Home) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    face = await home.face(near(ada, 0.95, 3))

    await home.group()

    rows = await home.owner_pool.fetch(_AUDIT)
    links = [row for row in rows if row["action"] == "face.link"]
    assert [(row["subject"], row["actor"]) for row in links] == [(str(face), "face")]
    assert str(person) in links[0]["details"]
    assert OWNER in links[0]["details"]
    assert [row["action"] for row in rows].count("face.group") == 1


async def test_without_the_audit_nothing_is_placed(home: Home) -> None:
    ada, person = direction(1), await home.person()
    await home.say(person, await home.face(ada))
    face = await home.face(near(ada, 0.95, 3))
    await home.owner_pool.execute("REVOKE INSERT ON face.audit_logs FROM face_worker")

    with pytest.raises(Exception, match="permission denied"):
        await home.group()

    row = await home.row(face)
    assert (row["person_id"], row["anonymous_id"], row["grouped"]) == (None, None, False)


async def test_search_that_has_not_heard_of_a_change_of_consent_holds_its_owner_up(
    home: Home,
) -> None:
    ada = direction(1)
    face, other = await home.face(ada), await home.face(ada, owner="ben")
    await home.owner_pool.execute("INSERT INTO face.consent_sequences VALUES ($1, 1)", OWNER)

    await home.group()
    assert await home.group_of(face) is None
    assert await home.group_of(other) is not None

    news = Matchable(uuid.uuid4(), "", False, None, 1)
    await home.vectors.set_people(Access(OWNER, "t", "t", "t", consent_sequence=1), [news])
    await home.group()
    assert await home.group_of(face) is not None

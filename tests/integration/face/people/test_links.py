"""Linking: consent in the database itself, one face of a picture, versions, foreign owners."""

from __future__ import annotations

import asyncio
import uuid

import asyncpg
import pytest
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.people.rig import call_of
from tests.integration.face.people.test_undo import ANN, refusal


async def test_faces_are_linked_and_told_to_be(library, linking):
    """Person, source, versions: what search has to hear of is marked."""
    ada = await library.person("ann")
    faces = [await library.face("ann", anonymous_id=uuid.uuid4()) for _ in range(3)]
    linked = await linking.assign(ANN, ada, [*faces, faces[0]])
    assert (3, ada) == (linked.person.face_count, linked.person.person_id)
    assert 2 == linked.person.version
    for face in faces:
        row = await library.row(face)
        assert (ada, "PERSON", None) == (row["person_id"], row["link_source"], row["anonymous_id"])
        assert (1, 0, False) == (row["link_version"], row["linked_version"], row["grouped"])


async def test_without_consent_nothing_is_linked(library, linking):
    """By no call, and by nobody who writes the row himself."""
    ada = await library.person("ann", agreed=False)
    face, unknown = await library.face("ann"), uuid.uuid4()
    await library.face("ann", anonymous_id=unknown)
    ben = await library.person("ann")
    await library.faces_of("ann", ben, 1)
    for work in (
        linking.assign(ANN, ada, [face]),
        linking.name(ANN, unknown, ada),
        linking.merge(ANN, ben, ada),
    ):
        assert Reason.CONSENT_MISSING is await refusal(work)
    with pytest.raises(asyncpg.PostgresError) as error:
        await library.worker.execute(
            "UPDATE face.faces SET person_id = $1, link_source = 'LIKENESS', anonymous_id = NULL"
            " WHERE face_id = $2",
            ada,
            face,
        )
    assert "KF001" == error.value.sqlstate
    with pytest.raises(asyncpg.PostgresError, match="without consent"):
        await library.face("ann", person_id=ada, link_source="LIKENESS")


async def test_consent_that_ended_counts_as_none(library, linking):
    """By its time, before any job has noticed."""
    ada = await library.person("ann")
    await library.worker.execute(
        "UPDATE face.consent_states SET expires_at = now() - interval '1 s' WHERE person_id = $1",
        ada,
    )
    face = await library.face("ann")
    assert Reason.CONSENT_MISSING is await refusal(linking.assign(ANN, ada, [face]))


async def test_two_faces_of_one_picture_are_two_people(library, linking):
    """Within a call, across calls, by a merge, and by likeness; all or none is linked."""
    ada, ben, asset = await library.person("ann"), await library.person("ann"), uuid.uuid4()
    one, two = [await library.face("ann", asset_id=asset) for _ in range(2)]
    alone = await library.face("ann")
    assert Reason.FACES_SAME_PICTURE is await refusal(linking.assign(ANN, ada, [alone, one, two]))
    assert (await library.row(alone))["person_id"] is None
    await linking.assign(ANN, ada, [one])
    assert Reason.FACES_SAME_PICTURE is await refusal(linking.assign(ANN, ada, [two]))
    await linking.assign(ANN, ben, [two])
    assert Reason.FACES_SAME_PICTURE is await refusal(linking.merge(ANN, ben, ada))
    with pytest.raises(asyncpg.UniqueViolationError):
        await library.face("ann", asset_id=asset, person_id=ada, link_source="LIKENESS")


async def test_one_person_is_in_many_frames_of_a_video(library, linking):
    """Once in each; and enrolled pictures, which are of no asset, do not count as one."""
    ada, film = await library.person("ann"), uuid.uuid4()
    frames = [await library.face("ann", asset_id=film, frame_no=number) for number in range(3)]
    kept = [await library.face("ann", asset_id=None) for _ in range(2)]
    assert 5 == (await linking.assign(ANN, ada, [*frames, *kept])).person.face_count
    twin = await library.face("ann", asset_id=film, frame_no=1)
    assert Reason.FACES_SAME_PICTURE is await refusal(linking.assign(ANN, ada, [twin]))


async def test_every_change_of_a_link_counts_up(library, linking):
    """The face's version and both people's, whoever makes it; nothing else does."""
    ada, ben = await library.person("ann"), await library.person("ann")
    face = await library.face("ann")

    async def versions():
        rows = await library.owner.fetch(
            "SELECT version FROM face.people ORDER BY person_id = $1", ben
        )
        return [(await library.row(face))["link_version"], *(row["version"] for row in rows)]

    assert [0, 1, 1] == await versions()
    link = "UPDATE face.faces SET person_id = $2, link_source = $3 WHERE face_id = $1"
    await library.worker.execute(link, face, ada, "LIKENESS")
    assert [1, 2, 1] == await versions()
    await library.worker.execute(link, face, ada, "PERSON")  # now it may be matched with
    assert [2, 2, 1] == await versions()
    await library.worker.execute(
        "UPDATE face.faces SET person_id = $2, link_version = link_version + 1 WHERE face_id = $1",
        face,
        ben,
    )
    assert [3, 3, 2] == await versions()
    await library.worker.execute(
        "UPDATE face.faces SET flaws = '{FACE_BLURRED}' WHERE face_id = $1", face
    )
    assert [4, 3, 2] == await versions()
    await library.worker.execute(
        "UPDATE face.faces SET quality = 0.5, linked_version = 4 WHERE face_id = $1", face
    )
    assert [4, 3, 2] == await versions()


async def test_not_this_person_is_remembered_until_somebody_says_otherwise(library, linking):
    """The face is free again, compared anew, and known not to be theirs."""
    ada = await library.person("ann")
    (face,) = await library.faces_of("ann", ada, 1)
    await linking.reject(ANN, ada, face)
    row = await library.row(face)
    assert (None, None, False) == (row["person_id"], row["link_source"], row["grouped"])
    rejections = "SELECT face_id, person_id FROM face.rejections"
    assert [(face, ada)] == [tuple(one) for one in await library.owner.fetch(rejections)]
    await linking.reject(ANN, ada, face)
    await linking.assign(ANN, ada, [face])
    assert [] == await library.owner.fetch(rejections)


async def test_a_merge_takes_along_what_is_not_theirs(library, linking):
    """Who was said not to be the one is not the other either, unless a face says otherwise."""
    ada, ben = await library.person("ann"), await library.person("ann")
    mine = (await library.faces_of("ann", ada, 1))[0]
    other = await library.face("ann")
    await linking.reject(ANN, ada, other)
    await linking.reject(ANN, ben, mine)
    await linking.merge(ANN, ada, ben)
    rows = await library.owner.fetch("SELECT face_id, person_id FROM face.rejections")
    assert {(other, ada), (other, ben)} == {tuple(one) for one in rows}
    row = await library.row(mine)
    assert (ben, "LIKENESS") == (row["person_id"], row["link_source"])


async def test_users_of_the_app_are_not_merged_into_others(library, linking):
    """Their consent is theirs; who is nobody's user may become somebody's."""
    ada = await library.person("ann", user_id="u-ada")
    ben = await library.person("ann", user_id="u-ben")
    plain = await library.person("ann")
    for one, other in ((ada, ben), (ada, plain)):
        assert Reason.PEOPLE_OF_TWO_USERS is await refusal(linking.merge(ANN, one, other))
    assert ada == (await linking.merge(ANN, plain, ada)).person.person_id


async def test_foreign_ids_look_as_if_they_did_not_exist(library, linking):
    """People, faces, unknown people, changes of another owner."""
    bob, hers = call_of("bob"), await library.person("ann")
    his = await library.person("bob")
    unknown = uuid.uuid4()
    face = await library.face("ann", anonymous_id=unknown)
    change = (await linking.assign(ANN, hers, [await library.face("ann")])).change_id
    for work, reason in (
        (linking.assign(bob, hers, [face]), Reason.PERSON_NOT_FOUND),
        (linking.assign(bob, his, [face]), Reason.FACE_NOT_FOUND),
        (linking.reject(bob, his, face), Reason.FACE_NOT_FOUND),
        (linking.name(bob, unknown, his), Reason.ANONYMOUS_NOT_FOUND),
        (linking.merge(bob, his, hers), Reason.PERSON_NOT_FOUND),
        (linking.merge(bob, hers, his), Reason.PERSON_NOT_FOUND),
        (linking.undo(bob, change), Reason.CHANGE_NOT_FOUND),
    ):
        assert reason is await refusal(work)
    assert () == (await linking.page(bob, None, 10, "")).changes


async def test_what_cannot_be_asked(linking):
    """No faces, too many, a person and themselves."""
    one = uuid.uuid4()
    for work in (
        linking.assign(ANN, one, []),
        linking.assign(ANN, one, [uuid.uuid4() for _ in range(1001)]),
        linking.merge(ANN, one, one),
    ):
        with pytest.raises(InvalidInput):
            await work


async def test_every_change_is_audited_in_its_transaction(library, linking):
    """Who, what, whom, by which request; a refused one left nothing behind."""
    ada, ben = await library.person("ann"), await library.person("ann")
    face = await library.face("ann")
    change = (await linking.assign(ANN, ada, [face])).change_id
    await linking.merge(ANN, ada, ben)
    await linking.undo(ANN, change := (await linking.assign(ANN, ben, [face])).change_id)
    await refusal(linking.assign(ANN, ben, [uuid.uuid4()]))
    rows = await library.owner.fetch(
        "SELECT action, subject, actor, details::jsonb ->> 'request_id' AS request"
        " FROM face.audit_logs WHERE action <> 'person.create' ORDER BY id"
    )
    assert {("ann", "a-request")} == {(row["actor"], row["request"]) for row in rows}
    assert [
        ("face.assign", str(ada)),
        ("person.merge", str(ada)),
        ("person.merge", str(ben)),
        ("face.assign", str(ben)),
        ("change.undo", str(ben)),
    ] == [(row["action"], row["subject"]) for row in rows]
    assert change


async def test_without_the_audit_nothing_is_done(library, linking):
    """It fails closed."""
    ada, face = await library.person("ann"), await library.face("ann")
    await library.owner.execute("REVOKE INSERT ON face.audit_logs FROM face_api")
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await linking.assign(ANN, ada, [face])
    assert (await library.row(face))["person_id"] is None
    assert 0 == await library.owner.fetchval("SELECT count(*) FROM face.changes")


async def test_merges_that_cross_end_in_one_of_the_two(library, linking):
    """Never in a circle, never with a face on somebody who is gone."""
    for _ in range(5):
        ada, ben = await library.person("ann"), await library.person("ann")
        faces = [
            *await library.faces_of("ann", ada, 2),
            *await library.faces_of("ann", ben, 2),
        ]
        ended = await asyncio.gather(
            linking.merge(ANN, ada, ben), linking.merge(ANN, ben, ada), return_exceptions=True
        )
        failed = [one for one in ended if isinstance(one, KiokuError)]
        assert [Reason.PERSON_NOT_FOUND] == [one.reason for one in failed]
        (left,) = [one.person.person_id for one in ended if not isinstance(one, KiokuError)]
        assert {left} == {(await library.row(face))["person_id"] for face in faces}


async def test_assigning_while_merging_loses_no_face(library, linking):
    """The face comes along, or the assignment is told that the person is gone."""
    for _ in range(5):
        ada, ben = await library.person("ann"), await library.person("ann")
        face = await library.face("ann")
        ended = await asyncio.gather(
            linking.assign(ANN, ada, [face]), linking.merge(ANN, ada, ben), return_exceptions=True
        )
        assert not isinstance(ended[1], BaseException)
        expected = ben if not isinstance(ended[0], BaseException) else None
        assert expected == (await library.row(face))["person_id"]


async def test_a_job_that_links_while_a_merge_is_made_links_to_nobody_gone(library, linking):
    """The row of the person is what both wait for, also where the job holds nothing else."""
    ada, ben = await library.person("ann"), await library.person("ann")
    face = await library.face("ann")
    async with library.worker.acquire() as connection, connection.transaction():
        await connection.execute(
            "UPDATE face.faces SET person_id = $1, link_source = 'LIKENESS' WHERE face_id = $2",
            ada,
            face,
        )
        merging = asyncio.create_task(linking.merge(ANN, ada, ben))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(30):
            while not await library.owner.fetchval(waits):
                await asyncio.sleep(0.01)
    try:
        await merging
    except DependencyDown:  # a slow machine: the lock took longer than it may
        await linking.merge(ANN, ada, ben)
    assert ben == (await library.row(face))["person_id"]


async def test_a_withdrawal_waits_for_who_is_linking_and_sees_it(library, linking):
    """No link is left behind by one that was under way; the next one is refused."""
    ada, face = await library.person("ann"), await library.face("ann")
    async with library.api.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', 'ann', true)")
        assert await connection.fetchval("SELECT face.hold_consent('ann', $1)", ada)
        withdrawing = asyncio.create_task(library.consent("ann", ada, "WITHDRAWN"))
        waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        async with asyncio.timeout(30):
            while not await library.owner.fetchval(waits):
                await asyncio.sleep(0.01)
        assert not withdrawing.done()
    await asyncio.wait([withdrawing])
    if withdrawing.exception() is not None:  # a slow machine: the lock took longer than it may
        await library.consent("ann", ada, "WITHDRAWN")
    assert Reason.CONSENT_MISSING is await refusal(linking.assign(ANN, ada, [face]))


async def test_no_change_of_another_owner_is_seen_in_the_tables(library, linking):
    """Row-level security holds for every table of changes."""
    ada = await library.person("ann")
    face = await library.face("ann", anonymous_id=None)
    await linking.reject(ANN, ada, face)
    for table in ("changes", "change_people", "change_faces", "change_rejections"):
        async with library.api.acquire() as connection, connection.transaction():
            await connection.execute("SELECT set_config('kioku.owner', 'bob', true)")
            assert 0 == await connection.fetchval(f"SELECT count(*) FROM face.{table}")
        forced = await library.owner.fetchrow(
            "SELECT relrowsecurity, relforcerowsecurity FROM pg_class WHERE oid = $1::regclass",
            f"face.{table}",
        )
        assert (True, True) == tuple(forced)

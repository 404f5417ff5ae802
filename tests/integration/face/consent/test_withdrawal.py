"""A withdrawal removes everything that is held of somebody, and it stays removed."""

from __future__ import annotations

import asyncio
import uuid
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta

import asyncpg
import grpc
import pytest
from kioku.events.v1 import events_pb2
from kioku.face.v1 import consent_service_pb2 as pb
from kioku.face.v1 import face_pb2
from kioku_face.vectors import Access
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

from tests.integration.face.consent.rig import BOX, QUICK, SHA, ids_of, refusal

ERASED, PENDING = pb.ERASURE_STATE_ERASED, pb.ERASURE_STATE_PENDING


async def test_everything_goes(service, db):
    """Faces, links, rejections, vectors; others' stay; each step is audited."""
    ada, faces = await service.known("ann")
    eve, others = await service.known("ann", faces=3, sha256="e" * 64)
    await db.owner.execute(
        "INSERT INTO face.rejections (owner, face_id, person_id) VALUES ('ann', $1, $2)",
        others[0],
        ada,
    )
    assert ada in await service.matches("ann", 0)
    done = await service.withdraw("ann", ada)
    assert (ERASED, 2, 2, str(ada)) == (
        done.erasure.state,
        done.erasure.faces,
        done.erasure.vectors,
        done.erasure.person_id,
    )
    assert (face_pb2.CONSENT_STATE_WITHDRAWN, 2) == (done.consent.state, done.consent.version)
    assert "WITHDRAWN" == await db.state(ada)
    assert 3 == await db.count("faces")
    assert 0 == await db.count("rejections")
    assert "GRANTED" == await db.state(eve)
    assert not set(faces) & set(service.vectors._of("ann").faces)
    assert ["consent.grant"] * 2 + ["consent.withdraw", "erasure.confirm"] == await db.actions()


async def test_nothing_matches_once_the_call_returned(service, db):
    """Asked all the time, before and after: not one answer that began after it has them."""
    ada, _ = await service.known("ann")
    assert [ada] == await service.matches("ann", 0)
    returned, late = asyncio.Event(), []

    async def ask():
        while True:
            began_after = returned.is_set()
            hits = []
            with suppress(KiokuError):  # while search is behind
                hits = await service.matches("ann", 0)
            if began_after:
                late.append(hits)
                if len(late) > 20:
                    return
            await asyncio.sleep(0)

    asking = asyncio.create_task(ask())
    await service.withdraw("ann", ada)
    returned.set()
    await asking
    assert [[]] * 21 == late


async def test_vectors_never_come_back(service, db):
    """Late events of its faces are refused by their tombstones, old words about consent as well."""
    ada, faces = await service.known("ann")
    await service.withdraw("ann", ada)
    assert not await service.stored("ann", faces[0], ada, 0)
    assert [] == await service.matches("ann", 0)


async def test_the_places_of_the_bytes_stay_closed(service, db):
    """The same file as another asset: its face there goes too, another's and a linked one stay."""
    ada, _ = await service.known("ann", faces=1, sha256=SHA)
    eve, _ = await service.known("ann", faces=0)
    sha256 = f"0{SHA[1:]}"
    again = await db.asset("ann", sha256)
    twin = await db.face("ann", again, box=[0.11, 0.1, 0.2, 0.2])
    beside = await db.face("ann", again, box=[0.7, 0.7, 0.2, 0.2])
    linked = await db.face("ann", await db.asset("ann", sha256), person_id=eve)
    elsewhere = await db.face("ann", await db.asset("ann", "c" * 64))
    foreign = await db.face("bob", await db.asset("bob", sha256))
    done = await service.withdraw("ann", ada)
    assert 2 == done.erasure.faces
    rows = await db.owner.fetch("SELECT face_id FROM face.faces")
    assert {beside, linked, elsewhere, foreign} == {row["face_id"] for row in rows}
    assert 1 == await db.count("erased_faces", f"face_id = '{twin}'")
    place = await db.owner.fetchrow("SELECT * FROM face.erased_places")
    assert ("ann", sha256, -1) == (place["owner"], place["sha256"], place["frame_no"])
    assert BOX == pytest.approx(place["box"])


async def test_a_face_of_a_picture_that_was_not_kept(service, db):
    """It has no place in any file, and goes all the same."""
    ada, _ = await service.known("ann", faces=0)
    enrolled = await db.face("ann", person_id=ada)
    await service.stored("ann", enrolled, ada, 7)
    done = await service.withdraw("ann", ada)
    assert (1, 1) == (done.erasure.faces, done.erasure.vectors)
    assert 0 == await db.count("erased_places")


async def test_taking_back_twice_is_once(service, db):
    """The second call tells of the first."""
    ada, _ = await service.known("ann")
    first = await service.withdraw("ann", ada)
    again = await service.withdraw("ann", ada)
    assert (first.consent, first.erasure) == (again.consent, again.erasure)
    assert 1 == await db.count("erasures")
    assert 2 == len(await db.events("consent.changed"))


async def test_who_never_agreed_can_say_no(service, db):
    """It is recorded, and nothing had to go."""
    ada = await db.person("ann")
    done = await service.withdraw("ann", ada)
    assert (ERASED, 0, 1) == (done.erasure.state, done.erasure.faces, done.consent.version)


async def test_vectors_are_counted_whoever_had_them_removed(service, db):
    """The event came to search before the call did; what had a vector is told all the same."""
    ada, faces = await service.known("ann")
    await db.face("ann", await db.asset("ann"), person_id=ada, space_id="")
    await service.vectors.erase(Access("ann", "face", "event", ""), person_id=None, face_ids=faces)
    done = await service.withdraw("ann", ada)
    assert (3, 2) == (done.erasure.faces, done.erasure.vectors)


async def test_the_user_takes_it_back_and_the_owner_may_too(service, db):
    """Each by their own token; who may see the erasure, and who may not."""
    for subject in ("bob", "ann"):
        person, _ = await service.known("ann", user_id="bob", sha256=f"{subject:a<64}")
        done = await service.withdraw(subject, person)
        assert ERASED == done.erasure.state
        request = pb.GetErasureRequest(erasure_id=done.erasure.erasure_id)
        for sees in ("ann", "bob"):
            got = await service.calls(sees).GetErasure(request)
            assert done.erasure == got.erasure
        assert (await service.admin().GetErasure(request)).erasure == done.erasure
        stranger = service.calls("mallory").GetErasure(request)
        assert Reason.ERASURE_NOT_FOUND is await refusal(stranger)
    unknown = pb.GetErasureRequest(erasure_id=str(uuid.uuid4()))
    assert Reason.ERASURE_NOT_FOUND is await refusal(service.calls("ann").GetErasure(unknown))


async def test_whoever_became_them_goes_with_them(service, db):
    """A merge joins names, not two human beings: both consents end, by either's wish."""
    ada, _ = await service.known("ann")
    before = await db.person("ann", user_id="bob")
    await service.grant("bob", before)
    await db.owner.execute(
        "UPDATE face.people SET merged_into = $1 WHERE person_id = $2", ada, before
    )
    assert Reason.PERSON_NOT_FOUND is await refusal(
        service.calls("ann").WithdrawConsent(pb.WithdrawConsentRequest(person_id=str(before)))
    )
    done = await service.withdraw("bob", before)
    assert (ERASED, 2) == (done.erasure.state, done.erasure.faces)
    assert ["WITHDRAWN"] * 2 == [await db.state(ada), await db.state(before)]
    told = [events_pb2.ConsentChanged.FromString(p) for p in await db.events("consent.changed")]
    gone = [one for one in told if not one.consented]
    assert ids_of([one.person_id for one in gone]) == sorted([ada, before])
    assert [2, 0] == [len(one.erase_face_ids) for one in gone]
    assert [] == await service.matches("ann", 0)


async def test_with_search_away_it_stands_and_is_finished_later(service, db):
    """PENDING; nothing is answered meanwhile; no new consent before the old faces are gone."""
    ada, faces = await service.known("ann")
    service.vectors.down = True
    done = await service.withdraw("ann", ada)
    assert (PENDING, 2, 0) == (done.erasure.state, done.erasure.faces, done.erasure.vectors)
    assert 0 == await db.count("faces")
    grant = pb.GrantConsentRequest(person_id=str(ada), text_version="v2")
    assert Reason.ERASURE_PENDING is await refusal(service.calls("ann").GrantConsent(grant))
    service.vectors.down = False
    with pytest.raises(KiokuError) as behind:
        await service.matches("ann", 0)
    assert Reason.CONSENT_BEHIND is behind.value.reason
    await service.finish()
    assert not set(faces) & set(service.vectors._of("ann").faces)
    request = pb.GetErasureRequest(erasure_id=done.erasure.erasure_id)
    erasure = (await service.calls("ann").GetErasure(request)).erasure
    assert (ERASED, 2) == (erasure.state, erasure.vectors)
    assert 2 == (await service.withdraw("ann", ada)).consent.version
    assert 3 == (await service.grant("ann", ada)).version


async def test_search_that_does_not_answer_is_not_waited_for_for_ever(start, db):
    """The call answers PENDING when its patience is over."""
    async with start(replace(QUICK, wait=timedelta(seconds=0.3))) as service:
        ada, _ = await service.known("ann")
        erase, gate = service.vectors.erase, asyncio.Event()

        async def slowly(*arguments, **more):
            await gate.wait()
            return await erase(*arguments, **more)

        service.vectors.erase = slowly
        done = await service.withdraw("ann", ada)
        assert PENDING == done.erasure.state
        gate.set()
        await service.finish()
        assert 2 == await db.owner.fetchval("SELECT vectors FROM face.erasures")


async def test_files_that_were_rewritten_are_told_of(service, db):
    """ERASED until search says so, then SCRUBBED, audited once."""
    ada, _ = await service.known("ann")
    done = await service.withdraw("ann", ada)
    request = pb.GetErasureRequest(erasure_id=done.erasure.erasure_id)
    await service.run("scrubs")
    assert ERASED == (await service.calls("ann").GetErasure(request)).erasure.state
    service.vectors.scrub()
    await service.run("scrubs")
    await service.run("scrubs")
    erasure = (await service.calls("ann").GetErasure(request)).erasure
    assert pb.ERASURE_STATE_SCRUBBED == erasure.state
    assert erasure.scrub_time.ToDatetime() >= erasure.erase_time.ToDatetime()
    assert 1 == (await db.actions()).count("erasure.scrub")


async def test_no_linked_face_outlives_its_consent(service, db):
    """By the database itself: ending a consent and leaving its faces does not commit."""
    ada, _ = await service.known("ann")
    for statement in (
        "UPDATE face.consent_states SET state = 'WITHDRAWN' WHERE person_id = $1",
        "DELETE FROM face.consent_states WHERE person_id = $1",
    ):
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="faces_consented"):
            await db.owner.execute(statement, ada)
    async with db.owner.acquire() as connection:
        ending = connection.transaction()
        await ending.start()
        await connection.execute(
            "UPDATE face.consent_states SET state = 'WITHDRAWN' WHERE person_id = $1", ada
        )
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="faces_consented"):
            await ending.commit()


async def test_links_made_at_the_same_moment_do_not_survive(service, db):
    """Whichever comes first: the link is refused, or it goes with the rest."""
    for _ in range(4):
        ada, _ = await service.known("ann", faces=1)
        loose = [await db.face("ann", await db.asset("ann", "b" * 64)) for _ in range(4)]

        async def link(face_id, person_id=ada):
            with suppress(asyncpg.PostgresError):
                await db.worker.execute(
                    "UPDATE face.faces SET person_id = $2, link_source = 'LIKENESS'"
                    " WHERE face_id = $1",
                    face_id,
                    person_id,
                )

        await asyncio.gather(
            link(loose[0]), service.withdraw("ann", ada), *(link(one) for one in loose[1:])
        )
        assert 0 == await db.count("faces", f"person_id = '{ada}'")
        await service.finish()


async def test_agreeing_and_taking_back_at_the_same_moment(service, db):
    """Some order of them holds: no gap, the newest entry is the state, search is told of it."""
    ada, _ = await service.known("ann", faces=1)
    refused = set()

    async def grant():
        try:
            await service.grant("ann", ada)
        except grpc.aio.AioRpcError as error:
            refused.add(getattr(error_of(error), "reason", None))

    await asyncio.gather(
        *(one for _ in range(4) for one in (grant(), service.withdraw("ann", ada)))
    )
    await service.finish()
    assert {Reason.ERASURE_PENDING} >= refused
    rows = await db.owner.fetch("SELECT version, state FROM face.consents ORDER BY version")
    assert list(range(1, len(rows) + 1)) == [row["version"] for row in rows]
    assert rows[-1]["state"] == await db.state(ada)
    await service.run("consents")
    told = service.vectors._of("ann").people[ada]
    assert (rows[-1]["version"], rows[-1]["state"] == "GRANTED") == (told.version, told.consented)
    assert await db.count("consents") == service.vectors._of("ann").sequence


async def test_a_picture_that_is_looked_at_meanwhile_is_waited_for(service, db):
    """Who had read which places are closed stores faces first; they go with the rest."""
    ada, _ = await service.known("ann", faces=1)
    asset_id = await db.owner.fetchval("SELECT asset_id FROM face.faces")
    async with db.worker.acquire() as connection:
        looking = connection.transaction()
        await looking.start()
        await connection.execute("SELECT FROM face.assets WHERE asset_id = $1 FOR UPDATE", asset_id)
        withdrawal = asyncio.create_task(service.withdraw("ann", ada))
        waits = (
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
            " AND datname = current_database()"
        )
        async with asyncio.timeout(30):
            while not await db.owner.fetchval(waits):
                await asyncio.sleep(0.01)
        await connection.execute(
            "UPDATE face.faces SET quality = 0.5 WHERE asset_id = $1", asset_id
        )
        await looking.commit()
    assert 1 == (await withdrawal).erasure.faces
    assert 0 == await db.count("faces")

"""Terms end by themselves: consents given for a time, and faces of nobody known."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from kioku.face.v1 import consent_service_pb2 as pb
from kioku.face.v1 import face_pb2

from tests.integration.face.consent.rig import QUICK, unit

DAY = timedelta(days=1)


def ago(days: int) -> datetime:
    return datetime.now(UTC) - days * DAY


async def test_a_consent_whose_time_is_over_is_as_one_taken_back(service, db):
    """Once; those that last longer, or for ever, stay."""
    ada, faces = await service.known("ann")
    eve, _ = await service.known("ann", sha256="e" * 64)
    bob, _ = await service.known("bob", sha256="b" * 64)
    await db.owner.execute(
        "UPDATE face.consent_states SET expires_at = now() + interval '1 day' WHERE person_id = $1",
        bob,
    )
    await db.owner.execute(
        "UPDATE face.consent_states SET expires_at = now() WHERE person_id = $1", ada
    )
    await service.run("terms")
    await service.run("terms")
    assert ["EXPIRED", "GRANTED", "GRANTED"] == [await db.state(one) for one in (ada, eve, bob)]
    assert 4 == await db.count("faces")
    await service.finish()
    assert not set(faces) & set(service.vectors._of("ann").faces)
    history = await service.calls("ann").ListConsents(pb.ListConsentsRequest(person_id=str(ada)))
    assert [face_pb2.CONSENT_STATE_EXPIRED, face_pb2.CONSENT_STATE_GRANTED] == [
        one.state for one in history.consents
    ]
    assert "kioku-face" == history.consents[0].actor
    assert 1 == (await db.actions()).count("consent.expire")
    assert 3 == (await service.grant("ann", ada)).version


async def test_taking_back_after_the_end_is_recorded_too(service, db):
    """The wish of a human being is more than the end of a term."""
    ada, _ = await service.known("ann")
    await db.owner.execute("UPDATE face.consent_states SET expires_at = now()")
    await service.run("terms")
    done = await service.withdraw("ann", ada)
    assert (3, face_pb2.CONSENT_STATE_WITHDRAWN) == (done.consent.version, done.consent.state)


async def test_nobody_unknown_is_kept_for_ever(start, db):
    """Somebody unknown as long as the youngest of their faces; linked faces are not touched."""
    async with start(replace(QUICK, anonymous=30 * DAY)) as service:
        await service.known("ann")
        await db.owner.execute("UPDATE face.faces SET created_at = $1", ago(400))
        old, young = await groups(db)
        loose = await db.face("ann", await db.asset("ann"), created_at=ago(31))
        fresh = await db.face("ann", await db.asset("ann", "d" * 64), created_at=ago(29))
        foreign = await db.face("bob", await db.asset("bob"), created_at=ago(31), space_id="")
        for number, face_id in enumerate([*old, loose]):
            service.vectors.put("ann", face_id, unit(number))
        await service.run("retention")
        rows = await db.owner.fetch("SELECT face_id FROM face.faces WHERE person_id IS NULL")
        assert {*young, fresh} == {row["face_id"] for row in rows}
        await service.finish()
        assert not {*old, loose, foreign} & set(service.vectors._of("ann").faces)
        erasures = await db.owner.fetch("SELECT * FROM face.erasures")
        assert {("RETENTION", None, "ERASED")} == {
            (row["cause"], row["person_id"], row["state"]) for row in erasures
        }
        assert len(old) + 2 == sum(row["faces"] for row in erasures)
        assert len(old) + 1 == sum(row["vectors"] for row in erasures)
        assert len(old) + 2 == await db.count("erased_places")
        await service.run("retention")
        assert len(erasures) == await db.count("erasures")


async def groups(db):
    """Somebody unknown who was not seen for long, and somebody who was."""
    old = [
        await db.face(
            "ann",
            await db.asset("ann", f"{number}" * 64),
            anonymous_id="00000000-0000-0000-0000-000000000001",
            created_at=ago(40 + number),
        )
        for number in range(4)
    ]
    young = [
        await db.face(
            "ann",
            await db.asset("ann", f"f{number}" * 32),
            anonymous_id="00000000-0000-0000-0000-000000000002",
            created_at=ago(days),
        )
        for number, days in enumerate((90, 1))
    ]
    return old, young

"""What was forgotten after a backup is forgotten again in a database that was restored from it."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import pytest
from kioku_cli.backup.forgotten import export_forgotten, read_forgotten
from kioku_face.consent.restored import RestoredDatabase, forget_again, read
from pydantic import SecretStr

from tests.integration.face.consent.rig import Db, acting

TABLES = ("people", "assets", "consents", "consent_sequences", "consent_states", "faces")


async def copy(source: Db, target: Db) -> None:
    """The rows that a backup of this moment would bring back."""
    for table in TABLES:
        for row in await source.owner.fetch(f"SELECT * FROM face.{table}"):
            facts = {name: value for name, value in row.items() if name != "consent"}
            marks = ", ".join(f"${i + 1}" for i in range(len(facts)))
            await target.owner.execute(
                f"INSERT INTO face.{table} ({', '.join(facts)}) VALUES ({marks})", *facts.values()
            )


async def forget(db: Db, file: Path) -> int:
    dsns = {"face_owner_dsn": SecretStr(db.dsn), "face_worker_dsn": SecretStr(db.worker_dsn)}
    return await forget_again(RestoredDatabase(**dsns), read(file))


@pytest.fixture
async def file(db, service, open_db, tmp_path):
    """What was forgotten, a database from before, and who is in it."""
    older = await open_db()
    people = {
        name: (await service.known("ann", sha256=sha * 64))[0]
        for name, sha in (("took back", "1"), ("removed", "2"), ("stays", "3"), ("anew", "4"))
    }
    await db.face("ann", await db.asset("ann", "5" * 64))
    await copy(db, older)
    await service.withdraw("ann", people["took back"])
    await service.withdraw("ann", people["anew"])
    await service.grant("ann", people["anew"])
    await service.part.withdrawal.remove(acting("ann"), people["removed"], request_id="")
    await db.owner.execute(
        "UPDATE face.faces SET created_at = now() - $1::interval WHERE person_id IS NULL",
        timedelta(days=500),
    )
    await service.run("retention")
    path = tmp_path / "forgotten.jsonl"
    lines = await export_forgotten(db.dsn, path)
    assert lines == len(read_forgotten(path))
    assert 3 + 7 + 7 == lines, "consents, faces, places"
    return path, older, people


async def test_it_is_forgotten_again(file, db):
    """Who took it back, or agreed anew after it, or was removed, or was unknown; not who stays."""
    path, older, people = file
    assert 3 == await forget(older, path)
    states = {name: await older.state(person_id) for name, person_id in people.items()}
    assert {"stays": "GRANTED"} == {n: s for n, s in states.items() if s != "WITHDRAWN"}
    kept = await older.owner.fetch("SELECT person_id, count(*) FROM face.faces GROUP BY 1")
    assert [(people["stays"], 2)] == [tuple(row) for row in kept]
    assert 0 == await older.count("people", f"person_id = '{people['removed']}'")
    faces = "SELECT DISTINCT face_id FROM face.erased_faces ORDER BY 1"
    assert await db.owner.fetch(faces) == await older.owner.fetch(faces)
    places = "SELECT DISTINCT owner, sha256, frame_no, box FROM face.erased_places ORDER BY 2"
    assert await db.owner.fetch(places) == await older.owner.fetch(places)
    assert 0 < await older.count("erasures", "state = 'PENDING' AND try_after <= now()")
    assert await older.count("erasures") == await older.count("erasures", "state = 'PENDING'")
    told = await older.owner.fetchrow("SELECT sequence, told FROM face.consent_sequences")
    assert told["sequence"] == 4 + 3, "search is behind until it has heard of it"
    assert {"kioku-restore"} == {
        row["actor"] for row in await older.owner.fetch("SELECT actor FROM face.audit_logs")
    }


async def test_it_is_forgotten_once(file):
    """The same again changes nothing, nor does it in the database that forgot first."""
    path, older, _ = file
    await forget(older, path)
    tables = ("consents", "erasures", "erased_faces", "erased_places", "outbox", "audit_logs")
    before = [await older.count(table) for table in tables]
    assert 0 == await forget(older, path)
    assert before == [await older.count(table) for table in tables]


async def test_where_it_was_forgotten_nothing_is_done(file, db):
    """And a consent that was given since stands there."""
    path, _, people = file
    before = await db.count("erasures")
    assert 0 == await forget(db, path)
    assert ("GRANTED", before) == (await db.state(people["anew"]), await db.count("erasures"))


async def test_the_command_says_how_many(file):
    """As `kioku restore` runs it."""
    path, older, _ = file
    environment = {
        **os.environ,
        "KIOKU_FACE_OWNER_DSN": older.dsn,
        "KIOKU_FACE_WORKER_DSN": older.worker_dsn,
    }
    command = [sys.executable, "-m", "kioku_face.consent"]
    done = subprocess.run(
        [*command, "forget", str(path)], env=environment, capture_output=True, text=True, check=True
    )
    assert "forgot 3\n" == done.stdout
    wrong = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (1, True) == (wrong.returncode, "usage:" in wrong.stderr)


async def test_a_stack_without_faces_has_forgotten_nobody(database, tmp_path):
    """An empty file, and a whole one."""
    path = tmp_path / "forgotten.jsonl"
    assert 0 == await export_forgotten(await database(), path)
    assert set() == read_forgotten(path)

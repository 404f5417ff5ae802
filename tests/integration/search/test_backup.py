"""A backup of a filled database and bucket, made whole again elsewhere, or refused in words."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError
from kioku_cli.backup import bucket as bucket_module
from kioku_cli.backup import restoring, taking
from kioku_cli.backup.bucket import copy_in
from kioku_cli.backup.forgotten import write_forgotten
from kioku_cli.backup.inventory import read_inventory
from kioku_cli.backup.manifest import read_manifest, write_manifest
from kioku_cli.backup.restoring import read_source, restore
from kioku_cli.backup.servers import Servers
from kioku_cli.backup.staging import Stage
from kioku_cli.backup.taking import refresh_tombstones, take_backup
from kioku_cli.backup.tombstones import Tombstone, read_tombstones, write_tombstones
from kioku_cli.data import DataFolder
from kioku_cli.refusal import Refusal
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.objects import derived_prefix, owner_hash
from kioku_search.assets.asset import Kind
from kioku_search.assets.deletion_store import DeletionStore
from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

from tests.integration.search.conftest import migrate
from tests.integration.search.rig import Db, space, unit, user

PICTURES = 6
DELAYS = dict.fromkeys(Kind, timedelta(0))
ADA = str(uuid.UUID(int=1))
AGREED = f"""
INSERT INTO face.people (owner, person_id, name) VALUES ('ann', '{ADA}', 'Ada');
INSERT INTO face.consents (owner, person_id, version, state, text_version, actor, sequence)
VALUES ('ann', '{ADA}', 1, 'GRANTED', 'v1', 'ann', 1);
INSERT INTO face.consent_states (owner, person_id, version, state)
VALUES ('ann', '{ADA}', 1, 'GRANTED');
INSERT INTO face.consent_sequences (owner, sequence, told) VALUES ('ann', 1, 1);
"""
"""Somebody who agreed to be recognised before the backup."""
TOOK_BACK = json.dumps(
    {"kind": "consent", "owner": "ann", "person_id": ADA, "version": 2, "deleted": False}
)


@dataclass
class Source:
    """A small library on real servers, and a backup of it."""

    servers: Servers
    folder: Path
    assets: list[uuid.UUID]
    lost: str


@asynccontextmanager
async def opened(servers: Servers):
    """Its database as the service sees it."""
    names = ("kioku", "search_api", "search_worker")
    dsns = [servers.postgres.dsn(servers.database, name) for name in names]
    pools = [await open_pool(dsn, application_name="test") for dsn in dsns]
    try:
        yield Db(*dsns, owner=pools[0], api=pools[1], worker=pools[2])
    finally:
        for pool in pools:
            await close_pool(pool)


async def fill(servers: Servers) -> tuple[list[uuid.UUID], str]:
    """Six READY pictures of two owners with originals and something derived; one original lost."""
    await migrate(servers.dsn)
    await Migrations("kioku_face.migrations", "face").apply(servers.dsn)
    client, assets, keys = servers.swift.client(), [], []
    async with opened(servers) as db:
        await db.register(space())
        for number in range(PICTURES):
            owner, asset_id = ("ann", "bob")[number % 2], uuid.uuid4()
            data = f"picture {number}".encode()
            sha256 = hashlib.sha256(data).hexdigest()
            keys.append(f"originals/{owner_hash(owner)}/{asset_id}/{sha256}")
            client.put_object(Bucket=servers.bucket, Key=keys[-1], Body=data, ContentType="image/x")
            derived = f"{derived_prefix(owner, str(asset_id))}thumb.jpg"
            client.put_object(Bucket=servers.bucket, Key=derived, Body=b"t", ContentType="image/y")
            await db.indexed(
                owner, space(), unit(number), asset_id=asset_id, object_key=keys[-1], tags=["t"]
            )
            assets.append(asset_id)
        await db.owner.execute(AGREED)
    client.put_object(Bucket=servers.bucket, Key="incoming/x", Body=b"never completed")
    client.delete_object(Bucket=servers.bucket, Key=keys[-1])
    client.close()
    return assets, keys[-1]


def quiet(*_: object) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def source(
    postgres_server: Postgres, swift_server: Swift, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Source]:
    servers = Servers(postgres_server, swift_server, "backup_source", "backup-source")
    postgres_server.create_database(servers.database)
    swift_server.create_bucket(servers.bucket)
    assets, lost = asyncio.run(fill(servers))
    folder = tmp_path_factory.mktemp("backup") / "one"
    asyncio.run(take_backup(servers, folder, quiet))
    yield Source(servers, folder, assets, lost)
    postgres_server.sql(f"DROP DATABASE {servers.database} WITH (FORCE)")


@pytest.fixture
def copy(source: Source, tmp_path: Path) -> Path:
    """The backup, to be damaged."""
    return Path(shutil.copytree(source.folder, tmp_path / "copy"))


@pytest.fixture
def target(stack_dir: Path) -> Iterator[DataFolder]:
    """A data folder that PostgreSQL's account can reach."""
    root = Path(tempfile.mkdtemp(prefix="restored-", dir=stack_dir))
    root.chmod(0o711)
    yield DataFolder(root / "data")
    shutil.rmtree(root)


@contextmanager
def refused(reason: str, *words: str) -> Iterator[None]:
    with pytest.raises(Refusal) as caught:
        yield
    assert reason == caught.value.reason, caught.value.message
    assert [] == [word for word in words if word not in caught.value.message]


@contextmanager
def restored_servers(target: DataFolder) -> Iterator[Servers]:
    """The restored folder's servers, as `kioku up` would start them."""
    postgres, swift = Postgres(target.server("postgres")), Swift(target.server("swift"))
    postgres.start()
    swift.start()
    for role in ("search_api", "search_worker"):
        postgres.ensure_login(role)
    try:
        yield Servers(postgres, swift)
    finally:
        swift.stop()
        postgres.stop()


async def nearest(servers: Servers, owner: str) -> list[tuple[uuid.UUID, float]]:
    """What a search finds."""
    async with opened(servers) as db:
        found = await db.api.fetch(
            "SELECT asset_id, distance FROM search.nearest_images($1, $2, $3, NULL, 20)",
            owner,
            space().space_id,
            unit("query"),
        )
    return [(one["asset_id"], round(one["distance"], 5)) for one in found]


def keys(servers: Servers) -> set[str]:
    client = servers.swift.client()
    listed = client.list_objects_v2(Bucket=servers.bucket).get("Contents", [])
    client.close()
    return {one["Key"] for one in listed}


async def test_what_is_restored_elsewhere_is_what_was(source, copy, target):
    """Same answers and objects; what was deleted or forgotten after the backup stays so."""
    gone = source.assets[0]
    before = {owner: await nearest(source.servers, owner) for owner in ("ann", "bob")}
    write_tombstones(copy / "later.jsonl", {Tombstone("ann", str(gone)), Tombstone("x", str(gone))})
    write_forgotten(copy / "people.jsonl", {TOOK_BACK})
    backup = read_source(copy, [copy / "later.jsonl"], [copy / "people.jsonl"])
    done = await restore(backup, Stage(target), quiet)
    assert (1, 1) == (done.buried, done.forgotten)
    assert [] == [one for one in done.comparisons if not one.same]
    assert {"rows of search.assets", f"vectors of {space().space_id}", "objects"} < {
        one.what for one in done.comparisons
    }
    with restored_servers(target) as servers:
        assert before["bob"] == await nearest(servers, "bob")
        assert [one for one in before["ann"] if one[0] != gone] == await nearest(servers, "ann")
        wanted = {key for key in keys(source.servers) if not key.startswith("incoming/")}
        assert {key for key in wanted if str(gone) not in key} == keys(servers)
        async with opened(servers) as db:
            assert "asset.deleted" == await db.owner.fetchval("SELECT subject FROM search.outbox")
            assert await db.owner.fetchval("SELECT count(*) = 1 FROM search.deletions")
            assert not await db.api.fetch("SELECT FROM search.assets")
            assert "WITHDRAWN" == await db.owner.fetchval("SELECT state FROM face.consent_states")
            assert "PENDING" == await db.owner.fetchval("SELECT state FROM face.erasures")
    assert not (target.root / "restoring").exists()


async def test_the_manifest_says_what_there_is(source):
    """Rows by table and partition, vectors by space, objects, and what was missing."""
    manifest = read_manifest(source.folder)
    rows = manifest.database.census.rows
    assert (PICTURES, PICTURES) == (rows["search.assets"], rows["search.asset_tags"])
    partition = await partition_of(source.servers)
    assert PICTURES == rows[f"search.{partition}"]
    assert PICTURES == manifest.database.census.spaces[space().space_id].vectors
    assert (2 * PICTURES - 1, 1, [source.lost]) == (
        manifest.objects.count,
        manifest.objects.missing_count,
        manifest.objects.missing,
    )
    assert {"search_api": False, "search_worker": True}.items() <= {
        role.name: role.bypass_rls for role in manifest.database.roles
    }.items()
    assert 0o700 == source.folder.stat().st_mode & 0o777


async def partition_of(servers: Servers) -> str:
    async with opened(servers) as db:
        return await db.partition(space().space_id)


async def test_one_changed_vector_changes_the_checksum(source):
    """Counts would not see it."""
    async with opened(source.servers) as db:
        before = read_manifest(source.folder).database.census.spaces[space().space_id]
        change = "UPDATE search.image_embeddings SET embedding = $1 WHERE asset_id = $2"
        await db.owner.execute(change, unit("other"), source.assets[1])
        async with taking.snapshot(source.servers.dsn) as moment:
            after = (await moment.census()).spaces[space().space_id]
        await db.owner.execute(change, unit(1), source.assets[1])
        async with taking.snapshot(source.servers.dsn) as moment:
            again = (await moment.census()).spaces[space().space_id]
    assert before.vectors == after.vectors
    assert before.checksum != after.checksum
    assert before == again


def rewrite(path: Path, change: Any) -> None:
    document = json.loads(path.read_text())
    change(document)
    path.write_text(json.dumps(document))


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def flip(path: Path) -> None:
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def an_object(folder: Path) -> Path:
    return next(path for path in (folder / "objects").rglob("*") if path.is_file())


DAMAGE = {
    "no manifest": lambda f: (f / "manifest.json").unlink(),
    "manifest cut": lambda f: cut(f / "manifest.json"),
    "manifest changed": lambda f: rewrite(f / "manifest.json", lambda d: d.update(tool="x")),
    "manifest is a list": lambda f: (f / "manifest.json").write_text("[]"),
    "manifest is no text": lambda f: (f / "manifest.json").write_bytes(b"\xff\xfe"),
    "dump gone": lambda f: (f / "database.dump").unlink(),
    "dump cut": lambda f: cut(f / "database.dump"),
    "dump changed": lambda f: flip(f / "database.dump"),
    "inventory cut": lambda f: cut(f / "objects.jsonl"),
    "object gone": lambda f: an_object(f).unlink(),
    "object cut": lambda f: an_object(f).write_bytes(b""),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_backup_is_refused_before_anything_is_made(copy, damage):
    """Each is named as what it is."""
    DAMAGE[damage](copy)
    with refused("BACKUP_DAMAGED"):
        read_source(copy, ())


@pytest.mark.parametrize("number", [0, 2, "1", None])
def test_another_format_is_refused(copy, number):
    """With both numbers in the sentence."""
    rewrite(copy / "manifest.json", lambda document: document.update(format=number))
    with refused("BACKUP_VERSION", repr(number), "1"):
        read_source(copy, ())


def test_a_schema_of_another_version_is_refused(copy):
    """A migration that this version does not know is named."""
    manifest = read_manifest(copy)
    migrations = {**manifest.database.migrations, "9999_pre_future.sql": "0"}
    database = manifest.database.model_copy(update={"migrations": migrations})
    write_manifest(copy, manifest.model_copy(update={"database": database}))
    with refused("BACKUP_VERSION", "9999_pre_future.sql"):
        read_source(copy, ())


def test_a_key_that_would_leave_the_folder_is_refused(copy):
    """A manifest may come from anywhere."""
    line = {"key": "originals/../../../etc/x", "size": 1, "sha256": "0", "content_type": "x"}
    (copy / "objects.jsonl").write_text(json.dumps(line) + "\n")
    manifest = read_manifest(copy)
    inventory = taking.stored_file(copy / "objects.jsonl")
    objects = manifest.objects.model_copy(update={"inventory": inventory})
    write_manifest(copy, manifest.model_copy(update={"objects": objects}))
    with refused("BACKUP_DAMAGED", "cannot be the key"):
        read_source(copy, ())


def test_a_backup_with_faces_says_what_was_forgotten(copy):
    """A file of it that is gone, or cut, is no reason to bring anybody back."""
    assert set() == read_source(copy, ()).forgotten
    cut(copy / "forgotten.jsonl")
    with refused("TOMBSTONES_DAMAGED"):
        read_source(copy, ())
    (copy / "forgotten.jsonl").unlink()
    with refused("TOMBSTONES_DAMAGED"):
        read_source(copy, ())


@pytest.mark.parametrize("text", ["", "[]\n", '{"owner": "a"}\n', '{"tombstones": 3}\n', "\0"])
def test_damaged_tombstones_are_refused(copy, text):
    """Forgetting a deletion silently is worse than not restoring."""
    (copy / "tombstones.jsonl").write_text(text)
    with refused("TOMBSTONES_DAMAGED"):
        read_source(copy, ())


async def test_tombstones_are_noted_anew(source, copy):
    """After a deletion, beside a finished backup only."""
    async with opened(source.servers) as db:
        gone = await db.indexed("carl", space(), unit("gone"))
        store = DeletionStore(db.api, db.worker)
        await store.order(user("carl"), gone, ("search",), DELAYS)
    assert (1, 0) == await refresh_tombstones(source.servers, copy)
    assert {Tombstone("carl", str(gone))} == read_tombstones(copy / "tombstones.jsonl")
    async with opened(source.servers) as db:
        for table in ("assets", "deletions", "asset_tags", "outbox"):
            await db.owner.execute(
                f"DELETE FROM search.{table} WHERE true"
                + (" AND owner = 'carl'" if table != "outbox" else "")
            )
    (copy / "manifest.json").unlink()
    with refused("BACKUP_DAMAGED"):
        await refresh_tombstones(source.servers, copy)


async def test_a_failed_restore_leaves_everything_as_it_was(copy, target):
    """Rows that are not those of the manifest: the old data stay, and the stage is gone."""
    manifest = read_manifest(copy)
    rows = {**manifest.database.census.rows, "search.assets": PICTURES + 1}
    census = manifest.database.census.model_copy(update={"rows": rows})
    database = manifest.database.model_copy(update={"census": census})
    write_manifest(copy, manifest.model_copy(update={"database": database}))
    target.make()
    old = target.server("postgres")
    old.mkdir()
    (old / "mine").touch()
    with refused("STACK_NOT_EMPTY", "--force"):
        Stage(target).check(force=False)
    Stage(target).check(force=True)
    with refused("RESTORE_DIFFERS", "search.assets"):
        await restore(read_source(copy, ()), Stage(target), quiet)
    assert [old / "mine"] == list(old.iterdir())
    assert {"postgres", "logs"} == {path.name for path in target.root.iterdir()}


def test_an_object_with_other_bytes_is_not_put(source, copy):
    """Found by its hash as it is read."""
    flip(an_object(copy))
    source.servers.swift.create_bucket("backup-other")
    client = source.servers.swift.client()
    objects = read_inventory(copy / "objects.jsonl")
    with refused("BACKUP_DAMAGED", "is not what it was"):
        copy_in(client, "backup-other", copy, objects, quiet)
    client.close()


def staged(target: DataFolder) -> Stage:
    """A stage with verified servers in it, and old data beside it."""
    stage = Stage(target)
    for root, mark in ((target.root, "old"), (stage.folder, "new")):
        for name in ("postgres", "swift"):
            (root / name).mkdir(parents=True)
            (root / name / mark).touch()
        (root / "postgres.secret").write_text(mark)
    (target.root / "nats").mkdir()
    (stage.folder / "verified").touch()
    return stage


def test_old_data_are_moved_aside_and_kept(target):
    """The event store goes too: the new one makes search announce its unfinished work."""
    aside = staged(target).commit()
    assert aside is not None
    assert {"postgres", "postgres.secret", "swift", "nats"} == {p.name for p in aside.iterdir()}
    assert (target.root / "swift" / "new").exists()
    assert "new" == (target.root / "postgres.secret").read_text()
    assert {"postgres", "postgres.secret", "swift", aside.name} == {
        path.name for path in target.root.iterdir()
    }


def test_a_restore_that_was_cut_off_while_moving_is_finished(target, monkeypatch):
    """Killed between two renames: the next call moves the rest and nothing twice."""
    stage = staged(target)
    rename, moves = Path.rename, []

    def some(path: Path, to: Path) -> Path:
        moves.append(path)
        if len(moves) == 4:
            raise KeyboardInterrupt
        return rename(path, to)

    monkeypatch.setattr(Path, "rename", some)
    with pytest.raises(KeyboardInterrupt):
        stage.commit()
    monkeypatch.setattr(Path, "rename", rename)
    assert stage.finish_interrupted()
    assert not stage.finish_interrupted()
    assert (target.root / "postgres" / "new").exists()
    assert (target.root / "swift" / "new").exists()
    assert "new" == (target.root / "postgres.secret").read_text()


async def test_no_room_for_a_restore(source, target, monkeypatch):
    """Told before anything is made."""
    usage = shutil.disk_usage(source.folder)
    monkeypatch.setattr(restoring.shutil, "disk_usage", lambda _: usage._replace(free=10))
    with refused("NO_SPACE"):
        await restore(read_source(source.folder, ()), Stage(target), quiet)
    assert not target.root.exists()


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 64 KB, too small for a dump."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", str(folder)]
    if subprocess.run(mount, check=False, capture_output=True).returncode:
        pytest.skip("needs the right to mount a tmpfs")
    yield folder
    subprocess.run(["umount", "--lazy", folder], check=True)


async def test_a_full_disk_ends_a_backup_and_room_lets_it_go_on(source, small_disk):
    """NO_SPACE, no manifest, so no backup; the same command goes on when there is room."""
    folder = small_disk / "backup"
    with refused("NO_SPACE"):
        await take_backup(source.servers, folder, quiet)
    with refused("BACKUP_DAMAGED", "never finished"):
        read_source(folder, ())
    subprocess.run(["mount", "-o", "remount,size=64m", small_disk], check=True)
    taken = await take_backup(source.servers, folder, quiet)
    assert 2 * PICTURES - 1 == taken.manifest.objects.count


async def test_a_backup_that_was_cut_off_goes_on(source, tmp_path, monkeypatch):
    """Objects that were copied are looked at, not copied again; one that was spoilt since is."""
    fetch, done = bucket_module.CopyOut._fetch, []

    def fail_later(self, key, path):
        if len(done) == 4:
            raise EndpointConnectionError(endpoint_url="x")
        done.append(path)
        return fetch(self, key, path)

    monkeypatch.setattr(bucket_module, "_THREADS", 1)
    monkeypatch.setattr(bucket_module.CopyOut, "_fetch", fail_later)
    with refused("DEPENDENCY_UNAVAILABLE", "object store"):
        await take_backup(source.servers, tmp_path / "b", quiet)
    monkeypatch.undo()
    done[0].write_bytes(b"spoilt")
    with (tmp_path / "b" / "objects.part.jsonl").open("a") as notes:
        notes.write('{"key": "origi')
    taken = await take_backup(source.servers, tmp_path / "b", quiet)
    assert (3, 2 * PICTURES - 1) == (taken.reused, taken.manifest.objects.count)
    read_source(tmp_path / "b", ())
    assert not (tmp_path / "b" / "objects.part.jsonl").exists()


async def test_a_folder_that_holds_something_is_left_alone(source, tmp_path):
    """A finished backup, and anything that is none of ours."""
    with refused("BACKUP_EXISTS"):
        await take_backup(source.servers, source.folder, quiet)
    (tmp_path / "holiday.jpg").touch()
    with refused("FOLDER_NOT_EMPTY", "holiday.jpg"):
        await take_backup(source.servers, tmp_path, quiet)


async def test_an_object_that_is_not_what_was_put_is_missing(source, tmp_path):
    """A damaged original is no reason to have no backup, and is named."""
    client = source.servers.swift.client()
    key = sorted(key for key in keys(source.servers) if key.startswith("originals/"))[0]
    data = client.get_object(Bucket=source.servers.bucket, Key=key)["Body"].read()
    client.put_object(Bucket=source.servers.bucket, Key=key, Body=b"rot", ContentType="image/x")
    taken = await take_backup(source.servers, tmp_path / "b", quiet)
    client.put_object(Bucket=source.servers.bucket, Key=key, Body=data, ContentType="image/x")
    client.close()
    assert sorted([key, source.lost]) == taken.manifest.objects.missing


async def test_what_is_deleted_while_objects_are_copied(source, tmp_path, monkeypatch):
    """Its row is in the dump, its object is gone, its tombstone is there: nothing is missing."""
    run, client = taking.CopyOut.run, source.servers.swift.client()
    key = sorted(key for key in keys(source.servers) if key.startswith("originals/"))[0]
    asset_id = key.split("/")[2]
    owner = next(one for one in ("ann", "bob") if owner_hash(one) == key.split("/")[1])
    data = client.get_object(Bucket=source.servers.bucket, Key=key)["Body"].read()
    bury = source.servers.postgres.sql

    def delete_first(self, listed, progress):
        client.delete_object(Bucket=source.servers.bucket, Key=key)
        row = f"VALUES ('{owner}', '{asset_id}', now())"
        text = f"INSERT INTO search.deletions (owner, asset_id, sweep_after) {row}"
        bury(text, source.servers.database)
        return run(self, listed, progress)

    monkeypatch.setattr(taking.CopyOut, "run", delete_first)
    taken = await take_backup(source.servers, tmp_path / "b", quiet)
    client.put_object(Bucket=source.servers.bucket, Key=key, Body=data, ContentType="image/x")
    client.close()
    bury("DELETE FROM search.deletions", source.servers.database)
    assert [source.lost] == taken.manifest.objects.missing
    assert {Tombstone(owner, asset_id)} == read_tombstones(tmp_path / "b" / "tombstones.jsonl")


async def test_a_database_that_is_away(source, tmp_path):
    """DEPENDENCY_UNAVAILABLE, and nothing that looks like a backup."""
    away = replace(source.servers, postgres=Postgres(tmp_path / "none", auth="trust"))
    with refused("DEPENDENCY_UNAVAILABLE", "database"):
        await take_backup(away, tmp_path / "b", quiet)
    assert [] == list((tmp_path / "b").glob("*"))

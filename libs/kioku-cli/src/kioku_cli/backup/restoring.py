"""Makes a stack's data from a backup: checked, loaded, compared with the manifest, put in place.

Deletions are replayed before anything is in place: an asset that was deleted after the backup is
deleted in the restored database too, and its objects are never put back.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from kioku_stack.postgres_dump import load

from kioku_cli.backup.bucket import copy_in, listing
from kioku_cli.backup.census import snapshot
from kioku_cli.backup.forgotten import FORGOTTEN, read_forgotten, write_forgotten
from kioku_cli.backup.inventory import Stored, object_path, read_inventory
from kioku_cli.backup.manifest import (
    INVENTORY,
    TOMBSTONES,
    BackupDamaged,
    Census,
    Manifest,
    check_file,
    read_manifest,
)
from kioku_cli.backup.servers import Servers, refusals
from kioku_cli.backup.service_command import environment, run
from kioku_cli.backup.staging import Stage
from kioku_cli.backup.tombstones import Graveyard, Tombstone, read_tombstones, write_tombstones
from kioku_cli.refusal import Refusal

Tell = Callable[[str], None]
_WHAT = "The restore"
_FACES = "face.consents"
"""A table of a stack that knows faces."""


@dataclass(frozen=True)
class Comparison:
    """One line of the table: what the manifest says and what was restored."""

    what: str
    expected: str
    restored: str

    @property
    def same(self) -> bool:
        """Whether they agree."""
        return self.expected == self.restored


@dataclass(frozen=True)
class Restored:
    """What a restore came to."""

    manifest: Manifest
    comparisons: list[Comparison]
    buried: int
    """Assets of the backup that were deleted since, and are deleted again."""
    forgotten: int
    """People of the backup who took their consent back since, and are forgotten again."""
    replaced: Path | None


@dataclass(frozen=True)
class Source:
    """A backup that was read and checked."""

    folder: Path
    manifest: Manifest
    objects: list[Stored]
    tombstones: set[Tombstone]
    forgotten: set[str]

    @property
    def knows_faces(self) -> bool:
        """Whether the stack that it is of had the service `face`."""
        return _FACES in self.manifest.database.census.rows


def read_source(
    folder: Path, more_tombstones: Sequence[Path], more_forgotten: Sequence[Path] = ()
) -> Source:
    """Check a backup as far as it can be without loading it.

    Raises:
        Refusal: BACKUP_DAMAGED, BACKUP_VERSION, TOMBSTONES_DAMAGED.
    """
    manifest = read_manifest(folder)
    check_file(folder, manifest.database.dump)
    check_file(folder, manifest.objects.inventory)
    objects = read_inventory(folder / INVENTORY)
    _check_objects(folder, objects)
    tombstones = set[Tombstone]()
    for path in (folder / TOMBSTONES, *more_tombstones):
        tombstones |= read_tombstones(path)
    forgotten = set[str]()
    for path in (*_forgotten_of(folder, manifest), *more_forgotten):
        forgotten |= read_forgotten(path)
    _check_migrations(manifest)
    return Source(folder, manifest, objects, tombstones, forgotten)


def _forgotten_of(folder: Path, manifest: Manifest) -> list[Path]:
    """The backup's own file; one of a stack without faces may have none."""
    path = folder / FORGOTTEN
    return [path] if path.exists() or _FACES in manifest.database.census.rows else []


def _check_objects(folder: Path, objects: Sequence[Stored]) -> None:
    """Raise BackupDamaged for the first that is not there whole; hashes are checked as they go."""
    for one in objects:
        path = object_path(folder, one.key)
        if not path.is_file():
            raise BackupDamaged(f"the object {one.key} is missing.")
        if path.stat().st_size != one.size:
            raise BackupDamaged(f"the object {one.key} was cut.")


def _check_migrations(manifest: Manifest) -> None:
    """Raise BACKUP_VERSION for a schema that this version does not know."""
    said = run("kioku_search", ["migrations"], {})
    known = dict(line.split(" ", 1) for line in said.splitlines())
    for name, checksum in manifest.database.migrations.items():
        if known.get(name) != checksum:
            text = (
                f"The backup was made by another version of Kioku ({manifest.tool}): this one does "
                f"not know its migration {name}."
            )
            raise Refusal(text, reason="BACKUP_VERSION")


async def restore(source: Source, stage: Stage, tell: Tell) -> Restored:
    """Load, compare, bury, and put in place.

    Args:
        tell: hears each step in words.

    Raises:
        Refusal: NO_SPACE, BACKUP_DAMAGED, RESTORE_DIFFERS, DEPENDENCY_UNAVAILABLE, BACKUP_FAILED;
            the data folder is as it was.
    """
    _check_space(source, stage)
    with refusals(_WHAT), stage.servers() as servers:
        tell("loading the database; indexes are built anew")
        _load(source, servers)
        comparisons = await _compare_database(source.manifest.database.census, servers)
        tell("replaying migrations and deletions")
        run("kioku_search", ["migrate"], environment(servers))
        buried = _bury(source, servers, stage)
        forgotten = _forget(source, servers, stage)
        comparisons += _put_objects(source, servers, tell)
        _refuse_differences(comparisons)
    return Restored(source.manifest, comparisons, buried, forgotten, stage.commit())


def _check_space(source: Source, stage: Stage) -> None:
    manifest = source.manifest
    needed = manifest.database.bytes_on_disk + manifest.objects.bytes
    root = next(path for path in (stage.data.root, *stage.data.root.parents) if path.exists())
    free = shutil.disk_usage(root).free
    if needed > free:
        text = f"The restored data need about {needed} bytes; {root} has {free}."
        raise Refusal(text, reason="NO_SPACE")


def _load(source: Source, servers: Servers) -> None:
    server, database = servers.postgres, source.manifest.database
    server.create_database(servers.database)
    for role in database.roles:
        server.ensure_login(role.name, bypass_rls=role.bypass_rls)
    load(server, servers.database, source.folder / database.dump.name)


async def _compare_database(expected: Census, servers: Servers) -> list[Comparison]:
    async with snapshot(servers.dsn) as moment:
        found = await moment.census()
    rows = [
        Comparison(f"rows of {table}", str(number), str(found.rows.get(table, "none")))
        for table, number in expected.rows.items()
    ]
    spaces = [
        Comparison(
            f"vectors of {space_id}",
            f"{one.vectors}, checksum {one.checksum}",
            f"{now.vectors}, checksum {now.checksum}" if now else "none",
        )
        for space_id, one in expected.spaces.items()
        for now in [found.spaces.get(space_id)]
    ]
    comparisons = [*rows, *spaces]
    _refuse_differences(comparisons)
    return comparisons


def _bury(source: Source, servers: Servers, stage: Stage) -> int:
    """Delete again what was deleted since the backup; how many of its assets that were."""
    path = stage.folder / TOMBSTONES
    write_tombstones(path, source.tombstones)
    said = run("kioku_search", ["bury", str(path)], environment(servers))
    return int(said.split()[-1])


def _forget(source: Source, servers: Servers, stage: Stage) -> int:
    """Forget again what was forgotten of people since the backup; of how many of its people."""
    if not source.knows_faces:
        return 0
    path = stage.folder / FORGOTTEN
    write_forgotten(path, source.forgotten)
    said = run("kioku_face.consent", ["forget", str(path)], environment(servers))
    return int(said.split()[-1])


def _put_objects(source: Source, servers: Servers, tell: Tell) -> list[Comparison]:
    """All but those of buried assets."""
    dead = Graveyard(source.tombstones)
    wanted = [one for one in source.objects if not dead.holds(one.key)]
    tell(f"putting {len(wanted)} objects")
    servers.swift.start()
    servers.swift.create_bucket(servers.bucket)
    client = servers.swift.client()

    def progress(done: int) -> None:
        if done % 1000 == 0:
            tell(f"{done} of {len(wanted)} objects")

    try:
        copy_in(client, servers.bucket, source.folder, wanted, progress)
        found = listing(client, servers.bucket)
    finally:
        client.close()
    return [
        Comparison("objects", str(len(wanted)), str(len(found))),
        Comparison(
            "bytes of objects", str(sum(o.size for o in wanted)), str(sum(o.size for o in found))
        ),
    ]


def _refuse_differences(comparisons: Sequence[Comparison]) -> None:
    wrong = [one for one in comparisons if not one.same]
    if wrong:
        one = wrong[0]
        text = f"{one.what}: the manifest says {one.expected}, restored were {one.restored}."
        raise Refusal(f"The restored data differ: {text}", reason="RESTORE_DIFFERS")

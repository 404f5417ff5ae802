"""Takes a backup of a running stack: the database at one moment first, then every object.

In that order, because objects never change: what a row of that moment names is either copied, or
was deleted meanwhile, and of deletions the tombstones tell, which are written last.
"""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

from kioku_stack.postgres_dump import dump

from kioku_cli.backup.bucket import CopyOut, Progress, listing
from kioku_cli.backup.census import Snapshot, snapshot
from kioku_cli.backup.forgotten import FORGOTTEN, export_forgotten
from kioku_cli.backup.inventory import Stored, write_inventory
from kioku_cli.backup.manifest import (
    DUMP,
    FORMAT,
    INVENTORY,
    MANIFEST,
    TOMBSTONES,
    Database,
    Manifest,
    Objects,
    stored_file,
    write_manifest,
)
from kioku_cli.backup.servers import Servers, refusals
from kioku_cli.backup.tombstones import Graveyard, export_tombstones, read_tombstones
from kioku_cli.refusal import Refusal

_NOTES = "objects.part.jsonl"
_SHOWN = 100
_WHAT = "The backup"


@dataclass(frozen=True)
class Taken:
    """What a backup came to."""

    manifest: Manifest
    reused: int
    """Objects that an interrupted run before had copied."""
    tombstones: int
    forgotten: int
    """Lines about what was forgotten of people."""


async def take_backup(servers: Servers, folder: Path, progress: Progress) -> Taken:
    """Write a backup into a new folder, or go on with an unfinished one there.

    Args:
        progress: hears of the number of objects copied.

    Raises:
        Refusal: BACKUP_EXISTS, FOLDER_NOT_EMPTY, NO_SPACE, DEPENDENCY_UNAVAILABLE, BACKUP_FAILED.
    """
    _check_folder(folder)
    with refusals(_WHAT):
        _make(folder)
        async with snapshot(servers.dsn) as moment:
            database = await _database(servers, moment, folder)
            claimed, when = await moment.claimed_keys(), moment.moment
        copied, reused = _objects(servers, folder, progress)
        tombstones, forgotten = await _deletions(servers, folder)
        manifest = Manifest(
            format=FORMAT,
            tool=f"kioku {version('kioku-cli')}",
            created=datetime.now(UTC),
            snapshot=when,
            database=database,
            objects=_summary(folder, copied, claimed),
        )
        write_manifest(folder, manifest)
        (folder / _NOTES).unlink(missing_ok=True)
    return Taken(manifest, reused, tombstones, forgotten)


async def refresh_tombstones(servers: Servers, folder: Path) -> tuple[int, int]:
    """Write beside a backup what was deleted and what was forgotten by now; how many of each.

    Raises:
        Refusal: BACKUP_DAMAGED where there is no backup, NO_SPACE, DEPENDENCY_UNAVAILABLE.
    """
    if not (folder / MANIFEST).exists():
        raise Refusal(f"There is no finished backup in {folder}.", reason="BACKUP_DAMAGED")
    with refusals("The export of deletions"):
        return await _deletions(servers, folder)


async def _deletions(servers: Servers, folder: Path) -> tuple[int, int]:
    return (
        await export_tombstones(servers.dsn, folder / TOMBSTONES),
        await export_forgotten(servers.dsn, folder / FORGOTTEN),
    )


def _make(folder: Path) -> None:
    """For its owner alone: it holds everything."""
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)


def _check_folder(folder: Path) -> None:
    if (folder / MANIFEST).exists():
        raise Refusal(f"{folder} holds a finished backup; name another.", reason="BACKUP_EXISTS")
    ours = {DUMP, DUMP + ".part", INVENTORY, _NOTES, "objects", TOMBSTONES, FORGOTTEN}
    strangers = [path for path in folder.glob("*") if path.name not in ours]
    if strangers:
        text = f"{folder} holds something else: {strangers[0].name}."
        raise Refusal(text, reason="FOLDER_NOT_EMPTY")


async def _database(servers: Servers, moment: Snapshot, folder: Path) -> Database:
    draft = folder / (DUMP + ".part")
    dump(servers.postgres, servers.database, draft, moment.name)
    draft.replace(folder / DUMP)
    postgres, pgvector, size = await moment.versions()
    return Database(
        dump=stored_file(folder / DUMP),
        postgres=postgres,
        pgvector=pgvector,
        bytes_on_disk=size,
        roles=await moment.roles(),
        migrations=await moment.migrations(),
        census=await moment.census(),
    )


def _objects(servers: Servers, folder: Path, progress: Progress) -> tuple[list[Stored], int]:
    client = servers.swift.client()
    try:
        listed = listing(client, servers.bucket)
        _check_space(folder, sum(one.size for one in listed))
        copy = CopyOut(client, servers.bucket, folder, folder / _NOTES)
        return copy.run(listed, progress), copy.reused
    finally:
        client.close()


def _check_space(folder: Path, needed: int) -> None:
    have = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    free = shutil.disk_usage(folder).free
    if needed > free + have:
        text = f"The objects have {needed} bytes; {folder} has room for {free} more."
        raise Refusal(text, reason="NO_SPACE")


def _summary(folder: Path, copied: list[Stored], claimed: set[str]) -> Objects:
    """What was copied, and what was not although its asset is not deleted."""
    write_inventory(folder / INVENTORY, copied)
    dead = Graveyard(read_tombstones(folder / TOMBSTONES))
    uncopied = claimed - {one.key for one in copied}
    missing = sorted(key for key in uncopied if not dead.holds(key))
    return Objects(
        inventory=stored_file(folder / INVENTORY),
        count=len(copied),
        bytes=sum(one.size for one in copied),
        missing=missing[:_SHOWN],
        missing_count=len(missing),
    )

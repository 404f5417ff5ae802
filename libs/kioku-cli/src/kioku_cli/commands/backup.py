"""`kioku backup` and `kioku restore`."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from kioku_cli.backup.restoring import Restored, read_source
from kioku_cli.backup.restoring import restore as restore_stack
from kioku_cli.backup.servers import servers_of
from kioku_cli.backup.staging import Stage
from kioku_cli.backup.taking import Taken, refresh_tombstones, take_backup
from kioku_cli.data import DataFolder
from kioku_cli.invocation import invocation
from kioku_cli.screen import Data, Json, add_row, out, print_json, remark

_EACH = 1000


def backup(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A new folder, or an unfinished.")],
    *,
    tombstones: Annotated[
        bool, typer.Option("--tombstones", help="Only note anew what was deleted, beside a backup.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Copy a running stack's database and objects into a folder; goes on where it was cut off."""
    servers = servers_of(DataFolder.chosen(data))
    if tombstones:
        number, forgotten = asyncio.run(refresh_tombstones(servers, folder))
        said = f"{number} deletions noted, {forgotten} notes of what was forgotten of people."
        _answer({"tombstones": number, "forgotten": forgotten}, said, as_json=as_json)
        return

    def progress(done: int) -> None:
        if done % _EACH == 0:
            remark(f"{done} objects", quiet=as_json)

    taken = asyncio.run(take_backup(servers, folder, progress))
    _answer(_taken(taken), _sentence(taken, folder), as_json=as_json)
    missing = taken.manifest.objects.missing_count
    if missing:
        text = f"{missing} objects that rows name are not in the store, so not in the backup."
        remark(text, quiet=as_json)


def restore(
    folder: Annotated[Path, typer.Argument(metavar="DIR", help="A finished backup.")],
    *,
    tombstones: Annotated[
        list[Path] | None, typer.Option(help="More deletions to replay; repeatable.")
    ] = None,
    forgotten: Annotated[
        list[Path] | None, typer.Option(help="More of what was forgotten of people; repeatable.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Move the data that are there aside.")
    ] = False,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Make a stopped stack's data from a backup, or change nothing."""
    target = DataFolder.chosen(data)
    stage = Stage(target)
    stage.check(force=force or stage.is_verified)
    if stage.finish_interrupted():
        text = "An earlier restore had been verified and was cut off; it is in place now."
        _answer({"finished_interrupted": True}, text, as_json=as_json)
        return
    source = read_source(folder, tombstones or (), forgotten or ())

    def tell(text: str) -> None:
        remark(text, quiet=as_json)

    restored = asyncio.run(restore_stack(source, stage, tell))
    if as_json:
        print_json(_restored(restored))
        return
    out.print(_table(restored))
    out.print(f"{restored.buried} assets that were deleted since are deleted again.")
    if restored.forgotten:
        out.print(f"{restored.forgotten} people who took consent back since are forgotten again.")
    if restored.replaced:
        out.print(f"What was there is in {restored.replaced}; remove it when sure.", markup=False)
    out.print(f"Go on with: {invocation('up --detach', target.root)}", markup=False)


def _answer(document: dict[str, Any], sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(document)
    else:
        out.print(sentence, markup=False, soft_wrap=True)


def _taken(taken: Taken) -> dict[str, Any]:
    manifest = taken.manifest.model_dump(mode="json")
    return {
        "manifest": manifest,
        "reused": taken.reused,
        "tombstones": taken.tombstones,
        "forgotten": taken.forgotten,
    }


def _sentence(taken: Taken, folder: Path) -> str:
    database, objects = taken.manifest.database, taken.manifest.objects
    vectors = sum(one.vectors for one in database.census.spaces.values())
    rows = sum(database.census.rows.values())
    return (
        f"{folder}: {rows} rows with {vectors} vectors in {database.dump.bytes} bytes;"
        f" {objects.count} objects with {objects.bytes} bytes ({taken.reused} were there already);"
        f" {taken.tombstones} deletions."
    )


def _restored(restored: Restored) -> dict[str, Any]:
    return {
        "comparisons": [
            {"what": one.what, "expected": one.expected, "restored": one.restored}
            for one in restored.comparisons
        ],
        "buried": restored.buried,
        "forgotten": restored.forgotten,
        "missing_objects": restored.manifest.objects.missing_count,
        "replaced": str(restored.replaced or ""),
    }


def _table(restored: Restored) -> Table:
    table = Table("what", "manifest", "restored", box=None)
    for one in restored.comparisons:
        add_row(table, one.what, one.expected, one.restored)
    return table

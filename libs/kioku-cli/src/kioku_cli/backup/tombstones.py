"""What was deleted for good, kept beside a backup so that a restore does not bring it back.

One JSON object a line, and a last line with their number, so that a file that was cut is seen.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple
from uuid import UUID

import asyncpg
from kioku_rt.objects.port import owner_hash

from kioku_cli.refusal import Refusal

_DELETIONS = "SELECT owner, asset_id FROM search.deletions ORDER BY owner, asset_id"
_CONNECT_SECONDS = 10.0


class Tombstone(NamedTuple):
    """One deleted asset."""

    owner: str
    asset_id: str


class Graveyard:
    """Tells which objects belonged to deleted assets, by their keys."""

    def __init__(self, tombstones: set[Tombstone]) -> None:
        self._places = {(owner_hash(one.owner), one.asset_id) for one in tombstones}

    def holds(self, key: str) -> bool:
        """Whether `<prefix>/<owner-hash>/<asset_id>/…` is of one of them."""
        return tuple(key.split("/")[1:3]) in self._places


async def export_tombstones(dsn: str, target: Path) -> int:
    """Write those of a database over `target`, whole or not at all; how many."""
    connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
    try:
        rows = await connection.fetch(_DELETIONS)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    write_tombstones(target, {Tombstone(row["owner"], str(row["asset_id"])) for row in rows})
    return len(rows)


def write_tombstones(target: Path, tombstones: set[Tombstone]) -> None:
    """Write them in order, whole or not at all."""
    lines = [json.dumps(one._asdict(), ensure_ascii=True) for one in sorted(tombstones)]
    write_whole(target, [*lines, json.dumps({"tombstones": len(tombstones)})])


def write_whole(target: Path, lines: Iterable[str]) -> None:
    """Write lines over `target`, all of them or none."""
    draft = target.with_name(target.name + ".part")
    with draft.open("w") as file:
        file.writelines(f"{line}\n" for line in lines)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(target)


def read_tombstones(source: Path) -> set[Tombstone]:
    """Read and check a file.

    Raises:
        Refusal: TOMBSTONES_DAMAGED: not there, not such a file, or cut.
    """
    try:
        lines = [json.loads(line) for line in source.read_text().splitlines()]
        *rows, end = lines
        found = {Tombstone(row["owner"], str(UUID(row["asset_id"]))) for row in rows}
        if end != {"tombstones": len(found)}:
            raise _damaged(source, "its last line is not their number, so it was cut")
    except OSError as error:
        raise _damaged(source, "it cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(source, "it is no file of tombstones") from error
    return found


def _damaged(source: Path, why: str) -> Refusal:
    return Refusal(f"{source} is damaged: {why}.", reason="TOMBSTONES_DAMAGED")

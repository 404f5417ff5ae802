"""What was forgotten of people, kept beside a backup so that a restore does not bring it back.

One JSON object a line: consents that ended (owner, person, version, and whether the person was
removed), ids of faces that were erased, and the places in files where they were. A last line says
how many there are, so that a file that was cut is seen. No line says who anybody is or looks like.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import asyncpg

from kioku_cli.backup.tombstones import write_whole
from kioku_cli.refusal import Refusal

FORGOTTEN = "forgotten.jsonl"
_CONNECT_SECONDS = 10.0
_CURSOR_ROWS = 10_000
_END = "forgotten"
_KINDS = {
    "consent": {"owner", "person_id", "version", "deleted"},
    "face": {"owner", "face_id"},
    "place": {"owner", "sha256", "frame_no", "box"},
}
# A person who was removed may never have agreed to anything; then there is an erasure and an entry.
_ROWS = """
SELECT jsonb_build_object('kind', 'consent', 'owner', c.owner, 'person_id', c.person_id,
    'version', max(c.version), 'deleted', EXISTS (SELECT FROM face.erasures e
        WHERE e.owner = c.owner AND e.cause = 'DELETED'
            AND (e.person_id = c.person_id OR c.person_id = ANY (e.merged_ids)))) AS line
FROM face.consents c WHERE c.state <> 'GRANTED' GROUP BY c.owner, c.person_id
UNION ALL
SELECT DISTINCT jsonb_build_object('kind', 'face', 'owner', owner, 'face_id', face_id)
FROM face.erased_faces
UNION ALL
SELECT DISTINCT jsonb_build_object('kind', 'place', 'owner', owner, 'sha256', sha256,
    'frame_no', frame_no, 'box', to_jsonb(box))
FROM face.erased_places
"""


async def export_forgotten(dsn: str, target: Path) -> int:
    """Write what a database knows over `target`, whole or not at all; how many lines."""
    connection = await asyncpg.connect(dsn, timeout=_CONNECT_SECONDS)
    try:
        lines = await _lines(connection)
    finally:
        await connection.close(timeout=_CONNECT_SECONDS)
    write_forgotten(target, lines)
    return len(lines)


async def _lines(connection: asyncpg.Connection) -> set[str]:
    if await connection.fetchval("SELECT to_regclass('face.erased_faces')") is None:
        return set()  # a stack without faces
    async with connection.transaction(readonly=True):
        cursor = connection.cursor(_ROWS, prefetch=_CURSOR_ROWS)
        return {_canonical(json.loads(row["line"])) async for row in cursor}


def write_forgotten(target: Path, lines: set[str]) -> None:
    """Write them in order, whole or not at all."""
    write_whole(target, [*sorted(lines), json.dumps({_END: len(lines)})])


def read_forgotten(source: Path) -> set[str]:
    """Read and check a file; its lines in one spelling, without the last.

    Raises:
        Refusal: TOMBSTONES_DAMAGED: not there, not such a file, or cut.
    """
    try:
        *rows, end = (json.loads(line) for line in source.read_text().splitlines())
        found = {_canonical(row) for row in rows}
        whole = end == {_END: len(found)}
    except OSError as error:
        raise _damaged(source, "it cannot be read") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _damaged(source, "it does not say what was forgotten") from error
    if not whole:
        raise _damaged(source, "its last line is not their number, so it was cut")
    return found


def _canonical(row: dict[str, Any]) -> str:
    """The one spelling of a line.  Raises ValueError, KeyError, AttributeError for what is none."""
    if row.keys() - {"kind"} != _KINDS[row["kind"]]:
        raise ValueError
    return json.dumps(row, sort_keys=True, ensure_ascii=True)


def _damaged(source: Path, why: str) -> Refusal:
    return Refusal(f"{source} is damaged: {why}.", reason="TOMBSTONES_DAMAGED")

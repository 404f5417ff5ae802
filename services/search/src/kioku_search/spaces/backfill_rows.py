"""Failures in a space that is filled: noted where the back-fill lists them.

Shared by the transactions that hear of vectors. A space without a back-fill has no such list.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku_search.assets.asset import Failure

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kioku_rt.db.pool import Connection

    from kioku_search.vectors.indexing import Failed, FrameVector, Origin

WHOLE = -1
"""The `frame_no` of what concerns the asset itself."""
_NOTE = """
INSERT INTO search.backfill_items (space_id, owner, asset_id, frame_no, state, reason, message)
SELECT $1, $2, $3, $4, 'FAILED', $5, $6
WHERE EXISTS (SELECT FROM search.backfills b WHERE b.space_id = $1)
    AND NOT EXISTS (SELECT FROM search.image_embeddings e WHERE e.space_id = $1 AND e.owner = $2
        AND e.asset_id = $3 AND e.frame_no = $4)
ON CONFLICT (space_id, owner, asset_id, frame_no) DO UPDATE SET state = 'FAILED',
    reason = EXCLUDED.reason, message = EXCLUDED.message, updated_at = now()
"""


async def note_failure(connection: Connection, failed: Failed) -> None:
    """The asset never gets its vector in that space, unless it is ordered again."""
    row = _row(failed.origin, failed.space_id, WHOLE, failed.failure)
    await connection.execute(_NOTE, *row)


async def note_frame_failures(
    connection: Connection, origin: Origin, space_id: str, frames: Sequence[FrameVector]
) -> None:
    """The same of single frames of a video."""
    rows = [
        _row(origin, space_id, frame.frame_no, frame.outcome)
        for frame in frames
        if isinstance(frame.outcome, Failure)
    ]
    if rows:
        await connection.executemany(_NOTE, rows)


def _row(origin: Origin, space_id: str, frame_no: int, failure: Failure) -> tuple[object, ...]:
    return (
        space_id,
        origin.owner,
        origin.asset_id,
        frame_no,
        failure.reason,
        failure.message,
    )

"""Calibrations of spaces in PostgreSQL.  Implements `Calibrations`."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from kioku_rt.db import audit

from kioku_face.database import SCHEMA, unbound
from kioku_face.matching.calibration import Calibration

if TYPE_CHECKING:
    import asyncpg
    from kioku_rt.db.pool import Connection

_COLUMNS = (
    "space_id, threshold, slope, intercept, asked_rate, false_match_rate, true_match_rate,"
    " same_pairs, different_pairs"
)
_NEWEST = f"""
SELECT {_COLUMNS} FROM face.calibrations WHERE space_id = $1
ORDER BY calibration_id DESC LIMIT 1
"""  # noqa: S608 - constants
_KEEP = f"""
INSERT INTO face.calibrations ({_COLUMNS}, made_by)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
"""  # noqa: S608


async def newest(connection: Connection, space_id: str) -> Calibration | None:
    """The calibration that holds for a space; None: it has none."""
    row = await connection.fetchrow(_NEWEST, space_id)
    return None if row is None else Calibration(**dict(row))


class CalibrationStore:
    """Keeps what was calibrated.

    Args:
        pool: of the role `face_worker`.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def keep(self, calibration: Calibration, *, actor: str) -> None:
        """Let it hold from now on; audited in the same transaction.

        Args:
            actor: the operator.
        """
        async with unbound(self._pool) as connection:
            await connection.execute(_KEEP, *asdict(calibration).values(), actor)
            await audit(
                connection,
                schema=SCHEMA,
                actor=actor,
                action="calibration.set",
                subject=calibration.space_id,
                outcome="ok",
                details={
                    "threshold": calibration.threshold,
                    "asked_rate": calibration.asked_rate,
                    "same_pairs": calibration.same_pairs,
                    "different_pairs": calibration.different_pairs,
                },
            )

    async def newest(self, space_id: str) -> Calibration | None:
        """The calibration that holds for a space; None: it has none."""
        async with unbound(self._pool) as connection:
            return await newest(connection, space_id)

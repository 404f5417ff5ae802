"""`python -m kioku_… verify-audit`: an operator has the chain of a schema's audit recomputed."""

from __future__ import annotations

import asyncio
import re
import sys
from collections.abc import Sequence

from kioku_rt.db.pool import close_pool, open_pool
from kioku_rt.db.seal import AuditSeals, Noted, Verdict

_NOTED = re.compile(r"([1-9][0-9]{0,17}):([0-9a-f]{64})", re.ASCII)


def verify_command(dsn: str, schema: str, arguments: Sequence[str]) -> int:
    """Print what was found; 0: the chain holds, 1: it does not, 2: not understood.

    Args:
        dsn: of the role that seals.
        arguments: nothing, or a seal that was noted elsewhere, as `NUMBER:DIGEST`.

    Raises:
        DependencyDown: the database does not answer.
    """
    noted = [_NOTED.fullmatch(argument) for argument in arguments]
    if len(noted) > 1 or None in noted:
        print("usage: verify-audit [NUMBER:DIGEST]", file=sys.stderr)
        return 2
    known = [Noted(int(one[1]), bytes.fromhex(one[2])) for one in noted if one is not None]
    found = asyncio.run(_verify(dsn, schema, known[0] if known else None))
    print(_told(schema, found))
    return 0 if found.intact else 1


async def _verify(dsn: str, schema: str, noted: Noted | None) -> Verdict:
    pool = await open_pool(dsn, max_size=1, application_name="verify-audit")
    try:
        return await AuditSeals(pool, schema).verify(noted)
    finally:
        await close_pool(pool)


def _told(schema: str, found: Verdict) -> str:
    state = "holds" if found.intact else f"is broken at seal {found.broken_seal}"
    counts = f"{found.sealed} rows are sealed, {found.unsealed} wait"
    last = f"; last seal {found.last.seal_id}:{found.last.digest.hex()}" if found.last else ""
    return f"The audit of {schema} {state}: {counts}{last}"

"""What an operator does to a database beside the service: migrations, deletions, verification."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from uuid import UUID

from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.db.verify_command import verify_command

from kioku_search.assets.burial import Burial, Dead
from kioku_search.assets.burial_store import BurialStore
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.database import SCHEMA
from kioku_search.settings import Settings

_PACKAGE = "kioku_search.migrations"


def migrate() -> None:
    """Bring the schema up to date and say what ran."""
    dsn = Settings().search_owner_dsn.get_secret_value()
    for name in asyncio.run(Migrations(_PACKAGE, SCHEMA).apply(dsn)):
        print(name)


def print_migrations() -> None:
    """Name and checksum of each migration that this version knows, one a line."""
    for one in Migrations(_PACKAGE, SCHEMA).files:
        print(one.name, one.checksum)


def verify_audit(arguments: Sequence[str]) -> int:
    """Recompute the chain of the audit and say whether it holds; the exit code."""
    dsn = Settings().search_sealer_dsn
    if dsn is None:
        print("KIOKU_SEARCH_SEALER_DSN is not set.")
        return 2
    return verify_command(dsn.get_secret_value(), SCHEMA, arguments)


def bury(tombstones: Path) -> None:
    """Delete again what the file names, a JSON object a line, and say how many were living."""
    rows = [json.loads(line) for line in tombstones.read_text().splitlines()]
    dead = [Dead(row["owner"], UUID(row["asset_id"])) for row in rows if "asset_id" in row]
    print("buried", asyncio.run(_bury(Settings(), dead)))


async def _bury(settings: Settings, dead: list[Dead]) -> int:
    async with AsyncExitStack() as stack:
        dsns = (settings.search_api_dsn, settings.search_worker_dsn)
        pools = [await open_pool(dsn.get_secret_value(), application_name="bury") for dsn in dsns]
        for pool in pools:
            stack.push_async_callback(close_pool, pool)
        api, worker = pools
        burial = Burial(
            BurialStore(worker),
            DeletionStore(api, worker),
            participants=settings.deletion_participants,
            sweep_delays=settings.sweep_delays(),
        )
        return await burial.bury(dead)

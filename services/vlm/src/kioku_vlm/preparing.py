"""What is done to a database while no service runs on it."""

from __future__ import annotations

import asyncio

from kioku_rt.db import Migrations

from kioku_vlm.database import SCHEMA
from kioku_vlm.settings import Settings

MIGRATIONS = "kioku_vlm.migrations"


def migrate() -> None:
    """Bring the schema up to date and say what ran."""
    dsn = Settings().vlm_owner_dsn.get_secret_value()
    for name in asyncio.run(Migrations(MIGRATIONS, SCHEMA).apply(dsn)):
        print(name)


def print_migrations() -> None:
    """Name and checksum of each migration that this version knows, one a line."""
    for one in Migrations(MIGRATIONS, SCHEMA).files:
        print(one.name, one.checksum)

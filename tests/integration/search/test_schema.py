"""What the migrations make is what the design says."""

from __future__ import annotations

from kioku_rt.db import Migrations


async def test_migrations_apply_once(db):
    """A second run finds nothing to do."""
    assert [] == await Migrations("kioku_search.migrations", "search").apply(db.dsn)

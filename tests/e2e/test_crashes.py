"""Whatever dies in the middle of an ingest, each picture ends indexed once, or failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import asyncpg
import pytest

from bench.crashes import COUNTS, DAMAGED, FAULTS, PAIR_FAULTS, draw, strike
from bench.stack import Stack, temporary_stack
from tests.e2e.app import App

PICTURES = 60


@pytest.fixture(scope="module")
def breakable() -> Iterator[Stack]:
    """A stack of its own, one of each."""
    with temporary_stack() as running:
        yield running


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", FAULTS)
def test_nothing_is_lost_or_doubled(breakable: Stack, tmp_path: Path, fault: str) -> None:
    """After the fault and the restart the counts are exactly those of an undisturbed ingest."""
    check(breakable, tmp_path, fault)


@pytest.mark.timeout(300)
@pytest.mark.parametrize("fault", PAIR_FAULTS)
def test_one_of_two_may_leave_in_the_middle(stack: Stack, tmp_path: Path, fault: str) -> None:
    """Of two processes side by side one drains and leaves; nothing is lost or done twice."""
    check(stack, tmp_path, fault)


def check(stack: Stack, folder: Path, fault: str) -> None:
    """One ingest with one fault, and its counts."""
    number = [*FAULTS, *PAIR_FAULTS].index(fault)
    drawn = draw(folder / "pictures", PICTURES, seed=900_000 + 1000 * number)
    row = strike(stack, fault, drawn, f"user-{number}")

    assert (row.ready, row.failed) == (PICTURES - DAMAGED, DAMAGED)
    assert (row.lost, row.doubled, row.gaps) == (0, 0, 0)


async def test_the_count_sees_what_it_is_there_to_see(stack: Stack, alice: App) -> None:
    """A vector taken away is a gap and a success recorded twice is a double: it can fail."""
    connection = await asyncpg.connect(stack.dsn)
    whole = connection.transaction()
    await whole.start()
    before = await connection.fetchrow(COUNTS, alice.user)
    await connection.execute(
        "DELETE FROM search.image_embeddings WHERE asset_id ="
        " (SELECT asset_id FROM search.assets WHERE owner = $1 ORDER BY asset_id LIMIT 1)",
        alice.user,
    )
    await connection.execute(
        "INSERT INTO search.audit_logs (actor, action, subject, outcome, details)"
        " SELECT actor, action, subject, outcome, details FROM search.audit_logs"
        " WHERE action = 'embedding.store' AND details->>'space_id' LIKE 'kioku-tiny@%'"
        " AND subject = (SELECT max(asset_id::text) FROM search.assets WHERE owner = $1) LIMIT 1",
        alice.user,
    )
    after = await connection.fetchrow(COUNTS, alice.user)
    await whole.rollback()
    await connection.close()

    assert tuple(before)[3:] == (0, 0)
    assert tuple(after)[3:] == (1, 1)

"""Whatever dies in the middle of an ingest, each picture ends indexed once, or failed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from bench.crashes import DAMAGED, FAULTS, PAIR_FAULTS, draw, strike
from bench.stack import Stack, temporary_stack

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

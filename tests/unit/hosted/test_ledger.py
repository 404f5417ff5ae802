"""Money that may have been spent is remembered, shared, and never more than approved."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from pathlib import Path

import pytest
from kioku_embedder.hosted.failure import BudgetExhausted, Misconfigured
from kioku_embedder.hosted.ledger import Ledger

SPENDER = """
import asyncio, sys
from pathlib import Path
from kioku_embedder.hosted.failure import BudgetExhausted
from kioku_embedder.hosted.ledger import Ledger

async def main():
    ledger, booked = Ledger(Path(sys.argv[1]), 0.1), 0
    try:
        while True:
            await ledger.spend(0.001)
            booked += 1
    except BudgetExhausted:
        print(booked)

asyncio.run(main())
"""


async def test_a_restart_remembers(tmp_path: Path) -> None:
    """The file says it in words and in exact numbers."""
    path = tmp_path / "state" / "spent.json"
    await Ledger(path, 1).spend(0.0006)
    again = Ledger(path, 1)
    await again.refresh()
    assert 0.0006 == again.spent_usd
    assert {"spent_nano_usd": 600_000, "spent_usd": 0.0006} == json.loads(path.read_text())


async def test_no_more_than_approved(tmp_path: Path) -> None:
    """To the last nano-dollar; what is given back can be spent again."""
    ledger = Ledger(tmp_path / "spent.json", 0.0018)
    for _ in range(3):
        await ledger.spend(0.0006)
    with pytest.raises(BudgetExhausted):
        await ledger.spend(0.0006)
    assert not ledger.affords(0.0006)
    await ledger.give_back(0.0006)
    assert ledger.affords(0.0006)
    await ledger.spend(0.0006)


async def test_what_is_free_needs_no_file(tmp_path: Path) -> None:
    """A server of one's own has no price."""
    path = tmp_path / "spent.json"
    ledger = Ledger(path, 0)
    await ledger.spend(0)
    await ledger.give_back(0)
    await ledger.refresh()
    assert (False, True) == (path.exists(), ledger.affords(0))


async def test_many_at_once_lose_no_cent(tmp_path: Path) -> None:
    """Within a process."""
    ledger = Ledger(tmp_path / "spent.json", 1)
    await asyncio.gather(*(ledger.spend(0.001) for _ in range(50)))
    assert 0.05 == ledger.spent_usd


def test_processes_share_one_budget(tmp_path: Path) -> None:
    """Three of them book a hundred prices together, not three hundred."""
    path = str(tmp_path / "spent.json")
    children = [
        subprocess.Popen([sys.executable, "-c", SPENDER, path], stdout=subprocess.PIPE)
        for _ in range(3)
    ]
    booked = [int(child.communicate()[0]) for child in children]
    assert 100 == sum(booked)


@pytest.mark.parametrize(
    "content", ["", "{}", '{"spent_nano_usd": "1"}', '{"spent_nano_usd": -5}', "[1]", "\x00"]
)
async def test_a_ledger_that_cannot_be_read_spends_nothing(tmp_path: Path, content: str) -> None:
    """Unknown money might be too much money."""
    path = tmp_path / "spent.json"
    path.write_text(content)
    ledger = Ledger(path, 1)
    for attempt in (ledger.refresh(), ledger.spend(0.1)):
        with pytest.raises(Misconfigured, match=r"spent\.json"):
            await attempt


async def test_a_folder_that_cannot_be_written_spends_nothing(tmp_path: Path) -> None:
    """The price is on disk before the request, or there is no request."""
    (tmp_path / "file").write_text("")
    with pytest.raises(Misconfigured):
        await Ledger(tmp_path / "file" / "spent.json", 1).spend(0.1)


async def test_who_gives_up_leaves_the_ledger_whole(tmp_path: Path) -> None:
    """A cancelled booking is finished; the next one works."""
    ledger = Ledger(tmp_path / "spent.json", 1)
    task = asyncio.create_task(ledger.spend(0.1))
    await asyncio.sleep(0)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await ledger.spend(0.1)
    assert ledger.spent_usd in (0.1, 0.2)

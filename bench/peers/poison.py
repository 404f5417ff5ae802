"""One cut-off JPEG to each side, then good ones: who still answers, and what its health says."""

from __future__ import annotations

import asyncio

from bench.peers.side import Refused, Side

SECONDS_TO_ANSWER = 10


async def print_table(sides: list[Side], good: list[bytes]) -> None:
    """Sends the poison to one side after the other."""
    print("\n| side | one truncated JPEG | good pictures answered after it | health says |")
    print("|---|---|---|---|")
    for side in sides:
        poison = good[0][: len(good[0]) // 2]
        poisoned = await _outcome(side, poison)
        after = [await _outcome(side, picture) for picture in good]
        health = "healthy" if await side.healthy() else "not healthy"
        print(
            f"| {side.name} | {poisoned} | {after.count('a vector')} of {len(after)}"
            f"{_first_other(after)} | {health} |",
            flush=True,
        )


async def _outcome(side: Side, picture: bytes) -> str:
    try:
        async with asyncio.timeout(SECONDS_TO_ANSWER):
            await side.embed(picture)
    except Refused as error:
        return f"refused: {error}"
    except TimeoutError:
        return f"no answer in {SECONDS_TO_ANSWER} s"
    return "a vector"


def _first_other(outcomes: list[str]) -> str:
    others = [outcome for outcome in outcomes if outcome != "a vector"]
    return f" ({others[0]})" if others else ""

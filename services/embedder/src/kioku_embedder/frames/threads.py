"""Promise: what a thread does with a descriptor ends before the descriptor is closed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

from kioku_rt.errors import DependencyDown

T = TypeVar("T")


def _keep(result: object) -> None:
    """Nothing is to be undone."""


async def to_its_end(function: Callable[[], T], *, undo: Callable[[T], object] = _keep) -> T:
    """Runs `function` in a thread; who cancels this waits for its end.

    A thread cannot be cancelled, and one that goes on with the number of a closed file would meet
    whatever was opened under that number next.

    Args:
        function: short work that raises nothing but DependencyDown.
        undo: is given the result when nobody wants it any more, in a thread too.
    """
    running = asyncio.ensure_future(asyncio.to_thread(function))
    try:
        return await asyncio.shield(running)
    except asyncio.CancelledError:
        with suppress(DependencyDown):
            result = await running
            await asyncio.to_thread(undo, result)
        raise

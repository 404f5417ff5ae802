"""Promise: what may have been spent is on disk before it is spent, and never more than approved.

The price is booked before the request and given back only where the provider certainly asks for
nothing, so a crash errs on the side of having spent. Every process of one machine that names the
same file shares one budget; machines do not know of each other.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from kioku_embedder.hosted.failure import BudgetExhausted, Misconfigured

_NANO = 1_000_000_000


class Ledger:
    """A file with one sum in it.

    Args:
        path: of the file; its folder is made when the first price is booked.
        budget_usd: the sum that was approved, counted from an empty file.
    """

    def __init__(self, path: Path, budget_usd: float) -> None:
        self._path = path
        self._budget = round(budget_usd * _NANO)
        self._order = asyncio.Lock()
        self.spent_usd = 0.0

    async def refresh(self) -> None:
        """Reads the sum again.

        Raises:
            Misconfigured: the file cannot be read.
        """
        await self._book(0)

    def affords(self, price_usd: float) -> bool:
        """Whether one more price was within the budget when the file was last read."""
        return round(self.spent_usd * _NANO) + round(price_usd * _NANO) <= self._budget

    async def spend(self, price_usd: float) -> None:
        """Books a price; on disk when this returns. A price of zero is always affordable.

        Raises:
            BudgetExhausted: it is more than what is left.
            Misconfigured: the file cannot be read or written.
        """
        if price_usd > 0:
            await self._book(round(price_usd * _NANO))

    async def give_back(self, price_usd: float) -> None:
        """Takes a price out again: the provider did nothing for it.

        Raises:
            Misconfigured: the file cannot be read or written.
        """
        if price_usd > 0:
            await self._book(-round(price_usd * _NANO))

    async def _book(self, change: int) -> None:
        async with self._order:
            work = asyncio.ensure_future(asyncio.to_thread(self._rewrite, change))
            try:
                spent = await asyncio.shield(work)
            except asyncio.CancelledError:
                await asyncio.wait({work})  # the file's lock is not left to the next one
                raise
            except (OSError, ValueError) as error:
                raise Misconfigured(
                    f"The ledger of the hosted model's budget cannot be used: {self._path.name}."
                ) from error
        if spent is None:
            raise BudgetExhausted
        self.spent_usd = spent / _NANO

    def _rewrite(self, change: int) -> int | None:
        """The new sum, or None where it would be more than the budget (blocking)."""
        if change == 0 and not self._path.exists():
            return 0
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with self._locked():
            spent = self._read()
            if change > 0 and spent + change > self._budget:
                self.spent_usd = spent / _NANO
                return None
            if change != 0:
                spent = max(0, spent + change)
                self._write(spent)
        return spent

    @contextmanager
    def _locked(self) -> Iterator[None]:
        with self._path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _read(self) -> int:
        """Raises ValueError for anything but our own document: unknown money is not spent."""
        if not self._path.exists():
            return 0
        document = json.loads(self._path.read_text())
        spent = document.get("spent_nano_usd") if isinstance(document, dict) else None
        if not isinstance(spent, int) or isinstance(spent, bool) or spent < 0:
            raise ValueError("not a ledger")
        return spent

    def _write(self, spent: int) -> None:
        fresh = self._path.with_suffix(".new")
        with fresh.open("w") as file:
            json.dump({"spent_nano_usd": spent, "spent_usd": spent / _NANO}, file)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(self._path)

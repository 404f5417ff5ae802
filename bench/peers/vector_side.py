"""What `bench.search_peers` needs of each side, and the sides that are libraries."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import numpy.typing as npt

Vectors = npt.NDArray[np.float32]
_ENGINES = Path(__file__).with_name("vector_engines.py")
_LINE_BYTES = 1 << 26


@dataclass(frozen=True)
class Library:
    """The rows and the queries, in memory and as files."""

    base: Vectors
    queries: Vectors
    folder: Path

    def save(self) -> None:
        """Write both for those who read files."""
        np.save(self.base_file, self.base)
        np.save(self.queries_file, self.queries)

    @property
    def base_file(self) -> Path:
        """Where the rows are."""
        return self.folder / "base.npy"

    @property
    def queries_file(self) -> Path:
        """Where the queries are."""
        return self.folder / "queries.npy"


@dataclass(frozen=True)
class Built:
    """Seconds to load and index every row, and bytes that the index takes (memory or disk)."""

    seconds: float
    bytes: int


@dataclass
class Answers:
    """One slice: row numbers found, milliseconds of each query alone, queries a second at once."""

    ids: list[list[int]] = field(default_factory=list)
    milliseconds: list[float] = field(default_factory=list)
    qps: float = 0.0


class Side(Protocol):
    """Something that finds neighbours."""

    name: str

    async def build(self, library: Library) -> Built:
        """Take every row."""

    async def search(self, start: int, end: int, k: int) -> Answers:
        """The queries of that slice, one after another, then four (or all cores) at once."""

    async def close(self) -> None:
        """End."""


class EngineSide:
    """A library in a child process.

    Args:
        python: of the peers' environment.
    """

    def __init__(self, name: str, process: asyncio.subprocess.Process) -> None:
        self.name = name
        self._process = process

    @classmethod
    async def start(cls, name: str, python: Path, ef: int) -> Self:
        """Start the child; the library is loaded when it is built."""
        process = await asyncio.create_subprocess_exec(
            str(python),
            str(_ENGINES),
            name,
            str(ef),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            limit=_LINE_BYTES,
        )
        return cls(name, process)

    async def build(self, library: Library) -> Built:
        """See `Side`."""
        files = {"base": str(library.base_file), "queries": str(library.queries_file)}
        answer = await self._ask(files)
        return Built(answer["seconds"], int(answer["bytes"]))

    async def search(self, start: int, end: int, k: int) -> Answers:
        """See `Side`."""
        return Answers(**await self._ask({"start": start, "end": end, "k": k}))

    async def close(self) -> None:
        """See `Side`."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        await self._process.wait()

    async def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps(question).encode() + b"\n")
        await self._process.stdin.drain()
        line = await self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self.name} ended with {await self._process.wait()}")
        answer: dict[str, Any] = json.loads(line)
        return answer

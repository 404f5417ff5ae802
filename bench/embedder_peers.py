"""Kioku's embedder against the peers: same weights, same JPEGs, each by its own network API.

All servers stay up and take turns in short slices of load, so that whatever else the machine does
meets all alike. Before any timing their vectors are compared: float32 sides at cosine 0.9999, ours
in another precision at 0.999. Latencies of the open loop count from when a request was due.

    bench/peers/setup DIR                        # once: the peers' environments
    python -m bench.peers.checkpoint DIR         # once: one random SigLIP 2 base for all
    python -m bench.embedder_peers --peers DIR [--files FOLDER] [--ours ENGINE:PRECISION ...]

Without --files the photographs below $KIOKU_EVAL_DATA (default: ../shared/data) are taken.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench.parity import cosines
from bench.peers import http_side, kioku_side, poison, tables
from bench.peers.load import Slice, closed_loop, open_loop
from bench.peers.side import Side, resident_bytes

CLIENTS = (1, 2, 4, 8, 16)
OURS = ("openvino:float32", "openvino:bfloat16", "onnxruntime:int8")
FLOAT32, OTHER = 0.9999, 0.999
PEERS = {"infinity": http_side.INFINITY, "plain": http_side.PLAIN, "onnx": http_side.ONNX}


@dataclass
class Entry:
    """A side in the race and what was measured of it."""

    side: Side
    ours: bool
    precision: str
    first_answer_seconds: float
    closed: dict[int, list[Slice]] = field(default_factory=dict)
    opened: dict[float, list[Slice]] = field(default_factory=dict)
    resident: int = 0


def read_pictures(folder: Path, count: int) -> list[bytes]:
    """Up to `count` JPEGs below a folder, always the same ones, sizes mixed."""
    paths = sorted({*folder.rglob("*.jpg"), *folder.rglob("*.jpeg")})
    if not paths:
        raise SystemExit(f"no JPEGs in {folder}; set KIOKU_EVAL_DATA or --files")
    random.Random(7).shuffle(paths)
    return [path.read_bytes() for path in paths[:count]]


@asynccontextmanager
async def racing(options: argparse.Namespace, picture: bytes) -> AsyncIterator[list[Entry]]:
    """All sides, started one after the other, each timed to its first answer."""
    async with AsyncExitStack() as stack:
        entries = []
        for name in options.against:
            before = time.perf_counter()
            side: Side = await stack.enter_async_context(
                http_side.started(PEERS[name], options.peers)
            )
            entries.append(await _entered(side, before, picture, ours=False, precision="float32"))
        for variant in options.ours:
            engine, precision = variant.split(":")
            first = await kioku_side.prepare(options.peers, engine=engine, precision=precision)
            if first is not None:
                print(f"{variant}: the very first start took {first:.1f} s", flush=True)
            before = time.perf_counter()
            side = await stack.enter_async_context(
                kioku_side.started(options.peers, engine=engine, precision=precision)
            )
            entries.append(await _entered(side, before, picture, ours=True, precision=precision))
        yield entries


async def _entered(
    side: Side, before: float, picture: bytes, *, ours: bool, precision: str
) -> Entry:
    await side.embed(picture)
    entry = Entry(side, ours, precision, time.perf_counter() - before)
    print(f"{side.name}: first answer after {entry.first_answer_seconds:.1f} s", flush=True)
    return entry


async def check_vectors(entries: list[Entry], pictures: list[bytes]) -> None:
    """Compares every side with the first on the same pictures.

    Raises:
        SystemExit: one is too far off; its speed would mean nothing.
    """
    expected = np.array([await entries[0].side.embed(picture) for picture in pictures])
    for entry in entries[1:]:
        vectors = np.array([await entry.side.embed(picture) for picture in pictures])
        worst = float(cosines(vectors, expected).min())
        needed = FLOAT32 if entry.precision == "float32" else OTHER
        print(
            f"{entry.side.name}: worst cosine with {entries[0].side.name} {worst:.6f} "
            f"over {len(pictures)} pictures (needed {needed})",
            flush=True,
        )
        if worst < needed and entry.precision != "int8":
            raise SystemExit(f"{entry.side.name} gives other vectors; nothing was timed")


async def race(entries: list[Entry], pictures: list[bytes], options: argparse.Namespace) -> None:
    """The rounds of closed and open load."""
    for round_number in range(options.rounds):
        order = entries[round_number % len(entries) :] + entries[: round_number % len(entries)]
        for clients in options.clients:
            for entry in order:
                result = await closed_loop(entry.side, pictures, clients, options.seconds)
                entry.closed.setdefault(clients, []).append(result)
        for rate in options.rates:
            for entry in order:
                result = await open_loop(entry.side, pictures, rate, options.seconds)
                entry.opened.setdefault(rate, []).append(result)
        for entry in entries:
            entry.resident = max(entry.resident, resident_bytes(entry.side.pid))
        print(f"round {round_number + 1} of {options.rounds} done", flush=True)


async def main() -> None:
    """Races, prints the tables, poisons."""
    options = _options()
    pictures = read_pictures(options.files, options.count)
    print(f"{len(pictures)} JPEGs, {sum(map(len, pictures)) / len(pictures) / 1024:.0f} KiB each")
    async with racing(options, pictures[0]) as entries:
        await check_vectors(entries, pictures[: options.checked])
        await race(entries, pictures, options)
        tables.print_all(entries)
        if not options.no_poison:
            await poison.print_table([entry.side for entry in entries], pictures[:5])


def _photos() -> Path:
    root = Path(__file__).resolve().parents[1]
    return Path(os.environ.get("KIOKU_EVAL_DATA", root.parent / "shared" / "data")) / "photos"


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--peers", type=Path, required=True)
    parser.add_argument("--files", type=Path, default=_photos())
    parser.add_argument("--count", type=int, default=240, help="JPEGs used")
    parser.add_argument("--checked", type=int, default=24, help="JPEGs whose vectors are compared")
    parser.add_argument("--against", nargs="*", choices=list(PEERS), default=list(PEERS))
    parser.add_argument("--ours", nargs="*", default=list(OURS))
    parser.add_argument("--clients", nargs="*", type=int, default=list(CLIENTS))
    parser.add_argument("--rates", nargs="*", type=float, default=[2.0, 3.0, 6.0])
    parser.add_argument("--rounds", type=int, default=2)
    parser.add_argument("--seconds", type=float, default=6, help="of one slice")
    parser.add_argument("--no-poison", action="store_true")
    return parser.parse_args()


if __name__ == "__main__":
    asyncio.run(main())

"""What hostile and odd pictures do to a running embedder, and what a few of them cost the others.

    .venv/bin/python -m bench.hostile [--slices 16] [--seconds 2]

Every file of the collection `badinput` (found through KIOKU_EVAL_DATA) is sent over gRPC to a real
embedder with kioku-tiny, each in one stream with a good neighbour; the table says by class of file
what was embedded, what was refused and why, the worst time to an answer, the largest resident
memory a decoder child had, and whether any child died. Then streams of good photos run turn about
with streams of which one in a hundred is corrupt; embedded pictures a second are compared and
the median of the slices' ratios counts.
Target: at least 0.95.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from kioku.embedder.v1 import embedder_service_pb2 as pb

from bench.embedder_stage import TINY, Served, draw_jpegs, served, stream_pictures

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data"))
TARGET = 0.95
ONE_IN = 100
_GOOD = "good"
HEAD = (
    "| class | files | embedded | refused (IMAGE_...) | worst ms (file) | peak MiB of a child | "
    "good neighbours | children alive |\n|---|---|---|---|---|---|---|---|"
)


@dataclass
class Row:
    """What became of one class of files."""

    name: str
    files: int = 0
    embedded: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    worst_ms: float = 0.0
    worst_file: str = ""
    peak_mib: float = 0.0
    neighbours: int = 0
    deaths: int = 0


def decoder_pids(embedder: int) -> list[int]:
    """The decoder children: children of the fork server, which is a child of the embedder."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            parents.setdefault(int(fields[1]), []).append(int(entry.name))
    return [pid for server in parents.get(embedder, []) for pid in parents.get(server, [])]


def peak_mib(pids: list[int]) -> float:
    """The largest resident size any of them had since `forget_peaks`."""
    sizes = [0.0]
    for pid in pids:
        try:
            status = Path(f"/proc/{pid}/status").read_text()
        except OSError:
            continue
        sizes += [int(status.split("VmHWM:")[1].split()[0]) / 1024] if "VmHWM:" in status else []
    return max(sizes)


def forget_peaks(pids: list[int]) -> None:
    """Starts the measurement of resident peaks anew (Linux, clear_refs 5)."""
    for pid in pids:
        Path(f"/proc/{pid}/clear_refs").write_text("5")


def classes_of(folder: Path) -> dict[str, list[Path]]:
    """Files by class: the folders of `images`, and what was generated."""
    found = sorted(p for p in folder.glob("images/*/**/*") if p.is_file())
    by_class = {
        name: list(files)
        for name, files in itertools.groupby(found, lambda p: p.relative_to(folder).parts[1])
    }
    made = [p for p in (folder / "generated").glob("*") if p.is_file() and p.suffix != ".py"]
    return by_class | {"generated": sorted(made)}


async def send(stub: Any, data: bytes, good: bytes) -> tuple[dict[str, Any], float]:
    """Both answers by key, and milliseconds until that of `data`."""

    async def both() -> AsyncIterator[pb.EmbedImagesRequest]:
        yield pb.EmbedImagesRequest(key="file", image=data)
        yield pb.EmbedImagesRequest(key=_GOOD, image=good)

    answers, took, begun = {}, 0.0, time.perf_counter()
    async for answer in stub.EmbedImages(both()):
        answers[answer.key] = answer
        if answer.key == "file":
            took = 1000 * (time.perf_counter() - begun)
    return answers, took


async def measure_class(embedder: Served, name: str, files: list[Path], good: bytes) -> Row:
    """Every file of a class with its neighbour."""
    row, before = Row(name), decoder_pids(embedder.pid)
    forget_peaks(before)
    for path in files:
        answers, took = await send(embedder.stub, path.read_bytes(), good)
        file = answers["file"]
        row.files += 1
        row.embedded += bool(file.embedding)
        row.refused.update([file.failure.reason] if file.failure.reason else [])
        row.neighbours += bool(answers[_GOOD].embedding)
        if took > row.worst_ms:
            row.worst_ms, row.worst_file = took, path.name
    after = decoder_pids(embedder.pid)
    row.peak_mib, row.deaths = peak_mib(after), len(set(before) - set(after))
    return row


def total_of(rows: list[Row]) -> Row:
    """The last line."""
    worst = max(rows, key=lambda row: row.worst_ms)
    return Row(
        "all",
        sum(row.files for row in rows),
        sum(row.embedded for row in rows),
        sum((row.refused for row in rows), Counter()),
        worst.worst_ms,
        worst.worst_file,
        max(row.peak_mib for row in rows),
        sum(row.neighbours for row in rows),
        sum(row.deaths for row in rows),
    )


def line(row: Row) -> str:
    """One line of the table."""
    reasons = ", ".join(
        f"{count} {reason.removeprefix('IMAGE_')}" for reason, count in row.refused.most_common()
    )
    alive = "yes" if not row.deaths else f"{row.deaths} replaced"
    return (
        f"| {row.name} | {row.files} | {row.embedded} | {reasons or '-'} | {row.worst_ms:.0f} "
        f"({row.worst_file}) | {row.peak_mib:.0f} | {row.neighbours}/{row.files} | {alive} |"
    )


async def corpus(embedder: Served, folder: Path, good: bytes) -> None:
    """Prints the table."""
    print(HEAD)
    rows = [
        await measure_class(embedder, name, files, good)
        for name, files in classes_of(folder).items()
    ]
    for row in [*rows, total_of(rows)]:
        print(line(row), flush=True)


async def rate(embedder: Served, pictures: list[bytes], seconds: float) -> float:
    """Embedded pictures per second between the first answer and the last."""
    answers = await stream_pictures(embedder.stub, pictures, seconds)
    embedded = sum(1 for _, answer in answers if answer.embedding)
    return (embedded - 1) / (answers[-1][0] - answers[0][0])


async def poisoned(
    embedder: Served, good: list[bytes], bad: list[bytes], slices: int, seconds: float
) -> None:
    """Good streams and streams with one corrupt file in a hundred, turn about."""
    clean = [good[at % len(good)] for at in range(ONE_IN * len(bad))]
    mixed = list(clean)
    for at, data in enumerate(bad):
        mixed[at * ONE_IN + ONE_IN // 2] = data
    await rate(embedder, clean, 2)
    pairs = [
        (await rate(embedder, clean, seconds), await rate(embedder, mixed, seconds))
        for _ in range(slices)
    ]
    ratios = sorted(dirty / tidy for tidy, dirty in pairs)
    print(
        f"one corrupt file in {ONE_IN}: {median(d for _, d in pairs):.0f} embedded/s against "
        f"{median(c for c, _ in pairs):.0f} without; ratio {median(ratios):.3f} "
        f"({ratios[0]:.2f}-{ratios[-1]:.2f}; target {TARGET})"
    )


async def main() -> None:
    """Runs both parts."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--slices", type=int, default=16)
    parser.add_argument("--seconds", type=float, default=2)
    options = parser.parse_args()
    folder = DATA / "badinput"
    if not folder.is_dir():
        raise SystemExit(f"skipped: no collection of bad input at {folder}; set KIOKU_EVAL_DATA")
    photos = sorted((DATA / "photos").glob("coco/**/*.jpg"))
    good = [path.read_bytes() for path in photos[:64]] or draw_jpegs(16)
    async with served(TINY) as embedder:
        await corpus(embedder, folder, good[0])
        bad = [
            path.read_bytes()
            for name in ("truncated", "crash", "heif_avif_corrupt", "image_rs_bad", "bmp_bad")
            for path in classes_of(folder)[name]
        ]
        await poisoned(embedder, good, bad, options.slices, options.seconds)


if __name__ == "__main__":
    asyncio.run(main())

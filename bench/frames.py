"""How right and how fast videos are cut.

    .venv/bin/python -m bench.frames [--ffmpeg PATH] [--rounds 3] [--only times]

times    every clip of `KIOKU_EVAL_DATA/video` at one frame a second against its own list of
         pictures, decoded without any skipping and chosen by the plain rule "what is on screen at
         each second"; that list against ffprobe's facts in the manifest.
hostile  every file of `KIOKU_EVAL_DATA/badinput`: outcome, time, peak memory of the child.
speed    one frame a second as JPEG files in a folder, by the cutter and by `ffmpeg` (whatever is
         in the PATH, or --ffmpeg), with all its threads and with one, in turns over the same files.
memory   peak of a cutting process after a tenth of a video and at its end.

`--only` names one of them. Speed and memory are in `bench.frames_speed`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import av
from kioku_embedder.frames.cutter import Cutter
from kioku_embedder.frames.cutting import cut
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan, Facts
from kioku_rt.errors import InvalidInput

from bench.frames_speed import ALL, memory_table, peak, speed_table

ROOT = Path(__file__).resolve().parent.parent


def data(folder: str) -> Path:
    """A folder of the evaluation data; ends the program where there is none."""
    path = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data")) / folder
    if not path.is_dir():
        sys.exit(f"Nothing measured: there is no {path}; set KIOKU_EVAL_DATA.")
    return path


def cut_file(path: Path, plan: CutPlan) -> tuple[list[CutFrame], Facts]:
    """All frames of a file, in this process."""
    frames = []
    with path.open("rb") as file:
        going = cut(file.fileno(), plan, CutLimits(), lambda: None)
        while True:
            try:
                frames.append(next(going))
            except StopIteration as end:
                return frames, end.value


def plain_times(path: Path, stream: int) -> list[float]:
    """When each picture is shown, milliseconds, as decoding everything tells."""
    with av.open(str(path)) as container:
        number = [each.index for each in container.streams.video].index(stream)
        return [1000 * frame.time for frame in container.decode(video=number)]


def on_screen(times: list[float], duration: float) -> list[float]:
    """The pictures on screen at each full second, each once; all from the first one."""
    zero, second = times[0], 0
    found: list[float] = []
    while second * 1000 < duration - 0.01:
        now = max(at for at in times if at - zero <= second * 1000 + 0.01)
        if not found or found[-1] != now - zero:
            found.append(now - zero)
        second += 1
    return found


@dataclass
class Facted:
    """A clip with what ffprobe says of it, or nothing."""

    path: Path
    said: dict[str, object]

    @property
    def stream(self) -> int:
        """Index of the stream that a player shows."""
        with av.open(str(self.path)) as container:
            default = [s for s in container.streams.video if s.disposition & 1]
            return (default or list(container.streams.video))[0].index


def clips() -> Iterator[Facted]:
    folder = data("video")
    lines = (folder / "manifest.jsonl").read_text().splitlines()
    said = {line["file"]: line for line in map(json.loads, lines)}
    for path in sorted([*folder.glob("*.*"), *folder.glob("edge/*")]):
        if path.suffix not in {".json", ".jsonl", ".md"}:
            yield Facted(path, said.get(str(path.relative_to(folder)), {}))


def times_table() -> None:
    """Frame counts, time stamps, rotation and HDR of every clip."""
    print("| clip | codec | ffprobe | expected | cut | worst error, ms | shown as | notes |")
    print("|---|---|---:|---:|---:|---:|---|---|")
    for clip in clips():
        print(times_row(clip))


def times_row(clip: Facted) -> str:
    try:
        frames, facts = cut_file(clip.path, ALL)
    except InvalidInput as refused:
        return f"| {clip.path.name} | | | | | | | {refused.reason} |"
    listed = plain_times(clip.path, clip.stream)
    expected = on_screen(listed, facts.duration_ms)
    pairs = list(zip(expected, (frame.time_ms for frame in frames), strict=False))
    worst = max(abs(want - got) for want, got in pairs)
    notes = [*agreement(clip, listed), *(["HDR"] if facts.hdr else [])]
    if clip.said.get("vfr"):
        notes.append("variable rate")
    if facts.incomplete:
        notes.append(facts.incomplete)
    return (
        f"| {clip.path.name} | {facts.codec} | {clip.said.get('decoded_frames', '')} "
        f"| {len(expected)} | {len(frames)} | {worst:.2f} "
        f"| {facts.width} x {facts.height} | {'; '.join(notes)} |"
    )


def agreement(clip: Facted, listed: list[float]) -> Iterator[str]:
    """Where our list of pictures is not ffprobe's."""
    said = clip.said
    if said.get("rotation"):
        yield f"rotation {said['rotation']}"
    if said.get("video_streams", 1) != 1:
        yield f"stream {clip.stream} of {said['video_streams']} video streams"
    for which, at in (("first", 0), ("last", -1)):
        claimed = said.get(f"{which}_pts_s")
        same_stream = said.get("stream_index") == clip.stream
        if isinstance(claimed, float) and same_stream and abs(1000 * claimed - listed[at]) > 1:
            yield f"{which} picture at {listed[at]:.0f} ms, by ffprobe at {1000 * claimed:.0f}"
    given = clip.path.with_suffix(f".stream{clip.stream}.frames.json")
    if given.exists():
        pts = [1000 * float(each["pts_time"]) for each in json.loads(given.read_text())]
        worst = max(abs(a - b) for a, b in zip(pts, listed, strict=True))
        yield f"torchcodec's list: {len(pts)} pictures, worst difference {worst:.2f} ms"
    elif said.get("decoded_frames") and said["decoded_frames"] != len(listed):
        yield f"we decode {len(listed)}"


async def hostile_table() -> None:
    """What becomes of every hostile file."""
    folder = data("badinput")
    files = sorted([*folder.glob("videos/*"), *folder.glob("generated/*.mp4")])
    found: dict[str, list[tuple[float, str]]] = {}
    cutter = Cutter(CutPlan(), CutLimits())
    for path in files:
        started = time.perf_counter()
        outcome = await outcome_of(cutter, path)
        found.setdefault(outcome, []).append((time.perf_counter() - started, path.name))
    print(f"\n{len(files)} hostile or odd files:\n")
    print("| outcome | files | worst time, s |\n|---|---:|---:|")
    for outcome, cases in sorted(found.items()):
        print(f"| {outcome} | {len(cases)} | {max(cases)[0]:.2f} ({max(cases)[1]}) |")


async def outcome_of(cutter: Cutter, path: Path) -> str:
    with path.open("rb") as file:
        try:
            answers = [answer async for answer in cutter.cut(file.fileno())]
        except InvalidInput as refused:
            return refused.reason.value
    facts = answers[-1]
    return "frames, and why not all" if isinstance(facts, Facts) and facts.incomplete else "frames"


def main() -> None:
    """Prints the tables asked for."""
    parser = argparse.ArgumentParser(description="How right and how fast videos are cut.")
    parser.add_argument("--ffmpeg", default=shutil.which("ffmpeg"))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--only", choices=("times", "hostile", "speed", "memory"))
    parser.add_argument("--peak", type=Path, help=argparse.SUPPRESS)
    asked = parser.parse_args()
    av.logging.set_level(av.logging.PANIC)
    if asked.peak:
        peak(asked.peak)
        return
    parts: dict[str, Callable[[], object]] = {
        "times": times_table,
        "hostile": lambda: asyncio.run(hostile_table()),
        "speed": lambda: speed_table(asked.ffmpeg, asked.rounds, [each.path for each in clips()]),
        "memory": lambda: memory_table(data("video")),
    }
    for name, part in parts.items():
        if asked.only in (None, name):
            part()


if __name__ == "__main__":
    main()

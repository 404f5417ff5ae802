"""How fast videos are cut beside ffmpeg, and in how much memory; see `bench.frames`."""

from __future__ import annotations

import asyncio
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import av
from kioku_embedder.frames.cutter import Cutter
from kioku_embedder.frames.cutting import cut
from kioku_embedder.frames.plan import CutFrame, CutLimits, CutPlan

ALL = CutPlan(drop_identical=False)
LOOPED_SECONDS = 3600
Job = Callable[[list[Path], Path], int]


def by_cutter(at_once: int) -> Job:
    """Frames as files, by the cutter; each video in a child process, so many at once."""

    async def one(path: Path, out: Path, room: asyncio.Semaphore) -> int:
        count = 0
        async with room:
            with path.open("rb") as file:
                async for answer in Cutter(ALL, CutLimits()).cut(file.fileno()):
                    if isinstance(answer, CutFrame):
                        (out / f"{path.name}-{count:06d}.jpg").write_bytes(answer.jpeg)
                        count += 1
        return count

    async def run(files: list[Path], out: Path) -> int:
        room = asyncio.Semaphore(at_once)
        return sum(await asyncio.gather(*(one(path, out, room) for path in files)))

    return lambda files, out: asyncio.run(run(files, out))


def by_ffmpeg(program: str, *threads: str) -> Job:
    """The same job by ffmpeg's command line, a video after the other."""

    def run(files: list[Path], out: Path) -> int:
        shape = "fps=1,scale='min(1024,iw)':'min(1024,ih)':force_original_aspect_ratio=decrease"
        for path in files:
            command = [program, "-nostdin", "-v", "quiet", *threads, "-i", str(path)]
            target = f"{out}/{path.name}-%06d.jpg"
            subprocess.run([*command, "-vf", shape, "-q:v", "2", target], check=False)
        return len(list(out.iterdir()))

    return run


def speed_table(program: str | None, rounds: int, clips: list[Path]) -> None:
    """Frames a second of the cutter and of ffmpeg, the same files in turns."""
    if program is None:
        print("\nSpeed: skipped, there is no ffmpeg; name one by --ffmpeg.")
        return
    ways = {
        "cutter, a video at a time": by_cutter(1),
        "cutter, a video a core, as the worker does": by_cutter(len(os.sched_getaffinity(0))),
        "ffmpeg": by_ffmpeg(program),
        "ffmpeg, one thread": by_ffmpeg(program, "-threads", "1"),
    }
    files = [path for path in clips if path.name != "audio_only.mp4"]
    timed(by_cutter(1), files[:1])  # the fork server is there from now on
    print("\n| files | way | frames | seconds (median) | CPU-seconds | frames/s | ffmpeg = 1 |")
    print("|---|---|---:|---:|---:|---:|---:|")
    long = [path for path in files if path.name.startswith("long_")]
    sets = {"all but the long one": sorted({*files} - {*long}), "the long one": long}
    for name, some in sets.items():
        results: dict[str, list[tuple[float, float, int]]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, job in ways.items():
                results[way].append(timed(job, some))
        base = statistics.median(wall for wall, _, _ in results["ffmpeg"])
        for way, runs in results.items():
            wall = statistics.median(run[0] for run in runs)
            cpu = statistics.median(run[1] for run in runs)
            print(
                f"| {name} | {way} | {runs[0][2]} | {wall:.2f} | {cpu:.2f} "
                f"| {runs[0][2] / wall:.1f} | {base / wall:.2f} |"
            )


def timed(job: Job, files: list[Path]) -> tuple[float, float, int]:
    """Wall seconds, CPU seconds of everything started, and frames of one round."""
    started, cpu = time.perf_counter(), cpu_of_all()
    with tempfile.TemporaryDirectory(prefix="kioku-bench-") as folder:
        count = job(files, Path(folder))
    return time.perf_counter() - started, cpu_of_all() - cpu, count


def cpu_of_all() -> float:
    """CPU seconds of this process, its children, and those of the fork server."""
    own = resource.getrusage(resource.RUSAGE_SELF)
    gone = resource.getrusage(resource.RUSAGE_CHILDREN)
    return own.ru_utime + own.ru_stime + gone.ru_utime + gone.ru_stime + fork_server_cpu()


def fork_server_cpu() -> float:
    """CPU seconds of the children that the fork server has waited for."""
    from multiprocessing.forkserver import _forkserver  # noqa: PLC0415 - private, for the bench

    pid = getattr(_forkserver, "_forkserver_pid", None)
    if pid is None:
        return 0.0
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf("SC_CLK_TCK")


def memory_table(folder: Path) -> None:
    """Peaks of a process that cuts a long video."""
    print("\n| video | frames | peak after a tenth, MiB | at the end, MiB | seconds |")
    print("|---|---:|---:|---:|---:|")
    with tempfile.TemporaryDirectory(prefix="kioku-bench-") as made:
        hour = looped(folder / "people_one_by_one_139s.mp4", Path(made) / "hour.mp4")
        for path in (folder / "long_6min_1080p.mp4", hour):
            command = [sys.executable, "-m", "bench.frames", "--peak", str(path)]
            answer = subprocess.run(command, capture_output=True, text=True, check=True)
            print(f"| {path.name} | {answer.stdout.strip()} |")


def looped(source: Path, target: Path) -> Path:
    """An hour of the same clip, its packets copied."""
    with av.open(str(target), "w") as container:
        with av.open(str(source)) as first:
            stream = container.add_stream_from_template(first.streams.video[0])
            length = first.streams.video[0].duration or 0
            unit = first.streams.video[0].time_base or 1
        turns = int(LOOPED_SECONDS / (length * unit)) + 1
        for turn in range(turns):
            with av.open(str(source)) as again:
                for packet in again.demux(video=0):
                    if packet.size and packet.pts is not None and packet.dts is not None:
                        packet.pts += turn * length
                        packet.dts += turn * length
                        packet.stream = stream
                        container.mux(packet)
    return target


def peak(path: Path) -> None:
    """Cuts `path` here and prints one row of the memory table."""
    started, count, tenth = time.perf_counter(), 0, 0.0
    with av.open(str(path)) as container:
        seconds = (container.duration or 0) / 1e6
    with path.open("rb") as file:
        for frame in cut(file.fileno(), ALL, CutLimits(), lambda: None):
            count += 1
            if not tenth and frame.time_ms > seconds * 100:
                tenth = high_water()
    print(f"{count} | {tenth:.0f} | {high_water():.0f} | {time.perf_counter() - started:.1f}")


def high_water() -> float:
    """Largest resident size of this process so far, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

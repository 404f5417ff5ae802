"""Every hostile picture of the collection has one verdict, and no decoder crash reaches us.

`badinput_verdicts.json` is the golden list: `accepted`, or the reason. A new Pillow that changes
a verdict turns this red; look at the picture, then change the list.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.images import DecodePool, ImageLimits
from kioku_rt.images.refusal import check_bytes
from kioku_rt.images.worker import DecodeWorker
from kioku_rt.reasons import Reason

GOLDEN = Path(__file__).with_name("badinput_verdicts.json")
LIMITS = ImageLimits(max_bytes=25 * 2**20)
ACCEPTED = "accepted"


@dataclass
class Run:
    """What happened when one child was given every file."""

    verdicts: dict[str, str] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    children: set[int | None] = field(default_factory=set)
    growth: float = 0.0


def files_of(folder: Path) -> list[Path]:
    """The pictures and would-be pictures of the collection."""
    found = [*folder.glob("images/**/*"), *folder.glob("generated/*")]
    return sorted(path for path in found if path.is_file() and path.suffix != ".py")


def verdict(worker: DecodeWorker, data: bytes) -> str:
    """`accepted` or the reason."""
    try:
        check_bytes(data, LIMITS)
        worker.decode(data)
    except InvalidInput as refused:
        return str(refused.reason)
    return ACCEPTED


def peak_megabytes(pid: int | None) -> float:
    """The largest resident size a process ever had."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) / 1024


@pytest.fixture(scope="module")
def run(badinput: Path) -> Run:
    """One child, all files, one after another."""
    worker, result = DecodeWorker(LIMITS), Run()
    worker.launch()
    worker.wait_ready()
    before = peak_megabytes(worker.pid())
    for path in files_of(badinput):
        name, begin = str(path.relative_to(badinput)), time.perf_counter()
        result.verdicts[name] = verdict(worker, path.read_bytes())
        result.seconds[name] = time.perf_counter() - begin
        result.children.add(worker.pid())
    result.growth = peak_megabytes(worker.pid()) - before
    worker.discard()
    return result


def test_every_file_has_its_verdict(run: Run) -> None:
    """Accepted or refused for the reason that is on the list, no file more, no file less."""
    golden = json.loads(GOLDEN.read_text())
    changed = {
        name: (golden.get(name), run.verdicts.get(name))
        for name in golden.keys() | run.verdicts.keys()
        if golden.get(name) != run.verdicts.get(name)
    }
    counts = Counter(run.verdicts.values())
    print(f"\n{len(run.verdicts)} files: " + ", ".join(f"{n} {r}" for r, n in counts.most_common()))
    assert {} == changed


def test_no_decoder_dies_or_fails_in_an_unknown_way(run: Run) -> None:
    """One child saw them all and lives; each refusal has a reason of its own."""
    assert 1 == len(run.children)
    assert [] == [n for n, r in run.verdicts.items() if r == Reason.IMAGE_DECODER_FAILED]


def test_memory_and_time_stay_bounded(run: Run) -> None:
    """At most 200 MB above an idle child, and far from the time limit."""
    slowest = sorted(run.seconds, key=run.seconds.__getitem__)[-3:]
    worst = ", ".join(f"{name} {run.seconds[name]:.2f} s" for name in reversed(slowest))
    print(f"\npeak resident growth {run.growth:.0f} MB; slowest: {worst}")
    assert run.growth <= 200
    assert max(run.seconds.values()) < LIMITS.decode_seconds


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("generated/zero_byte.jpg", "IMAGE_EMPTY"),
        ("generated/one_byte.png", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/magic_only.jpg", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/text_as.jpg", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/svg_ssrf.svg", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/hls_as.mp4", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/eps_as.png", "IMAGE_UNSUPPORTED_FORMAT"),
        ("generated/wrong_ext_png.jpg", ACCEPTED),
        ("generated/jpeg_truncated_half.jpg", "IMAGE_TRUNCATED"),
        ("generated/jpeg_no_eoi.jpg", "IMAGE_TRUNCATED"),
        ("generated/png_bomb_20000x20000_1bit.png", "IMAGE_TOO_MANY_PIXELS"),
        ("generated/webp_16383x16383.webp", "IMAGE_TOO_MANY_PIXELS"),
        ("generated/tiff_100000x100000.tif", "IMAGE_TOO_MANY_PIXELS"),
        ("generated/png_header_lies_2e31.png", "IMAGE_TOO_MANY_PIXELS"),
        ("images/bombs/17000x17000.avif", "IMAGE_TOO_MANY_PIXELS"),
        ("generated/dim_1x20000.png", "IMAGE_TOO_MANY_PIXELS"),
        ("generated/gif_2000_frames.gif", "IMAGE_TOO_MANY_FRAMES"),
        ("generated/png_zero_dims.png", "IMAGE_ZERO_SIZE"),
        ("images/bombs/zero_width.gif", "IMAGE_ZERO_SIZE"),
        ("generated/tiff_ifd_self_loop.tif", ACCEPTED),
        ("generated/png_idat_bomb_10x10.png", ACCEPTED),
        ("generated/exif_date_feb30.jpg", ACCEPTED),
        ("generated/poly_jpeg_zip.jpg", ACCEPTED),
        ("images/polyglot_svg/looks-like-svg.webp", ACCEPTED),
        ("images/modes/sample-xyb.jpg", ACCEPTED),
    ],
)
def test_verdicts_that_were_decided_by_hand(run: Run, name: str, expected: str) -> None:
    """The golden list is a record; these are the promise."""
    assert expected == run.verdicts[name]


async def test_good_pictures_among_hostile_ones_are_read(badinput: Path) -> None:
    """A batch of everything at once gives what each file gives alone."""
    golden = json.loads(GOLDEN.read_text())
    names = sorted(golden)[::7]
    pool = DecodePool(2, LIMITS)
    ends = await asyncio.gather(
        *(pool.decode((badinput / name).read_bytes()) for name in names), return_exceptions=True
    )
    pool.close()
    seen = [str(e.reason) if isinstance(e, InvalidInput) else ACCEPTED for e in ends]
    assert [golden[name] for name in names] == seen


WATCHED = """
import sys
from pathlib import Path
from kioku_rt.errors import InvalidInput
from kioku_rt.images import ImageLimits, decode

folder, watching = Path(sys.argv[1]), False
files = {p: p.read_bytes() for p in map(Path, sys.stdin.read().splitlines())}

def watch(event, arguments):
    if watching and event.split(".")[0] in {"open", "socket", "subprocess", "os", "shutil"}:
        target = str(arguments[0]) if arguments else ""
        if not target.startswith((sys.prefix, sys.base_prefix)):  # modules loaded late
            print(event, target)

sys.addaudithook(watch)
watching = True
for data in files.values():
    try:
        decode(data, ImageLimits(max_bytes=25 * 2**20))
    except InvalidInput:
        pass
watching = False
"""


def test_no_picture_opens_a_file_or_a_connection(badinput: Path) -> None:
    """SVG links, playlists and text chunks that name files are never followed."""
    listed = "\n".join(map(str, files_of(badinput)))
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, str(badinput)],
        input=listed.encode(),
        capture_output=True,
        timeout=120,
        check=True,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
    )
    assert "" == done.stdout.decode()

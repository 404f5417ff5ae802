"""Reading pages: how long it takes, how many characters are wrong, and what photographs give.

`KIOKU_EVAL_DATA=… python -m bench.reading [--views clean photo] [--ndl] [--photos 100]`

Truth: the runs of `$KIOKU_EVAL_DATA/vlm/rendered`, in any order; what is compared is NFKC without
spaces. The character error rate is Levenshtein's distance by the truth's length: each run is
compared with the stretch of what was read that is nearest to it, so that the order of blocks does
not count; what was read beside the truth is counted apart. The plain pass that times and errors are
compared with is one of tesserocr: `jpn`, PSM AUTO, the same pixels, in this process, its model
loaded. CPU seconds are those of the reader's children.

NDL's pages have the text of another reader (NDLOCR-Lite, which says itself that it errs): that is
agreement, not accuracy.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import time
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np
import psutil
from kioku_vlm.page import Document, PageFlag
from kioku_vlm.reading import ReaderOptions, open_reader
from kioku_vlm.reading.tessdata import find_tessdata
from kioku_vlm.reading.tesseract_reader import TesseractReader
from PIL import Image
from rapidfuzz import fuzz
from rapidfuzz.distance import Levenshtein
from tesserocr import PSM, PyTessBaseAPI

VIEWS = {"clean": ".png", "photo": ".photo.jpg"}


@dataclass(frozen=True)
class Sample:
    """A page, and the texts that are on it."""

    name: str
    data: bytes
    truth: list[str]


@dataclass(frozen=True)
class Outcome:
    """What was read of a page, and what it took.

    Attributes:
        seconds: until it was there.
        cpu: seconds of all children; 0 where several pages were in work.
    """

    text: str
    seconds: float
    cpu: float
    document: Document


def folder() -> Path:
    """Of the evaluation data, whether it is there or not."""
    return Path(os.environ.get("KIOKU_EVAL_DATA", "")) / "vlm"


def rendered(view: str) -> Iterator[Sample]:
    """The rendered pages in a view."""
    for path in sorted((folder() / "rendered").glob("*.json")):
        runs = json.loads(path.read_text("utf-8"))["runs"]
        data = path.with_name(path.stem + VIEWS[view]).read_bytes()
        yield Sample(path.stem, data, [folded(run["text"]) for run in runs])


def ndl() -> Iterator[Sample]:
    """NDL's pages with the text of their reader."""
    for path in sorted((folder() / "ndlocr_lite").glob("*.xml")):
        (picture,) = (one for one in path.parent.glob(f"{path.stem}.*") if one != path)
        lines = ET.parse(path).iter("LINE")
        yield Sample(
            path.stem, picture.read_bytes(), [folded(one.get("STRING", "")) for one in lines]
        )


def folded(text: str) -> str:
    """NFKC without spaces."""
    return "".join(unicodedata.normalize("NFKC", text).split())


def errors(truth: Sequence[str], read: str) -> tuple[int, int]:
    """Wrong characters of the truth, and how many characters it has.

    A run is compared with the stretch of what was read that is likest; never with more than itself.
    """
    wrong = 0
    for run in truth:
        found = fuzz.partial_ratio_alignment(run, read)
        start, end = (found.dest_start, found.dest_end) if found else (0, 0)
        if len(read) < len(run):
            start, end = 0, len(read)
        wrong += min(len(run), Levenshtein.distance(run, read[start:end]))
    return wrong, sum(map(len, truth))


async def read_one(reader: TesseractReader, sample: Sample) -> Outcome:
    """One page, with its time and CPU."""
    before, begun = cpu_seconds(reader), time.perf_counter()
    document = await reader.read(sample.data)
    seconds = time.perf_counter() - begun
    text = folded("".join(line.text for page in document.pages for line in page.lines))
    return Outcome(text, seconds, cpu_seconds(reader) - before, document)


def cpu_seconds(reader: TesseractReader) -> float:
    """Of the children until now."""
    times = [psutil.Process(pid).cpu_times() for pid in reader.pids()]
    return float(sum(each.user + each.system for each in times))


class Plain:
    """One pass of Tesseract, as a program of ten lines has it."""

    def __init__(self) -> None:
        self._api = PyTessBaseAPI(path=str(find_tessdata()), lang="jpn", psm=PSM.AUTO)

    def read(self, data: bytes) -> tuple[str, float]:
        """The text, and seconds of this process's CPU with decoding."""
        begun = time.process_time()
        self._api.SetImage(Image.open(io.BytesIO(data)).convert("RGB"))
        return folded(self._api.GetUTF8Text()), time.process_time() - begun


async def compare(title: str, samples: list[Sample], truth: str) -> None:
    """Print times and errors of one process, and the plain pass beside them."""
    plain = Plain()
    plain.read(samples[0].data)
    async with open_reader(ReaderOptions(processes=1)) as reader:
        await reader.read(samples[0].data)
        ours = [await read_one(reader, sample) for sample in samples]
    passes = [plain.read(sample.data) for sample in samples]
    print(f"{title}: {len(samples)} pages, {truth}")
    for sample, mine, (text, _) in zip(samples, ours, passes, strict=True):
        rate, other = _rate(sample.truth, mine.text), _rate(sample.truth, text)
        flags = [flag for page in mine.document.pages for flag in page.flags]
        print(f"  {sample.name[:28]:28} error {rate:6.1%}, plain {other:6.1%}", *flags)
    _print_totals(samples, ours, passes)


def _rate(truth: Sequence[str], read: str) -> float:
    wrong, length = errors(truth, read)
    return wrong / max(1, length)


def _print_totals(
    samples: list[Sample], ours: list[Outcome], passes: list[tuple[str, float]]
) -> None:
    for name, texts in (
        ("ours", [one.text for one in ours]),
        ("plain", [one for one, _ in passes]),
    ):
        counts = [errors(sample.truth, text) for sample, text in zip(samples, texts, strict=True)]
        wrong, length = (sum(each) for each in zip(*counts, strict=True))
        more = sum(map(len, texts)) / length
        print(f"  {name:6} wrong {wrong}/{length} ({wrong / length:.1%}), read {more:.2f} of it")
    cpu, others = [one.cpu for one in ours], [seconds for _, seconds in passes]
    ratio = sum(cpu) / sum(others)
    print(f"  seconds a page: {_spread([one.seconds for one in ours])}")
    print(f"  CPU a page: {_spread(cpu)}; plain: {_spread(others)}; ratio {ratio:.2f}")


def _spread(values: Iterable[float]) -> str:
    array = np.array(list(values))
    return f"mean {array.mean():.2f}, p95 {np.percentile(array, 95):.2f}"


async def at_once(samples: list[Sample]) -> None:
    """Print pages a second of all processes."""
    async with open_reader() as reader:
        await asyncio.gather(*(reader.read(sample.data) for sample in samples[:4]))
        begun = time.perf_counter()
        await asyncio.gather(*(reader.read(sample.data) for sample in samples * 2))
        rate = 2 * len(samples) / (time.perf_counter() - begun)
        print(f"all {len(reader.pids())} processes: {rate:.2f} pages a second")


async def photographs(count: int) -> None:
    """Print of how many photographs anything is read, and how long that takes."""
    paths = sorted((folder().parent / "photos").rglob("*.jpg"))
    paths = paths[:: max(1, len(paths) // count)][:count]
    if not paths:
        print("photographs: skipped, $KIOKU_EVAL_DATA/photos is not here")
        return
    async with open_reader(ReaderOptions(processes=1)) as reader:
        outcomes = [
            await read_one(reader, Sample(path.stem, path.read_bytes(), [])) for path in paths
        ]
    flags = [flag for one in outcomes for flag in one.document.pages[0].flags]
    lines = [one for one in outcomes if one.document.pages[0].lines]
    hidden, cpu = flags.count(PageFlag.HIDDEN_TEXT), _spread(one.cpu for one in outcomes)
    print(f"photographs: {len(paths)}, with lines {len(lines)}, hidden text {hidden}")
    print(f"  CPU each: {cpu}")
    for one in lines:
        print("  ", one.text[:60])


async def measure(chosen: argparse.Namespace) -> None:
    """All that was asked for."""
    if not folder().is_dir():
        print("skipped: $KIOKU_EVAL_DATA/vlm is not here")
        return
    for view in chosen.views:
        samples = list(rendered(view))
        await compare(f"rendered, {view}", samples, "against the text that was drawn")
        await at_once(samples)
    if chosen.ndl:
        await compare("NDL", list(ndl()), "against another reader's text")
    if chosen.photos:
        await photographs(chosen.photos)


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--views", nargs="*", choices=list(VIEWS), default=list(VIEWS))
    arguments.add_argument("--ndl", action="store_true")
    arguments.add_argument("--photos", type=int, default=0)
    asyncio.run(measure(arguments.parse_args()))

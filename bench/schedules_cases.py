"""Documents to be judged: drawn ones, and the rendered ones of the evaluation data."""

from __future__ import annotations

import io
import itertools
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

from kioku_scenes.documents import Degrade, Half, degrade, designs
from kioku_scenes.documents.degrade import View
from kioku_scenes.documents.design import SEEDS
from kioku_vlm.page import Box, Document, Line, Page
from kioku_vlm.schedule_facts import Circumstances, Entry, Evidence, Kind, Value
from PIL import Image

from bench.schedules_readers import read_perfectly
from bench.schedules_truth import Truth, truths_of

DATA = "KIOKU_EVAL_DATA"


@dataclass(frozen=True)
class Case:
    """A document to be judged.

    Attributes:
        name: of the document.
        files: its pages as a file each, PNG or JPEG.
        perfect: what a reader without faults would read.
        truths: what it announces.
        circumstances: of the request.
    """

    name: str
    files: tuple[bytes, ...]
    perfect: Document
    truths: tuple[Truth, ...]
    circumstances: Circumstances


class DataMissing(LookupError):
    """The evaluation data is not on this machine."""


def drawn_cases(half: Half, how: Degrade, only: str = "") -> Iterator[Case]:
    """The drawn documents of a half, seen in one way; those alone whose name has some letters."""
    for design, seed in itertools.product(designs(half), SEEDS):
        if only in f"{design.name}-{seed}":
            yield _drawn_case(degrade(design.draw(seed), how), how)


def _drawn_case(view: View, how: Degrade) -> Case:
    return Case(
        view.document.name,
        tuple(_encoded(sheet.image, how) for sheet in view.sheets),
        read_perfectly(view),
        truths_of(view),
        circumstances_of(view),
    )


def circumstances_of(view: View) -> Circumstances:
    """What the request says beside the picture."""
    document = view.document
    return Circumstances(document.reference, zone=document.zone, locale=document.locale)


def rendered_cases(how: Degrade) -> Iterator[Case]:
    """The seven rendered documents, clean or as photos; a photo's boxes are known to nobody.

    Raises:
        DataMissing: `KIOKU_EVAL_DATA` is unset or has no such folder.
    """
    folder = Path(os.environ.get(DATA, "")) / "vlm" / "rendered"
    if DATA not in os.environ or not folder.is_dir():
        raise DataMissing(f"set {DATA} to the folder of the evaluation data (vlm/rendered in it)")
    suffix = ".photo.jpg" if how == Degrade.PHOTO else ".png"
    for path in sorted(folder.glob("*.json")):
        told = json.loads(path.read_text(encoding="utf-8"))
        file = path.with_name(path.stem + suffix).read_bytes()
        yield Case(
            path.stem, (file,), _rendered_page(told),
            _rendered_truths(told, boxes=how == Degrade.CLEAN),
            Circumstances(date.fromisoformat(told["reference_date"]), zone=told["events"][0]["tz"]),
        )  # fmt: skip


def _encoded(image: Image.Image, how: Degrade) -> bytes:
    held = io.BytesIO()
    kind = "JPEG" if how in {Degrade.SCAN, Degrade.PHOTO} else "PNG"
    image.save(held, kind, quality=92) if kind == "JPEG" else image.save(held, kind)
    return held.getvalue()


def _rendered_page(told: dict[str, Any]) -> Document:
    width, height = told["size"]
    lines = tuple(_rendered_line(run, width, height, at) for at, run in enumerate(told["runs"]))
    hidden = tuple(line for line, run in zip(lines, told["runs"], strict=True) if _is_hidden(run))
    shown = tuple(line for line in lines if line not in hidden)
    return Document((Page(1, width, height, shown, hidden=hidden),), told["lang"])


def _is_hidden(run: dict[str, Any]) -> bool:
    return bool(run["field"] == "injection_low_contrast")


def _rendered_line(run: dict[str, Any], width: int, height: int, block: int) -> Line:
    """A run whose characters share its box, a Latin one half as long as another."""
    text = " ".join(run["text"].split())
    left, top, right, bottom = run["bbox"]
    start, end = (top, bottom) if run["vertical"] else (left, right)
    lengths = [0.55 if one.isascii() else 1.0 for one in text]
    at, boxes = float(start), []
    for length in lengths:
        step = (end - start) * length / sum(lengths)
        box = (left, at, right, at + step) if run["vertical"] else (at, top, at + step, bottom)
        boxes.append(_box(box, width, height))
        at += step
    return Line(text, tuple(boxes), 1.0, run["vertical"], block)


def _box(corners: tuple[float, float, float, float], width: int, height: int) -> Box:
    left, top, right, bottom = corners
    return Box(left / width, top / height, (right - left) / width, (bottom - top) / height)


def _rendered_truths(told: dict[str, Any], *, boxes: bool) -> tuple[Truth, ...]:
    return tuple(
        Truth(_rendered_entry(told, number, event, boxes=boxes))
        for number, event in enumerate(told["events"])
    )


def _rendered_entry(
    told: dict[str, Any], number: int, event: dict[str, Any], *, boxes: bool
) -> Entry:
    def value(text: str | None, *fields: str) -> Value | None:
        if not text:
            return None
        names = {f"events.{number}.{field}" for field in fields}
        runs = [run for run in told["runs"] if run["field"] in names] if boxes else []
        evidence = tuple(Evidence(1, _box(run["bbox"], *told["size"]), run["text"]) for run in runs)
        return Value(text, "", 1.0, evidence=evidence)

    left_out = [datetime.fromisoformat(one).date() for one in event["exdate"] or ()]
    note = value(event["notes"], "notes")
    return Entry(
        kind=Kind(event["kind"].upper()),
        title=value(event["title"], "title"),
        start=value(event["start"], "date"),
        end=value(event["end"], "date", "time"),
        rrule=value(event["rrule"], "date"),
        exdates=tuple(Value(day.isoformat(), "", 1.0) for day in left_out),
        place=value(event["place"], "place"),
        notes=(note,) if note else (),
    )

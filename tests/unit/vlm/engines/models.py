"""A model that says what a test wants, and what is needed around one."""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

import numpy as np
from kioku_rt.images import DecodedImage, ImageLimits, decode
from kioku_vlm import rules
from kioku_vlm.engines.observer import ANSWERED
from kioku_vlm.engines.question import Question, Reply, Size
from kioku_vlm.observing.ports import Picture
from kioku_vlm.schedule_facts import Circumstances, Schedule
from PIL import Image


def picture(width: int = 320, height: int = 400, seed: int = 0) -> Picture:
    """Noise as a PNG."""
    pixels = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return Picture(stream.getvalue(), "image/png")


class InlineDecoder:
    """The real decoder, in this process."""

    async def decode(self, data: bytes) -> DecodedImage:
        return decode(data, ImageLimits(long_edge=4096))


class RulesReader:
    """The real rules behind the port of an extractor."""

    model_version = "kioku-rules@1"
    prompt_version = schema_version = ""

    async def extract(self, _pictures, document, circumstances: Circumstances) -> Schedule:
        return rules.announce(document, circumstances)


@dataclass
class ScriptedModel:
    """Says one thing after another, then the last one again; an exception is raised."""

    says: list[object]
    version: str = "scripted@1"
    size: Callable[[int, int], tuple[Size, ...]] = lambda width, height: ((width, height),)
    asked: list[Question] = field(default_factory=list)

    def sizes(self, width: int, height: int) -> tuple[Size, ...]:
        return self.size(width, height)

    async def ask(self, question: Question) -> Reply:
        said = self.says[min(len(self.asked), len(self.says) - 1)]
        self.asked.append(question)
        if isinstance(said, Exception):
            raise said
        if isinstance(said, Reply):
            return said
        text = said if isinstance(said, str) else json.dumps(said, ensure_ascii=False)
        return Reply(text, whole=True, tokens=11, seconds=0.5)


@dataclass
class Tally:
    """Remembers what an observer was told."""

    outcomes: list[tuple[str, str, int]] = field(default_factory=list)

    def answered(self, task: str, outcome: str, _seconds: float, tokens: int) -> None:
        self.outcomes.append((task, outcome, tokens))

    @property
    def good(self) -> int:
        return sum(outcome == ANSWERED for _, outcome, _ in self.outcomes)


def words(text: str | None, at: int = 0) -> dict[str, object] | None:
    """A string as a model gives it."""
    return None if text is None else {"text": text, "line": at}


def entry(
    title: str | None = None,
    date: str | None = None,
    time: str | None = None,
    place: str | None = None,
    notes: Iterable[str] = (),
    kind: str = "EVENT",
    line: int = 0,
) -> dict[str, object]:
    """An entry as a model gives it."""
    return {
        "kind": kind,
        "title": words(title, line),
        "date": words(date, line),
        "time": words(time, line),
        "place": words(place, line),
        "notes": [words(note) for note in notes],
    }

"""Whoever describes people may fail or lie; what comes out can be stored, or nothing does."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_vlm.engines.failure import AnswerUnusable, ModelDown
from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.observing.describing import (
    MOST_PEOPLE,
    MOST_TEXT,
    Describing,
    sound_people,
)
from kioku_vlm.observing.ports import Picture
from kioku_vlm.page import Box, Document, Page

SOMEBODY = SeenPerson(1, Box(0.125, 0.25, 0.25, 0.5), "a child with a hat", 0.5)
PICTURES = [Picture(b"picture")]


def pages(turned: int = 0) -> Document:
    """One page without a word."""
    return Document((Page(1, 400, 300, (), turned),))


class Eyes:
    """Implements `Describer`: says what it is told, or fails."""

    model_version, prompt_version = "eyes@1", "p1"

    def __init__(self, *people: SeenPerson, failure: Exception | None = None) -> None:
        self.languages: list[str] = []
        self._people = people
        self._failure = failure

    async def describe(
        self, _pictures: Sequence[Picture], _document: Document, language: str
    ) -> tuple[SeenPerson, ...]:
        self.languages.append(language)
        if self._failure is not None:
            raise self._failure
        return self._people


async def test_people_are_described_in_the_language_of_the_deployment() -> None:
    """With a describer; without one there is nobody."""
    eyes = Eyes(SOMEBODY)
    assert (SOMEBODY,) == await Describing(eyes, "en").people(PICTURES, pages())
    assert ["en"] == eyes.languages
    assert () == await Describing(None, "en").people(PICTURES, pages())


@pytest.mark.parametrize(
    "failure", [ModelDown(), AnswerUnusable("no"), KiokuError(Reason.OVERLOADED)]
)
async def test_a_failure_is_no_answer(failure: Exception) -> None:
    """Not an empty one: what an earlier reading saw still holds."""
    assert await Describing(Eyes(failure=failure), "ja").people(PICTURES, pages()) is None


async def test_a_bug_is_no_failure() -> None:
    """It is not hidden."""
    with pytest.raises(ZeroDivisionError):
        await Describing(Eyes(failure=ZeroDivisionError()), "ja").people(PICTURES, pages())


@pytest.mark.parametrize(
    "lie",
    [
        SeenPerson(1, Box(math.nan, 0.2, 0.3, 0.4), "nowhere", 0.5),
        SeenPerson(1, Box(0.1, 0.2, math.inf, 0.4), "everywhere", 0.5),
        SeenPerson(1, Box(1.2, 0.2, 0.3, 0.4), "outside", 0.5),
        SeenPerson(1, Box(0.1, 0.2, 0.0, 0.4), "without extent", 0.5),
        SeenPerson(1, Box(0.1, 0.2, -0.3, 0.4), "the wrong way round", 0.5),
        SeenPerson(0, SOMEBODY.box, "on no page", 0.5),
        SeenPerson(1, SOMEBODY.box, " \x00 ", 0.5),
    ],
)
def test_what_cannot_be_is_left_out(lie: SeenPerson) -> None:
    """The others stay."""
    assert (SOMEBODY,) == sound_people([lie, SOMEBODY], {})


def test_the_rest_is_cut_to_what_rows_can_hold() -> None:
    """Boxes end with the page, texts and lists at their limits, confidences at 0 and 1."""
    large = SeenPerson(1, Box(-0.5, 0.5, 1.0, 2.0), "a\x00b\ud800" + "c" * MOST_TEXT, 7.0)
    [one, two] = sound_people([large, SeenPerson(1, SOMEBODY.box, "x", math.nan)], {})
    assert (Box(0.0, 0.5, 0.5, 0.5), 1.0) == (one.box, one.confidence)
    assert "ab" + "c" * (MOST_TEXT - 2) == one.description
    assert 0.0 == two.confidence
    assert MOST_PEOPLE == len(sound_people([SOMEBODY] * (MOST_PEOPLE + 1), {}))


@pytest.mark.parametrize("turned", [0, 90, 180, 270])
async def test_boxes_are_those_of_the_picture_before_it_was_turned(turned: int) -> None:
    """There `face` finds faces; the page is turned as models see it (`engines.viewing`)."""
    picture = np.zeros((8, 16), bool)
    picture[2:6, 2:6] = True  # SOMEBODY.box
    person = replace(SOMEBODY, box=box_in(np.rot90(picture, -(turned // 90))))
    seen = await Describing(Eyes(person), "ja").people(PICTURES, pages(turned))
    assert (SOMEBODY,) == seen


def box_in(pixels: Any) -> Box:
    """Around those that are set, in parts."""
    rows, columns = np.nonzero(pixels)
    height, width = pixels.shape
    across, down = columns.max() + 1 - columns.min(), rows.max() + 1 - rows.min()
    return Box(columns.min() / width, rows.min() / height, across / width, down / height)

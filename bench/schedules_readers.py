"""Readers of drawn documents: one that reads every character rightly, and the service's own."""

from __future__ import annotations

import asyncio
import importlib
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from kioku_scenes.documents.degrade import View
from kioku_scenes.documents.frame import Frame, hull
from kioku_scenes.documents.page import Run
from kioku_vlm.page import Box, Document, Line, Page, PageFlag

if TYPE_CHECKING:
    from bench.schedules_cases import Case

Read = Callable[["Case"], Document]
TESSERACT = "kioku_vlm.reading:open_reader"


@contextmanager
def open_reader(name: str) -> Iterator[Read]:
    """A reader by name: `perfect`, `tesseract`, or `module:factory`.

    The factory gives an asynchronous context of what has an asynchronous `read(data)`.
    """
    if name == "perfect":
        yield lambda case: case.perfect
        return
    module, _, attribute = (TESSERACT if name == "tesseract" else name).partition(":")
    context: Any = getattr(importlib.import_module(module), attribute)()
    with asyncio.Runner() as runner:
        reader = runner.run(context.__aenter__())
        try:
            yield lambda case: runner.run(_read(reader, case))
        finally:
            runner.run(context.__aexit__(None, None, None))


async def _read(reader: Any, case: Case) -> Document:
    """All pages of a case as one document; each is a file of its own."""
    parts = [await reader.read(data) for data in case.files]
    pages = [page for part in parts for page in part.pages]
    numbered = tuple(replace(page, number=number) for number, page in enumerate(pages, 1))
    return Document(numbered, next((part.language for part in parts if part.language), ""))


def read_perfectly(view: View) -> Document:
    """What is written, from the runs that were drawn: nothing misread, nothing left out.

    Runs that a person would hardly see are among a page's `hidden` lines. A page that is turned is
    read upright.
    """
    upright = view.upright()
    pages = []
    for number, sheet in enumerate(upright.sheets, 1):
        width, height = sheet.image.size
        shown = [run for run in sheet.runs if not run.hidden]
        hidden = [run for run in sheet.runs if run.hidden]
        pages.append(
            Page(
                number=number, width=width, height=height,
                lines=tuple(line_of(run, width, height) for run in shown),
                turned=(360 - view.turned) % 360,
                flags=_flags(shown, hidden),
                hidden=tuple(line_of(run, width, height) for run in hidden),
            )
        )  # fmt: skip
    return Document(tuple(pages), view.document.language)


def line_of(run: Run, width: int, height: int) -> Line:
    """A drawn run as a line that was read: NFC, stretches of spaces are one."""
    text: list[str] = []
    frames: list[Frame] = []
    for letter, frame in zip(run.letters, run.frames, strict=True):
        if letter.character.isspace() and text and text[-1] == " ":
            frames[-1] = hull((frames[-1], frame))
            continue
        for character in unicodedata.normalize("NFC", letter.character):
            text.append(" " if character.isspace() else character)
            frames.append(frame)
    boxes = tuple(box_of(frame, width, height) for frame in frames)
    return Line("".join(text), boxes, 1.0, run.vertical, run.block)


def box_of(frame: Frame, width: int, height: int) -> Box:
    """Pixels as parts of the page."""
    return Box(frame.left / width, frame.top / height, frame.width / width, frame.height / height)


def _flags(shown: list[Run], hidden: list[Run]) -> tuple[PageFlag, ...]:
    flags = () if shown or hidden else (PageFlag.BLANK, PageFlag.NO_TEXT)
    return (*flags, PageFlag.HIDDEN_TEXT) if hidden else flags

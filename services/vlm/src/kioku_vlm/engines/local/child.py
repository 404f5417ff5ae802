"""The process that holds the weights: it answers one question after another, and may die.

It answers with a JSON header, and leaves the text in the file of the link. No pickle comes out.
"""

from __future__ import annotations

import ctypes
import json
import signal
import socket
import sys
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from kioku_rt.images.child import READY
from kioku_rt.images.link import Link
from kioku_rt.reasons import Reason

from kioku_vlm.engines.local.checkpoint import Family
from kioku_vlm.engines.local.parcel import unpacked

if TYPE_CHECKING:
    from kioku_vlm.engines.local.generating import Generator

ASKED: Final = b"?"
_PR_SET_PDEATHSIG = 1
_MOST_SAID = 300


@dataclass(frozen=True)
class Recipe:
    """What the child needs to know.

    Attributes:
        folder: of the checkpoint, opened by the service before.
        family: how pictures get in.
        device, precision, threads: see `generating.Hardware`.
        seconds: for one answer; no token is begun after them.
    """

    folder: Path
    family: Family
    device: str
    precision: str
    threads: int
    seconds: float


def serve(theirs: socket.socket, recipe: Recipe) -> None:
    """Loads the weights, then answers until the other end closes."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    link = Link.accept(theirs)
    try:
        generator = _loaded(recipe)
    except Exception as error:  # noqa: BLE001 - what a loader raises has no one base
        sys.stderr.write(traceback.format_exc())
        words = f"{type(error).__name__}: {error}"[:_MOST_SAID]
        link.send(json.dumps({"unusable": words}).encode())
        return
    link.send(READY)
    while message := link.receive():
        if message == ASKED:
            link.send(READY)
        else:
            link.send(json.dumps(_answer(link, int(message), recipe, generator)).encode())


def _loaded(recipe: Recipe) -> Generator:
    # Here, not above: the service imports this module for its names, and must not import torch.
    from kioku_vlm.engines.local.generating import Generator, Hardware  # noqa: PLC0415

    hardware = Hardware(recipe.device, recipe.precision, recipe.threads)
    return Generator(recipe.folder, recipe.family, hardware)


def _answer(link: Link, size: int, recipe: Recipe, generator: Generator) -> dict[str, Any]:
    """The header of one answer; its text lies in the file then."""
    try:
        question = unpacked(link.take(size))
        said = generator.answer(
            question.text,
            question.views,
            question.schema,
            most_tokens=question.most_tokens,
            seconds=recipe.seconds,
        )
    except Exception as error:  # noqa: BLE001 - what a model raises has no one base
        sys.stderr.write(traceback.format_exc())
        memory = isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryError"
        return {"failed": Reason.ENGINE_OUT_OF_MEMORY if memory else Reason.INTERNAL}
    text = said.text.encode("utf-8", "replace")
    link.put(text)
    return {"bytes": len(text), "whole": said.whole, "tokens": said.tokens}

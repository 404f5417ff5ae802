"""Promise: the port behind which a model lives; nothing here knows torch."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from kioku_embedder.preprocessing import Pixels

Matrix = npt.NDArray[np.float32]


class EngineBroken(Exception):
    """The engine will not work again in this process: weights unreadable, device lost."""


class EngineOutOfMemory(Exception):
    """This batch does not fit into the device's memory; a smaller one may."""


@dataclass(frozen=True)
class TextMatrix:
    """Vectors of texts, (n, dimension) float32, and whether each text had to be cut."""

    vectors: Matrix
    truncated: tuple[bool, ...]


@dataclass(frozen=True)
class LabelScale:
    """How a model turns the cosine of a picture and a text into a score.

    Args:
        scale, bias: the logit is `scale * cosine + bias`.
        exclusive: whether the scores are a softmax over the labels given (CLIP) or a sigmoid of
            each logit for itself (SigLIP).
    """

    scale: float
    bias: float
    exclusive: bool


class Engine(Protocol):
    """A model with two towers. Called from one thread only; blocks.

    Vectors come back as the model gives them, neither checked nor normalised. Besides the errors
    named here a method may raise anything for a batch that holds a bad item; the same call without
    that item must then work.
    """

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        ...

    @property
    def memory_bytes(self) -> int:
        """Bytes that the weights and their buffers hold, measured on loading; 0 while unloaded."""
        ...

    def load(self) -> None:
        """Brings the weights into memory; does nothing the second time.

        Raises:
            EngineBroken: they cannot be read.
        """
        ...

    def unload(self) -> None:
        """Gives their memory back to the machine; `load` brings them again."""
        ...

    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        """Vectors (n, dimension) of n preprocessed pictures, (height, width, 3) uint8 each.

        Raises:
            EngineOutOfMemory, EngineBroken.
        """
        ...

    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """Vectors (n, dimension) of n clean texts.

        Raises:
            EngineOutOfMemory, EngineBroken.
        """
        ...

    def label_scale(self) -> LabelScale:
        """How its cosines become label scores; from any thread, loaded or not.

        Raises:
            ValueError: the checkpoint has learnt none.
        """
        ...

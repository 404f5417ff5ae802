"""Promise: the ports behind which faces are found; nothing here knows onnxruntime or OpenCV."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt
from kioku_rt.space import Space

from kioku_face.face import FoundFace

Pixels = npt.NDArray[np.uint8]


class FaceEngine(Protocol):
    """A pack that is loaded. Blocks; may be called from several threads at once."""

    @property
    def pack(self) -> str:
        """The pack, as `name@version`."""
        ...

    @property
    def space(self) -> Space:
        """The space of its vectors: kind `face`, cosine, length one."""
        ...

    def find(self, picture: Pixels) -> list[FoundFace]:
        """The faces of a picture, from the largest to the smallest.

        Args:
            picture: uint8 of shape (height, width, 3), RGB, upright.

        Raises:
            KiokuError: MODEL_OUTPUT_INVALID.
        """
        ...


@dataclass(frozen=True)
class Found:
    """The faces of a file.

    Args:
        faces: from the largest to the smallest.
        width, height: of the upright picture before it was made smaller, pixels.
        decode_ms: milliseconds of decoding, without waiting for a decoder.
        detect_ms: milliseconds of finding faces, without waiting for a thread.
    """

    faces: tuple[FoundFace, ...]
    width: int
    height: int
    decode_ms: float
    detect_ms: float


class FaceFinder(Protocol):
    """From a picture's file to its faces, off the event loop; `EnginePool` is the real one."""

    @property
    def pack(self) -> str:
        """The pack, as `name@version`."""
        ...

    @property
    def space(self) -> Space:
        """The space of every vector."""
        ...

    async def faces_in(self, data: bytes, *, urgent: bool = False) -> Found:
        """The faces of a picture's file.

        Args:
            data: JPEG, PNG, WebP, HEIC, … as uploaded.
            urgent: somebody waits; goes ahead of whatever is not urgent.

        Raises:
            InvalidInput: with one of the IMAGE_* reasons.
            KiokuError: OVERLOADED (with the time to come back), MODEL_UNAVAILABLE,
                MODEL_OUTPUT_INVALID or DEADLINE_EXCEEDED.
            DependencyDown: no decoder can be started.
        """
        ...

    async def ping(self) -> None:
        """Tells whether pictures are taken in.

        Raises:
            DependencyDown: they are not.
        """
        ...

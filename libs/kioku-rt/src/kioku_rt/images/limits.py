"""How much of a picture we read: checked from its header, before any pixel is decoded."""

from __future__ import annotations

from dataclasses import dataclass

MIB = 2**20


@dataclass(frozen=True)
class ImageLimits:
    """The bounds of one decode. `architecture/images.md` says why each number is what it is.

    Args:
        max_bytes: of the encoded picture; 16 MiB is what an rpc carries, uploads allow more.
        max_pixels: width x height as declared by the header.
        max_side: longest side as declared; phone panoramas end at 16,382.
        max_frames: of an animation or a multi-page file; only the first is ever decoded.
        long_edge: longest side of the decoded picture; smaller pictures are not enlarged.
        needed_side: side of the square that the picture is squashed or cut to in the end (a model's
            geometry); lets far more of a large picture be skipped. None: the long edge decides.
        decode_seconds: wall and CPU time of one decode in a child process.
        memory_bytes: address space one decode may add to a child process.
    """

    max_bytes: int = 16 * MIB
    max_pixels: int = 50_000_000
    max_side: int = 16_384
    max_frames: int = 1_000
    long_edge: int = 1_024
    needed_side: int | None = None
    decode_seconds: float = 5.0
    memory_bytes: int = 1_024 * MIB

"""What a decoder child says is read with suspicion."""

from __future__ import annotations

import json

import numpy as np
import pytest
from kioku_rt.errors import InvalidInput
from kioku_rt.images import DecodedImage
from kioku_rt.images.link import Link
from kioku_rt.images.worker import ChildGone, read_answer
from kioku_rt.reasons import Reason

PIXELS = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
HEADER = {
    "shape": [2, 4, 3],
    "dtype": "|u1",
    "content_type": "image/png",
    "original_size": [4, 2],
}


def said(message: bytes = b"", left: bytes = b"") -> DecodedImage:
    """What the parent makes of a child's message and what it left in the file."""
    ours, theirs = Link.pair()
    child = Link.accept(theirs)
    try:
        child.put(left)
        return read_answer(message, ours)
    finally:
        ours.close()
        child.close()


def test_an_answer_becomes_a_picture() -> None:
    """Shape, type and size are those of the header."""
    decoded = said(json.dumps(HEADER).encode(), PIXELS.tobytes())
    assert (PIXELS == decoded.pixels).all()
    assert (4, 2) == decoded.original_size


def test_a_refusal_is_raised_here() -> None:
    """Reason, sentence and metadata survive the way."""
    header = {"reason": "IMAGE_TOO_LARGE", "message": "Too large.", "metadata": {"limit": "1"}}
    with pytest.raises(InvalidInput) as refused:
        said(json.dumps(header).encode())
    assert (Reason.IMAGE_TOO_LARGE, "Too large.", {"limit": "1"}) == (
        refused.value.reason,
        refused.value.message,
        refused.value.metadata,
    )


@pytest.mark.parametrize(
    "said_and_left",
    [
        (),
        (b"no json",),
        (b"\xff\xfe",),
        (b"[]",),
        (b"7",),
        (json.dumps({"reason": "NO_SUCH_REASON"}).encode(),),
        (json.dumps(HEADER).encode(),),
        (json.dumps(HEADER).encode(), b"short"),
        (json.dumps({**HEADER, "dtype": "O"}).encode(), bytes(192)),
        (json.dumps({**HEADER, "shape": [2**20, 2**20, 2**20]}).encode(), PIXELS.tobytes()),
        (json.dumps({**HEADER, "shape": [2**14, 2**14, 3]}).encode(), PIXELS.tobytes()),
        (json.dumps({**HEADER, "dtype": "no"}).encode(), bytes(24)),
        (json.dumps({**HEADER, "shape": [-1, 5]}).encode(), PIXELS.tobytes()),
        (json.dumps({**HEADER, "original_size": [1]}).encode(), PIXELS.tobytes()),
        (json.dumps({"dtype": "|u1"}).encode(), PIXELS.tobytes()),
    ],
)
def test_nonsense_counts_as_a_dead_child(said_and_left: tuple[bytes, ...]) -> None:
    """A child that was taken over can lie about its picture, not break its parent."""
    with pytest.raises((OSError, EOFError)):
        said(*said_and_left)


@pytest.mark.parametrize(
    ("exitcode", "expired", "reason", "innocent"),
    [
        (-11, False, Reason.IMAGE_DECODER_FAILED, False),
        (1, False, Reason.IMAGE_DECODER_FAILED, False),
        (None, False, Reason.IMAGE_DECODER_FAILED, False),
        (-24, False, Reason.IMAGE_DECODE_TIMEOUT, False),
        (-9, True, Reason.IMAGE_DECODE_TIMEOUT, False),
        (-9, False, Reason.IMAGE_DECODER_FAILED, True),
        (-15, False, Reason.IMAGE_DECODER_FAILED, True),
        (255, False, Reason.IMAGE_DECODER_FAILED, True),
    ],
)
def test_how_a_child_ended_decides_what_its_picture_hears(
    exitcode: int | None, expired: bool, reason: Reason, innocent: bool
) -> None:
    """A crash, too much time, or somebody else's signal."""
    gone = ChildGone(exitcode, expired=expired)
    assert (reason, innocent) == (gone.refusal().reason, gone.innocent)

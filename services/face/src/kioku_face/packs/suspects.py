"""Promise: a picture that ended two children does not end a third.

A child may be killed for what is no fault of its picture: then the picture is worth another try.
But one that brings its child down each time would be tried for ever, for an engine that is away
costs an event no attempt.
"""

from __future__ import annotations

from collections import deque
from hashlib import sha256

from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason

_REMEMBERED = 256


class ChildLost(KiokuError):
    """The child that had the picture is gone; another try may help."""

    def __init__(self) -> None:
        super().__init__(Reason.MODEL_UNAVAILABLE, retry_after=1.0)


class Suspects:
    """The pictures of this process's life that lost a child lately, by SHA-256 of their bytes."""

    def __init__(self) -> None:
        self._digests: deque[bytes] = deque(maxlen=_REMEMBERED)

    def verdict(self, data: bytes, lost: ChildLost) -> KiokuError:
        """What the sender of a picture hears whose child is gone: the loss, or at the second
        time IMAGE_DECODER_FAILED."""
        digest = sha256(data).digest()
        if digest in self._digests:
            return InvalidInput(Reason.IMAGE_DECODER_FAILED)
        self._digests.append(digest)
        return lost

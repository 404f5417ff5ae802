"""Promise: what the decoder is spared changes no picture that is looked at.

Two things are left out: pictures that no other refers to, by the decoder itself, and everything
between the last picture wanted so far and the key picture from which the next one decodes.
"""

from __future__ import annotations

import numpy as np
from av.packet import Packet
from av.video.stream import VideoStream

from kioku_embedder.frames.timeline import Timeline, Times

_NEVER = np.iinfo(np.int64).max
_BEFORE_ALL = np.iinfo(np.int64).min


class Skipper:
    """Says which packets the decoder need not see; for exact timelines only.

    Args:
        timeline: of the stream.
        wanted: times of the pictures that will be looked at, sorted.
    """

    def __init__(self, timeline: Timeline, wanted: Times) -> None:
        self._wanted = [int(time) for time in wanted]
        self._looked_at = frozenset(self._wanted)
        self._keys = [*_keys_of(timeline.keys, wanted), _NEVER]
        self._fed: set[int] = set()
        self._done = 0
        self._latest_key = _BEFORE_ALL
        self._resume_at: int | None = None
        self.floor = _BEFORE_ALL
        """Pictures shown before this one cannot be decoded any more."""

    @property
    def finished(self) -> bool:
        """Whether everything wanted has been fed."""
        return self._done == len(self._wanted)

    def passes_over(self, packet: Packet[VideoStream]) -> bool:
        """Whether the decoder need not see `packet` at all."""
        at = packet.pts
        if at is None:
            return False
        if self._resume_at is None:
            return at < self.floor
        if not packet.is_keyframe or at != self._resume_at:
            return True
        self.floor, self._resume_at = at, None
        return False

    def feeds(self, packet: Packet[VideoStream]) -> bool:
        """Notes that `packet` is decoded next; whether its own picture is looked at."""
        at = packet.pts
        if at is None:
            return True
        if packet.is_keyframe:
            self._latest_key = max(self._latest_key, at)
        if at in self._looked_at:
            self._fed.add(at)
        while self._done < len(self._wanted) and self._wanted[self._done] in self._fed:
            self._fed.discard(self._wanted[self._done])
            self._done += 1
        return at in self._looked_at

    def rests(self) -> bool:
        """Whether the decoder can be emptied until the next key picture needed; begins it."""
        key = self._keys[self._done]
        if self._fed or key <= self._latest_key:
            return False
        self._resume_at = key
        return True


def _keys_of(keys: Times, wanted: Times) -> list[int]:
    """The key picture from which each of `wanted` decodes; before all where there is none."""
    places = np.searchsorted(keys, wanted, side="right") - 1
    return [int(keys[place]) if place >= 0 else _BEFORE_ALL for place in places]

"""Pictures that people wait for are admitted by what they cost."""

from __future__ import annotations

from contextlib import ExitStack

import numpy as np
import pytest
from kioku_embedder.load import Load
from kioku_embedder.originals import Originals
from kioku_embedder.waiting import Priority
from kioku_rt.errors import KiokuError
from kioku_rt.images import DecodedImage
from kioku_rt.reasons import Reason


def refused_after(load: Load, weight: float) -> float | None:
    """The time to come back when `weight` finds no room."""
    with pytest.raises(KiokuError) as caught, load.carry(weight):
        pass
    assert Reason.OVERLOADED == caught.value.reason
    return caught.value.retry_after


def test_many_light_or_few_heavy_pictures_fit() -> None:
    """A hundred thumbnails where six photos find no room for a seventh."""
    load = Load(100.0, 2)
    with ExitStack() as held:
        for _ in range(100):
            held.enter_context(load.carry(0.5))
    with ExitStack() as held:
        for _ in range(6):
            held.enter_context(load.carry(15.0))
        assert refused_after(load, 15.0) is not None
        held.enter_context(load.carry(10.0))
        assert 1.0 == load.fullness
    assert 0.0 == load.fullness


def test_the_heaviest_picture_is_carried_alone() -> None:
    """No picture within the limits is refused by an idle service."""
    load = Load(10.0, 2)
    with load.carry(66.0):
        refused_after(load, 0.1)


def test_the_time_to_come_back_is_learnt() -> None:
    """A slow machine asks for more patience than a fast one, within bounds."""
    slow, fast = Load(10.0, 1), Load(10.0, 1)
    for _ in range(50):
        slow.learn(10.0, 5.0)
        fast.learn(10.0, 0.01)
    waits = []
    for load in (slow, fast):
        with load.carry(10.0):
            waits.append(refused_after(load, 10.0))
    assert [pytest.approx(5.0, rel=0.05), 0.1] == waits


class SlowDecoder:
    """Says that a picture took half a second."""

    async def decode(self, data: bytes) -> DecodedImage:
        """One black pixel."""
        return DecodedImage(np.zeros((1, 1, 3), np.uint8), "image/png", (1, len(data)), 0.5)


class Nobody:
    """Observes nothing."""

    def decoded(self, priority: Priority, seconds: float) -> None:
        """Nothing."""

    def answered(self, *_: object) -> None:
        """Nothing."""


@pytest.mark.parametrize("priority", list(Priority))
async def test_decoding_and_waiting_are_told_apart(priority: Priority) -> None:
    """The decoder's own time is decoding; the rest until the pixels are there is waiting."""
    originals = Originals(SlowDecoder(), decoders=1, observer=Nobody())

    async def source() -> bytes:
        return b"bytes"

    prepared = await originals.pixels(source, priority)
    assert (0.5, 0.0) == (prepared.seconds, prepared.waited)

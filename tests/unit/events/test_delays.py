"""Delays grow, are spread, and end early when asked to."""

from __future__ import annotations

import asyncio

import pytest
from kioku_rt.events import CONSUMERS, Topology
from kioku_rt.events.delays import RETRY_DELAYS, retry_delay, sleep_unless
from kioku_rt.events.outage import Outage


@pytest.mark.parametrize("attempt", [1, 2, 3, 4, 5])
def test_retry_delays_grow_and_stay_within_a_fifth(attempt):
    """1, 5, 30, 60 and 120 seconds, give or take 20 %, never all the same."""
    drawn = [retry_delay(attempt) for _ in range(200)]
    assert min(drawn) >= 0.8 * RETRY_DELAYS[attempt - 1]
    assert max(drawn) <= 1.2 * RETRY_DELAYS[attempt - 1]
    assert len(set(drawn)) > 100


def test_a_short_list_of_delays_repeats_its_last():
    """Tests may shrink the list."""
    assert 0.8 <= retry_delay(5, (1.0,)) <= 1.2


async def test_sleep_says_whether_it_was_cut():
    """True after the whole time, False at the stop."""
    stop = asyncio.Event()
    assert True is await sleep_unless(stop, 0.01)
    stop.set()
    assert False is await sleep_unless(stop, 9)


async def test_one_prober_asks_for_everybody():
    """Five waiters, one probe at a time, all released by the first good answer."""
    answers = [False, False, True]
    asked: list[int] = []

    async def probe() -> bool:
        asked.append(1)
        return answers[len(asked) - 1]

    outage = Outage(probe, delays=(0.01,))
    stop = asyncio.Event()
    async with asyncio.timeout(2):
        await asyncio.gather(*(outage.wait("x", stop) for _ in range(5)))
    assert 3 == len(asked)
    assert not outage.on


@pytest.mark.parametrize(
    ("subject", "stream"),
    [
        ("asset.uploaded", "KIOKU"),
        ("user.decided.v1", "KIOKU"),
        ("dlq.asset.uploaded", "DLQ"),
        ("asset", None),
        ("asset.", None),
        ("assets.uploaded", None),
    ],
)
def test_a_subject_belongs_to_the_stream_that_captures_it(subject, stream):
    """The same rule as the server's wildcards."""
    found = Topology().stream_of(subject)
    assert stream == (found.name if found else None)


def test_every_declared_consumer_reads_what_its_stream_captures():
    """No consumer waits for a subject that nobody stores."""
    topology = Topology()
    for spec in CONSUMERS.values():
        for subject in spec.subjects:
            stream = topology.stream_of(subject)
            assert stream is not None
            assert spec.stream == stream.name

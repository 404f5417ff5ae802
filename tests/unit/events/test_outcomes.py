"""What a handler's exception means, without a server."""

from __future__ import annotations

import asyncio

import pytest
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.events import Ack, Dead, Event, Retry, Wait
from kioku_rt.events.attempt import attempt, outcome_of
from kioku_rt.reasons import CATALOGUE, Reason

EVENT = Event("id", "asset.uploaded", b"", 1, {}, 1)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_catalogue_decides_between_retry_and_dead(reason):
    """A reason that trying again can cure is a Retry, any other is Dead."""
    expected = Retry if CATALOGUE[reason].retryable else Dead
    assert expected is type(outcome_of(KiokuError(reason)))


def test_an_outage_waits_and_a_refusal_is_dead_with_its_own_words():
    """DependencyDown names what to wait for; InvalidInput keeps its sentence."""
    assert Wait("object store") == outcome_of(DependencyDown("object store"))
    refused = InvalidInput(Reason.IMAGE_TRUNCATED, "It ends after 3 rows.")
    assert Dead(Reason.IMAGE_TRUNCATED, "It ends after 3 rows.") == outcome_of(refused)


async def test_a_bug_does_not_tell_its_text():
    """The exception's text stays in the log."""

    async def handler(_):
        raise ValueError("postgres://u:secret@h/db")

    outcome = await attempt(handler, EVENT, seconds=1, consumer="c")
    assert Retry(Reason.INTERNAL, CATALOGUE[Reason.INTERNAL].meaning) == outcome


async def test_a_timeout_of_the_handler_s_own_is_a_bug():
    """Only the worker's limit is DEADLINE_EXCEEDED; a stray TimeoutError is not."""

    async def strays(_):
        raise TimeoutError

    async def hangs(_):
        await asyncio.sleep(9)
        return Ack()

    stray = await attempt(strays, EVENT, seconds=1, consumer="c")
    hung = await attempt(hangs, EVENT, seconds=0.05, consumer="c")
    assert Reason.INTERNAL == stray.reason
    assert Reason.DEADLINE_EXCEEDED == hung.reason

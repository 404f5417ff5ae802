"""What becomes of a webhook call, by how it was answered."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from kioku_rt.reasons import Reason
from kioku_vlm.notifying.delivery import (
    DELAYS,
    Answer,
    Delivery,
    DeliveryRules,
    DeliveryState,
    Verdict,
    judged,
)

RULES = DeliveryRules()


def attempt(number: int) -> Delivery:
    return Delivery(uuid.uuid4(), "ann", uuid.uuid4(), 1, number, {})


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_any_success_confirms(status: int) -> None:
    assert judged(attempt(1), Answer(status), RULES, 0.5) == Verdict(DeliveryState.DELIVERED)


@pytest.mark.parametrize("status", [301, 302, 307, 400, 401, 403, 404, 410, 422])
def test_an_answer_that_will_not_change_ends_it(status: int) -> None:
    """A redirect too: whoever answers must not send us elsewhere."""
    verdict = judged(attempt(1), Answer(status), RULES, 0.5)
    assert verdict == Verdict(DeliveryState.FAILED, reason=Reason.WEBHOOK_REFUSED)


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_trouble_is_tried_again(status: int) -> None:
    verdict = judged(attempt(1), Answer(status), RULES, 0.0)
    assert verdict.state is DeliveryState.PENDING
    assert verdict.again == timedelta(seconds=DELAYS[0])


def test_silence_is_tried_again_with_its_reason() -> None:
    answer = Answer(0, reason=Reason.WEBHOOK_TIMEOUT)
    assert judged(attempt(1), answer, RULES, 0.0).reason is Reason.WEBHOOK_TIMEOUT


def test_delays_grow_and_end() -> None:
    """Nine attempts over a day and a little; the ninth failure is the last."""
    waits = [judged(attempt(n), Answer(500), RULES, 0.0).again for n in range(1, len(DELAYS) + 1)]
    assert waits == [timedelta(seconds=delay) for delay in DELAYS]
    assert sorted(DELAYS) == list(DELAYS)
    assert timedelta(hours=24) < sum(filter(None, waits), timedelta()) < timedelta(hours=30)
    last = judged(attempt(len(DELAYS) + 1), Answer(500), RULES, 0.0)
    assert last == Verdict(DeliveryState.FAILED, reason=Reason.WEBHOOK_REFUSED)


def test_luck_spreads_attempts() -> None:
    early, late = (judged(attempt(1), Answer(500), RULES, luck).again for luck in (0.0, 1.0))
    assert early == timedelta(seconds=5)
    assert late == timedelta(seconds=6)


@pytest.mark.parametrize(("asked", "waited"), [(1.0, 5.0), (600.0, 600.0), (1e9, 86_400.0)])
def test_the_receiver_may_ask_to_wait_but_not_for_ever(asked: float, waited: float) -> None:
    verdict = judged(attempt(1), Answer(503, retry_after=asked), RULES, 0.0)
    assert verdict.again == timedelta(seconds=waited)

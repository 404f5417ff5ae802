"""A local model in its own process: whatever happens there hits one question."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_vlm.engines.checking import answered
from kioku_vlm.engines.failure import AnswerUnusable, EngineUnusable, ModelDown
from kioku_vlm.engines.local.checkpoint import open_checkpoint
from kioku_vlm.engines.local.child import Recipe
from kioku_vlm.engines.local.local_model import LocalModel
from kioku_vlm.engines.local.parcel import packed, unpacked
from kioku_vlm.engines.local.worker import ModelWorker
from kioku_vlm.engines.question import Question

from tests.unit.vlm.engines.test_constrained_decoding import TIGHT

PIXELS = np.random.default_rng(0).integers(0, 255, (56, 84, 3), dtype=np.uint8)
QUESTION = Question("日時?", TIGHT, 300, (PIXELS,))


def _model(
    folder: Path, *, seconds: float = 60.0, grace: float = 60.0, queue: int = 4
) -> LocalModel:
    checkpoint = open_checkpoint(folder, most_pixels=30_000)
    recipe = Recipe(checkpoint.folder, checkpoint.family, "cpu", "float32", 1, seconds)
    worker = ModelWorker(recipe, start_seconds=120, grace_seconds=grace)
    return LocalModel(checkpoint, worker, queue_limit=queue)


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def model(tiny: Callable[[str], Path]) -> AsyncIterator[LocalModel]:
    """A loaded one."""
    loaded = _model(tiny("qwen2.5"))
    await loaded.start()
    yield loaded
    await loaded.aclose()


@pytest.mark.asyncio(loop_scope="module")
async def test_it_answers_within_the_schema_and_the_service_imports_no_torch(
    model: LocalModel,
) -> None:
    answer, reply = await answered(model, QUESTION)
    assert set(answer) == {"entries"}
    assert reply.whole
    assert reply.tokens > 3
    assert reply.seconds > 0
    names = "kioku_vlm.engines.opening"
    heavy = {"torch", "transformers", "llguidance"}
    code = f"import sys, {names}; assert not {heavy} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.asyncio(loop_scope="module")
async def test_a_question_it_cannot_take_is_unusable_and_the_child_lives_on(
    model: LocalModel,
) -> None:
    pid = model.pid()
    impossible = Question("?", {"type": "string", "format": "no-such-format"}, 10)
    with pytest.raises(AnswerUnusable):
        await model.ask(impossible)
    await answered(model, QUESTION)
    assert model.pid() == pid


@pytest.mark.asyncio(loop_scope="module")
async def test_a_killed_child_costs_one_question_and_has_a_successor(model: LocalModel) -> None:
    pid = model.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)  # so that the question is under way when it dies
    asked = asyncio.create_task(model.ask(QUESTION))
    await asyncio.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    with pytest.raises(ModelDown):
        await asked
    answer, _ = await answered(model, QUESTION)
    assert set(answer) == {"entries"}
    assert model.pid() != pid


@pytest.mark.asyncio(loop_scope="module")
async def test_more_questions_than_it_may_have_in_hand_are_refused_and_it_is_not_dead(
    model: LocalModel,
) -> None:
    results = await asyncio.gather(*(model.ask(QUESTION) for _ in range(6)), return_exceptions=True)
    refused = [one for one in results if isinstance(one, KiokuError)]
    assert [one.reason for one in refused] == [Reason.OVERLOADED] * 2
    assert not any(isinstance(one, ModelDown) for one in results)


async def test_a_hung_child_is_ended_and_the_loop_goes_on_meanwhile(
    tiny: Callable[[str], Path],
) -> None:
    hung = _model(tiny("writer"), seconds=0.1, grace=0.3)
    await hung.start()
    pid = hung.pid()
    assert pid is not None
    os.kill(pid, signal.SIGSTOP)
    asked = asyncio.create_task(hung.ask(Question("?", TIGHT, 10)))
    turns = 0
    while not asked.done():
        turns += 1
        await asyncio.sleep(0.01)
    with pytest.raises(ModelDown):
        await asked
    assert turns > 3
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await hung.aclose()


async def test_weights_that_do_not_load_are_told_in_one_sentence(
    tiny: Callable[[str], Path], tmp_path: Path
) -> None:
    broken = shutil.copytree(tiny("writer"), tmp_path / "broken")
    (broken / "model.safetensors").write_bytes(b"\x00" * 64)
    model = _model(broken)
    with pytest.raises(EngineUnusable, match="broken does not load"):
        await model.start()
    await model.aclose()


async def test_a_closed_model_answers_nobody(tiny: Callable[[str], Path]) -> None:
    model = _model(tiny("writer"))
    await model.aclose()
    with pytest.raises(ModelDown):
        await model.ask(QUESTION)


def test_a_question_crosses_over_as_it_is() -> None:
    there = unpacked(packed(QUESTION))
    assert (there.text, there.schema, there.most_tokens) == ("日時?", TIGHT, 300)
    np.testing.assert_array_equal(there.views[0], PIXELS)

"""Promise: a bad item fails alone; whatever shares its batch gets its vector.

A failing batch is run again in halves down to single items. A batch that does not fit into memory
is halved likewise.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import cast

import structlog
from kioku_rt.errors import InvalidInput, KiokuError
from kioku_rt.reasons import Reason
from kioku_rt.vectors import Vector, unit_vector

from kioku_embedder.answer import Embedded, Outcome
from kioku_embedder.engine import Engine, EngineBroken, EngineOutOfMemory
from kioku_embedder.preprocessing import Pixels
from kioku_embedder.waiting import Tower

_log = structlog.get_logger()


Payloads = Sequence[Pixels | str]


def run_isolated(
    engine: Engine,
    tower: Tower,
    payloads: Payloads,
    dimension: int,
    *,
    did_not_fit: Callable[[int], None],
) -> list[Outcome]:
    """One outcome per payload, in order.

    Args:
        engine, tower: what runs them.
        payloads: one batch.
        dimension: of a vector.
        did_not_fit: told the size of each batch for which there was no memory.

    Raises:
        EngineBroken: the engine will not work again.
    """
    try:
        return _run(engine, tower, payloads, dimension)
    except EngineBroken:
        raise
    except EngineOutOfMemory:
        did_not_fit(len(payloads))
        failure = KiokuError(Reason.ENGINE_OUT_OF_MEMORY)
    except Exception as error:  # noqa: BLE001 - a bad item may make a model raise anything
        _log.warning("pass_failed", tower=tower, items=len(payloads), error=repr(error))
        failure = KiokuError(Reason.INTERNAL, "The model failed on this item.")
    if len(payloads) == 1:
        return [failure]
    middle = len(payloads) // 2
    halves = (payloads[:middle], payloads[middle:])
    return [
        each
        for half in halves
        for each in run_isolated(engine, tower, half, dimension, did_not_fit=did_not_fit)
    ]


def _run(engine: Engine, tower: Tower, payloads: Payloads, dimension: int) -> list[Outcome]:
    if tower is Tower.IMAGE:
        rows = engine.images(cast("Sequence[Pixels]", payloads))
        return [_checked(row, False, dimension) for row in rows]
    matrix = engine.texts(cast("Sequence[str]", payloads))
    pairs = zip(matrix.vectors, matrix.truncated, strict=True)
    return [_checked(row, truncated, dimension) for row, truncated in pairs]


def _checked(row: Vector, truncated: bool, dimension: int) -> Outcome:
    """NaN, infinities and zero vectors are the model's failure, never an answer."""
    try:
        return Embedded(unit_vector(row, dimension), truncated)
    except InvalidInput as error:
        return KiokuError(Reason.MODEL_OUTPUT_INVALID, metadata={"fault": error.reason})

"""Promise: the engine that the settings ask for, proven close enough to float32, or a refusal.

The default precision is float32 by name, so that a fleet of unlike machines gives one space. With
`auto` each machine takes its fastest precision, and says so; a fleet that sets it must be alike.
"""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import Engine, EngineBroken
from kioku_embedder.engines.arithmetic import (
    AUTO,
    ONNXRUNTIME,
    TORCH,
    Arithmetic,
    EngineRefused,
    candidates,
)
from kioku_embedder.engines.opening import in_precision, open_engine
from kioku_embedder.engines.workshop import Workshop
from kioku_embedder.family import VISUAL

_REFERENCE = Arithmetic(TORCH, "float32")
_log = structlog.get_logger()


@dataclass(frozen=True)
class Chosen:
    """An engine, not loaded, with what is known of it.

    Args:
        checkpoint: with the precision, and so the space, of the engine.
        engine: behind the port.
        name: `torch`, `openvino` or `onnxruntime`.
        fidelity: lowest cosine to float32 torch over the probes; None where there is no reference.
    """

    checkpoint: Checkpoint
    engine: Engine
    name: str
    fidelity: float | None


def choose(workshop: Workshop, *, engine: str, precision: str, least: float) -> Chosen:
    """The fastest engine that the settings allow and that is close enough to float32; blocks.

    The first time this takes as long as an export and a few passes; afterwards nothing.

    Args:
        workshop: of the checkpoint.
        engine, precision: by name, or `auto`.
        least: fidelity below which an engine is refused.

    Raises:
        EngineRefused: with one sentence for the operator.
    """
    if workshop.checkpoint.family is VISUAL:
        return _visual(workshop)
    problems = []
    for how in candidates(engine, precision, workshop.device):
        try:
            measured = _fidelity(workshop, how)
        except (EngineBroken, OSError) as error:
            problems.append(str(error))
            _log.warning("engine_unavailable", engine=how.engine, error=str(error))
            continue
        if measured >= least:
            return _opened(workshop, how, measured, by_auto=precision == AUTO)
        problems.append(
            f"{how.engine} in {how.precision} agrees with float32 to a cosine of {measured:.5f} "
            f"only, below KIOKU_EMBEDDER_MIN_FIDELITY={least:g}."
        )
        _log.warning("engine_unfaithful", engine=how.engine, precision=how.precision)
    raise EngineRefused(" ".join(problems))


def _fidelity(workshop: Workshop, how: Arithmetic) -> float:
    """Float32 torch on the CPU is what the others are measured against."""
    if how == _REFERENCE and workshop.device == "cpu":
        return 1.0
    return workshop.fidelity(how)


def _opened(workshop: Workshop, how: Arithmetic, measured: float, *, by_auto: bool) -> Chosen:
    checkpoint = in_precision(workshop.checkpoint, how.precision)
    _log.info(
        "engine_chosen",
        engine=how.engine,
        precision=how.precision,
        fidelity=round(measured, 6),
        precision_by="auto" if by_auto else "setting",
        space_id=checkpoint.space.space_id,
    )
    engine = open_engine(workshop, how, device=workshop.device)
    return Chosen(checkpoint, engine, how.engine, measured)


def _visual(workshop: Workshop) -> Chosen:
    from kioku_embedder.engines.visual_engine import VisualEngine  # noqa: PLC0415

    engine = VisualEngine(workshop.checkpoint, threads=workshop.threads)
    return Chosen(workshop.checkpoint, engine, ONNXRUNTIME, None)

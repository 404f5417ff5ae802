"""Promise: a process knows who makes its vectors only by this: a backend and how it fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from kioku_rt.service import Ping, SideTask

from kioku_embedder.backend import Backend


@dataclass(frozen=True)
class ModelFacts:
    """What ListModels says of a model.

    Args:
        checkpoint: its name as configured.
        device: where it runs.
        engine: what runs it.
        fidelity: lowest cosine to the float32 reference; None where there is none.
        memory_bytes: what it holds now.
    """

    checkpoint: str
    device: str
    engine: str
    fidelity: float | None = None
    memory_bytes: int = 0


@dataclass(frozen=True)
class Making:
    """The backend of a process with what the process has to watch.

    Args:
        backend: makes the vectors.
        facts: of the model, as they are now.
        open_for_bulk: whether an event that had to wait may be tried again.
        pings: raise while nothing can be embedded at all.
        optional_pings: raise while something is amiss that only some calls feel.
        sides: side tasks whose death ends the process.
    """

    backend: Backend
    facts: Callable[[], ModelFacts]
    open_for_bulk: Callable[[], Awaitable[bool]]
    pings: Mapping[str, Ping]
    optional_pings: Mapping[str, Ping] = field(default_factory=dict)
    sides: Mapping[str, SideTask] = field(default_factory=dict)

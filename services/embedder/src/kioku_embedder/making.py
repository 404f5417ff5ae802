"""Promise: a process knows who makes its vectors only by this: a backend and how it fares."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from kioku_rt.service import Ping, SideTask

from kioku_embedder.backend import Backend


@dataclass(frozen=True)
class Making:
    """The backend of a process with what the process has to watch.

    Args:
        backend: makes the vectors.
        checkpoint: name of the model as configured, for ListModels.
        device: where it runs, for ListModels.
        open_for_bulk: whether an event that had to wait may be tried again.
        pings: raise while nothing can be embedded.
        optional_pings: raise while something is amiss that only some calls feel.
        sides: side tasks whose death ends the process.
    """

    backend: Backend
    checkpoint: str
    device: str
    open_for_bulk: Callable[[], Awaitable[bool]]
    pings: Mapping[str, Ping]
    optional_pings: Mapping[str, Ping] = field(default_factory=dict)
    sides: Mapping[str, SideTask] = field(default_factory=dict)

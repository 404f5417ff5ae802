"""Promise: what embedding one item can come to, in one type."""

from __future__ import annotations

from dataclasses import dataclass

from kioku_rt.errors import KiokuError
from kioku_rt.vectors import Vector


@dataclass(frozen=True)
class Embedded:
    """A vector of length one, and whether its text had to be cut."""

    vector: Vector
    truncated: bool = False


# A failure belongs to its item alone; it is raised where the item was submitted.
Outcome = Embedded | KiokuError


@dataclass(frozen=True)
class Answer:
    """An item's vector with the times (seconds) and the size of its batch."""

    embedded: Embedded
    queue_seconds: float
    inference_seconds: float
    batch_size: int

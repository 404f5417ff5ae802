"""What telling the app needs of the outside."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from kioku_vlm.notifying.delivery import Answer, Delivery, Verdict


class Deliveries(Protocol):
    """What is still to be told. Every method raises DependencyDown."""

    async def due(self, limit: int, lease_seconds: float) -> Sequence[Delivery]:
        """Deliveries whose time has come, each with one more attempt; nobody else gets them for so
        long, and then somebody does, unless they were settled."""

    async def settle(self, delivery: Delivery, answer: Answer, verdict: Verdict) -> None:
        """Note what became of an attempt."""


class Receiver(Protocol):
    """The app's address for webhooks."""

    async def tell(self, delivery: Delivery) -> Answer:
        """Make the call; whatever goes wrong is an answer, too."""

"""Promise: nobody pays a provider for a bulk run without having seen what it may cost.

The embedder itself stops at its approved budget; this asks before.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import grpc
from kioku.embedder.v1 import embedder_service_pb2 as pb
from kioku_rt.images import is_video

from kioku_cli.ingest.files import Medium, find
from kioku_cli.refusal import Refusal
from kioku_cli.session import Session

PRICE_NAME = "KIOKU_HOSTED_USD_PER_IMAGE"
SPECIFIED_USD = 0.0006
_HOSTED = frozenset({"replicate", "openai"})


@dataclass(frozen=True)
class Estimate:
    """What vectors of a provider's model are expected to cost.

    Args:
        pictures: how many; a failed one that is tried again is paid for again.
        videos: how many; what their frames will cost is not known before they are cut.
        usd_per_picture: price of one.
    """

    pictures: int
    videos: int
    usd_per_picture: float

    @property
    def usd(self) -> float:
        """The pictures' price."""
        return self.pictures * self.usd_per_picture

    def sentence(self) -> str:
        """For people."""
        text = f"{self.pictures} pictures at ${self.usd_per_picture:g} are ${self.usd:.4f}"
        more = f"; the frames of {self.videos} videos come on top" if self.videos else ""
        return f"{text}{more}."


def estimate_of(paths: Iterable[Path], usd_per_picture: float) -> Estimate:
    """Counts what begins like a picture or a video below the paths."""
    media = [found for found in find(paths) if isinstance(found, Medium)]
    videos = sum(is_video(medium.media_type) for medium in media)
    return Estimate(len(media) - videos, videos, usd_per_picture)


def price() -> float:
    """What one picture is taken to cost: as the embedder is told, by the same name.

    Raises:
        Refusal: the variable is no price.
    """
    try:
        usd = float(os.environ.get(PRICE_NAME, SPECIFIED_USD))
    except ValueError:
        usd = -1.0
    if not 0 <= usd < float("inf"):
        raise Refusal(f"{PRICE_NAME} must be a price in US dollars.", reason="USAGE")
    return usd


async def require_confirmation(session: Session, paths: Iterable[Path], *, confirmed: bool) -> None:
    """Returns unless the stack's vectors are a provider's and nobody has confirmed the price.

    An embedder that does not answer now meets its own budget later.

    Raises:
        Refusal: HOSTED_NOT_CONFIRMED, with the estimate.
    """
    if confirmed or not await _hosted(session):
        return
    raise Refusal(
        f"This stack's vectors are made by a provider. {estimate_of(paths, price()).sentence()} "
        "Run it again with --confirm.",
        reason="HOSTED_NOT_CONFIRMED",
    )


async def _hosted(session: Session) -> bool:
    try:
        answer = await session.embedder.ListModels(pb.ListModelsRequest())
    except grpc.aio.AioRpcError as error:
        if error.code() in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
            return False
        raise
    return any(model.default and model.engine in _HOSTED for model in answer.models)

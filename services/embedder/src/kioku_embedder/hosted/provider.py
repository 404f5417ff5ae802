"""Promise: the port behind which a provider's API lives."""

from __future__ import annotations

from typing import Any, Protocol

from kioku_embedder.hosted.failure import unusable

Row = list[float]


class Provider(Protocol):
    """One model of one provider. Rows come back as they were sent: neither checked nor normalised.

    Every method may raise what `hosted.failure` lists.
    """

    @property
    def takes_urls(self) -> bool:
        """Whether a picture may be an address to fetch it from; else it is always a data URI."""
        ...

    async def image(self, address: str) -> Row:
        """The components of a picture, given as a data URI or a URL."""
        ...

    async def text(self, text: str) -> Row:
        """The components of a text."""
        ...

    async def aclose(self) -> None:
        """Ends what is under way and closes the connections."""
        ...


def row_of(value: Any) -> Row:
    """A JSON array of numbers.

    Raises:
        KiokuError: HOSTED_FAILED.
    """
    if not isinstance(value, list) or not value or not all(type(x) in (int, float) for x in value):
        raise unusable("The hosted model's answer holds no vector.")
    try:
        return [float(x) for x in value]
    except OverflowError as error:
        raise unusable("The hosted model's answer holds no vector.") from error

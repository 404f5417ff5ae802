"""What a schedule is asked of: a file that goes along with the request, or an asset."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from pathlib import Path

from kioku.vlm.v1 import schedule_service_pb2 as messages

from kioku_cli.answers import read_image
from kioku_cli.refusal import UsageRefusal


@dataclass(frozen=True)
class Source:
    """A picture by its bytes, or by the asset that holds it.

    Attributes:
        name: of the file, or the asset's id.
        data: the file's bytes; empty: it is an asset.
    """

    name: str
    data: bytes = b""

    def request(self, wish: Wish, seconds: int) -> messages.ExtractScheduleRequest:
        """The message that asks for it."""
        request = messages.ExtractScheduleRequest(
            zone=wish.zone, locale=wish.locale, wait_seconds=seconds
        )
        if self.data:
            request.image = self.data
        else:
            request.asset_id = self.name
        return request


@dataclass(frozen=True)
class Wish:
    """How a picture is to be read, and for how many seconds its answer is waited for."""

    zone: str = ""
    locale: str = ""
    wait: int = 120


def source_of(word: str) -> Source:
    """The file of that name, else the asset with that id.

    Raises:
        UsageRefusal: it is neither, or the file is empty, unreadable or too large.
    """
    path = Path(word)
    if path.is_file():
        data = read_image(path)
        if not data:
            raise UsageRefusal(f"{path} is empty.")
        return Source(path.name, data)
    try:
        return Source(str(uuid.UUID(word)))
    except ValueError:
        raise UsageRefusal(f"{word} is neither a file nor the id of an asset.") from None

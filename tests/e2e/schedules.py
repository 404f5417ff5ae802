"""What an app does with schedules: uploads pages, asks what they announce, corrects, subscribes."""

from __future__ import annotations

import io
import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from kioku_scenes.documents import Half, designs

from tests.e2e.app import App

SECONDS = 150.0
ZONE = "Asia/Tokyo"
READY, FAILED = "OBSERVATION_STATE_READY", "OBSERVATION_STATE_FAILED"
_T = TypeVar("_T")


def page(name: str, seed: int = 0) -> bytes:
    """The first page of a drawn document."""
    (design,) = (one for one in designs(Half.DEVELOPMENT) if one.name == name)
    data = io.BytesIO()
    design.draw(seed).pages[0].image.save(data, "PNG")
    return data.getvalue()


def pages(count: int) -> Iterator[bytes]:
    """So many different pages."""
    names = [one.name for one in designs(Half.DEVELOPMENT)]
    for number in range(count):
        yield page(names[number % len(names)], number)


def eventually(look: Callable[[], _T], what: str, seconds: float = SECONDS) -> _T:
    """What `look` gives as soon as it is true. Raises TimeoutError."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(what)


class Schedules:
    """One user's schedules, over REST."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, path: str, **params: Any) -> Any:
        """The JSON of a GET that succeeds."""
        answer = self.app.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        """The JSON of a POST that succeeds."""
        answer = self.app.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def upload(self, data: bytes, name: str = "page.png") -> str:
        """The asset id of an uploaded page."""
        return self.app.upload(data, name, "image/png")

    def ask(self, asset_id: str, wait_seconds: int = 0) -> Any:
        """What an asset announces, as far as that is known."""
        return self.post(
            "/ai/schedule/from_image", asset_id=asset_id, zone=ZONE, wait_seconds=wait_seconds
        )

    def read(self, asset_id: str) -> Any:
        """What an asset announces, once that is known."""

        def look() -> Any:
            answer = self.ask(asset_id, wait_seconds=20)
            return answer if answer["status"] != "observation-pending" else None

        return eventually(look, f"{asset_id} is read")

    def observation(self, observation_id: str) -> Any:
        """The observation as it is."""
        return self.get(f"/v1/observations/{observation_id}")["observation"]

    def correct(self, entry: Any, **values: str) -> Any:
        """The entry after a person said otherwise."""
        path = f"/v1/observations/{entry['observation_id']}/entries/{entry['entry_id']}"
        answer = self.app.http.patch(
            path,
            params={"update_mask": ",".join(values)},
            json={field: {"value": value} for field, value in values.items()},
        )
        assert answer.status_code == 200, answer.text
        return answer.json()["entry"]

    def deliveries(self, observation_id: str) -> list[Any]:
        """The webhook calls of an observation."""
        found: list[Any] = self.get(f"/v1/observations/{observation_id}/deliveries")["deliveries"]
        return found

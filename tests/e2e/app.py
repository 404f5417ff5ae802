"""What an app does: REST through Envoy with a token, and the signed URLs it is given."""

from __future__ import annotations

import hashlib
import time
from pathlib import Path
from typing import Any

import httpx

from bench.stack import Stack


class App:
    """Calls REST as one user."""

    def __init__(self, stack: Stack, user: str) -> None:
        self.user = user
        self.base = stack.endpoint("rest")
        self.token = stack.token(user)
        self.http = httpx.Client(
            base_url=self.base, timeout=30, headers={"Authorization": f"Bearer {self.token}"}
        )

    def close(self) -> None:
        """Close the connections."""
        self.http.close()

    def post(self, path: str, body: dict[str, Any]) -> httpx.Response:
        """POST with a JSON body."""
        return self.http.post(path, json=body)

    def announce(self, data: bytes, name: str = "a.jpg", media: str = "image/jpeg") -> Any:
        """CreateUpload's answer."""
        body = {"filename": name, "content_type": media, "size_bytes": str(len(data))}
        body["sha256"] = hashlib.sha256(data).hexdigest()
        answer = self.post("/v1/assets:createUpload", body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def put(self, announced: Any, data: bytes) -> httpx.Response:
        """The PUT to the signed URL."""
        return httpx.put(
            announced["upload_url"], content=data, headers=announced["upload_headers"], timeout=30
        )

    def upload(self, path: Path | bytes, name: str = "a.jpg", media: str = "image/jpeg") -> str:
        """Upload one picture or video; its asset id. It is PROCESSING afterwards."""
        data = path if isinstance(path, bytes) else path.read_bytes()
        announced = self.announce(data, name, media)
        assert self.put(announced, data).status_code == 200
        asset_id = str(announced["asset"]["asset_id"])
        done = self.post(f"/v1/assets/{asset_id}:completeUpload", {})
        assert done.status_code == 200, done.text
        return asset_id

    def settled(self, asset_id: str, seconds: float = 60.0) -> Any:
        """The asset once it is READY or FAILED."""
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            asset = self.http.get(f"/v1/assets/{asset_id}").json()["asset"]
            if asset["state"] in ("ASSET_STATE_READY", "ASSET_STATE_FAILED"):
                return asset
            time.sleep(0.2)
        raise TimeoutError(f"{asset_id} did not settle within {seconds:g} s")

    def search(self, **query: Any) -> Any:
        """Search's answer."""
        answer = self.post("/v1/search", query)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def hits(self, **query: Any) -> list[str]:
        """The asset ids that a search finds, nearest first."""
        return [hit["asset_id"] for hit in self.search(**query)["hits"]]

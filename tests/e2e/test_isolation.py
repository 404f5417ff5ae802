"""What is one user's does not exist for another, and a signed URL is worth only what it says."""

from __future__ import annotations

from pathlib import Path

import httpx
import pytest

from bench.stack import Stack
from tests.e2e.app import App

UNKNOWN = "00000000-0000-4000-8000-000000000000"


def test_another_users_search_finds_nothing(alice: App, mallory: App) -> None:
    """A search sees its owner's assets only."""
    assert alice.hits(text="a house") != []
    assert mallory.hits(text="a house") == []


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/v1/assets/{id}"),
        ("DELETE", "/v1/assets/{id}"),
        ("GET", "/v1/assets/{id}:downloadUrl"),
        ("POST", "/v1/assets/{id}:retry"),
        ("POST", "/v1/assets/{id}:completeUpload"),
        ("GET", "/v1/assets/{id}:watch"),
        ("GET", "/v1/deletions/{id}"),
    ],
)
def test_foreign_ids_look_unknown(alice: App, mallory: App, method: str, path: str) -> None:
    """Somebody else's asset answers byte for byte like one that never existed."""
    theirs = alice.hits(text="a house", k=1)[0]
    body = {"json": {}} if method == "POST" else {}
    foreign = mallory.http.request(method, path.format(id=theirs), **body)
    unknown = mallory.http.request(method, path.format(id=UNKNOWN), **body)

    assert foreign.status_code == unknown.status_code == 404
    assert foreign.content.replace(theirs.encode(), b"ID") == unknown.content.replace(
        UNKNOWN.encode(), b"ID"
    )


def test_searching_by_a_foreign_asset_looks_unknown(alice: App, mallory: App) -> None:
    """A search by somebody else's asset answers like one by an unknown asset."""
    theirs = alice.hits(text="a house", k=1)[0]
    foreign = mallory.post("/v1/search", {"asset_id": theirs})
    unknown = mallory.post("/v1/search", {"asset_id": UNKNOWN})

    assert foreign.status_code == unknown.status_code == 404


def test_a_user_may_not_name_an_owner(alice: App, mallory: App) -> None:
    """Only a service token may act for a named owner."""
    answer = mallory.post("/v1/search", {"text": "a house", "filter": {"owner": alice.user}})

    assert answer.status_code in (403, 404)


def test_a_service_acts_for_an_owner_and_that_is_recorded(stack: Stack, alice: App) -> None:
    """A service token with the scope sees the named owner's assets; the audit log says so."""
    token = stack.run("token", "--service", "backend", "--scope", "search.act")["token"]
    answer = httpx.post(
        f"{alice.base}/v1/search",
        json={"text": "a house", "filter": {"owner": "alice"}, "k": 3},
        headers={"Authorization": f"Bearer {token}"},
    )
    rows = stack.value("SELECT count(*) FROM search.audit_logs WHERE actor = 'backend'")

    assert answer.status_code == 200, answer.text
    assert len(answer.json()["hits"]) == 3
    assert rows >= 1


def test_altered_urls_are_refused(alice: App, scenes: Path) -> None:
    """A signed PUT is refused with another signature, key or size, and a GET with none."""
    data = next(scenes.glob("*.jpg")).read_bytes()
    announced = alice.announce(data, name="altered.jpg")
    url, headers = announced["upload_url"], announced["upload_headers"]
    asset_id = announced["asset"]["asset_id"]
    altered = url[:-4] + ("0000" if url[-4:] != "0000" else "1111")
    other_key = url.replace(asset_id, UNKNOWN)

    assert httpx.put(altered, content=data, headers=headers).status_code == 403
    assert httpx.put(other_key, content=data, headers=headers).status_code == 403
    assert httpx.put(url, content=data + b"x", headers={}).status_code in (400, 403)
    assert httpx.get(url.split("?")[0]).status_code in (400, 403)
    alice.http.delete(f"/v1/assets/{asset_id}")


def test_a_download_url_gives_the_original(alice: App, scenes: Path) -> None:
    """GetDownloadUrl's URL returns the uploaded bytes, and refuses another verb."""
    first = alice.search(text="a house", k=1)["hits"][0]
    url = alice.http.get(f"/v1/assets/{first['asset_id']}:downloadUrl").json()["url"]

    assert httpx.get(url).content == (scenes / first["filename"]).read_bytes()
    assert httpx.delete(url).status_code in (403, 404, 405)

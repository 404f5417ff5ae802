"""Faces through the whole stack: found, known by consent, matched, grouped, forgotten for good."""

from __future__ import annotations

import asyncio
import base64
import io
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from typing import Any

import pytest
from kioku_scenes.people import draw

from bench.stack import Stack
from tests.e2e.app import App
from tests.e2e.test_deletion import replay_events

ADA, BEN, CLEO = 1009, 2019, 3029  # held out: the pack has seen none of them
SECONDS = 90.0


def picture(people: list[int], seed: int) -> bytes:
    """A picture of drawn people."""
    image, _ = draw(people, (640, 480), seed=seed, wildness=0.2)
    data = io.BytesIO()
    image.save(data, "JPEG", quality=92)
    return data.getvalue()


def eventually(look: Callable[[], Any], what: str) -> Any:
    """What `look` gives as soon as it is true."""
    deadline = time.monotonic() + SECONDS
    while time.monotonic() < deadline:
        if found := look():
            return found
        time.sleep(0.2)
    raise TimeoutError(what)


class Album:
    """One user's faces, over REST."""

    def __init__(self, app: App) -> None:
        self.app = app

    def get(self, path: str, **params: Any) -> Any:
        answer = self.app.http.get(path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def post(self, path: str, **body: Any) -> Any:
        answer = self.app.post(path, body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faces(self, asset_id: str, count: int = 1) -> list[Any]:
        """The faces of an asset, once there are so many."""

        def look() -> list[Any]:
            answer = self.app.http.get(f"/v1/assets/{asset_id}/faces")
            if answer.status_code == 404:
                return []  # `face` has not heard of the upload yet
            assert answer.status_code == 200, answer.text
            found: list[Any] = answer.json()["faces"]
            return found if len(found) >= count else []

        return eventually(look, f"{count} faces of {asset_id}")

    def person(self, name: str) -> str:
        """Somebody who agreed."""
        person_id = self.post("/v1/people", name=name)["person"]["person_id"]
        self.post(f"/v1/people/{person_id}/consent:grant", text_version="2026-11")
        return str(person_id)

    def enrolled(self, name: str, asset_id: str) -> str:
        """Somebody whose face in an asset is known."""
        person_id = self.person(name)
        (face,) = self.faces(asset_id)
        self.post(f"/v1/people/{person_id}:enrollFace", face_id=face["face_id"])
        return person_id

    def candidates(self, data: bytes) -> list[list[str]]:
        """Who the faces of a picture may be, the largest face first."""
        image = base64.b64encode(data).decode()
        answer = self.post("/ai/people/match", image=image)
        return [[one["person_id"] for one in match["candidates"]] for match in answer["matches"]]


@pytest.fixture
def album(stack: Stack, request: pytest.FixtureRequest) -> Iterator[Album]:
    """Of a user who is this test's alone."""
    with closing(App(stack, f"album-{request.node.name[:40]}")) as app:
        yield Album(app)


def test_somebody_who_agreed_is_known_in_other_pictures(album: Album) -> None:
    """Enrolled from one picture, matched and found in others; somebody else is nobody."""
    pictures = {seed: album.app.upload(picture([ADA], seed)) for seed in (1, 2, 3)}
    together = album.app.upload(picture([ADA, BEN], 4))
    ada = album.enrolled("Ada", pictures[1])
    known = picture([ADA], 11)
    assert eventually(lambda: album.candidates(known)[0][:1] == [ada], "Ada is matched")
    assert album.candidates(picture([CLEO], 12)) == [[]]

    def seen() -> bool:
        hits = album.app.search(
            asset_id=pictures[1], filter={"people": [ada]}, method="SEARCH_METHOD_VISUAL"
        )["hits"]
        return {hit["asset_id"] for hit in hits} >= {pictures[2], pictures[3], together}

    assert eventually(seen, "the other pictures of Ada")


def test_unknown_people_are_grouped_and_named(album: Album) -> None:
    """Faces that look alike are one unknown person until they get a name."""
    ids = [album.app.upload(picture([BEN], seed)) for seed in (21, 22, 23)]
    for asset_id in ids:
        album.faces(asset_id)

    def whole() -> list[Any]:
        people = album.get("/v1/anonymousPeople")["people"]
        return [one for one in people if int(one["face_count"]) == len(ids)]

    (unknown,) = eventually(whole, "one unknown person with three faces")
    ben = album.person("Ben")
    album.post(f"/v1/anonymousPeople/{unknown['anonymous_id']}:name", person_id=ben)
    named = album.get("/v1/faces", person_id=ben)["faces"]
    assert {face["asset_id"] for face in named} == set(ids)
    crop = album.get(f"/v1/faces/{named[0]['face_id']}/crop")
    assert base64.b64decode(crop["image"]).startswith(b"\xff\xd8")


def test_without_consent_nothing_is_linked(album: Album) -> None:
    asset_id = album.app.upload(picture([ADA], 31))
    (face,) = album.faces(asset_id)
    person_id = album.post("/v1/people", name="Ada")["person"]["person_id"]
    refused = album.app.post(f"/v1/people/{person_id}:enrollFace", {"face_id": face["face_id"]})
    assert refused.status_code == 400
    assert "CONSENT_MISSING" in refused.text


def test_a_withdrawal_under_matches_leaves_nothing_and_nothing_comes_back(
    stack: Stack, album: Album
) -> None:
    """Matches never stop; after the call has returned none has a hit, also after every event was
    replayed and the same picture was uploaded again."""
    data = picture([ADA], 41)
    asset_id = album.app.upload(data)
    ada = album.enrolled("Ada", asset_id)
    asked = picture([ADA], 42)
    eventually(lambda: album.candidates(asked) == [[ada]], "Ada is matched")

    answers: list[tuple[float, bool]] = []
    stop = threading.Event()

    def match_on() -> None:
        with closing(App(stack, album.app.user)) as app:
            mine = Album(app)
            while not stop.is_set():
                began = time.monotonic()
                answers.append((began, ada in str(mine.candidates(asked))))

    clients = [threading.Thread(target=match_on) for _ in range(2)]
    for client in clients:
        client.start()
    try:
        eventually(lambda: sum(hit for _, hit in answers) >= 3, "hits before")
        withdrawn = album.post(f"/v1/people/{ada}/consent:withdraw", purpose="asked to")
        returned = time.monotonic()
        eventually(lambda: sum(at > returned for at, _ in answers) >= 6, "matches afterwards")
    finally:
        stop.set()
        for client in clients:
            client.join()
    assert not any(hit for at, hit in answers if at > returned)

    erasure = withdrawn["erasure"]
    assert (erasure["state"], erasure["faces"]) == ("ERASURE_STATE_ERASED", "1")
    assert album.get(f"/v1/assets/{asset_id}/faces")["faces"] == []

    asyncio.run(replay_events(stack, asset_id))
    again = album.app.upload(data, name="again.jpg")
    other = album.app.upload(picture([BEN], 43))
    album.faces(other)  # so the worker has been at the one before, too
    looked = "SELECT count(*) FROM face.assets WHERE asset_id = $1 AND state = 'DONE'"
    eventually(lambda: stack.value(looked, again), "the picture was looked at again")
    time.sleep(3)
    for one in (asset_id, again):
        assert album.get(f"/v1/assets/{one}/faces")["faces"] == []
    left = "SELECT count(*) FROM search.face_embeddings WHERE owner = $1 AND person_id IS NOT NULL"
    assert stack.value(left, album.app.user) == 0
    assert album.candidates(asked) == [[]]
    history = album.get(f"/v1/people/{ada}/consents")["consents"]
    assert [one["state"] for one in history] == [
        "CONSENT_STATE_WITHDRAWN",
        "CONSENT_STATE_GRANTED",
    ]


def test_the_audit_of_it_all_is_whole(stack: Stack) -> None:
    verdict = stack.run("face", "audit", "verify")
    assert verdict["intact"] is True
    assert int(verdict["sealed"]) > 0

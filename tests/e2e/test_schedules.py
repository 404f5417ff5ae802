"""Schedules through the whole stack: read, told, corrected, and gone with the last picture."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import closing
from typing import Any

import pytest
import recurring_ical_events
from icalendar import Calendar
from kioku_scenes import draw_scene
from kioku_scenes.documents import missing_faces

from bench.stack import Stack, temporary_stack
from bench.webhook_receiver import WebhookReceiver
from tests.e2e.app import App
from tests.e2e.schedules import READY, SECONDS, Schedules, eventually, page, pages
from tests.e2e.test_deletion import receipt
from tests.e2e.test_faces import ADA, Album, picture

pytestmark = [
    pytest.mark.timeout(600),
    pytest.mark.skipif(bool(missing_faces()), reason=f"fonts are not unpacked: {missing_faces()}"),
]
CONCERT = "concert-en"
BATCH = 10
READ = "SELECT count(*) FROM vlm.vlm_observations WHERE owner = $1 AND state = 'READY'"
HELD = "SELECT count(*) FROM vlm.vlm_observations WHERE observation_id = $1"


@pytest.fixture(scope="module")
def receiver() -> Iterator[WebhookReceiver]:
    """The app's address: the first call about each version is answered 500."""
    with WebhookReceiver(failures=1).listening() as listening:
        yield listening


@pytest.fixture(scope="module")
def told(receiver: WebhookReceiver) -> Iterator[Stack]:
    """A stack of its own that tells the receiver."""
    with temporary_stack(settings=receiver.settings) as running:
        yield running


@pytest.fixture
def schedules(told: Stack, request: pytest.FixtureRequest) -> Iterator[Schedules]:
    """Of a user who is this test's alone."""
    with closing(App(told, f"family-{request.node.name[:40]}")) as app:
        yield Schedules(app)


def test_from_upload_to_calendar(schedules: Schedules) -> None:
    """A concert's poster becomes one appointment, each field with its words on the page."""
    asset_id = schedules.upload(page(CONCERT, 1))
    answer = schedules.read(asset_id)

    assert answer["status"] == "ready"
    (event,) = answer["events"]
    assert event["title"]["value"] == "Mabel & the Night Owls"
    assert event["start"]["value"] == "2026-03-20T20:00"
    assert event["place"]["value"] == "The Foundry"
    assert event["zone"] == "Asia/Tokyo"
    for field in ("title", "start", "place"):
        assert event[field]["evidence"][0]["quote"] in event[field]["raw"]
        assert event[field]["evidence"][0]["box"]["width"] > 0

    listed = schedules.get("/v1/entries", first_day="2026-03-20", last_day="2026-03-20")["entries"]
    assert [entry["entry_id"] for entry in listed] == [event["entry_id"]]
    for path in ("/v1/calendar", f"/v1/observations/{answer['observation_id']}:calendar"):
        (found,) = appointments(schedules.app.http.get(path).content)
        assert found["SUMMARY"] == "Mabel & the Night Owls"
        assert found["DTSTART"].dt.isoformat() == "2026-03-20T20:00:00+09:00"


def appointments(data: bytes) -> list[Any]:
    """What another program makes of a calendar."""
    return list(recurring_ical_events.of(Calendar.from_ical(data)).between(2026, 2027))


def test_the_same_picture_is_one_observation_until_both_assets_are_gone(
    told: Stack, schedules: Schedules
) -> None:
    """Deleting one asset keeps it for the other; the receipt of the last one names `vlm`."""
    data = page("ticket-ja", 5)
    first, second = schedules.upload(data, "first.png"), schedules.upload(data, "second.png")
    observation_id = schedules.read(first)["observation_id"]
    assert schedules.read(second)["observation_id"] == observation_id
    assert schedules.observation(observation_id)["asset_ids"] == [first, second]
    assert schedules.observation(observation_id)["version"] == "1"

    schedules.app.http.delete(f"/v1/assets/{first}")
    assert "vlm" in confirmed(schedules, first)
    assert schedules.observation(observation_id)["asset_ids"] == [second]
    assert schedules.ask(second)["status"] == "ready"

    schedules.app.http.delete(f"/v1/assets/{second}")
    assert "vlm" in confirmed(schedules, second)
    assert schedules.app.http.get(f"/v1/observations/{observation_id}").status_code == 404
    assert told.value(HELD, observation_id) == 0
    assert schedules.get("/v1/entries")["entries"] == []


def confirmed(schedules: Schedules, asset_id: str) -> list[str]:
    """Who says that nothing is left of an asset."""
    done = receipt(schedules.app, asset_id, SECONDS)
    return [purge["participant"] for purge in done["purges"]]


def test_a_picture_without_words_announces_nothing(schedules: Schedules) -> None:
    data = io.BytesIO()
    draw_scene(717_171).image.save(data, "PNG")
    answer = schedules.read(schedules.upload(data.getvalue()))

    assert (answer["status"], answer["events"]) == ("ready", [])
    assert answer["abstained"] != ""


def test_a_correction_survives_another_reading(schedules: Schedules) -> None:
    """The person's word holds, and beside it stands what the second reading says."""
    asset_id = schedules.upload(page(CONCERT))
    (event,) = schedules.read(asset_id)["events"]
    schedules.correct(event, title="The owls, with Ada", place="Back door")
    schedules.post(f"/v1/assets/{asset_id}:reanalyse")

    def again() -> Any:
        found = schedules.observation(event["observation_id"])
        return found if (found["state"], found["version"]) == (READY, "2") else None

    (kept,) = eventually(again, "it was read again")["entries"]
    assert kept["entry_id"] == event["entry_id"]
    assert (kept["title"]["value"], kept["place"]["value"]) == ("The owls, with Ada", "Back door")
    assert kept["title"]["correction"]["reading"]["value"] == event["title"]["value"]
    assert kept["start"]["value"] == event["start"]["value"]


def test_the_app_is_told_once_though_it_failed_at_first(
    schedules: Schedules, receiver: WebhookReceiver
) -> None:
    """Pending, ready, told: one delivery with two calls of one id, the second one confirmed."""
    answer = schedules.ask(schedules.upload(page("flyer-en", 3)))
    assert answer["status"] == "observation-pending"
    observation_id = answer["observation_id"]

    def settled() -> list[Any]:
        found = schedules.deliveries(observation_id)
        return found if {one["state"] for one in found} == {"DELIVERY_STATE_DELIVERED"} else []

    (delivery,) = eventually(settled, "it was told")
    assert (delivery["attempts"], delivery["http_status"]) == (2, 204)
    calls = receiver.calls(schedules.app.user)
    assert [call.status for call in calls] == [500, 204]
    assert {call.webhook_id for call in calls} == {delivery["delivery_id"]}
    assert {call.data["observation_id"] for call in calls} == {observation_id}
    assert schedules.observation(observation_id)["state"] == READY
    assert receiver.forged() == []


def test_a_killed_process_loses_no_picture_and_no_delivery(
    told: Stack, schedules: Schedules, receiver: WebhookReceiver
) -> None:
    """SIGKILL in the middle of a batch: all are read in the end, each once, and each is told of."""
    user = schedules.app.user
    for number, data in enumerate(pages(BATCH)):
        schedules.upload(data, f"{number}.png")
    eventually(lambda: told.value(READ, user) >= 2, "two of them are read")
    told.kill("vlm")
    assert told.value(READ, user) < BATCH

    eventually(lambda: told.value(READ, user) == BATCH, "all of them are read", 2 * SECONDS)
    found = schedules.get("/v1/observations")["observations"]
    assert [one["version"] for one in found] == ["1"] * BATCH
    ids = {one["observation_id"] for one in found}
    assert [len(schedules.observation(one)["readings"]) for one in ids] == [1] * BATCH

    eventually(lambda: confirmed_of(receiver, user).keys() == ids, "all of them are told of")
    assert all(len(webhook_ids) == 1 for webhook_ids in confirmed_of(receiver, user).values())


def confirmed_of(receiver: WebhookReceiver, user: str) -> dict[str, set[str]]:
    """The webhook ids of the confirmed calls, by observation."""
    found: dict[str, set[str]] = {}
    for call in receiver.calls(user):
        if call.status < 300:
            found.setdefault(call.data["observation_id"], set()).add(call.webhook_id)
    return found


def test_who_takes_their_consent_back_is_in_no_later_answer(schedules: Schedules) -> None:
    """A schedule names Ada while she agrees, and nobody once the withdrawal has returned."""
    album = Album(schedules.app)
    ada = album.enrolled("Ada", schedules.app.upload(picture([ADA], 51)))
    asset_id = schedules.app.upload(picture([ADA], 52))
    album.faces(asset_id)
    schedules.read(asset_id)

    def known() -> list[str]:
        return [one["person_id"] for one in schedules.ask(asset_id)["member_candidates"]]

    eventually(lambda: known() == [ada], "Ada is a candidate")
    album.post(f"/v1/people/{ada}/consent:withdraw", purpose="asked to")
    answer = schedules.ask(asset_id)
    assert ada not in str(answer)
    assert "Ada" not in str(schedules.observation(answer["observation_id"]))

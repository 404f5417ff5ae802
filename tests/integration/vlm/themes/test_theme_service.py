"""Themes by real servers: what is drawn is found, worded, audited, and kept apart by owner."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import grpc
import pytest
from kioku.vlm.v1 import theme_service_pb2 as messages
from kioku_rt.rpc.status import error_of

from tests.integration.vlm.themes.house import Open, SaidModel, picture

REQUEST_ID = "00000000-0000-4000-8000-000000000001"
VISUAL = Path(__file__).parents[4] / "models" / "kioku-visual"
# Held-out scenes that the small model sees rightly, and one in which it sees nothing it knows.
PENGUIN, GUITAR, DIAMOND = 10659, 10999, 2779
APRIL = datetime(2026, 4, 3, 3, 0, tzinfo=UTC)


async def refused(call: Any) -> str:
    """The reason of a call that fails."""
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await call
    said = error_of(failure.value)
    assert said is not None
    return said.reason


async def test_a_set_of_assets_and_an_image_become_themes(open_house: Open) -> None:
    house = await open_house()
    penguin = await house.stored("ann", picture(PENGUIN), taken_at=APRIL)
    tagged = await house.stored("ann", picture(DIAMOND), tags=["運動会"])
    await house.stored("bob", picture(PENGUIN), tags=["花火"])
    client = await (await house.themes())("ann")
    answer = await client.SuggestThemes(
        messages.SuggestThemesRequest(
            asset_ids=[str(penguin), str(tagged)],
            images=[picture(GUITAR)],
            max_themes=3,
            request_id=REQUEST_ID,
        )
    )
    found = {theme.theme_id: theme for theme in answer.themes}
    assert set(found) == {"penguin", "sports-day", "guitar"}
    assert [one.picture.asset_id for one in found["penguin"].pictures] == [str(penguin)]
    assert found["penguin"].title == "2026年4月のペンギン"
    assert found["sports-day"].pictures[0].evidence[0] == "TAG"
    assert found["guitar"].pictures[0].picture.WhichOneof("picture") == "image_index"
    assert (answer.language, answer.request_id, list(answer.missing)) == ("ja", REQUEST_ID, [])
    assert answer.space_id.startswith("kioku-tiny@")
    rows = await house.owner.fetch(
        "SELECT actor, action, subject, outcome, details::json ->> 'themes' AS themes"
        " FROM vlm.audit_logs ORDER BY at"
    )
    assert [tuple(row) for row in rows] == [
        ("ann", "theme.read_entries", "", "ok", None),
        ("ann", "theme.suggest", REQUEST_ID, "ok", "3"),
    ]


async def test_tags_of_look_alikes_of_the_same_owner_speak(open_house: Open) -> None:
    house = await open_house()
    seed = DIAMOND
    one = await house.stored("ann", picture(seed))
    near = await house.stored("ann", picture(seed), tags=["花火大会"])
    await house.stored("bob", picture(seed), tags=["七五三"])
    client = await (await house.themes())("ann")
    answer = await client.SuggestThemes(
        messages.SuggestThemesRequest(asset_ids=[str(one)], max_themes=10, language="en")
    )
    by_id = {theme.theme_id: theme for theme in answer.themes}
    assert [(n.asset_id, n.tag) for n in by_id["fireworks"].neighbours] == [
        (str(near), "花火大会")
    ]  # fmt: skip
    assert by_id["fireworks"].title == "Fireworks"
    assert "shichi-go-san" not in by_id


async def test_a_text_model_is_told_our_words_only_and_its_own_are_checked(
    open_house: Open,
) -> None:
    house = await open_house()
    model = SaidModel(
        {"title": "ペンギンの思い出", "sentence": "ペンギンと過ごした素敵な一日です。"}
    )
    client = await (await house.themes(model))("ann")
    request = messages.SuggestThemesRequest(images=[picture(PENGUIN)], max_themes=1)
    answer = await client.SuggestThemes(request)
    assert (answer.themes[0].title, answer.themes[0].written_by, answer.model_version) == (
        "ペンギンの思い出", messages.WRITTEN_BY_MODEL, "said@1",
    )  # fmt: skip
    assert '{"theme": "ペンギン", "pictures": 1' in model.prompts[0]
    model.answer = {"title": "カジノへようこそ", "sentence": "https://example.com を見てください。"}
    answer = await client.SuggestThemes(request)
    assert (answer.themes[0].title, answer.themes[0].written_by, answer.themes[0].refusal) == (
        "ペンギン", messages.WRITTEN_BY_TEMPLATE, "MARKUP",
    )  # fmt: skip


async def test_assets_of_others_are_not_found_and_services_need_a_scope(open_house: Open) -> None:
    house = await open_house()
    theirs = await house.stored("bob", picture(PENGUIN))
    client = await house.themes()
    request = messages.SuggestThemesRequest(asset_ids=[str(theirs)])
    assert await refused((await client("ann")).SuggestThemes(request)) == "ASSET_NOT_FOUND"
    request.owner = "bob"
    assert await refused((await client("ann")).SuggestThemes(request)) == "SCOPE_MISSING"
    app = await client("app", service=True, scopes=["vlm.act"])
    assert (await app.SuggestThemes(request)).themes[0].theme_id == "penguin"
    nobody = messages.SuggestThemesRequest(asset_ids=[str(uuid.uuid4())], owner="bob")
    assert await refused(app.SuggestThemes(nobody)) == "ASSET_NOT_FOUND"
    rows = await house.owner.fetch(
        "SELECT actor, outcome, reason, details::json ->> 'owner' AS owner FROM vlm.audit_logs"
        " WHERE action = 'theme.suggest' ORDER BY at"
    )
    assert [tuple(row) for row in rows] == [
        ("ann", "failed", "ASSET_NOT_FOUND", "ann"),
        ("app", "ok", "", "bob"),
        ("app", "failed", "ASSET_NOT_FOUND", "bob"),
    ]


async def test_bad_images_fail_alone(open_house: Open) -> None:
    house = await open_house()
    client = await (await house.themes())("ann")
    answer = await client.SuggestThemes(
        messages.SuggestThemesRequest(images=[b"no picture", picture(PENGUIN)], max_themes=1)
    )
    assert [(one.picture.image_index, one.reason) for one in answer.left_out] == [
        (0, "IMAGE_UNSUPPORTED_FORMAT")
    ]
    assert answer.themes[0].theme_id == "penguin"


async def test_a_model_without_words_says_so(open_house: Open) -> None:
    house = await open_house(model=VISUAL)
    client = await (await house.themes())("ann")
    request = messages.SuggestThemesRequest(images=[picture(PENGUIN)])
    with pytest.raises(grpc.aio.AioRpcError) as failure:
        await client.SuggestThemes(request)
    said = error_of(failure.value)
    assert said is not None
    assert said.reason in {"TEXT_NOT_SUPPORTED", "LABELS_UNSUPPORTED"}
    assert "purely visual" in said.message

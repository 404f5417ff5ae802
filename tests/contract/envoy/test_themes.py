"""Themes through the edge: the specification's path."""

import base64

import httpx
import pytest


@pytest.mark.parametrize("path", ["/ai/themes/suggest", "/v1/themes:suggest"])
def test_themes_are_asked_for_over_rest(web, seen, path):
    """Pictures as base64 and assets by id; every primitive is printed, by the contract's names."""
    images = [base64.b64encode(b"a picture").decode(), base64.b64encode(b"another").decode()]
    answer = web.post(path, json={"images": images, "asset_ids": ["a1"], "max_themes": 3})
    assert 200 == answer.status_code
    told = answer.json()
    assert ("ja", [], [], "") == tuple(
        told[name] for name in ("language", "left_out", "missing", "model_version")
    )
    [theme] = told["themes"]
    assert ("dog", "犬", 0, [], "WRITTEN_BY_UNSPECIFIED") == tuple(
        theme[name] for name in ("theme_id", "title", "score", "pictures", "written_by")
    )
    _, request, _ = seen[-1]
    assert ([b"a picture", b"another"], ["a1"], 3) == (
        list(request.images),
        list(request.asset_ids),
        request.max_themes,
    )


def test_themes_need_a_token(edge):
    """Without one nothing passes."""
    answer = httpx.post(f"{edge.url}/ai/themes/suggest", json={})
    assert (401, "TOKEN_MISSING") == (answer.status_code, answer.json()["details"][0]["reason"])

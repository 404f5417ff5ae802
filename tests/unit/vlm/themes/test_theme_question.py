"""What a request may ask."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from kioku.vlm.v1 import theme_service_pb2 as messages
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason
from kioku_vlm.themes.theme import Question
from kioku_vlm.themes.theme_servicer import MOST_BYTES, question_of

ID = str(uuid.UUID(int=1))


def test_what_is_not_said_is_the_deployments() -> None:
    request = messages.SuggestThemesRequest(asset_ids=[ID], images=[b"x"])
    assert question_of(request, "ja") == Question((uuid.UUID(ID),), (b"x",), "ja", 5)


@pytest.mark.parametrize(
    ("fields", "reason", "field"),
    [
        ({}, Reason.FIELD_MISSING, "asset_ids"),
        ({"asset_ids": [ID, ID]}, Reason.FIELD_INVALID, "asset_ids"),
        ({"asset_ids": [ID, "x"]}, Reason.ID_MALFORMED, "asset_ids[1]"),
        ({"images": [b"x", b""]}, Reason.IMAGE_EMPTY, "images[1]"),
        ({"images": [bytes(MOST_BYTES), b"x"]}, Reason.IMAGE_TOO_LARGE, "images"),
        ({"images": [b"x"] * 33}, Reason.FIELD_INVALID, "asset_ids"),
        ({"images": [b"x"], "language": "fr"}, Reason.FIELD_INVALID, "language"),
        ({"images": [b"x"], "max_themes": 11}, Reason.FIELD_INVALID, "max_themes"),
        ({"images": [b"x"], "max_themes": -1}, Reason.FIELD_INVALID, "max_themes"),
    ],
)
def test_what_cannot_be_asked(fields: dict[str, Any], reason: Reason, field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        question_of(messages.SuggestThemesRequest(**fields), "ja")
    assert (refused.value.reason, refused.value.field) == (reason, field)

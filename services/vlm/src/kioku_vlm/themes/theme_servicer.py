"""ThemeService over gRPC: decode, call, encode."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import grpc
from kioku.vlm.v1 import theme_service_pb2 as messages
from kioku.vlm.v1.theme_service_pb2_grpc import ThemeServiceServicer
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid
from kioku_rt.reasons import Reason
from kioku_rt.rpc import name_call

from kioku_vlm.themes.lexicon import LANGUAGES, Lexicon
from kioku_vlm.themes.metrics import suggested
from kioku_vlm.themes.suggesting import Suggesting
from kioku_vlm.themes.theme import Question
from kioku_vlm.themes.theme_message import left_out_message, theme_message

SCOPE = "vlm.act"
NAME = "kioku.vlm.v1.ThemeService"
MOST_PICTURES = 32
MOST_BYTES = 16 * 2**20
MOST_THEMES = 10
_THEMES = 5
Context = grpc.aio.ServicerContext[Any, Any]


class ThemeServicer(ThemeServiceServicer):
    """The rpc of ThemeService.

    Args:
        language: where the caller names none.
    """

    def __init__(self, suggesting: Suggesting, lexicon: Lexicon, language: str) -> None:
        self._suggesting = suggesting
        self._lexicon = lexicon
        self._language = language

    async def SuggestThemes(  # noqa: N802 - named by the contract
        self, request: messages.SuggestThemesRequest, _context: Context
    ) -> messages.SuggestThemesResponse:
        """Suggest themes."""
        acting = acting_owner(request.owner, SCOPE)
        request_id = _request_id(request.request_id)
        name_call(request_id)
        question = question_of(request, self._language)
        answer = await self._suggesting.suggest(acting, question, request_id)
        suggested(answer)
        return messages.SuggestThemesResponse(
            themes=[theme_message(one) for one in answer.themes],
            left_out=[left_out_message(one) for one in answer.left_out],
            language=question.language,
            space_id=answer.space_id,
            lexicon_version=self._lexicon.version,
            model_version=self._suggesting.model_version,
            missing=answer.missing,
            request_id=request_id,
        )


def question_of(request: messages.SuggestThemesRequest, language: str) -> Question:
    """The question, or why it is none.

    Raises:
        InvalidInput: FIELD_MISSING, FIELD_INVALID, ID_MALFORMED, IMAGE_EMPTY, IMAGE_TOO_LARGE.
    """
    asset_ids = _asset_ids(request.asset_ids)
    images = _images(request.images)
    _check_count(len(asset_ids) + len(images))
    if not 0 <= request.max_themes <= MOST_THEMES:
        raise _invalid(
            f"max_themes is {request.max_themes}; it must be between 1 and {MOST_THEMES}.",
            "max_themes",
        )
    named = request.language or language
    if named not in LANGUAGES:
        raise _invalid("The language must be `ja` or `en`.", "language")
    return Question(asset_ids, images, named, request.max_themes or _THEMES)


def _asset_ids(named: Sequence[str]) -> tuple[UUID, ...]:
    found = tuple(canonical_uuid(one, f"asset_ids[{at}]") for at, one in enumerate(named))
    if len(set(found)) != len(found):
        raise _invalid("Name each asset once.", "asset_ids")
    return found


def _images(images: Sequence[bytes]) -> tuple[bytes, ...]:
    for at, image in enumerate(images):
        if not image:
            raise InvalidInput(Reason.IMAGE_EMPTY, field=f"images[{at}]")
    size = sum(map(len, images))
    if size > MOST_BYTES:
        raise InvalidInput(
            Reason.IMAGE_TOO_LARGE,
            f"The images have {size} bytes together; the limit is {MOST_BYTES}.",
            field="images",
            metadata={"bytes": str(size), "limit": str(MOST_BYTES)},
        )
    return tuple(images)


def _check_count(pictures: int) -> None:
    if not pictures:
        raise InvalidInput(
            Reason.FIELD_MISSING, "Name at least one asset or send an image.", field="asset_ids"
        )
    if pictures > MOST_PICTURES:
        raise _invalid(
            f"{pictures} pictures were given; the limit is {MOST_PICTURES}.", "asset_ids"
        )


def _request_id(value: str) -> str:
    return str(canonical_uuid(value, "request_id") if value else uuid4())


def _invalid(message: str, field: str) -> InvalidInput:
    return InvalidInput(Reason.FIELD_INVALID, message, field=field)

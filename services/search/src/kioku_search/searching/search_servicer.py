"""SearchService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

import asyncio
import hashlib
from typing import Any
from uuid import UUID, uuid4

import grpc
import numpy as np
from kioku.common.v1 import vector_pb2
from kioku.search.v1 import search_service_pb2 as messages
from kioku.search.v1.search_service_pb2_grpc import SearchServiceServicer
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput
from kioku_rt.fields import canonical_uuid, page_size
from kioku_rt.images import IMAGE_TYPES, SNIFF_BYTES, ImageLimits, sniff
from kioku_rt.images.refusal import too_large
from kioku_rt.reasons import Reason
from kioku_rt.rpc import name_call
from kioku_rt.text import clean_text

from kioku_search.assets.asset_message import kind_number, kind_of, timestamp
from kioku_search.assets.asset_servicer import time_of
from kioku_search.assets.stats import SpaceCount, Stats
from kioku_search.fields import checked_ids, checked_range, checked_tags
from kioku_search.hybrid.duplicates import Duplicates
from kioku_search.metrics import answered
from kioku_search.searching.option_message import (
    duplicates_message,
    explained,
    options_of,
    similarity_of,
    tell_findings,
)
from kioku_search.searching.query import ImageQuery, LikeQuery, Query, TextQuery, VectorQuery
from kioku_search.searching.question import Answering, Question
from kioku_search.searching.search import Answer, Neighbour, Wanted
from kioku_search.spaces.space_message import space_message

SCOPE = "search.act"
NAME = "kioku.search.v1.SearchService"
_DEFAULT_GROUPS = 20
_MOST_GROUPS = 100
Context = grpc.aio.ServicerContext[Any, Any]


class SearchServicer(SearchServiceServicer):
    """The rpcs of SearchService."""

    def __init__(self, search: Answering, duplicates: Duplicates, stats: Stats) -> None:
        self._search = search
        self._duplicates = duplicates
        self._stats = stats

    async def Search(  # noqa: N802 - named by the contract
        self, request: messages.SearchRequest, _context: Context
    ) -> messages.SearchResponse:
        """Find the nearest assets."""
        acting = acting_owner(request.filter.owner, SCOPE)
        request_id = _request_id(request)
        question = await _question(request)
        answer = await self._search.answer(
            acting,
            question,
            k=question.options.k,
            page_token=request.page_token,
            request_id=request_id,
        )
        answered(type(question.query).__name__, answer)
        return _response(answer, named(request_id))

    async def ListDuplicateGroups(  # noqa: N802
        self, request: messages.ListDuplicateGroupsRequest, _context: Context
    ) -> messages.ListDuplicateGroupsResponse:
        """List look-alikes."""
        given = request.HasField("min_similarity")
        page = await self._duplicates.page(
            acting_owner(request.owner, SCOPE),
            similarity_of(given, request.min_similarity, "min_similarity"),
            min(page_size(request.page_size, default=_DEFAULT_GROUPS), _MOST_GROUPS),
            request.page_token,
        )
        return duplicates_message(page)

    async def GetStats(  # noqa: N802
        self, request: messages.GetStatsRequest, _context: Context
    ) -> messages.GetStatsResponse:
        """Count what one owner has."""
        counts = await self._stats.of(acting_owner(request.owner, SCOPE))
        return messages.GetStatsResponse(
            assets=counts.assets,
            spaces=[_space_stats(one) for one in counts.spaces],
            missing_vectors=counts.missing_vectors,
        )


async def _question(request: messages.SearchRequest) -> Question:
    return Question(await _query(request), _wanted(request.filter), options_of(request))


def _request_id(request: messages.SearchRequest) -> UUID | None:
    return canonical_uuid(request.request_id, "request_id") if request.request_id else None


def named(request_id: UUID | None) -> str:
    """The call's request id, made if the caller gave none; it is on the call's log line."""
    name = str(request_id or uuid4())
    name_call(name)
    return name


async def _query(request: messages.SearchRequest) -> Query:
    match request.WhichOneof("query"):
        case "text":
            return TextQuery(clean_text(request.text))
        case "image":
            return await _image_query(request.image)
        case "asset_id":
            return LikeQuery(canonical_uuid(request.asset_id, "asset_id"))
        case "vector":
            return _vector_query(request.vector)
        case _:
            raise InvalidInput(
                Reason.ONEOF_NOT_EXACTLY_ONE,
                "Set exactly one of text, image, asset_id and vector.",
                field="query",
            )


async def _image_query(image: bytes) -> ImageQuery:
    """A picture that is worth asking the embedder about; hashed off the event loop."""
    if not image:
        raise InvalidInput(Reason.IMAGE_EMPTY, field="image")
    if len(image) > ImageLimits().max_bytes:
        raise too_large(len(image), ImageLimits().max_bytes)
    if sniff(image[:SNIFF_BYTES]) not in IMAGE_TYPES:
        raise InvalidInput(Reason.IMAGE_UNSUPPORTED_FORMAT, field="image")
    return ImageQuery(image, await asyncio.to_thread(_sha256, image))


def _sha256(image: bytes) -> str:
    return hashlib.sha256(image).hexdigest()


def _vector_query(vector: vector_pb2.Vector) -> VectorQuery:
    if not vector.space_id:
        raise InvalidInput(
            Reason.FIELD_MISSING, "A vector must name its space.", field="vector.space_id"
        )
    return VectorQuery(vector.space_id, np.array(vector.values, np.float64))


def _wanted(wanted: messages.Filter) -> Wanted:
    start = time_of(wanted, "start_time", "filter.")
    end = time_of(wanted, "end_time", "filter.")
    checked_range(start, end, "filter.start_time")
    return Wanted(
        kind_of(wanted.kind),
        checked_tags(wanted.tags, "filter.tags"),
        start,
        end,
        albums=checked_tags(wanted.albums, "filter.albums"),
        any_tags=checked_tags(wanted.any_tags, "filter.any_tags"),
        not_tags=checked_tags(wanted.not_tags, "filter.not_tags"),
        people=checked_ids(wanted.people, "filter.people"),
    )


def _response(answer: Answer, request_id: str) -> messages.SearchResponse:
    return messages.SearchResponse(
        hits=[_hit(hit, answer) for hit in answer.hits],
        next_page_token=answer.next_page_token,
        space_id=answer.space_id,
        explain=explained(answer),
        request_id=request_id,
        best_relevance=answer.findings.best_relevance,
        nothing_relevant=answer.findings.nothing_relevant,
    )


def _hit(hit: Neighbour, answer: Answer) -> messages.Hit:
    message = messages.Hit(
        asset_id=str(hit.asset_id),
        score=hit.score,
        filename=hit.filename,
        kind=kind_number(hit.kind),
        tags=hit.tags,
        taken_time=timestamp(hit.taken_at),
        frame_no=hit.frame_no,
        time_ms=hit.time_ms,
    )
    tell_findings(message, hit, answer)
    return message


def _space_stats(one: SpaceCount) -> messages.SpaceStats:
    return messages.SpaceStats(
        space=space_message(one.known.space), state=one.known.state, vectors=one.vectors
    )

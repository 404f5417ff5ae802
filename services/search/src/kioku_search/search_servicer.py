"""SearchService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Sequence
from typing import Any
from uuid import UUID, uuid4

import grpc
import numpy as np
from kioku.common.v1 import space_pb2, vector_pb2
from kioku.search.v1 import search_service_pb2 as messages
from kioku.search.v1.search_service_pb2_grpc import SearchServiceServicer
from kioku_rt.auth import acting_owner
from kioku_rt.errors import InvalidInput
from kioku_rt.images import IMAGE_TYPES, SNIFF_BYTES, ImageLimits, sniff
from kioku_rt.images.refusal import too_large
from kioku_rt.reasons import Reason
from kioku_rt.rpc import name_call
from kioku_rt.text import clean_text

from kioku_search.asset_message import kind_number, kind_of, timestamp
from kioku_search.asset_servicer import time_of
from kioku_search.fields import (
    canonical_uuid,
    checked_ids,
    checked_range,
    checked_tags,
    result_count,
)
from kioku_search.fusion import Method, Part
from kioku_search.metrics import answered
from kioku_search.query import ImageQuery, LikeQuery, Query, TextQuery, VectorQuery
from kioku_search.question import Answering, Question
from kioku_search.search import Answer, Neighbour, Wanted, checked_min_score
from kioku_search.space import Space
from kioku_search.stats import SpaceCount, Stats

SCOPE = "search.act"
NAME = "kioku.search.v1.SearchService"
_DEFAULT_K = 20
Context = grpc.aio.ServicerContext[Any, Any]


class SearchServicer(SearchServiceServicer):
    """The rpcs of SearchService."""

    def __init__(self, search: Answering, stats: Stats) -> None:
        self._search = search
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
            k=result_count(request.k, default=_DEFAULT_K),
            page_token=request.page_token,
            request_id=request_id,
        )
        answered(type(question.query).__name__, answer)
        return _response(answer, named(request_id))

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
    return Question(
        await _query(request),
        _wanted(request.filter),
        checked_min_score(request.min_score if request.HasField("min_score") else None),
        _method(request.method),
    )


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
        hits=[_hit(hit, answer.parts.get(hit.asset_id, ())) for hit in answer.hits],
        next_page_token=answer.next_page_token,
        space_id=answer.space_id,
        explain=_explain(answer),
        request_id=request_id,
    )


def _explain(answer: Answer) -> messages.Explain:
    return messages.Explain(
        strategy=answer.strategy,
        embed_ms=answer.embed_ms,
        database_ms=answer.database_ms,
        cached_vector=answer.cached_vector,
        method=_method_number(answer.method),
        matched=answer.route.matched,
        ef_search=answer.route.effort,
        estimated_recall=answer.route.recall,
        shortfall=answer.route.shortfall,
        cached_answer=answer.cached_answer,
    )


def _method(number: messages.SearchMethod.ValueType) -> Method:
    name = messages.SearchMethod.Name(number).removeprefix("SEARCH_METHOD_")
    return Method.AUTO if name == "UNSPECIFIED" else Method(name)


def _method_number(method: Method) -> messages.SearchMethod.ValueType:
    return messages.SearchMethod.Value(f"SEARCH_METHOD_{method}")


def _hit(hit: Neighbour, parts: Sequence[Part]) -> messages.Hit:
    return messages.Hit(
        asset_id=str(hit.asset_id),
        score=parts[0].score if parts else hit.score,
        filename=hit.filename,
        kind=kind_number(hit.kind),
        tags=hit.tags,
        taken_time=timestamp(hit.taken_at),
        frame_no=hit.frame_no,
        time_ms=hit.time_ms,
        parts=[
            messages.Part(method=_method_number(part.method), rank=part.rank, score=part.score)
            for part in parts
        ],
    )


def _space_stats(one: SpaceCount) -> messages.SpaceStats:
    return messages.SpaceStats(
        space=space_message(one.known.space), state=one.known.state, vectors=one.vectors
    )


def space_message(space: Space) -> space_pb2.Space:
    """A space as the contracts write it."""
    return space_pb2.Space(
        space_id=space.space_id,
        kind=space_pb2.SpaceKind.Value("SPACE_KIND_" + space.kind),
        model=space.model,
        revision=space.revision,
        dimension=space.dimension,
        metric=vector_pb2.Metric.Value("METRIC_" + space.metric),
        preprocessing=space.preprocessing,
        normalised=space.normalised,
        precision=space.precision,
    )

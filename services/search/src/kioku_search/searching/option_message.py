"""What a search is asked to do, and what it found out, as the contract writes it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku.search.v1 import search_service_pb2 as messages
from kioku_rt.text import clean_text

from kioku_search.fields import result_count
from kioku_search.hybrid.refinement import MOST_SIMILAR
from kioku_search.searching.options import (
    NEAR_DUPLICATE,
    AlsoText,
    Fusion,
    FusionKind,
    Method,
    Options,
    checked_fusion,
    checked_moments,
    checked_share,
)
from kioku_search.searching.search import Answer, checked_min_score

if TYPE_CHECKING:
    from kioku_search.hybrid.duplicates import DuplicatePage
    from kioku_search.hybrid.fusion import Part
    from kioku_search.searching.search import Neighbour

_DEFAULT_K = 20
_LEAST_SIMILARITY = 0.5
_METHOD, _FUSION = "SEARCH_METHOD_", "FUSION_KIND_"


def options_of(request: messages.SearchRequest) -> Options:
    """Everything that is asked besides query, filter and page.

    Raises:
        InvalidInput: FIELD_INVALID; TEXT_* of `also_text`.
    """
    options = request.options
    return Options(
        k=result_count(request.k, default=_DEFAULT_K),
        method=_method(request.method),
        min_score=checked_min_score(request.min_score if request.HasField("min_score") else None),
        fusion=_fusion(request.fusion),
        also_text=_also_text(request),
        min_relevance=checked_share(options.min_relevance, "options.min_relevance")
        if options.HasField("min_relevance")
        else None,
        diversity=checked_share(options.diversity, "options.diversity"),
        collapse=_collapse(options),
        moments=checked_moments(options.moments_per_asset, "options.moments_per_asset"),
    )


def similarity_of(given: bool, value: float, field: str) -> float:
    """Cosine from which on two count as the same.  Raises InvalidInput FIELD_INVALID."""
    return checked_share(value, field, least=_LEAST_SIMILARITY) if given else NEAR_DUPLICATE


def method_number(method: Method) -> messages.SearchMethod.ValueType:
    """A method as the contract numbers it."""
    return messages.SearchMethod.Value(_METHOD + method)


def explained(answer: Answer) -> messages.Explain:
    """How an answer came about."""
    fusion = answer.findings.fusion
    return messages.Explain(
        strategy=answer.strategy,
        embed_ms=answer.embed_ms,
        database_ms=answer.database_ms,
        cached_vector=answer.cached_vector,
        method=method_number(answer.method),
        matched=answer.route.matched,
        ef_search=answer.route.effort,
        estimated_recall=answer.route.recall,
        shortfall=answer.route.shortfall,
        cached_answer=answer.cached_answer,
        also_text=answer.findings.also_text,
        fusion=messages.FusionKind.Value(_FUSION + (fusion or "UNSPECIFIED")),
    )


def tell_findings(message: messages.Hit, hit: Neighbour, answer: Answer) -> None:
    """Add to a hit its places in the lists, its relevance, what is folded under it, its moments."""
    findings = answer.findings
    parts = answer.parts.get(hit.asset_id, ())
    if parts:
        message.score = parts[0].score
        message.parts.extend(_part(part) for part in parts)
    if hit.asset_id in findings.relevance:
        message.relevance = findings.relevance[hit.asset_id]
    similar = findings.similar.get(hit.asset_id, ())
    message.similar_asset_ids.extend(str(one) for one in similar[:MOST_SIMILAR])
    message.similar_count = len(similar)
    message.moments.extend(
        messages.Moment(time_ms=one.time_ms, frame_no=one.frame_no, score=one.score)
        for one in findings.moments.get(hit.asset_id, ())
    )


def duplicates_message(page: DuplicatePage) -> messages.ListDuplicateGroupsResponse:
    """A page of look-alikes."""
    return messages.ListDuplicateGroupsResponse(
        groups=[
            messages.DuplicateGroup(
                assets=[
                    messages.Duplicate(
                        asset_id=str(one.asset_id),
                        filename=one.filename,
                        similarity=one.similarity,
                    )
                    for one in group
                ]
            )
            for group in page.groups
        ],
        next_page_token=page.next_page_token,
        space_id=page.space_id,
        looked_at=page.looked_at,
    )


def _part(part: Part) -> messages.Part:
    return messages.Part(
        method=method_number(part.method),
        rank=part.rank,
        score=part.score,
        weight=part.weight,
        contribution=part.contribution,
        relevance=part.relevance,
    )


def _method(number: messages.SearchMethod.ValueType) -> Method:
    name = messages.SearchMethod.Name(number).removeprefix(_METHOD)
    return Method.AUTO if name == "UNSPECIFIED" else Method(name)


def _fusion(fusion: messages.Fusion) -> Fusion:
    name = messages.FusionKind.Name(fusion.kind).removeprefix(_FUSION)
    kind = FusionKind.RRF if name == "UNSPECIFIED" else FusionKind(name)
    given = {one.name: float(value) for one, value in fusion.ListFields()}
    weights = ("visual_weight", "tags_weight", "words_weight")  # in the order of LISTS
    return checked_fusion(kind, {name: given.get(name) for name in weights})


def _also_text(request: messages.SearchRequest) -> AlsoText | None:
    if not request.HasField("also_text"):
        return None
    also = request.also_text
    text = clean_text(also.text, field="also_text.text")
    if not also.HasField("weight"):
        return AlsoText(text)
    return AlsoText(text, checked_share(also.weight, "also_text.weight"))


def _collapse(options: messages.ResultOptions) -> float | None:
    given = options.HasField("near_duplicate_similarity")
    value = similarity_of(
        given, options.near_duplicate_similarity, "options.near_duplicate_similarity"
    )
    return value if options.collapse_near_duplicates else None

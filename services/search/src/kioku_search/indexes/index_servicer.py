"""IndexService over gRPC: decode, call, encode; every rule lives in the use cases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import grpc
import numpy as np
import numpy.typing as npt
from kioku.search.v1 import index_service_pb2 as messages
from kioku.search.v1.index_service_pb2_grpc import IndexServiceServicer
from kioku_rt.auth.principal import require_scope
from kioku_rt.errors import InvalidInput
from kioku_rt.reasons import Reason

from kioku_search.assets.asset_message import timestamp
from kioku_search.fields import result_count
from kioku_search.indexes.evaluation import EffortRecall
from kioku_search.indexes.index import IndexMethod, OperatorClass, Parameters
from kioku_search.indexes.index_admin import (
    MOST_EFFORTS,
    MOST_QUERIES,
    SAMPLE,
    Described,
    IndexAdmin,
    K,
)
from kioku_search.indexes.index_jobs import IndexJob
from kioku_search.indexes.recall import Recall
from kioku_search.vectors.bulk import Batch, BulkImport

SCOPE = "index.admin"
NAME = "kioku.search.v1.IndexService"
Context = grpc.aio.ServicerContext[Any, Any]
_METHODS = {
    messages.INDEX_METHOD_NONE: IndexMethod.NONE,
    messages.INDEX_METHOD_HNSW: IndexMethod.HNSW,
    messages.INDEX_METHOD_IVFFLAT: IndexMethod.IVFFLAT,
}
_CLASSES = {
    messages.OPERATOR_CLASS_HALFVEC_COSINE: OperatorClass.COSINE,
    messages.OPERATOR_CLASS_HALFVEC_L2: OperatorClass.L2,
    messages.OPERATOR_CLASS_HALFVEC_IP: OperatorClass.INNER_PRODUCT,
}
_METHOD_NUMBERS = {name: number for number, name in _METHODS.items()}
_CLASS_NUMBERS = {name: number for number, name in _CLASSES.items()}


class IndexServicer(IndexServiceServicer):
    """The rpcs of IndexService."""

    def __init__(self, admin: IndexAdmin, bulk: BulkImport) -> None:
        self._admin = admin
        self._bulk = bulk

    async def GetIndex(  # noqa: N802 - named by the contract
        self, request: messages.GetIndexRequest, _context: Context
    ) -> messages.GetIndexResponse:
        """Describe an index."""
        described = await self._admin.get(require_scope(SCOPE), request.space_id)
        return messages.GetIndexResponse(index=_index(described))

    async def EvaluateRecall(  # noqa: N802
        self, request: messages.EvaluateRecallRequest, _context: Context
    ) -> messages.EvaluateRecallResponse:
        """Measure an index."""
        principal = require_scope(SCOPE)
        if len(request.efforts) > MOST_EFFORTS:
            raise _too_many("efforts", len(request.efforts), MOST_EFFORTS)
        measured = await self._admin.evaluate(
            principal,
            request.space_id,
            k=result_count(request.k, default=K),
            sample=result_count(request.sample_size, default=SAMPLE, field="sample_size"),
            vectors=_vectors(request),
            efforts=list(request.efforts),
        )
        return messages.EvaluateRecallResponse(
            efforts=[_effort(one) for one in measured.efforts],
            queries=measured.queries,
            exact_p50_ms=measured.exact_p50_ms,
        )

    async def TuneIndex(  # noqa: N802
        self, request: messages.TuneIndexRequest, _context: Context
    ) -> messages.TuneIndexResponse:
        """Find an effort, or order an index."""
        principal = require_scope(SCOPE)
        if request.HasField("parameters"):
            now = (await self._admin.index_of(request.space_id)).parameters
            ordered = await self._admin.order(
                principal, request.space_id, _parameters(request.parameters, now)
            )
            return messages.TuneIndexResponse(index=_index(ordered))
        described, tried = await self._admin.tune(
            principal,
            request.space_id,
            target=_target(request.target),
            sample=result_count(request.sample_size, default=SAMPLE, field="sample_size"),
            vectors=_vectors(request),
        )
        return messages.TuneIndexResponse(
            index=_index(described), tried=[_effort(one) for one in tried]
        )

    async def RebuildIndex(  # noqa: N802
        self, request: messages.RebuildIndexRequest, _context: Context
    ) -> messages.RebuildIndexResponse:
        """Order the same index anew."""
        ordered = await self._admin.order(require_scope(SCOPE), request.space_id, None)
        return messages.RebuildIndexResponse(index=_index(ordered))

    async def ImportVectors(  # noqa: N802
        self, requests: AsyncIterator[messages.ImportVectorsRequest], _context: Context
    ) -> messages.ImportVectorsResponse:
        """Load vectors in bulk."""
        principal = require_scope(SCOPE)
        loaded = await self._bulk.load(principal, (_batch(one) async for one in requests))
        return messages.ImportVectorsResponse(imported=loaded.imported, kept=loaded.kept)


def _batch(request: messages.ImportVectorsRequest) -> Batch:
    half = request.encoding == messages.VECTOR_ENCODING_FLOAT16
    return Batch(
        request.space_id, request.owner, tuple(request.asset_ids), request.vectors, half=half
    )


def _parameters(wanted: messages.IndexParameters, now: Parameters) -> Parameters:
    """What is asked for; what is not said stays as it is."""
    return Parameters(
        _METHODS.get(wanted.method, now.method),
        _CLASSES.get(wanted.operator_class, now.opclass),
        wanted.m or now.m,
        wanted.ef_construction or now.ef_construction,
        wanted.lists or now.lists,
    )


def _target(value: float) -> float:
    if 0.0 <= value <= 1.0:
        return value
    raise InvalidInput(Reason.FIELD_INVALID, "target must be between 0 and 1.", field="target")


def _vectors(
    request: messages.EvaluateRecallRequest | messages.TuneIndexRequest,
) -> list[npt.NDArray[np.float64]]:
    if len(request.vectors) > MOST_QUERIES:
        raise _too_many("vectors", len(request.vectors), MOST_QUERIES)
    for number, vector in enumerate(request.vectors):
        if vector.space_id not in ("", request.space_id):
            raise InvalidInput(
                Reason.FIELD_INVALID,
                "The vector is of another space.",
                field=f"vectors[{number}].space_id",
            )
    return [np.array(vector.values, np.float64) for vector in request.vectors]


def _too_many(field: str, count: int, limit: int) -> InvalidInput:
    return InvalidInput(
        Reason.FIELD_INVALID,
        f"There are {count} {field}; the limit is {limit}.",
        field=field,
        metadata={"count": str(count), "limit": str(limit)},
    )


def _index(described: Described) -> messages.Index:
    index, facts = described.index, described.facts
    parameters = index.parameters
    return messages.Index(
        space_id=index.space_id,
        parameters=messages.IndexParameters(
            method=_METHOD_NUMBERS[parameters.method],
            operator_class=_CLASS_NUMBERS[parameters.opclass],
            m=parameters.m,
            ef_construction=parameters.ef_construction,
            lists=parameters.lists,
        ),
        name=index.name,
        valid=facts.valid,
        size_bytes=facts.size_bytes,
        table_bytes=facts.table_bytes,
        rows=index.rows,
        dead_rows=facts.dead_rows,
        last_vacuum_time=timestamp(facts.vacuumed_at),
        last_analyze_time=timestamp(facts.analyzed_at),
        effort=described.effort,
        recall=_recall(described.recall),
        recall_target=described.target,
        build_bytes=described.build_bytes,
        build_limit_bytes=described.build_limit_bytes,
        row_us=facts.row_us or 0.0,
        tuple_us=facts.tuple_us or 0.0,
        job=_job(described.job),
    )


def _recall(recall: Recall | None) -> messages.RecallStatistics | None:
    if recall is None:
        return None
    return messages.RecallStatistics(
        count=recall.count, mean=recall.mean, p5=recall.p5, low=recall.low, high=recall.high
    )


def _job(job: IndexJob | None) -> messages.IndexJob | None:
    if job is None:
        return None
    return messages.IndexJob(
        job_id=str(job.job_id),
        kind=job.kind,
        state=job.state,
        phase=job.phase,
        done=job.done,
        total=job.total,
        reason=job.reason,
        message=job.message,
        create_time=timestamp(job.created_at),
        update_time=timestamp(job.updated_at),
    )


def _effort(one: EffortRecall) -> messages.EffortRecall:
    return messages.EffortRecall(
        effort=one.effort, mean=one.mean, p5=one.p5, p50_ms=one.p50_ms, p95_ms=one.p95_ms
    )

"""A space as the contracts write it, for whoever announces vectors."""

from __future__ import annotations

from kioku.common.v1 import space_pb2, vector_pb2

from kioku_rt.space import Space


def space_message(space: Space) -> space_pb2.Space:
    """The space in full."""
    return space_pb2.Space(
        space_id=space.space_id,
        kind=space_pb2.SpaceKind.Value("SPACE_KIND_" + space.kind.upper()),
        model=space.model,
        revision=space.revision,
        dimension=space.dimension,
        metric=vector_pb2.Metric.Value("METRIC_" + space.metric.upper()),
        preprocessing=space.preprocessing,
        normalised=space.normalised,
        precision=space.precision,
    )

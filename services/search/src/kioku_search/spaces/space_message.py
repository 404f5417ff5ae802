"""Spaces, their back-fills and comparisons as the contracts write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kioku.common.v1 import failure_pb2, space_pb2, vector_pb2
from kioku.search.v1 import space_service_pb2 as messages

from kioku_search.assets.asset_message import timestamp
from kioku_search.spaces.backfill import Window

if TYPE_CHECKING:
    from kioku_search.spaces.backfill import Backfill, ItemFailure
    from kioku_search.spaces.comparison import Comparison
    from kioku_search.spaces.space import Space
    from kioku_search.spaces.space_life import SpaceStatus


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


def status_message(one: SpaceStatus) -> messages.SpaceStatus:
    """A space with where it is in its life."""
    return messages.SpaceStatus(
        space=space_message(one.known.space),
        state=messages.SpaceState.Value("SPACE_STATE_" + one.known.state.upper()),
        canary_percent=one.known.canary_percent,
        create_time=timestamp(one.created_at),
        update_time=timestamp(one.updated_at),
    )


def backfill_message(one: Backfill) -> messages.Backfill:
    """How far a back-fill is."""
    return messages.Backfill(
        space_id=one.space_id,
        state=messages.BackfillState.Value("BACKFILL_STATE_" + one.state),
        total=one.total,
        done=one.done,
        failed=one.failed,
        in_flight=one.in_flight,
        pending=one.pending,
        rate_per_minute=one.rate_per_minute,
        measured_per_minute=one.measured_per_minute,
        eta_seconds=one.eta_seconds,
        failure_rate=one.failure_rate,
        window=_window_message(one.window),
        in_window=one.in_window,
        start_time=timestamp(one.started_at),
        finish_time=timestamp(one.finished_at),
        count_time=timestamp(one.counted_at),
        pace=one.pace,
    )


def window_of(message: messages.OffPeakWindow) -> Window:
    """The window that a request names."""
    return Window(message.start_minute, message.end_minute, message.time_zone or "UTC")


def failure_message(one: ItemFailure) -> messages.BackfillFailure:
    """One vector that cannot be had."""
    return messages.BackfillFailure(
        owner=one.owner,
        asset_id=str(one.asset_id),
        frame_no=one.frame_no if one.frame_no >= 0 else None,
        failure=failure_pb2.Failure(reason=one.failure.reason, message=one.failure.message),
        orders=one.orders,
        fail_time=timestamp(one.failed_at),
    )


def comparison_message(one: Comparison) -> messages.CompareSpacesResponse:
    """What a comparison found."""
    return messages.CompareSpacesResponse(
        space_id=one.space_id,
        base_space_id=one.base_id,
        k=one.k,
        samples=one.samples,
        mean_overlap=one.mean_overlap,
        low_overlap=one.low_overlap,
        labelled=one.labelled,
        recall=one.recall,
        base_recall=one.base_recall,
    )


def _window_message(window: Window | None) -> messages.OffPeakWindow | None:
    if window is None:
        return None
    return messages.OffPeakWindow(
        start_minute=window.start, end_minute=window.end, time_zone=window.zone
    )

"""Assets and deletions as the messages of `kioku.assets.v1`."""

from __future__ import annotations

from dataclasses import asdict
from datetime import datetime

from google.protobuf.timestamp_pb2 import Timestamp
from kioku.assets.v1 import asset_pb2
from kioku.common.v1 import failure_pb2

from kioku_search.assets.asset import Asset, AssetState, Failure, Kind, Stage
from kioku_search.assets.deletion import Deletion, Purge
from kioku_search.videos.video import Frame, VideoProgress

_KIND = "ASSET_KIND_"
_NUMBERS = {kind: asset_pb2.AssetKind.Value(_KIND + kind) for kind in Kind}
_STATE = "ASSET_STATE_"


def timestamp(moment: datetime | None) -> Timestamp | None:
    """A moment for a message field; None leaves the field unset."""
    if moment is None:
        return None
    stamp = Timestamp()
    stamp.FromDatetime(moment)
    return stamp


def kind_number(kind: Kind) -> asset_pb2.AssetKind.ValueType:
    """The contract's number of a kind."""
    return _NUMBERS[kind]


def kind_of(number: int) -> Kind | None:
    """The kind of a number, None for UNSPECIFIED; unknown numbers were refused at the door."""
    name = asset_pb2.AssetKind.Name(number).removeprefix(_KIND)  # type: ignore[arg-type]
    return None if name == "UNSPECIFIED" else Kind(name)


def state_of(number: int) -> AssetState | None:
    """The state of a number, None for UNSPECIFIED."""
    name = asset_pb2.AssetState.Name(number).removeprefix(_STATE)  # type: ignore[arg-type]
    return None if name == "UNSPECIFIED" else AssetState(name)


def asset_message(asset: Asset) -> asset_pb2.Asset:
    """An asset as its owner sees it."""
    return asset_pb2.Asset(
        name=f"assets/{asset.asset_id}",
        asset_id=str(asset.asset_id),
        owner=asset.owner,
        kind=kind_number(asset.kind),
        state=asset_pb2.AssetState.Value(_STATE + asset.state),
        filename=asset.filename,
        content_type=asset.content_type,
        size_bytes=asset.size_bytes,
        sha256=asset.sha256,
        tags=asset.tags,
        albums=asset.albums,
        taken_time=timestamp(asset.taken_at),
        create_time=timestamp(asset.created_at),
        update_time=timestamp(asset.updated_at),
        stages=[_stage(stage) for stage in asset.stages],
        progress=asset.progress,
        failure=_failure(asset.failure),
        video=_video(asset.video) if asset.video else None,
    )


def frame_message(frame: Frame) -> asset_pb2.VideoFrame:
    """A frame as its owner sees it."""
    return asset_pb2.VideoFrame(
        frame_no=frame.frame_no,
        time_ms=frame.time_ms,
        state=asset_pb2.StageState.Value("STAGE_STATE_" + frame.state),
        failure=_failure(frame.failure),
    )


def deletion_message(deletion: Deletion) -> asset_pb2.Deletion:
    """A deletion's receipt so far."""
    return asset_pb2.Deletion(
        name=f"deletions/{deletion.asset_id}",
        asset_id=str(deletion.asset_id),
        done=deletion.completed_at is not None,
        create_time=timestamp(deletion.created_at),
        complete_time=timestamp(deletion.completed_at),
        sweep_time=timestamp(deletion.swept_at),
        purges=[_purge(purge) for purge in deletion.purges],
    )


def _stage(stage: Stage) -> asset_pb2.Stage:
    return asset_pb2.Stage(
        stage=stage.stage,
        state=asset_pb2.StageState.Value("STAGE_STATE_" + stage.state),
        attempts=stage.attempts,
        failure=_failure(stage.failure),
        update_time=timestamp(stage.updated_at),
    )


def _video(video: VideoProgress) -> asset_pb2.VideoProgress:
    facts = video.facts
    return asset_pb2.VideoProgress(
        facts=asset_pb2.VideoFacts(**asdict(facts)) if facts else None,
        frames_total=video.total,
        frames_cut=video.cut,
        frames_embedded=video.embedded,
        frames_failed=video.failed,
    )


def _failure(failure: Failure | None) -> failure_pb2.Failure | None:
    if failure is None:
        return None
    return failure_pb2.Failure(reason=failure.reason, message=failure.message)


def _purge(purge: Purge) -> asset_pb2.Purge:
    return asset_pb2.Purge(
        participant=purge.participant,
        confirm_time=timestamp(purge.confirmed_at),
        removed=dict(purge.removed),
    )

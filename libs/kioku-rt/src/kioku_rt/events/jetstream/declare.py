"""After `apply` the declared streams and consumers exist as declared, whoever else is applying."""

from __future__ import annotations

import asyncio
from datetime import datetime

from nats.js import JetStreamContext, api
from nats.js import errors as js_errors

from kioku_rt.events.topology import ConsumerSpec, StreamSpec, Topology

_COMPARED = (
    "subjects",
    "discard",
    "max_bytes",
    "max_age",
    "max_msg_size",
    "duplicate_window",
)


def stream_config(spec: StreamSpec) -> api.StreamConfig:
    """The server's words for a stream."""
    return api.StreamConfig(
        name=spec.name,
        subjects=list(spec.subjects),
        retention=api.RetentionPolicy.LIMITS,
        storage=api.StorageType.FILE,
        discard=api.DiscardPolicy.NEW,
        max_bytes=spec.max_bytes,
        max_age=spec.max_age,
        max_msg_size=spec.max_msg_size,
        duplicate_window=spec.duplicate_window,
        num_replicas=1,
    )


def consumer_config(spec: ConsumerSpec) -> api.ConsumerConfig:
    """The server's words for a consumer."""
    return api.ConsumerConfig(
        name=spec.durable,
        durable_name=spec.durable,
        filter_subjects=list(spec.subjects),
        deliver_policy=api.DeliverPolicy.ALL,
        ack_policy=api.AckPolicy.EXPLICIT,
        ack_wait=spec.ack_wait,
        max_deliver=spec.max_deliver,
        max_ack_pending=spec.max_ack_pending,
    )


def _differs(is_: api.StreamConfig, should: api.StreamConfig) -> bool:
    return any(getattr(is_, name) != getattr(should, name) for name in _COMPARED)


async def _apply_stream(js: JetStreamContext, spec: StreamSpec) -> datetime:
    config = stream_config(spec)
    try:
        info = await js.stream_info(spec.name)
    except js_errors.NotFoundError:
        info = await js.add_stream(config)
    if _differs(info.config, config):
        info = await js.update_stream(config)
    return _born(info)


async def created(js: JetStreamContext, stream: str) -> datetime:
    """When `stream` was created.  Raises what nats-py raises; NotFoundError if there is none."""
    return _born(await js.stream_info(stream))


def _born(info: api.StreamInfo) -> datetime:
    if info.created is None:
        raise TypeError("the server always says when a stream was created")
    return info.created


async def apply(js: JetStreamContext, topology: Topology) -> dict[str, datetime]:
    """Create what is missing and change what differs; when each stream was created.

    Safe to run from several processes at once: equal declarations are no-ops.
    """
    born = await asyncio.gather(*(_apply_stream(js, spec) for spec in topology.streams))
    await asyncio.gather(
        *(js.add_consumer(spec.stream, consumer_config(spec)) for spec in topology.consumers)
    )
    names = (spec.name for spec in topology.streams)
    return dict(zip(names, born, strict=True))

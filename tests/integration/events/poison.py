"""A worker process that dies of a poison event, once per delivery; run by a test."""

from __future__ import annotations

import asyncio
import os
import signal
import sys

from kioku_rt.events import CONSUMERS, Ack, ConsumerSpec, Event, EventBus, Outcome, Topology, Worker

SPEC = ConsumerSpec("embedder-uploaded", ("asset.uploaded",), ack_wait=1.0)


async def _handle(event: Event) -> Outcome:
    if event.payload == b"poison":
        os.kill(os.getpid(), signal.SIGKILL)
    print("handled", event.id, flush=True)
    return Ack()


async def _main(url: str) -> None:
    others = tuple(spec for spec in CONSUMERS.values() if spec.durable != SPEC.durable)
    async with await EventBus.connect(
        url, "p", topology=Topology(consumers=(SPEC, *others))
    ) as bus:
        await Worker(bus, SPEC, _handle, slots=1, handler_timeout=5).run(asyncio.Event())


asyncio.run(_main(sys.argv[1]))

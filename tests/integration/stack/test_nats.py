"""NATS with JetStream as the launcher and the fixtures start it."""

import nats
import pytest


async def _publish(url: str, payload: bytes) -> int:
    client = await nats.connect(url)
    try:
        stream = client.jetstream()
        await stream.add_stream(name="KEEP", subjects=["keep.>"])
        return (await stream.publish("keep.one", payload)).seq
    finally:
        await client.close()


async def _messages(url: str) -> int:
    client = await nats.connect(url)
    try:
        return (await client.jetstream().stream_info("KEEP")).state.messages
    finally:
        await client.close()


async def test_takes_messages_of_512_kib(fresh_nats):
    """A payload of the largest size that the streams allow is stored."""
    assert await _publish(fresh_nats.url, b"x" * (512 * 1024)) == 1


async def test_messages_survive_a_kill(fresh_nats):
    """What was acknowledged is there after SIGKILL and a start on the same store."""
    await _publish(fresh_nats.url, b"kept")
    fresh_nats.kill()
    fresh_nats.start()
    assert await _messages(fresh_nats.url) == 1


async def test_starts_again_after_a_wipe(fresh_nats):
    """A lost store is an empty server, not a broken one."""
    await _publish(fresh_nats.url, b"lost")
    fresh_nats.kill()
    fresh_nats.wipe()
    fresh_nats.start()
    with pytest.raises(nats.js.errors.NotFoundError):
        await _messages(fresh_nats.url)


async def test_session_server_is_shared(nats_server):
    """The shared server answers its monitoring port."""
    assert nats_server.ready()

"""What holds for every rpc of every server, whatever its shape."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import grpc
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from kioku_rt.reasons import Reason
from kioku_rt.rpc import error_of

SHAPES = ["Ask", "Many", "ManyWritten", "Sum", "Chat", "ChatWritten"]
SERVICE = "kioku.test.v1.DoorService"
every_rpc = pytest.mark.parametrize("method", SHAPES)
Door = Any


def reason(failure: grpc.aio.AioRpcError) -> Reason | None:
    error = error_of(failure)
    return error.reason if error else None


@every_rpc
async def test_it_answers(door: Door, method: str) -> None:
    """A good call of any shape is answered in full."""
    replies = await door.answers(method, door.Ask(body=b"abc"))
    assert replies[0].body == b"abc"
    assert method in ("Ask", "Sum") or replies[-1].text == "end"


@every_rpc
@pytest.mark.parametrize("action", ["bug", "own_timeout", "mixed", "nothing"])
async def test_a_bug_is_internal_without_its_text(door: Door, method: str, action: str) -> None:
    """Whatever escapes a handler, even a wrong answer, ends INTERNAL and tells no secret."""
    failure = await door.failure(method, door.Ask(do=action))
    assert (failure.code(), reason(failure)) == (grpc.StatusCode.INTERNAL, Reason.INTERNAL)
    trailers = str(failure.trailing_metadata()) + str(failure.details())
    assert not [
        word for word in ("secret", "postgres", "ValueError", "Unexpected") if word in trailers
    ]


@every_rpc
async def test_a_refusal_arrives_whole(door: Door, method: str) -> None:
    """Reason, sentence, field and metadata reach the caller."""
    error = error_of(await door.failure(method, door.Ask(do="bad")))
    assert error is not None
    assert (
        error.reason,
        error.message,
        error.field,
        error.metadata,
    ) == (Reason.TEXT_TOO_LONG, "at most 5", "do", {"limit": "5"})


@every_rpc
async def test_a_task_groups_refusal_is_that_refusal(door: Door, method: str) -> None:
    """A use case may fan out: the reason inside an exception group is found."""
    failure = await door.failure(method, door.Ask(do="group"))
    assert reason(failure) is Reason.TEXT_TOO_LONG


@every_rpc
@pytest.mark.parametrize(
    "data",
    [b"\xff\xff\xff", b"\x0a\x02\xff\xfe", b"\x0a\x7f", b"\x2a\x00\x0b"],
    ids=["garbage", "bad-utf8", "truncated", "unclosed-group"],
)
async def test_bytes_that_are_no_message_are_refused(door: Door, method: str, data: bytes) -> None:
    """Malformed protobuf is INVALID_ARGUMENT with a reason, and never the decoder's words."""
    failure = await door.failure(method, data)
    assert (
        failure.code(),
        reason(failure),
    ) == (grpc.StatusCode.INVALID_ARGUMENT, Reason.REQUEST_NOT_DECODABLE)
    assert "DecodeError" not in failure.details()


@every_rpc
async def test_a_message_nested_too_deep_is_refused(door: Door, method: str) -> None:
    """Two hundred levels are not decodable; fifty are fine."""

    def nested(levels: int) -> bytes:
        data = b""
        for _ in range(levels):
            size = len(data)
            length = bytes([size]) if size < 128 else bytes([size & 127 | 128, size >> 7])
            data = b"\x12" + length + data
        return b"\x2a" + _varint(len(data)) + data

    assert len(await door.answers(method, nested(50))) >= 1
    assert reason(await door.failure(method, nested(200))) is Reason.REQUEST_NOT_DECODABLE


def _varint(number: int) -> bytes:
    return bytes([number]) if number < 128 else bytes([number & 127 | 128, number >> 7])


@every_rpc
async def test_an_unknown_enum_number_is_refused(door: Door, method: str) -> None:
    """A number from a newer client is refused at the door, with the path of its field."""
    ask = door.Ask()
    ask.nested.child.colour = 9
    error = error_of(await door.failure(method, ask))
    assert error is not None
    assert (error.reason, error.field) == (Reason.ENUM_UNKNOWN, "nested.child.colour")


@every_rpc
async def test_no_token_is_unauthenticated(door: Door, method: str) -> None:
    """A call without a token is TOKEN_MISSING."""
    failure = await door.failure(method, token=None)
    assert (
        failure.code(),
        reason(failure),
    ) == (grpc.StatusCode.UNAUTHENTICATED, Reason.TOKEN_MISSING)


@every_rpc
async def test_a_wrong_token_is_unauthenticated(door: Door, method: str) -> None:
    """A call with a token that is not accepted is TOKEN_INVALID."""
    failure = await door.failure(method, token="bad")
    assert (
        failure.code(),
        reason(failure),
    ) == (grpc.StatusCode.UNAUTHENTICATED, Reason.TOKEN_INVALID)


@every_rpc
async def test_a_broken_verifier_is_internal_too(door: Door, method: str) -> None:
    """A bug outside any handler tells no more than one inside, and lets nobody in."""
    failure = await door.failure(method, token="breaks")
    assert (grpc.StatusCode.INTERNAL, False) == (failure.code(), "secret" in str(failure))
    assert not door.servicer.started.is_set()


@every_rpc
async def test_the_handler_knows_its_caller(door: Door, method: str) -> None:
    """The verified token's subject is the current principal inside the handler."""
    replies = await door.answers(method, door.Ask(do="principal"))
    assert replies[0].text == "ada"


@every_rpc
async def test_the_clients_deadline_ends_the_handler(
    door: Door, method: str, wait_until: Callable[..., Awaitable[None]]
) -> None:
    """When the client's time runs out the handler is cancelled, not left running."""
    failure = await door.failure(method, door.Ask(do="sleep"), timeout=0.2)
    assert failure.code() is grpc.StatusCode.DEADLINE_EXCEEDED
    await wait_until(lambda: door.servicer.cancelled == ["sleep"])


@every_rpc
@pytest.mark.parametrize(
    ("limits", "timeout"),
    [({"default_deadline": 0.2}, None), ({"max_deadline": 0.2}, 60.0)],
    ids=["no-deadline", "too-long"],
)
async def test_the_servers_cap_ends_the_call(
    open_door: Any, method: str, limits: dict[str, float], timeout: float | None
) -> None:
    """A call without a deadline, or with too long a one, ends at the server's cap."""
    async with open_door(**limits) as door:
        started = time.monotonic()
        failure = await door.failure(method, door.Ask(do="sleep"), timeout=timeout)
        assert time.monotonic() - started < 2
        assert (
            failure.code(),
            reason(failure),
        ) == (grpc.StatusCode.DEADLINE_EXCEEDED, Reason.DEADLINE_EXCEEDED)
        assert door.servicer.cancelled == ["sleep"]


@every_rpc
@pytest.mark.parametrize(
    ("timeout", "least", "most"), [(None, 29, 30), (7.0, 6, 7.1), (9000.0, 299, 300)]
)
async def test_the_handler_sees_the_time_it_has(
    door: Door, method: str, timeout: float | None, least: float, most: float
) -> None:
    """`remaining_time` is the client's deadline, capped; without one the server's default."""
    (reply, *_) = await door.answers(method, door.Ask(do="remaining"), timeout=timeout)
    assert least < float(reply.text) <= most


@every_rpc
async def test_a_cancelled_call_cancels_its_handler(
    door: Door, method: str, wait_until: Callable[..., Awaitable[None]]
) -> None:
    """A client that goes away takes its work with it."""
    call = door.call(method, door.Ask(do="sleep"))
    consuming = asyncio.ensure_future(_consume(call))
    await asyncio.wait_for(door.servicer.started.wait(), 2)
    call.cancel()
    await asyncio.gather(consuming, return_exceptions=True)
    await wait_until(lambda: door.servicer.cancelled == ["sleep"])


async def _consume(call: Any) -> None:
    if hasattr(call, "__aiter__"):
        async for _ in call:
            pass
    else:
        await call


@every_rpc
async def test_a_message_a_little_too_large_hears_the_limit(door: Door, method: str) -> None:
    """Over the limit is RESOURCE_EXHAUSTED with reason and numbers."""
    error = error_of(await door.failure(method, door.Ask(body=b"x" * 1_000_000)))
    assert error is not None
    assert (error.reason, error.metadata["limit"]) == (Reason.MESSAGE_TOO_LARGE, "1000000")


@every_rpc
async def test_a_message_far_too_large_is_not_even_read(door: Door, method: str) -> None:
    """Far over the limit gRPC itself refuses, with the same code."""
    failure = await door.failure(method, door.Ask(body=b"x" * 3_000_000))
    assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@every_rpc
async def test_a_compressed_bomb_is_refused(door: Door, method: str) -> None:
    """The limit counts bytes after decompression."""
    async with grpc.aio.insecure_channel(
        f"127.0.0.1:{door.port}", compression=grpc.Compression.Gzip
    ) as channel:
        bomb = door.Ask(body=bytes(20_000_000))
        failure = await door.failure(method, bomb, channel=channel)
    assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


@pytest.mark.parametrize("method", ["Ask", "Many", "Sum", "Chat"])
async def test_an_answer_too_large_says_so(door: Door, method: str) -> None:
    """An answer its reader could not take ends with the same reason."""
    failure = await door.failure(method, door.Ask(do="huge"))
    assert reason(failure) is Reason.MESSAGE_TOO_LARGE


@every_rpc
async def test_a_handlers_own_abort_is_kept(door: Door, method: str) -> None:
    """What a handler aborts with is what the client hears."""
    failure = await door.failure(method, door.Ask(do="abort"))
    assert (failure.code(), failure.details()) == (grpc.StatusCode.NOT_FOUND, "own words")


@every_rpc
async def test_a_full_server_sheds_at_once(
    open_door: Any, method: str, wait_until: Callable[..., Awaitable[None]]
) -> None:
    """One call too many is OVERLOADED with a time to come back; the others finish."""
    async with open_door(max_concurrent_rpcs=4) as door:
        busy = [asyncio.create_task(door.answers(method, door.Ask(do="wait"))) for _ in range(4)]
        await wait_until(lambda: door.server.calls_at_work == 4)
        shed = [error_of(await door.failure(method)) for _ in range(3)]
        door.servicer.release.set()
        finished = await asyncio.gather(*busy)
    assert [(e.reason, e.retry_after) for e in shed if e] == [(Reason.OVERLOADED, 0.5)] * 3
    assert all(replies[0].text == "finished" for replies in finished)


async def test_a_burst_past_the_limit_is_shed_exactly(open_door: Any, wait_until: Any) -> None:
    """Forty calls at one moment against room for four: four are served, three times over."""
    async with open_door(max_concurrent_rpcs=4) as door:
        for _ in range(3):
            door.servicer.release.clear()
            calls = [
                asyncio.create_task(door.answers("Ask", door.Ask(do="wait"))) for _ in range(40)
            ]
            await wait_until(lambda: sum(call.done() for call in calls) == 36)  # noqa: B023
            door.servicer.release.set()
            results = await asyncio.gather(*calls, return_exceptions=True)
            served = [result for result in results if isinstance(result, list)]
            assert len(served) == 4


async def test_health_answers_while_the_server_is_full(open_door: Any) -> None:
    """A full server is busy, not dead: its probe is admitted."""

    async with open_door(max_concurrent_rpcs=1) as door:
        busy = asyncio.create_task(door.answers("Ask", door.Ask(do="wait")))
        await door.servicer.started.wait()
        stub = health_pb2_grpc.HealthStub(door.channel)
        answer = await stub.Check(health_pb2.HealthCheckRequest(), timeout=2)
        door.servicer.release.set()
        await busy
    assert answer.status == health_pb2.HealthCheckResponse.SERVING


@pytest.mark.parametrize("path", [f"/{SERVICE}/Forgotten", f"/{SERVICE}/Nope", "/no.such/Method"])
async def test_an_unknown_method_is_unimplemented(door: Door, path: str) -> None:
    """A method that is not there, or that its servicer forgot, is METHOD_UNKNOWN."""
    rpc = door.channel.unary_unary(path, bytes, bytes)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await rpc(b"", timeout=2, metadata=(("authorization", "Bearer good"),))
    assert (
        caught.value.code(),
        reason(caught.value),
    ) == (grpc.StatusCode.UNIMPLEMENTED, Reason.METHOD_UNKNOWN)


async def test_a_public_method_needs_no_token(door: Door) -> None:
    """Only methods that are named public are open."""
    (reply,) = await door.answers("Public", token=None)
    assert reply.text == "echo"


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ((("authorization", "Basic Z29vZA=="),), Reason.TOKEN_MISSING),
        ((("authorization", "good"),), Reason.TOKEN_MISSING),
        ((("authorization", "Bearer"),), Reason.TOKEN_INVALID),
        (
            (("authorization", "Bearer good"), ("authorization", "Bearer good")),
            Reason.TOKEN_INVALID,
        ),
        ((("x-user-id", "ada"), ("x-jwt-payload", "e30")), Reason.TOKEN_MISSING),
    ],
)
async def test_only_one_bearer_token_is_a_credential(
    door: Door, headers: tuple[tuple[str, str], ...], expected: Reason
) -> None:
    """Other schemes, two tokens, or an edge's headers without the edge prove nothing."""
    failure = await door.failure("Ask", token=None, metadata=headers)
    assert expected is reason(failure)


async def test_the_scheme_is_read_in_any_case(door: Door) -> None:
    """`bearer` is a case-insensitive word (RFC 9110)."""
    headers = (("authorization", "bEaReR good"),)
    assert len(await door.answers("Ask", token=None, metadata=headers)) == 1


async def test_metadata_beyond_its_limit_is_refused(door: Door) -> None:
    """Eight kilobytes of headers pass, forty do not."""
    assert len(await door.answers("Ask", metadata=(("x-note", "x" * 8000),))) == 1
    failure = await door.failure("Ask", metadata=(("x-note", "x" * 40_000),))
    assert failure.code() is grpc.StatusCode.RESOURCE_EXHAUSTED


async def test_a_silent_stream_without_a_token_is_refused_soon(door: Door) -> None:
    """A refusal waits for a stream's first message, but not for ever."""

    async def silent() -> Any:
        await asyncio.sleep(60)
        yield b""

    started = time.monotonic()
    call = door.channel.stream_stream(f"/{SERVICE}/Chat")(silent(), timeout=5)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call.read()
    assert reason(caught.value) is Reason.TOKEN_MISSING
    assert time.monotonic() - started < 2


async def test_first_calls_of_many_channels_hear_the_reason(door: Door) -> None:
    """A stream refused at once still says why: it never ends INTERNAL on a fresh connection."""
    heard = set()
    for _ in range(60):
        async with grpc.aio.insecure_channel(
            f"127.0.0.1:{door.port}", options=[("grpc.use_local_subchannel_pool", 1)]
        ) as channel:
            heard.add(reason(await door.failure("Chat", token=None, channel=channel)))
    assert heard == {Reason.TOKEN_MISSING}


async def test_an_unauthenticated_giant_is_refused_before_it_is_read(open_door: Any) -> None:
    """The token is checked before a request's bytes are taken in."""
    async with open_door(max_message_bytes=17 * 2**20) as door:
        failure = await door.failure("Ask", door.Ask(body=bytes(16 * 2**20)), token=None)
        assert reason(failure) is Reason.TOKEN_MISSING
        assert not door.servicer.started.is_set()

"""Predictions of a hosted model become vectors; every fault of the provider has its own end."""

from __future__ import annotations

import asyncio
import base64
import io
from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import pytest
from kioku_embedder.backend import Source
from kioku_embedder.hosted.opening import HostedModel, HostedUnusable
from kioku_embedder.waiting import Priority
from kioku_rt.errors import DependencyDown, KiokuError
from kioku_rt.objects import MemoryObjectStore
from kioku_rt.policy import AiPolicy
from kioku_rt.reasons import Reason
from PIL import Image

from tests.integration.hosted.provider_server import Answer, ProviderServer, vector_of

Open = Callable[..., Awaitable[HostedModel]]
WAITS = (DependencyDown,)


def source(data: bytes) -> Source:
    async def give() -> bytes:
        return data

    return give


async def text(model: HostedModel, words: str = "a red cat", *, bulk: bool = True) -> Any:
    priority = Priority.BULK if bulk else Priority.INTERACTIVE
    return await model.embedder.text(words, space_id="", priority=priority)


async def image(model: HostedModel, data: bytes, derived: str = "") -> Any:
    return await model.embedder.image(
        source(data), space_id="", priority=Priority.BULK, derived=derived
    )


async def failure(call: Awaitable[Any]) -> KiokuError:
    with pytest.raises(KiokuError) as caught:
        await call
    return caught.value


def unit(content: str) -> Any:
    row = np.array(vector_of(content))
    return row / np.linalg.norm(row)


async def test_a_text_becomes_a_unit_vector(open_model: Open, provider: ProviderServer) -> None:
    """As specified: version, input, `Authorization: Token`; looked after until it has succeeded."""
    provider.polls = 2
    model = await open_model()
    embedding = await text(model)
    np.testing.assert_allclose(embedding.vector, unit("a red cat"), atol=1e-6)
    [asked] = provider.begun()
    assert asked.headers["authorization"] == "Token r8_secret"
    assert {
        "version": "openai/clip-vit-large-patch14:abc",
        "input": {"text": "a red cat"},
    } == asked.json
    assert ["GET", "GET"] == [each.method for each in provider.asked[1:]]
    space = embedding.space
    assert (space.model, space.precision) == ("clip-vit-large-patch14", "hosted")
    assert space.space_id.startswith("clip-vit-large-patch14@")


async def test_a_picture_of_an_rpc_travels_inside_the_request(
    open_model: Open, provider: ProviderServer, make_jpeg: Callable[..., bytes]
) -> None:
    """Upright, small, and without anything else that was in its file."""
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera's name"
    data = make_jpeg(1, (2000, 1000), exif=exif)
    await image(await open_model(), data)
    address = provider.begun()[0].json["input"]["image"]
    assert address.startswith("data:image/jpeg;base64,")
    sent = base64.b64decode(address.partition(",")[2])
    assert b"a camera's name" in data
    assert b"Exif" not in sent
    assert Image.open(io.BytesIO(sent)).size == (512, 1024)


async def test_a_picture_of_an_event_travels_by_a_signed_url(
    open_model: Open, provider: ProviderServer, make_jpeg: Callable[..., bytes]
) -> None:
    """The copy lies under the asset's prefix only until the provider has answered."""
    store = MemoryObjectStore()
    provider.polls = 50
    embedding = asyncio.create_task(image(await open_model(store), make_jpeg(), "derived/o/a/"))
    while not provider.begun():
        await asyncio.sleep(0.01)
    address = provider.begun()[0].json["input"]["image"]
    assert address.startswith("memory:get/derived/o/a/passing/")
    [(data, media_type)] = store.objects.values()
    assert (media_type, data[:2]) == ("image/jpeg", b"\xff\xd8")
    embedding.cancel()
    with pytest.raises(asyncio.CancelledError):
        await embedding
    assert {} == store.objects


async def test_a_bad_picture_costs_nothing(open_model: Open, provider: ProviderServer) -> None:
    """It is refused here, with our own reason."""
    model = await open_model()
    assert Reason.IMAGE_UNSUPPORTED_FORMAT == (await failure(image(model, b"no picture"))).reason
    assert ([], 0.0) == (provider.begun(), model.ledger.spent_usd)


@pytest.mark.parametrize(
    "output",
    [{"embedding": [1.0] * 8}, [{"embedding": [1.0] * 8}], [[1.0] * 8], [1] * 8],
    ids=["object", "list", "nested", "integers"],
)
async def test_known_shapes_of_an_output_are_read(
    open_model: Open, provider: ProviderServer, output: Any
) -> None:
    """Models of one kind do not agree how they write a vector."""
    provider.output = output
    embedding = await text(await open_model())
    np.testing.assert_allclose(embedding.vector, [8**-0.5] * 8, atol=1e-6)


@pytest.mark.parametrize(
    ("output", "reason"),
    [
        ([float("nan")] * 8, Reason.MODEL_OUTPUT_INVALID),
        ([float("inf")] * 8, Reason.MODEL_OUTPUT_INVALID),
        ([1e39] * 8, Reason.MODEL_OUTPUT_INVALID),
        ([0.0] * 8, Reason.MODEL_OUTPUT_INVALID),
        (["1.0"] * 8, Reason.HOSTED_FAILED),
        ([True] * 8, Reason.HOSTED_FAILED),
        ([10**400] * 8, Reason.HOSTED_FAILED),
        ([], Reason.HOSTED_FAILED),
        ("a vector", Reason.HOSTED_FAILED),
        ({"embedding": None}, Reason.HOSTED_FAILED),
    ],
    ids=["nan", "inf", "overflow", "zero", "strings", "booleans", "huge", "empty", "text", "null"],
)
async def test_a_vector_is_never_taken_on_trust(
    open_model: Open, provider: ProviderServer, output: Any, reason: Reason
) -> None:
    """What is no finite vector with a direction is a failure, and was paid for."""
    provider.output = output
    model = await open_model()
    error = await failure(text(model))
    assert (reason, False) == (error.reason, isinstance(error, WAITS))
    assert model.ledger.spent_usd == pytest.approx(0.0006)


async def test_another_dimension_is_a_wrong_setting(
    open_model: Open, provider: ProviderServer
) -> None:
    """No event dies of it; the service says that it does not work, and asks no more for a while."""
    provider.output = [1.0] * 9
    model = await open_model()
    error = await failure(text(model))
    assert isinstance(error, DependencyDown)
    assert "9 components" in error.message
    assert not model.embedder.working
    assert Reason.HOSTED_FAILED == (await failure(text(model))).reason
    assert 1 == len(provider.begun())


@pytest.mark.parametrize("status", [401, 402, 403, 404, 307])
async def test_wrong_credentials_cost_no_event(
    open_model: Open, provider: ProviderServer, status: int
) -> None:
    """Health says so; nothing is paid; a redirect is not followed."""
    provider.faults.append(Answer(status, headers={"Location": "http://8.8.8.8/"}))
    model = await open_model()
    error = await failure(text(model))
    assert isinstance(error, DependencyDown)
    assert (False, False) == (model.embedder.working, model.embedder.open_for_bulk)
    making = model.making()
    with pytest.raises(DependencyDown):
        await making.pings["hosted model"]()
    assert (1, 0.0) == (len(provider.asked), model.ledger.spent_usd)


@pytest.mark.parametrize("status", [400, 413, 422])
async def test_an_item_that_is_refused_is_at_fault(
    open_model: Open, provider: ProviderServer, status: int
) -> None:
    """It fails alone, at once and free of charge."""
    provider.faults.append(Answer(status))
    model = await open_model()
    error = await failure(text(model))
    assert (Reason.HOSTED_ITEM_REFUSED, False) == (error.reason, isinstance(error, WAITS))
    assert 0.0 == model.ledger.spent_usd
    assert (await text(model)).vector.shape == (8,)


async def test_a_provider_that_refuses_everything_is_not_the_items_fault(
    open_model: Open, provider: ProviderServer
) -> None:
    """A wrong model name would otherwise kill every event."""
    provider.always = Answer(422)
    model = await open_model()
    errors = [await failure(text(model)) for _ in range(9)]
    assert [Reason.HOSTED_ITEM_REFUSED] * 7 == [error.reason for error in errors[:7]]
    assert all(isinstance(error, DependencyDown) for error in errors[7:])
    assert 8 == len(provider.begun())


@pytest.mark.parametrize(
    "fault",
    [Answer(500), Answer(503, headers={"Retry-After": "7"}), Answer(cut=True, body=b"x" * 100)],
    ids=["500", "503", "cut"],
)
async def test_an_outage_makes_work_wait(
    open_model: Open, provider: ProviderServer, fault: Answer
) -> None:
    """No attempt is used; since the provider may have worked, the price stays booked."""
    provider.faults.append(fault)
    model = await open_model()
    error = await failure(text(model))
    assert isinstance(error, DependencyDown)
    assert Reason.HOSTED_FAILED == error.reason
    assert model.ledger.spent_usd == pytest.approx(0.0006)
    assert model.embedder.open_for_bulk


async def test_an_item_that_fails_while_others_succeed_is_tried_again(
    open_model: Open, provider: ProviderServer
) -> None:
    """Else one poisoned item would hold everything for ever."""
    model = await open_model()
    provider.faults.append(Answer(500, delay=1.5))
    bad = asyncio.create_task(failure(text(model, "bad")))
    while not provider.begun():
        await asyncio.sleep(0.01)
    await text(model, "good")
    error = await bad
    assert (Reason.HOSTED_FAILED, False) == (error.reason, isinstance(error, WAITS))


async def test_an_unreachable_provider_is_an_outage_free_of_charge(
    open_model: Open, provider: ProviderServer
) -> None:
    """Nothing listens there."""
    model = await open_model(hosted_base_url="http://127.0.0.1:9")
    error = await failure(text(model))
    assert isinstance(error, DependencyDown)
    assert 0.0 == model.ledger.spent_usd


@pytest.mark.parametrize(
    "body",
    [b"<html>", b"[1,", b"[" * 100_000, b"null", b'{"id": "x"}', b'{"id":"../x","status":"a"}'],
    ids=["html", "cut", "deep", "null", "stateless", "path"],
)
async def test_an_answer_that_is_none_is_tried_again(
    open_model: Open, provider: ProviderServer, body: bytes
) -> None:
    """Malformed, too deep, or no prediction."""
    provider.faults.append(Answer(201, body))
    error = await failure(text(await open_model()))
    assert (Reason.HOSTED_FAILED, False) == (error.reason, isinstance(error, WAITS))


async def test_an_answer_larger_than_the_limit_is_not_read(
    open_model: Open, provider: ProviderServer
) -> None:
    """Nobody fills our memory."""
    provider.faults.append(Answer(201, b" " * 2**20))
    model = await open_model(hosted_answer_max_bytes=2**16)
    assert Reason.HOSTED_FAILED == (await failure(text(model))).reason


@pytest.mark.parametrize("status", ["failed", "canceled", "surprised"])
async def test_a_failed_prediction_is_tried_again(
    open_model: Open, provider: ProviderServer, status: str
) -> None:
    """What the provider says about it stays in the log."""
    provider.status, provider.error = status, "CUDA out of memory at 0x7f"
    error = await failure(text(await open_model()))
    assert (Reason.HOSTED_FAILED, False) == (error.reason, isinstance(error, WAITS))
    assert "CUDA" not in error.message


async def test_an_answer_that_drips_is_given_up(open_model: Open, provider: ProviderServer) -> None:
    """However slowly its bytes come, the time of an item is a limit."""
    provider.faults.append(Answer(delay=5))
    model = await open_model(hosted_item_seconds=0.2)
    error = await failure(text(model))
    assert isinstance(error, DependencyDown)
    assert model.ledger.spent_usd == pytest.approx(0.0006)


async def test_a_policy_that_refuses_later_costs_no_event(
    open_model: Open, provider: ProviderServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name may lead elsewhere after the start; work waits, health says so, nothing is paid."""

    def refuse(_: AiPolicy, host: str, __: object) -> None:
        raise KiokuError(Reason.EXTERNAL_AI_REFUSED, f"{host} is outside")

    model = await open_model()
    monkeypatch.setattr(AiPolicy, "check", refuse)
    for _ in range(2):
        error = await failure(text(model))
        assert isinstance(error, DependencyDown)
        assert Reason.EXTERNAL_AI_REFUSED == error.reason
    assert ([], 0.0) == (provider.asked, model.ledger.spent_usd)
    assert not model.embedder.working


async def test_a_provider_outside_must_reach_the_pictures(open_model: Open) -> None:
    """Signed URLs of a private store would make every prediction fail, and be paid for."""
    outside = {"hosted_base_url": "http://8.8.8.8", "external_ai": "allowed"}
    with pytest.raises(HostedUnusable, match="KIOKU_HOSTED_PICTURES=inline"):
        await open_model(**outside)
    await open_model(**outside, hosted_pictures="inline")
    await open_model(**outside, S3_PUBLIC_ENDPOINT="http://8.8.4.4")


async def test_a_prediction_that_never_ends_is_cancelled(
    open_model: Open, provider: ProviderServer
) -> None:
    """After its time; the provider is told to stop."""
    provider.polls = 10_000
    model = await open_model(hosted_item_seconds=0.4)
    assert isinstance(await failure(text(model)), DependencyDown)
    while not provider.cancelled:
        await asyncio.sleep(0.01)
    assert ["p0x"] == provider.cancelled


async def test_who_gives_up_cancels_the_prediction(
    open_model: Open, provider: ProviderServer
) -> None:
    """A call that ran out of time leaves no work running at the provider."""
    provider.polls = 10_000
    model = await open_model()
    call = asyncio.create_task(text(model))
    while len(provider.asked) < 2:
        await asyncio.sleep(0.01)
    call.cancel()
    with pytest.raises(asyncio.CancelledError):
        await call
    while not provider.cancelled:
        await asyncio.sleep(0.01)


async def test_credentials_go_nowhere_else(open_model: Open, provider: ProviderServer) -> None:
    """An address in an answer that leads to another host is not asked; the id is enough."""
    elsewhere = ProviderServer()
    await elsewhere.start()
    try:
        provider.urls = {"get": f"{elsewhere.url}/steal", "cancel": "http://8.8.8.8/"}
        assert (await text(await open_model())).vector.shape == (8,)
        assert [] == elsewhere.asked
        assert provider.asked[1].path == "/v1/predictions/p0x"
    finally:
        await elsewhere.stop()


async def test_trouble_while_looking_does_not_lose_a_prediction(
    open_model: Open, provider: ProviderServer
) -> None:
    """It was paid for; a few failed looks are overlooked, a lost prediction is tried again."""
    provider.poll_faults.extend(
        [Answer(status, headers={"Retry-After": "0"}) for status in (500, 429)]
    )
    model = await open_model()
    assert (await text(model)).vector.shape == (8,)
    provider.poll_faults.append(Answer(404))
    error = await failure(text(model))
    assert (Reason.HOSTED_FAILED, False) == (error.reason, isinstance(error, WAITS))


async def test_a_provider_that_asks_to_wait_is_obeyed(
    open_model: Open, provider: ProviderServer
) -> None:
    """A short wait is waited here; nothing is sent meanwhile, nothing is paid for the refusal."""
    provider.faults.append(Answer(429, headers={"Retry-After": "1"}))
    model = await open_model()
    loop = asyncio.get_running_loop()
    started = loop.time()
    await asyncio.gather(text(model), text(model, "other"))
    assert loop.time() - started >= 0.9
    assert model.ledger.spent_usd == pytest.approx(0.0012)


async def test_a_long_wait_is_told_at_once(open_model: Open, provider: ProviderServer) -> None:
    """With the time to come back; the next call is not even sent."""
    provider.faults.append(Answer(429, headers={"Retry-After": "600"}))
    model = await open_model()
    first, second = await failure(text(model)), await failure(text(model, bulk=False))
    for error in (first, second):
        assert isinstance(error, DependencyDown)
        assert Reason.HOSTED_RATE_LIMITED == error.reason
        assert 590 < (error.retry_after or 0) <= 601
    assert (1, False) == (len(provider.begun()), model.embedder.open_for_bulk)
    assert 0.0 == model.ledger.spent_usd


async def test_no_more_at_once_than_set(open_model: Open, provider: ProviderServer) -> None:
    """Ten texts, three predictions at a time."""
    model = await open_model(hosted_concurrency=3)
    await asyncio.gather(*(text(model, str(number)) for number in range(10)))
    assert (10, 3) == (len(provider.begun()), provider.most_at_once)


async def test_money_ends_where_it_was_approved(open_model: Open, provider: ProviderServer) -> None:
    """Two of three are affordable; the third waits; a restart remembers; more money lets it go."""
    settings = {"hosted_budget_usd": 0.0013}
    model = await open_model(**settings)
    for number in range(2):
        await text(model, str(number))
    error = await failure(text(model, "2"))
    assert isinstance(error, DependencyDown)
    assert Reason.HOSTED_BUDGET_EXHAUSTED == error.reason
    assert not model.embedder.open_for_bulk
    with pytest.raises(DependencyDown):
        await model.making().optional_pings["hosted budget"]()
    again = await open_model(**settings)
    assert again.ledger.spent_usd == pytest.approx(0.0012)
    assert Reason.HOSTED_BUDGET_EXHAUSTED == (await failure(text(again, "2"))).reason
    assert 2 == len(provider.begun())
    assert (await text(await open_model(hosted_budget_usd=0.01), "2")).vector.shape == (8,)


async def test_nothing_is_approved_by_default(open_model: Open, provider: ProviderServer) -> None:
    """Neither for events nor for people; a free server needs no approval."""
    model = await open_model(hosted_budget_usd=0)
    for bulk in (True, False):
        assert Reason.HOSTED_BUDGET_EXHAUSTED == (await failure(text(model, bulk=bulk))).reason
    free = await open_model(hosted_budget_usd=0, hosted_usd_per_text=0, hosted_usd_per_image=0)
    assert (await text(free)).vector.shape == (8,)
    assert free.embedder.open_for_bulk


async def test_labels_are_not_scored_without_a_learnt_scale(open_model: Open) -> None:
    """No score is made up."""
    model = await open_model()
    with pytest.raises(KiokuError, match="LABELS_UNSUPPORTED"):
        model.embedder.label_scale()

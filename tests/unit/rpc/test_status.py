"""Errors survive the way over the wire."""

from __future__ import annotations

from typing import Any

import grpc
import pytest
from google.rpc import error_details_pb2, status_pb2
from kioku_rt.errors import DependencyDown, InvalidInput, KiokuError
from kioku_rt.reasons import CATALOGUE, Reason
from kioku_rt.rpc import error_of, status_of
from kioku_rt.rpc.status import DETAILS_KEY


def over_the_wire(error: KiokuError) -> KiokuError | None:
    status = status_of(error)
    return error_of(failure(status.code, status.message, status.trailers))


def failure(code: grpc.StatusCode, message: str, trailers: Any = ()) -> grpc.aio.AioRpcError:
    metadata = grpc.aio.Metadata(*trailers)
    return grpc.aio.AioRpcError(code, grpc.aio.Metadata(), metadata, message)


@pytest.mark.parametrize("reason", list(Reason))
def test_every_reason_goes_there_and_back(reason: Reason) -> None:
    """Reason, text, field, metadata and delay are the same on the other side."""
    sent = KiokuError(reason, "why", field="a.b", metadata={"limit": "5"}, retry_after=1.25)
    received = over_the_wire(sent)
    assert received is not None
    assert vars(sent) == vars(received)


@pytest.mark.parametrize("reason", list(Reason))
def test_the_code_is_the_catalogues(reason: Reason) -> None:
    """The status code follows the catalogue and is never UNKNOWN."""
    assert CATALOGUE[reason].code.value == status_of(KiokuError(reason)).code.name


def test_details_are_what_other_languages_expect() -> None:
    """ErrorInfo of domain kioku, BadRequest with the field, RetryInfo with the delay (AIP-193)."""
    error = InvalidInput(Reason.TEXT_TOO_LONG, "at most 5", field="text", retry_after=0.5)
    ((key, data),) = status_of(error).trailers
    status = status_pb2.Status.FromString(data)
    info, request, delay = (
        error_details_pb2.ErrorInfo(),
        error_details_pb2.BadRequest(),
        error_details_pb2.RetryInfo(),
    )
    assert all(
        detail.Unpack(target)
        for detail, target in zip(status.details, (info, request, delay), strict=True)
    )
    assert (
        key,
        status.code,
        info.domain,
        info.reason,
        request.field_violations[0].field,
        delay.retry_delay.nanos,
    ) == (DETAILS_KEY, 3, "kioku", "TEXT_TOO_LONG", "text", 500_000_000)


def test_a_long_text_does_not_lose_the_status() -> None:
    """Texts are cut so that the trailers stay below the metadata limit."""
    error = KiokuError(Reason.FIELD_INVALID, "x" * 100_000, metadata={"value": "y" * 100_000})
    assert sum(len(data) for _, data in status_of(error).trailers) < 4096


def test_dependencies_are_named_with_a_delay() -> None:
    """A dependency that is down reaches the caller as UNAVAILABLE with RetryInfo."""
    received = over_the_wire(DependencyDown("object store"))
    assert received is not None
    assert (received.metadata, received.retry_after) == ({"dependency": "object store"}, 1.0)


@pytest.mark.parametrize(
    "trailers",
    [
        (),
        ((DETAILS_KEY, b"\xff\xff"),),
        ((DETAILS_KEY, b""),),
        ((DETAILS_KEY, status_pb2.Status(code=3).SerializeToString()),),
    ],
)
def test_foreign_statuses_are_not_ours(trailers: Any) -> None:
    """A status without our ErrorInfo, or that cannot be read, gives no reason."""
    assert error_of(failure(grpc.StatusCode.INTERNAL, "x", trailers)) is None


@pytest.mark.parametrize(("domain", "reason"), [("other", "INTERNAL"), ("kioku", "FROM_LATER")])
def test_other_domains_and_newer_reasons_are_not_guessed(domain: str, reason: str) -> None:
    """Only reasons of our own catalogue are read."""
    status = status_pb2.Status(code=3)
    status.details.add().Pack(error_details_pb2.ErrorInfo(domain=domain, reason=reason))
    trailers = ((DETAILS_KEY, status.SerializeToString()),)
    assert error_of(failure(grpc.StatusCode.INTERNAL, "x", trailers)) is None

"""A connection to a running stack as one user: gRPC through the same door as any app.

Tokens are minted by the data folder's development issuer and renewed before they end, so that a
long ingest never stops in the middle.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import grpc
from google.protobuf.json_format import MessageToDict
from google.protobuf.message import Message
from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceStub
from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceStub
from kioku.face.v1.audit_service_pb2_grpc import AuditServiceStub
from kioku.face.v1.consent_service_pb2_grpc import ConsentServiceStub
from kioku.face.v1.face_service_pb2_grpc import FaceServiceStub
from kioku.face.v1.people_service_pb2_grpc import PeopleServiceStub
from kioku.search.v1.index_service_pb2_grpc import IndexServiceStub
from kioku.search.v1.search_service_pb2_grpc import SearchServiceStub
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceStub
from kioku.vlm.v1.schedule_service_pb2_grpc import ScheduleServiceStub
from kioku_rt.auth import DevIssuer
from kioku_rt.errors import KiokuError
from kioku_rt.rpc import channel, error_of

from kioku_cli.data import DataFolder
from kioku_cli.launch import running
from kioku_cli.refusal import Refusal
from kioku_cli.supervisor.state import StackState

if TYPE_CHECKING:
    from kioku.assets.v1.asset_service_pb2_grpc import AssetServiceAsyncStub
    from kioku.embedder.v1.embedder_service_pb2_grpc import EmbedderServiceAsyncStub
    from kioku.face.v1.audit_service_pb2_grpc import AuditServiceAsyncStub
    from kioku.face.v1.consent_service_pb2_grpc import ConsentServiceAsyncStub
    from kioku.face.v1.face_service_pb2_grpc import FaceServiceAsyncStub
    from kioku.face.v1.people_service_pb2_grpc import PeopleServiceAsyncStub
    from kioku.search.v1.index_service_pb2_grpc import IndexServiceAsyncStub
    from kioku.search.v1.search_service_pb2_grpc import SearchServiceAsyncStub
    from kioku.search.v1.space_service_pb2_grpc import SpaceServiceAsyncStub
    from kioku.vlm.v1.schedule_service_pb2_grpc import ScheduleServiceAsyncStub

_T = TypeVar("_T")
_TOKEN_SECONDS = 900.0
_CALL_SECONDS = 30.0


class Session:
    """Stubs of the services, for one user of one stack.

    Args:
        data: the stack's data folder; a stack must run on it.
        user: the subject to act as.
        scopes: with any, the subject is a service that holds them.

    Raises:
        NotRunning: no stack runs there.
    """

    def __init__(self, data: DataFolder, user: str, scopes: Sequence[str] = ()) -> None:
        self.state: StackState = running(data)
        self.user = user
        self._tokens = _Tokens(data.issuer, user, scopes)
        self._channel = channel(
            self.state.endpoints["grpc"],
            token=self._tokens.current,
            default_timeout=_CALL_SECONDS,
        )
        self._open_stubs()

    def _open_stubs(self) -> None:
        self.assets: AssetServiceAsyncStub = AssetServiceStub(self._channel)
        self.search: SearchServiceAsyncStub = SearchServiceStub(self._channel)
        self.spaces: SpaceServiceAsyncStub = SpaceServiceStub(self._channel)
        self.indexes: IndexServiceAsyncStub = IndexServiceStub(self._channel)
        self.embedder: EmbedderServiceAsyncStub = EmbedderServiceStub(self._channel)
        self.faces: FaceServiceAsyncStub = FaceServiceStub(self._channel)
        self.people: PeopleServiceAsyncStub = PeopleServiceStub(self._channel)
        self.consents: ConsentServiceAsyncStub = ConsentServiceStub(self._channel)
        self.face_audit: AuditServiceAsyncStub = AuditServiceStub(self._channel)
        self.schedules: ScheduleServiceAsyncStub = ScheduleServiceStub(self._channel)

    @property
    def token(self) -> str:
        """A token that is valid for some minutes."""
        return self._tokens.current()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._channel.close()


class _Tokens:
    """Mints a token, and another one when half of its life is over."""

    def __init__(self, folder: Path, user: str, scopes: Sequence[str]) -> None:
        self._issuer = DevIssuer(folder)
        self._user = user
        self._scopes = scopes
        self._token = ""
        self._renew = 0.0

    def current(self) -> str:
        if time.monotonic() >= self._renew:
            self._token = self._issuer.mint(
                self._user,
                service=bool(self._scopes),
                scopes=self._scopes,
                ttl=_TOKEN_SECONDS,
            )
            self._renew = time.monotonic() + _TOKEN_SECONDS / 2
        return self._token


def run_calls(work: Coroutine[Any, Any, _T]) -> _T:
    """Run a command's calls; a failed one becomes the sentence that the service gave."""
    try:
        return asyncio.run(work)
    except grpc.aio.AioRpcError as failure:
        raise refusal_of(failure) from failure
    except KiokuError as error:
        raise Refusal(error.message, reason=error.reason) from error


def in_session(
    data: Path | None,
    user: str,
    work: Callable[[Session], Awaitable[_T]],
    scopes: Sequence[str] = (),
) -> _T:
    """The result of a command's calls as one user, or with scopes as a service.

    Raises:
        Refusal: the sentence of a call that failed; NotRunning.
    """

    async def connected() -> _T:
        async with Session(DataFolder.chosen(data), user, scopes) as session:
            return await work(session)

    return run_calls(connected())


def refusal_of(failure: grpc.aio.AioRpcError) -> Refusal:
    """The sentence and reason of a failed call."""
    said = error_of(failure)
    if said is not None:
        return Refusal(said.message, reason=said.reason)
    name = failure.code().name
    if failure.code() is grpc.StatusCode.UNAVAILABLE:
        text = "The services do not answer; `kioku status` shows which part is not ready."
        return Refusal(text, reason=name)
    return Refusal(f"The call failed with {name}: {failure.details()}", reason=name)


def as_dict(message: Message) -> dict[str, Any]:
    """A message as REST shows it: field names as in the protos, every primitive printed."""
    shown: dict[str, Any] = MessageToDict(
        message, preserving_proto_field_name=True, always_print_fields_with_no_presence=True
    )
    return shown

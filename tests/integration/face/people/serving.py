"""PeopleService in the test's process, and whatever else a test serves beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

from kioku.face.v1.people_service_pb2_grpc import PeopleServiceStub
from kioku_face.people.wiring import people_registration
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.rpc import Registration, RpcServer, ServerConfig, channel

from tests.integration.face.people.rig import TOKENS, Library, NotedWithdrawal, ToldFinder


class PeopleServer:
    """The service's port, with a token for anybody."""

    def __init__(self, issuer: DevIssuer, stack: AsyncExitStack) -> None:
        self.port = 0
        self.issuer = issuer
        self.finder = ToldFinder()
        self.withdrawal = NotedWithdrawal()
        self._stack = stack

    async def stub(self, subject: str, **claims: Any) -> Any:
        token = self.issuer.mint(subject, ttl=300.0, **claims)
        one = channel(f"127.0.0.1:{self.port}", token=lambda: token, default_timeout=20)
        self._stack.push_async_callback(one.close)
        return PeopleServiceStub(one)


@asynccontextmanager
async def serving(
    library: Library, folder: Path, others: Sequence[Registration] = ()
) -> AsyncIterator[PeopleServer]:
    """The service until the block ends; `folder` gets the issuer's keys."""
    issuer = DevIssuer(folder)
    keys = str(folder / "jwks.json")
    verifier = TokenVerifier(AuthConfig(issuer="kioku-dev", audience="authenticated", jwks=keys))
    async with AsyncExitStack() as stack:
        one = PeopleServer(issuer, stack)
        people = people_registration(library.api, one.finder, one.withdrawal, TOKENS)
        served = RpcServer(ServerConfig(grace=1.0), [people, *others], verifier=verifier)
        one.port = await served.start()
        stack.push_async_callback(served.drain)
        yield one

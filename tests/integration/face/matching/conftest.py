"""A database with the schema of faces, and a server with what is tested here."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from kioku.face.v1.face_service_pb2_grpc import (
    FaceServiceServicer,
    add_FaceServiceServicer_to_server,
)
from kioku_face.audit.wiring import audit_registration
from kioku_face.matching.wiring import match_people
from kioku_rt.auth import AuthConfig, DevIssuer, TokenVerifier
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_rt.page_token import PageTokens
from kioku_rt.rpc import Registration, RpcServer, ServerConfig

from tests.integration.face.matching.rig import FakeFinder, Library, Service

ROLES = ("face_api", "face_worker", "face_sealer")


async def migrate(dsn: str) -> None:
    """Make the schema."""
    await Migrations("kioku_face.migrations", "face").apply(dsn)


@pytest_asyncio.fixture
async def library(database: Any, postgres_server: Any) -> AsyncIterator[Library]:
    """An empty library on a fresh database."""
    dsn = await database(migrate, "face-matching")
    name = dsn.rsplit("/", 1)[1]
    dsns = [dsn, *(postgres_server.dsn(name, role) for role in ROLES)]
    pools = [await open_pool(one, max_size=4, application_name="test") for one in dsns]
    yield Library(dsn, *pools)
    for pool in pools:
        await close_pool(pool)


@pytest.fixture
def finder() -> FakeFinder:
    """No pictures yet."""
    return FakeFinder()


class _Faces(FaceServiceServicer):
    def __init__(self, match: Any) -> None:
        self._match = match

    async def MatchPeople(self, request: Any, _context: Any) -> Any:  # noqa: N802
        return await self._match(request)


@pytest_asyncio.fixture
async def service(library: Library, finder: FakeFinder, tmp_path: Path) -> AsyncIterator[Service]:
    """The rpcs over gRPC."""
    issuer = DevIssuer(tmp_path)
    match = match_people(library.api, finder, library.vectors)
    server = RpcServer(
        ServerConfig(),
        [
            Registration(
                "kioku.face.v1.FaceService", add_FaceServiceServicer_to_server, _Faces(match)
            ),
            audit_registration(library.worker, library.sealer, PageTokens(b"s" * 16)),
        ],
        verifier=TokenVerifier(AuthConfig(issuer.issuer, jwks=str(issuer.jwks_path))),
    )
    running = Service(await server.start(), issuer, finder)
    yield running
    for one in running.channels:
        await one.close()
    await server.drain()

"""Themes as main opens them."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import grpc
import pytest
from kioku.vlm.v1 import theme_service_pb2 as messages
from kioku.vlm.v1.theme_service_pb2_grpc import ThemeServiceStub
from kioku_rt.auth import DevIssuer
from kioku_rt.rpc import channel
from kioku_rt.rpc.status import error_of
from kioku_vlm.engines.failure import EngineUnusable
from kioku_vlm.main import open_service
from kioku_vlm.settings import Settings

from tests.integration.vlm.rig import Db

NOWHERE = "127.0.0.1:1"


def settings(db: Db, event_log: Any, issuer: DevIssuer, **changes: Any) -> Settings:
    return Settings(
        vlm_api_dsn=db.dsns["vlm_api"],
        vlm_worker_dsn=db.dsns["vlm_worker"],
        vlm_sealer_dsn=db.dsns["vlm_sealer"],
        jwks=str(issuer.jwks_path),
        nats_url=event_log.url,
        **changes,
    )


@pytest.mark.parametrize(
    ("target", "reason"), [(NOWHERE, "EMBEDDER_UNAVAILABLE"), ("", "METHOD_UNKNOWN")]
)
async def test_there_are_themes_where_there_is_an_embedder(
    db: Db, event_log: Any, tmp_path: Path, target: str, reason: str
) -> None:
    """One that is away is told by name, and audited; without one there is no such method."""
    issuer = DevIssuer(tmp_path / "issuer")
    async with AsyncExitStack() as resources:
        running = await open_service(
            settings(db, event_log, issuer, embedder_target=target), resources
        )
        assert running.server is not None
        port = await running.server.start()
        token = issuer.mint("ann")
        async with channel(
            f"127.0.0.1:{port}", token=lambda: token, default_timeout=30, retry_unavailable=False
        ) as one:
            with pytest.raises(grpc.aio.AioRpcError) as failure:
                await ThemeServiceStub(one).SuggestThemes(
                    messages.SuggestThemesRequest(images=[b"x"])
                )
        await running.server.drain()
    said = error_of(failure.value)
    assert said is not None
    assert said.reason == reason
    audited = [row["reason"] for row in await db.audited("theme.suggest")]
    assert audited == ([reason] if target else [])


async def test_a_text_model_outside_of_the_deployment_is_refused_at_the_start(
    db: Db, event_log: Any, tmp_path: Path
) -> None:
    """The one policy setting governs it; the sentence names the setting."""
    outside = settings(
        db,
        event_log,
        DevIssuer(tmp_path / "issuer"),
        embedder_target=NOWHERE,
        vlm_writer="openai",
        vlm_writer_model_url="http://8.8.8.8/v1",
    )
    async with AsyncExitStack() as resources:
        with pytest.raises(EngineUnusable, match="KIOKU_EXTERNAL_AI"):
            await open_service(outside, resources)
    assert outside.vlm_writer_model == "openai/gpt-oss-20b"

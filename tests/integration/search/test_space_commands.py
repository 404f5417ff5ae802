"""`kioku space …` against a running service: what people and scripts read."""

from __future__ import annotations

import asyncio
import json

import pytest
import structlog
from kioku.search.v1.space_service_pb2_grpc import SpaceServiceStub
from kioku_cli import session
from kioku_cli.main import app
from kioku_cli.refusal import Refusal, UsageRefusal
from kioku_rt.rpc import channel
from typer.testing import CliRunner

from tests.integration.search.model_change import NEW, OLD, BothSpaces, embedder, vector_in


class ServiceSession:
    """A session with the service of the test, in whichever loop a command runs."""

    port = 0
    token = ""

    def __init__(self, _data, user, scopes):
        assert ("kioku-cli", ["spaces.admin"]) == (user, scopes)

    async def __aenter__(self):
        self._channel = channel(
            f"127.0.0.1:{self.port}", token=lambda: self.token, default_timeout=20
        )
        self.spaces = SpaceServiceStub(self._channel)
        return self

    async def __aexit__(self, *_):
        await self._channel.close()


@pytest.fixture
def silent():
    """The service in this process says nothing on the commands' stdout."""
    with structlog.testing.capture_logs():
        yield


@pytest.fixture
def kioku(monkeypatch, silent):
    """Runs a command in a thread of its own; what it printed, or the refusal it ended with."""
    monkeypatch.setattr(session, "Session", ServiceSession)

    def run(*words):
        result = CliRunner().invoke(app, ["space", *words])
        if isinstance(result.exception, Refusal):
            raise result.exception
        assert result.exit_code == 0, result.output
        return result.stdout

    async def call(*words):
        return await asyncio.to_thread(run, *words)

    return call


async def test_a_model_is_changed_from_the_command_line(
    db, start_service, objects, fresh_nats, kioku, monkeypatch, tmp_path
):
    """Every command, as text and as JSON; a failure that is accepted, and the way back."""
    await db.register(OLD)
    ids = [str(await db.indexed("ann", OLD, vector_in(OLD, number))) for number in range(6)]
    bad = ids[0]
    how = {"nats_url": fresh_nats.url, "embedder": BothSpaces(OLD), "backfill_seconds": 0.1}
    async with (
        start_service(objects, **how, backfill_grace_seconds=0) as service,
        embedder(fresh_nats.url, lambda asset, _space: asset == bad),
    ):
        monkeypatch.setattr(ServiceSession, "port", service.port)
        token = service.issuer.mint("kioku-cli", service=True, scopes=["spaces.admin"], ttl=300.0)
        monkeypatch.setattr(ServiceSession, "token", token)
        assert NEW.space_id in await kioku("register", NEW.space_id)
        assert "registered" in await kioku("list")
        with pytest.raises(Refusal, match="1 vectors failed"):
            await kioku("backfill", NEW.space_id, "--rate", "100000", "--watch")
        job = json.loads(await kioku("backfill", NEW.space_id, "--json"))
        assert ("6", "5", "1") == (job["total"], job["done"], job["failed"])
        assert "IMAGE_TRUNCATED" in await kioku("failures", NEW.space_id)
        assert "paused" in await kioku("pause", NEW.space_id)
        assert "running" in await kioku("resume", NEW.space_id)
        with pytest.raises(Refusal, match="1 failed"):
            await kioku("promote", NEW.space_id)
        questions = tmp_path / "questions.jsonl"
        asked = {"owner": "ann", "asset_id": ids[1], "relevant_asset_ids": [ids[2]]}
        questions.write_text(json.dumps(asked) + "\n")
        found = json.loads(
            await kioku("compare", NEW.space_id, "--queries", str(questions), "--json")
        )
        assert (5, 1) == (found["samples"], found["labelled"])
        assert "overlap@20" in await kioku("compare", NEW.space_id)
        questions.write_text("{}}")
        with pytest.raises(UsageRefusal, match="no labelled question"):
            await kioku("compare", NEW.space_id, "--queries", str(questions))
        with pytest.raises(UsageRefusal, match="no window"):
            await kioku("backfill", NEW.space_id, "--window", "25:00-1:00")
        hours = await kioku("backfill", NEW.space_id, "--window", "00:00-23:59")
        assert "00:00 to 23:59 UTC" in hours
        shown = await kioku("canary", NEW.space_id, "5", "--accept-failures", "1")
        assert "5 % of the owners" in shown
        found = json.loads(await kioku("promote", NEW.space_id, "--accept-failures", "1", "--json"))
        assert OLD.space_id == found["previous_space_id"]
        assert f"Active: {OLD.space_id}" in await kioku("rollback")
        assert "standby" in await kioku("show", NEW.space_id)
        with pytest.raises(Refusal, match="serves owners"):
            await kioku("retire", NEW.space_id)
        assert "retired" in await kioku("retire", NEW.space_id, "--force")

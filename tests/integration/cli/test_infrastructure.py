"""The plan's own infrastructure comes up, survives a kill, can be emptied, and goes away."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest
from kioku_cli.data import DataFolder
from kioku_cli.job.reset import empty_bucket, empty_database, empty_event_log, migrate
from kioku_cli.launch import prepare, start_supervisor, take_down, wait_ready
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan
from kioku_cli.supervisor.leftovers import marked
from kioku_cli.supervisor.state import StackState, live_state
from kioku_rt.auth import AuthConfig, TokenVerifier
from kioku_rt.events import EventBus
from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

if TYPE_CHECKING:
    from kioku_cli.supervisor.state import ComponentState

SERVICES = {"embedder", "search"}
SECONDS = 90.0


class Ground:
    """The infrastructure without the services."""

    def __init__(self, data: DataFolder, plan: Plan) -> None:
        self.data = data
        self.plan = plan

    def port(self, name: str, use: str) -> int:
        return next(row.ports[use] for row in self.plan.components if row.name == name)

    def row(self, name: str) -> ComponentState:
        state = live_state(self.data)
        assert state is not None
        return next(row for row in state.components if row.name == name)


def no_show(_state: StackState) -> None:
    """Nobody looks."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """Issuer, PostgreSQL, NATS, Swift, the jobs and Envoy, on free ports."""
    root = tmp_path_factory.mktemp("ground")
    for folder in (root, *root.parents[:2]):
        folder.chmod(0o755)
    data = DataFolder(root / "data")
    full = prepare(data, StackOptions(ports="auto"))
    rows = [
        row.model_copy(update={"after": tuple(name for name in row.after if name not in SERVICES)})
        for row in full.components
        if row.name not in SERVICES
    ]
    plan = full.model_copy(update={"components": tuple(rows)})
    data.plan.write_text(plan.model_dump_json())
    supervisor = start_supervisor(data, tied=False)
    try:
        wait_ready(data, SECONDS, no_show)
        yield Ground(data, plan)
    finally:
        take_down(data)
        supervisor.wait(SECONDS)
        assert [] == marked(data.root)


def test_a_killed_nats_is_back(ground: Ground) -> None:
    """`kill -9` of the server itself, not of its wrapper, is noticed and mended."""
    wrapper = ground.row("nats").pid
    children = Path(f"/proc/{wrapper}/task").glob("*/children")
    server = next(int(pid) for file in children for pid in file.read_text().split())
    os.kill(server, signal.SIGKILL)

    async def back() -> None:
        async with asyncio.timeout(SECONDS):
            while ground.row("nats").restarts < 1 or ground.row("nats").phase != "ready":
                await asyncio.sleep(0.1)

    asyncio.run(back())


async def test_the_tokens_of_the_services_verify(ground: Ground) -> None:
    """What the issuer wrote is what the services accept."""
    config = AuthConfig(issuer="kioku-dev", audience="authenticated", jwks=str(ground.data.jwks))
    verifier = TokenVerifier(config)
    principal = await verifier.verify(ground.data.token("search").read_text())
    assert ("search", True) == (principal.subject, principal.service)
    assert "embed" in principal.scopes


def test_secrets_are_for_their_owner_alone(ground: Ground) -> None:
    """Plan, tokens and key can be read by nobody else."""
    private = [ground.data.plan, ground.data.token("search"), ground.data.issuer / "issuer-key.pem"]
    assert [0o600] * 3 == [path.stat().st_mode & 0o777 for path in private]


def test_the_door_asks_for_a_token(ground: Ground) -> None:
    """Envoy is up with the plan's configuration and lets nobody in without one."""
    answer = httpx.get(f"{ground.plan.endpoints['rest']}/v1/stats", trust_env=False)
    assert 401 == answer.status_code


async def test_a_reset_empties_everything(ground: Ground) -> None:
    """After it there is no row, no event and no object, and the schema is there again."""
    server = Postgres(ground.data.server("postgres"), ground.port("postgres", "sql"))
    swift = Swift(ground.data.server("swift"), ground.port("swift", "s3"))
    server.sql("CREATE TABLE search.rubbish ()", database="kioku")
    client = swift.client()
    client.put_object(Bucket="kioku", Key="originals/x", Body=b"x")
    url = ground.plan.endpoints["nats"]
    bus = await EventBus.connect(url, "test")
    await bus.publish("asset.uploaded", b"x", event_id="reset-test")

    empty_database(ground.data, ground.port("postgres", "sql"))
    migrate(ground.plan)
    await empty_event_log(url)
    empty_bucket(ground.data, ground.port("swift", "s3"))

    found = "SELECT count(*) FROM pg_tables WHERE schemaname = 'search' AND tablename = '{}'"
    tables = [server.sql(found.format(name), database="kioku") for name in ("rubbish", "assets")]
    assert ["0", "1"] == tables
    assert 0 == client.list_objects_v2(Bucket="kioku")["KeyCount"]
    stream = await bus.client.jetstream().stream_info("KIOKU")
    assert 0 == stream.state.messages
    client.close()
    await bus.close()

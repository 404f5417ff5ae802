"""The jobs between infrastructure and services, as rows of the plan; each may run again."""

from __future__ import annotations

from kioku_cli.plan.component import Component
from kioku_cli.plan.infrastructure import BUCKET, DATABASE, PYTHON, Wiring

ROLES = (
    "search_api",
    "search_worker",
    "search_sealer",
    "face_api",
    "face_worker",
    "face_sealer",
    "vlm_api",
    "vlm_worker",
    "vlm_sealer",
)


def job(name: str, command: tuple[str, ...], after: tuple[str, ...], **env: str) -> Component:
    """A row for something that runs once and must end with 0."""
    return Component(
        name=name,
        kind="job",
        group="infrastructure",
        command=command,
        env=env,
        after=after,
        start_seconds=120.0,
    )


def database(wiring: Wiring) -> Component:
    """Makes the database and the services' roles."""
    folder, port = wiring.data.server("postgres"), str(wiring.ports["postgres"])
    roles = [word for role in ROLES for word in ("--role", role)]
    command = ["database", "--folder", str(folder), "--port", port, "--name", DATABASE, *roles]
    return job("database", (PYTHON, "-m", "kioku_cli.job", *command), ("postgres",))


def bucket(wiring: Wiring) -> Component:
    """Makes the bucket."""
    folder, port = wiring.data.server("swift"), str(wiring.ports["swift"])
    command = ("bucket", "--folder", str(folder), "--port", port, "--name", BUCKET)
    return job("bucket", (PYTHON, "-m", "kioku_cli.job", *command), ("swift",))


def topology(wiring: Wiring) -> Component:
    """Declares streams and consumers."""
    url = f"nats://{wiring.address('nats')}"
    return job("topology", (PYTHON, "-m", "kioku_cli.job.topology", "--url", url), ("nats",))

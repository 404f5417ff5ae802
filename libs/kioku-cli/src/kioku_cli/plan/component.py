"""One row of the plan: everything a supervisor, Tilt or a test must know to run a process.

A row names no object of Python's, only strings and numbers, so that it survives JSON unchanged.
"""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field


class Row(BaseModel):
    """A frozen part of the plan that refuses unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class HttpProbe(Row):
    """Ready when a GET of `url` answers 200."""

    kind: Literal["http"] = "http"
    url: str


class ExecProbe(Row):
    """Ready when `command` ends with 0."""

    kind: Literal["exec"] = "exec"
    command: tuple[str, ...]


Probe = HttpProbe | ExecProbe


class Restart(Row):
    """What is done when a process dies or will not become ready; times in seconds."""

    first_delay: float = 0.5
    """Wait before the first restart; each further one waits twice as long."""
    longest_delay: float = 15.0
    healthy_after: float = 20.0
    """A process that was ready this long starts again without its earlier failures counted."""
    loop_after: int = 3
    """Failures in a row after which people are told of a crash loop; restarts go on."""


class Component(Row):
    """One process: a server that stays, or a job that must end with 0 before others start."""

    name: str
    kind: Literal["server", "job"]
    group: Literal["infrastructure", "services"]
    command: tuple[str, ...]
    env: dict[str, str] = Field(default_factory=dict)
    """Only what this component needs; it is added to the launcher's own environment."""
    ports: dict[str, int] = Field(default_factory=dict)
    """Every loopback port it listens on, by purpose."""
    after: tuple[str, ...] = ()
    """Components that must be ready (jobs: done) before this one starts for the first time."""
    probe: Probe | None = None
    """None only for a job."""
    restart: Restart = Restart()
    start_seconds: float = 60.0
    """How long it may take until it is ready for the first time."""
    unready_seconds: float = 30.0
    """How long it may then be unready, while all of `after` are ready, before it is restarted."""
    stop_seconds: float = 10.0
    """How long it may take to drain after SIGTERM."""
    watch: tuple[str, ...] = ()
    """Folders of the repository whose change calls for a restart in development."""

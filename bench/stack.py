"""A whole stack of its own for measurements and proofs, driven by the launcher's own command.

Everything goes through the `kioku` command, as an operator would; only kills and the final count of
rows look behind it, because a proof must not trust what it proves.
"""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import mkdtemp
from types import MappingProxyType
from typing import Any

import asyncpg
import boto3
import psutil
from botocore.config import Config

KIOKU = (str(Path(sys.executable).with_name("kioku")),)


class CommandFailed(Exception):
    """A `kioku` command ended with an error; its text is what it said."""


class Stack:
    """A stack on free ports with its data in a folder of its own.

    Args:
        data: the folder.
        options: further options of `kioku up`, for example `("--embedders", "2")`.
        settings: variables that the services see besides, for example of their models.
    """

    def __init__(
        self,
        data: Path,
        options: Sequence[str] = (),
        settings: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.data = data
        self._options = tuple(options)
        self._settings = dict(settings)

    def run(self, *arguments: str, timeout: float = 600.0) -> Any:
        """The JSON answer of one `kioku` command. Raises CommandFailed."""
        done = subprocess.run(
            [*KIOKU, *arguments, "--data", str(self.data), "--json"],
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
            env={**os.environ, **self._settings},
        )
        if not done.stdout.strip():
            raise CommandFailed(f"kioku {' '.join(arguments)}: {done.stderr[-2000:]}")
        answer = json.loads(done.stdout)
        if done.returncode and "error" in answer:
            raise CommandFailed(f"kioku {' '.join(arguments)}: {answer}")
        return answer

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """One `kioku` command in the background; its output is read by `finish`."""
        return subprocess.Popen(
            [*KIOKU, *arguments, "--data", str(self.data), "--json"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def up(self) -> dict[str, Any]:
        """Bring it up and wait until all is ready; the state."""
        answer: dict[str, Any] = self.run("up", "--detach", "--ports", "auto", *self._options)
        return answer

    def down(self) -> None:
        """Drain it."""
        self.run("down")

    def state(self) -> dict[str, Any]:
        """What the launcher says about every component."""
        answer: dict[str, Any] = self.run("status")
        return answer

    def component(self, name: str) -> dict[str, Any]:
        """One component's row."""
        found: dict[str, Any] = next(c for c in self.state()["components"] if c["name"] == name)
        return found

    def endpoint(self, name: str) -> str:
        """One endpoint, for example `rest`."""
        return str(self.state()["endpoints"][name])

    def token(self, user: str) -> str:
        """A token of the development issuer."""
        return str(self.run("token", "--user", user)["token"])

    def kill(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """Send a signal to a component's process and, for SIGKILL, to all it has started."""
        process = psutil.Process(self.component(name)["pid"])
        family = (
            [process, *process.children(recursive=True)] if how is signal.SIGKILL else [process]
        )
        for member in family:
            try:
                os.kill(member.pid, how)
            except ProcessLookupError:
                continue

    @contextmanager
    def supervisor_asleep(self) -> Iterator[None]:
        """Nothing is restarted inside this block."""
        supervisor = int(self.state()["supervisor"])
        os.kill(supervisor, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(supervisor, signal.SIGCONT)

    def wait(self, done: Callable[[], bool], seconds: float, what: str) -> float:
        """Seconds until `done()`. Raises TimeoutError."""
        began = time.monotonic()
        while not done():
            if time.monotonic() - began > seconds:
                raise TimeoutError(f"not within {seconds:g} s: {what}")
            time.sleep(0.25)
        return time.monotonic() - began

    def wait_ready(self, seconds: float = 120.0) -> float:
        """Seconds until every component is ready."""
        return self.wait(lambda: self.state()["phase"] == "ready", seconds, "ready")

    @property
    def dsn(self) -> str:
        """The database, as its owner."""
        return self._env("KIOKU_SEARCH_OWNER_DSN")["KIOKU_SEARCH_OWNER_DSN"]

    def query(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        """Rows as the database's owner sees them: the truth behind the services."""
        return asyncio.run(_fetch(self.dsn, sql, arguments))

    def objects(self, part: str) -> list[str]:
        """The keys of the private bucket that hold `part`."""
        env = self._env("KIOKU_S3_ENDPOINT")
        client = boto3.client(
            "s3",
            endpoint_url=env["KIOKU_S3_ENDPOINT"],
            region_name=env["KIOKU_S3_REGION"],
            aws_access_key_id=env["KIOKU_S3_ACCESS_KEY"],
            aws_secret_access_key=env["KIOKU_S3_SECRET_KEY"],
            config=Config(s3={"addressing_style": "path"}),
        )
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=env["KIOKU_S3_BUCKET"])
        found = [entry["Key"] for page in pages for entry in page.get("Contents", [])]
        return [key for key in found if part in key]

    def _env(self, name: str) -> dict[str, str]:
        """The environment of the first component that is given this variable."""
        plan = json.loads((self.data / "plan.json").read_text())
        envs = (component.get("env", {}) for component in plan["components"])
        found: dict[str, str] = next(env for env in envs if name in env)
        return found

    def value(self, sql: str, *arguments: object) -> Any:
        """The first column of the first row."""
        return self.query(sql, *arguments)[0][0]


async def _fetch(dsn: str, sql: str, arguments: Sequence[object]) -> list[asyncpg.Record]:
    connection = await asyncpg.connect(dsn, timeout=5)
    try:
        return list(await connection.fetch(sql, *arguments))
    finally:
        await connection.close(timeout=5)


def finish(process: subprocess.Popen[str], seconds: float = 600.0) -> dict[str, Any]:
    """The JSON answer of a command started before."""
    out, _ = process.communicate(timeout=seconds)
    answer: dict[str, Any] = json.loads(out)
    return answer


@contextmanager
def temporary_stack(
    *options: str, settings: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Stack]:
    """A stack that is up inside the block and gone after it, data and all."""
    folder = Path(mkdtemp(prefix="kioku-"))
    folder.chmod(0o755)
    stack = Stack(folder / "data", options, settings)
    try:
        stack.up()
        yield stack
    finally:
        stack.down()
        shutil.rmtree(folder, ignore_errors=True)

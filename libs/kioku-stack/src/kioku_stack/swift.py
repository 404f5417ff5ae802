"""OpenStack Swift as the S3 object store, four plain processes on loopback.

Signatures and expiry of signed URLs are checked, and data outlive a restart and `kill -9`.  The
secret key and the hash secrets are made once and kept with the data.
"""

from __future__ import annotations

import json
import os
import pwd
import secrets
import subprocess
import sys
from dataclasses import asdict, astuple
from pathlib import Path
from typing import TYPE_CHECKING

from kioku_stack import ports
from kioku_stack.http_probe import answers
from kioku_stack.process import Process, StartFailed
from kioku_stack.secret_file import kept_secret
from kioku_stack.swift_files import ACCESS_KEY, REGION, SwiftPorts, SwiftSecrets, write_files

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

_KINDS = ("account", "container", "object", "proxy")
_RINGS = "kioku_stack.swift_rings"
_START_SECONDS = 60.0
_STOP_SECONDS = 5.0


class Swift:
    """One node of Swift.

    Args:
        data_dir: folder for configuration, logs and objects; its file system must know extended
            attributes.
        proxy_port: where S3 is served on 127.0.0.1; None: a free one.
    """

    access_key = ACCESS_KEY
    region = REGION

    def __init__(self, data_dir: Path, proxy_port: int | None = None) -> None:
        self.data_dir = data_dir.absolute()
        self.port = proxy_port or ports.reserve()
        self._ports = SwiftPorts(self.port, ports.reserve(), ports.reserve(), ports.reserve())
        self.processes = [self._process(kind) for kind in _KINDS]

    @property
    def endpoint(self) -> str:
        """The S3 endpoint."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def secret_key(self) -> str:
        """The secret that belongs to `access_key`."""
        return self._secrets().secret_key

    @property
    def pids(self) -> list[int]:
        """Process ids of the four servers."""
        return [process.pid for process in self.processes]

    @property
    def alive(self) -> bool:
        """Whether all four run."""
        return all(process.alive for process in self.processes)

    def start(self) -> None:
        """Write rings and configuration, then serve.  Raises StartFailed."""
        device = self.data_dir / "devices" / "d1"
        device.mkdir(parents=True, exist_ok=True)
        self.data_dir.chmod(0o700)
        _check_extended_attributes(device)
        write_files(self.data_dir, self._ports, self._secrets(), _user())
        self._write_rings()
        ports.require_free(*astuple(self._ports))
        for process in self.processes:
            process.start()
        self.wait_ready()

    def wait_ready(self, timeout: float = _START_SECONDS) -> None:
        """Return once all four answer.  Raises StartFailed."""
        for kind, process in zip(_KINDS, self.processes, strict=True):
            port = getattr(self._ports, kind)
            process.wait_ready(lambda port=port: answers(port, "/healthcheck"), timeout)  # type: ignore[misc]

    def stop(self) -> None:
        """Stop it, the proxy first; data stay."""
        for process in reversed(self.processes):
            process.terminate(_STOP_SECONDS)

    def kill(self) -> None:
        """SIGKILL all four, for tests of what happens then."""
        for process in self.processes:
            process.kill()

    def client(self, endpoint: str | None = None) -> S3Client:
        """A boto3 client with the credentials of this store, at `endpoint` if given."""
        import boto3  # noqa: PLC0415 - a quarter of a second that most tests need not wait
        from botocore.config import Config  # noqa: PLC0415

        return boto3.client(
            "s3",
            endpoint_url=endpoint or self.endpoint,
            aws_access_key_id=self.access_key,
            aws_secret_access_key=self.secret_key,
            region_name=self.region,
            config=Config(
                signature_version="s3v4",
                s3={"addressing_style": "path"},
                request_checksum_calculation="when_required",
                response_checksum_validation="when_required",
                retries={"total_max_attempts": 1},
            ),
        )

    def create_bucket(self, name: str) -> None:
        """Create a private bucket unless it is there."""
        client = self.client()
        try:
            if name not in {bucket["Name"] for bucket in client.list_buckets()["Buckets"]}:
                client.create_bucket(Bucket=name)
        finally:
            client.close()

    def _process(self, kind: str) -> Process:
        script = Path(sys.executable).with_name(f"swift-{kind}-server")
        return Process(
            f"swift-{kind}",
            [sys.executable, str(script), str(self.data_dir / f"{kind}-server.conf")],
            log=self.data_dir / f"{kind}.log",
            env={**os.environ, "PYTHONWARNINGS": "ignore"},
        )

    def _write_rings(self) -> None:
        numbers = [self._ports.account, self._ports.container, self._ports.object]
        command = [sys.executable, "-P", "-W", "ignore", "-m", _RINGS, str(self.data_dir)]
        done = subprocess.run(  # noqa: S603
            command + [str(number) for number in numbers],
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        if done.returncode != 0:
            raise StartFailed(f"the rings of swift were not written:\n{done.stderr}")

    def _secrets(self) -> SwiftSecrets:
        return SwiftSecrets(**json.loads(kept_secret(self.data_dir / "secrets.json", _new_secrets)))


def _new_secrets() -> str:
    return json.dumps(asdict(SwiftSecrets(*(secrets.token_hex(20) for _ in range(3)))))


def _check_extended_attributes(folder: Path) -> None:
    """Swift keeps an object's metadata there; without them every PUT would fail."""
    try:
        os.setxattr(folder, "user.kioku.probe", b"1")
        os.removexattr(folder, "user.kioku.probe")
    except OSError as error:
        raise StartFailed(
            f"{folder} is on a file system without extended attributes; use another folder"
        ) from error


def _user() -> str:
    """Our own name: Swift changes to a user that its configuration names."""
    try:
        return pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        raise StartFailed(
            f"uid {os.geteuid()} has no entry in /etc/passwd, Swift needs one"
        ) from None

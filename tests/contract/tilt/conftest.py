# ruff: noqa: ARG002, ARG005 - the parameters are those of Tilt, used or not
"""Evaluates the Tiltfile as Tilt would, with Tilt's built-ins written down by their signatures.

A built-in here takes exactly the parameters that Tilt's API reference gives it, so that a misspelt
one fails the test; what each returns or collects is all that the Tiltfile can see of it.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import starlark

ROOT = Path(__file__).resolve().parents[3]
PRELUDE = """
config = struct(define_string=_define_string, define_string_list=_define_string_list,
    define_bool=_define_bool, parse=_parse, set_enabled_resources=_set_enabled_resources)
os = struct(getenv=_getenv)
"""


@dataclass
class Tilt:
    """What a Tiltfile declared."""

    settings: Mapping[str, Any]
    resources: list[dict[str, Any]] = field(default_factory=list)
    commands: list[list[str]] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    enabled: list[str] | None = None
    defined: list[str] = field(default_factory=list)

    def local_resource(
        self,
        name: str,
        cmd: Any = "",
        deps: Any = None,
        trigger_mode: Any = None,
        resource_deps: Any = (),
        ignore: Any = (),
        auto_init: bool = True,
        serve_cmd: Any = "",
        cmd_bat: Any = "",
        serve_cmd_bat: Any = "",
        allow_parallel: bool = False,
        links: Any = (),
        tags: Any = (),
        env: Any = None,
        serve_env: Any = None,
        readiness_probe: Any = None,
        dir: str = "",  # noqa: A002 - Tilt's name
        serve_dir: str = "",
        labels: Any = (),
    ) -> None:
        given = {key: value for key, value in locals().items() if key != "self"}
        self.resources.append(given)

    def local(
        self, command: Any, quiet: bool = False, echo_off: bool = False, env: Any = None
    ) -> str:
        words = [str(word) for word in command]
        self.commands.append(words)
        done = subprocess.run(
            words, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60
        )
        return done.stdout

    def probe(
        self,
        initial_delay_secs: int = 0,
        timeout_secs: int = 1,
        period_secs: int = 10,
        success_threshold: int = 1,
        failure_threshold: int = 3,
        exec: Any = None,  # noqa: A002
        http_get: Any = None,
        tcp_socket: Any = None,
    ) -> dict[str, Any]:
        assert 1 == sum(action is not None for action in (exec, http_get, tcp_socket))
        assert min(timeout_secs, period_secs, failure_threshold) >= 1
        return {"exec": exec, "http_get": http_get, "tcp_socket": tcp_socket}

    def builtins(self) -> dict[str, Callable[..., Any]]:
        """Every name the Tiltfile may use, by Tilt's name."""
        return {
            "local_resource": self.local_resource,
            "local": self.local,
            "probe": self.probe,
            "exec_action": lambda command: {"command": command},
            "http_get_action": lambda port, host="localhost", scheme="http", path="/": {
                "port": port,
                "host": host,
                "path": path,
            },
            "decode_json": json.loads,
            "watch_file": self.watched.append,
            "_define_string": lambda name, args=False, usage="": self.defined.append(name),
            "_define_string_list": lambda name, args=False, usage="": self.defined.append(name),
            "_define_bool": lambda name, args=False, usage="": self.defined.append(name),
            "_parse": self._parse,
            "_set_enabled_resources": self._enable,
            "_getenv": self._getenv,
        }

    def _parse(self) -> dict[str, Any]:
        unknown = set(self.settings) - set(self.defined)
        assert not unknown, f"not defined before parse: {unknown}"
        return dict(self.settings)

    def _enable(self, names: Any) -> None:
        self.enabled = list(names)

    def _getenv(self, name: str, default: Any = None) -> Any:
        # The environment that runs this test is the one whose commands are looked at.
        return sys.prefix if name == "KIOKU_VENV" else os.environ.get(name, default)


def evaluate(**settings: Any) -> Tilt:
    """The Tiltfile's declarations with these settings."""
    tilt = Tilt(settings)
    module = starlark.Module()
    for name, function in tilt.builtins().items():
        module.add_callable(name, function)
    module["TRIGGER_MODE_MANUAL"] = "manual"
    text = PRELUDE + (ROOT / "Tiltfile").read_text()
    ast = starlark.parse("Tiltfile", text, starlark.Dialect.extended())
    with_struct = starlark.Globals.extended_by([starlark.LibraryExtension.StructType])
    starlark.eval(module, ast, with_struct)
    return tilt


@pytest.fixture(scope="session")
def tilt_of() -> Callable[..., Tilt]:
    """Evaluates with settings."""
    return evaluate


@pytest.fixture(scope="session")
def tilt_data(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A data folder for `kioku plan`."""
    return str(tmp_path_factory.mktemp("tilt") / "data")


@pytest.fixture(scope="session")
def tilt(tilt_data: str) -> Tilt:
    """The Tiltfile as `tilt up` sees it."""
    return evaluate(data=tilt_data)

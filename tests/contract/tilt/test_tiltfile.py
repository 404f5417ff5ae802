"""The Tiltfile loads, and everything it names is there: resources, paths, commands, ports."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from kioku_cli.data import DataFolder
from kioku_cli.plan.build import build_plan
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan

ROOT = Path(__file__).resolve().parents[3]
BUTTONS = {"tests", "lint", "generate", "reset"}


@pytest.fixture(scope="module")
def plan(tilt_data: str) -> Plan:
    """The plan that the launcher would run on the same folder."""
    return build_plan(DataFolder(Path(tilt_data)), StackOptions())


def by_name(tilt: Any) -> dict[str, dict[str, Any]]:
    return {resource["name"]: resource for resource in tilt.resources}


def commands_of(resource: dict[str, Any]) -> list[list[str]]:
    found = [resource["cmd"], resource["serve_cmd"]]
    probe = resource["readiness_probe"]
    if probe and probe["exec"]:
        found.append(probe["exec"]["command"])
    return [list(command) for command in found if command]


def is_runnable(word: str) -> bool:
    path = ROOT / word
    return os.access(path, os.X_OK) if "/" in word else shutil.which(word) is not None


def test_each_resource_is_declared_once(tilt: Any) -> None:
    """No name is given to two processes."""
    names = Counter(resource["name"] for resource in tilt.resources)
    assert {1} == set(names.values())


def test_every_dependency_is_a_resource(tilt: Any) -> None:
    """`resource_deps` never names what nobody declares; Tilt would find it only at load."""
    names = set(by_name(tilt))
    assert set() == {dep for row in tilt.resources for dep in row["resource_deps"]} - names


def test_every_path_exists(tilt: Any) -> None:
    """What is watched is there to be watched."""
    paths = [path for row in tilt.resources for path in row["deps"] or ()] + tilt.watched
    assert paths
    assert [] == [path for path in paths if not (ROOT / path).exists()]


def test_every_command_exists(tilt: Any) -> None:
    """Each program can be run, and each module behind `-m` can be found."""
    commands = [command for row in tilt.resources for command in commands_of(row)]
    assert [] == [command[0] for command in commands if not is_runnable(command[0])]
    modules = [command[2] for command in commands if command[1:2] == ["-m"]]
    assert "kioku_search" in modules
    assert [] == [name for name in modules if importlib.util.find_spec(name) is None]


def test_every_port_is_one_of_the_plan(tilt: Any, plan: Plan) -> None:
    """A readiness probe asks a port that its own component listens on."""
    ports = {row.name: set(row.ports.values()) for row in plan.components}
    for name, row in by_name(tilt).items():
        probe = row["readiness_probe"]
        if probe and probe["http_get"]:
            assert probe["http_get"]["port"] in ports[name]
            assert "127.0.0.1" == probe["http_get"]["host"]


def test_it_runs_what_the_launcher_runs(tilt: Any, plan: Plan) -> None:
    """Same processes, commands, environment and order as `kioku up`."""
    declared = by_name(tilt)
    assert BUTTONS | {row.name for row in plan.components} == set(declared)
    for row in plan.components:
        resource = declared[row.name]
        key, env = ("cmd", "env") if row.kind == "job" else ("serve_cmd", "serve_env")
        assert list(row.command) == list(resource[key])
        assert row.env == dict(resource[env])
        assert list(row.after) == list(resource["resource_deps"])


def test_every_server_has_a_readiness_probe(tilt: Any, plan: Plan) -> None:
    """Nothing counts as ready only because it was started."""
    servers = [row.name for row in plan.components if row.kind == "server"]
    assert [] == [name for name in servers if not by_name(tilt)[name]["readiness_probe"]]


def test_services_restart_when_their_code_changes(tilt: Any) -> None:
    """A change in a service or in a library below it concerns its processes."""
    watched = {name: list(row["deps"] or ()) for name, row in by_name(tilt).items()}
    assert "services/search/src" in watched["search"]
    assert "services/embedder/src" in watched["embedder"]
    assert all("libs/kioku-rt/src" in watched[name] for name in ("search", "embedder"))


def test_buttons_run_only_when_asked(tilt: Any) -> None:
    """Tests, lint, generation and reset are chores, not part of starting."""
    for name in BUTTONS:
        row = by_name(tilt)[name]
        assert (False, "manual") == (row["auto_init"], row["trigger_mode"])


def test_settings_reach_the_plan(tilt_of: Callable[..., Any], tmp_path: Path) -> None:
    """`tilt up embedder -- --profile …` chooses resource and checkpoint."""
    data = str(tmp_path / "elsewhere")
    tilt = tilt_of(data=data, profile="siglip2-base", only=["embedder"])
    assert ["embedder"] == tilt.enabled
    env = by_name(tilt)["embedder"]["serve_env"]
    assert "google/siglip2-base-patch16-256" == env["SIGLIP_MODEL_NAME"]
    assert env["KIOKU_JWKS"].startswith(data)

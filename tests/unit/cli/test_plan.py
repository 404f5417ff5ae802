"""The plan: one table of processes that launcher, Tilt and tests can trust."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from kioku_cli.data import DataFolder
from kioku_cli.plan.build import build_plan
from kioku_cli.plan.component import Component
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan
from kioku_cli.plan.ports import (
    MOST_PROCESSES,
    PortTaken,
    auto_ports,
    check_free,
    default_ports,
    purposes,
)
from kioku_cli.plan.profile import PROFILES
from kioku_embedder.frames.settings import Settings as FramesSettings
from kioku_embedder.settings import Settings as EmbedderSettings
from kioku_face.settings import Settings as FaceSettings
from kioku_rt.settings import RuntimeSettings
from kioku_search.settings import Settings as SearchSettings
from kioku_vlm.settings import Settings as VlmSettings

SETTINGS: dict[str, type[RuntimeSettings]] = {
    "embedder": EmbedderSettings,
    "frames": FramesSettings,
    "search": SearchSettings,
    "migrate": SearchSettings,
    "face": FaceSettings,
    "migrate-faces": FaceSettings,
    "vlm": VlmSettings,
    "migrate-vlm": VlmSettings,
}


def plan_of(folder: Path, **options: object) -> Plan:
    return build_plan(DataFolder(folder / "data"), StackOptions.model_validate(options))


def variables(settings: type[RuntimeSettings]) -> set[str]:
    """Every environment name that a settings class reads."""
    return {
        str(field.validation_alias or f"KIOKU_{name}").upper()
        for name, field in settings.model_fields.items()
    }


def service_of(row: Component) -> str:
    """`migrate-faces` as it is, `search-2` as `search`."""
    return row.name if row.name in SETTINGS else row.name.partition("-")[0]


@pytest.mark.parametrize("count", [1, 3, MOST_PROCESSES])
def test_every_port_is_used_once(tmp_path: Path, count: int) -> None:
    """No two purposes of a stack share a port, whatever its size."""
    plan = plan_of(tmp_path, searches=count, embedders=count, frames=count, faces=count, vlms=count)
    ports = [port for row in plan.components for port in row.ports.values()]
    assert len(ports) == len(set(ports))


def test_every_dependency_exists_and_none_is_circular(tmp_path: Path) -> None:
    """Each component can start after those it names."""
    plan = plan_of(tmp_path, searches=2, embedders=2, frames=2, faces=2, vlms=2)
    order = [row.name for row in plan.in_order()]
    assert sorted(order) == sorted(row.name for row in plan.components)
    assert all(
        order.index(name) < order.index(row.name) for row in plan.components for name in row.after
    )


def test_a_circle_is_refused(tmp_path: Path) -> None:
    """Components that wait for each other are an error, not a hang."""
    plan = plan_of(tmp_path)
    rows = [row.model_copy(update={"after": ("envoy",)}) for row in plan.components]
    with pytest.raises(ValueError, match="circular"):
        plan.model_copy(update={"components": tuple(rows)}).in_order()


def test_nobody_stops_before_those_who_need_it(tmp_path: Path) -> None:
    """Draining goes from the door to the ground."""
    levels = plan_of(tmp_path).levels_from_the_top()
    place = {row.name: number for number, level in enumerate(levels) for row in level}
    assert place["envoy"] < place["search"] < place["migrate"] < place["database"]
    assert place["search"] < place["nats"]


def test_every_variable_is_a_field_of_the_service_that_gets_it(tmp_path: Path) -> None:
    """No name in the plan is misspelt: each is read by that service's settings."""
    for row in plan_of(tmp_path, searches=2, embedders=2, frames=2, faces=2, vlms=2).components:
        known = variables(SETTINGS[service_of(row)]) if row.env else set()
        assert set() == set(row.env) - known, row.name


def test_every_service_accepts_its_environment(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The values have the types that the settings ask for."""
    for row in plan_of(tmp_path).components:
        if service_of(row) not in SETTINGS:
            continue
        with monkeypatch.context() as patch:
            for name, value in row.env.items():
                patch.setenv(name, value)
            read = SETTINGS[service_of(row)]()
        assert row.ports.get("grpc", 0) == read.grpc_port
        assert row.ports.get("metrics", 0) == read.metrics_port


def test_only_the_migration_gets_the_owner_of_the_database(tmp_path: Path) -> None:
    """A serving process never holds the password of the role that owns its tables."""
    holders = [
        row.name for row in plan_of(tmp_path).components if "KIOKU_SEARCH_OWNER_DSN" in row.env
    ]
    assert ["migrate"] == holders
    faces = [row.name for row in plan_of(tmp_path).components if "KIOKU_FACE_OWNER_DSN" in row.env]
    assert ["migrate-faces"] == faces
    vlm = [row.name for row in plan_of(tmp_path).components if "KIOKU_VLM_OWNER_DSN" in row.env]
    assert ["migrate-vlm"] == vlm


def test_a_stack_without_faces_has_no_trace_of_them(tmp_path: Path) -> None:
    """No process, no migration, and no deletion that waits for their word."""
    rows = {row.name: row for row in plan_of(tmp_path, faces=0).components}
    assert not any("face" in name for name in rows)
    assert "search,vlm" == rows["search"].env["KIOKU_DELETION_PARTICIPANTS"]
    assert "--face" not in rows["envoy"].command
    assert "KIOKU_FACE_TARGET" not in rows["vlm"].env


def test_a_stack_without_schedules_has_no_trace_of_them(tmp_path: Path) -> None:
    """No process, no migration, and no deletion that waits for their word."""
    rows = {row.name: row for row in plan_of(tmp_path, vlms=0).components}
    assert not any("vlm" in name for name in rows)
    assert "search,face" == rows["search"].env["KIOKU_DELETION_PARTICIPANTS"]
    assert "--vlm" not in rows["envoy"].command


def test_schedules_know_where_assets_and_faces_are(tmp_path: Path) -> None:
    """Each process of vlm talks to every search and every face, and callers reach it."""
    rows = {row.name: row for row in plan_of(tmp_path, vlms=2, faces=2, searches=2).components}
    for name in ("vlm-1", "vlm-2"):
        for service in ("search", "face"):
            ports = [rows[f"{service}-{number}"].ports["grpc"] for number in (1, 2)]
            targets = ",".join(f"127.0.0.1:{port}" for port in ports)
            assert f"ipv4:{targets}" == rows[name].env[f"KIOKU_{service.upper()}_TARGET"]
        assert str(rows[name].ports["grpc"]) in rows["envoy"].command


def test_faces_are_asked_when_something_is_deleted(tmp_path: Path) -> None:
    """Each process of search waits for their word; each of face talks to every search."""
    rows = {row.name: row for row in plan_of(tmp_path, faces=2, searches=2).components}
    for name in ("search-1", "search-2"):
        assert "search,face,vlm" == rows[name].env["KIOKU_DELETION_PARTICIPANTS"]
    ports = [rows[name].ports["grpc"] for name in ("search-1", "search-2")]
    targets = ",".join(f"127.0.0.1:{port}" for port in ports)
    for name in ("face-1", "face-2"):
        assert f"ipv4:{targets}" == rows[name].env["KIOKU_SEARCH_TARGET"]
        assert str(rows[name].ports["grpc"]) in rows["envoy"].command


def test_a_pack_can_be_named(tmp_path: Path) -> None:
    """Every face process gets it; without it the small default one."""
    named = [plan_of(tmp_path, face_pack=folder).components for folder in ("", "/packs/mine")]
    packs = [row.env["KIOKU_FACE_PACK"] for rows in named for row in rows if row.name == "face"]
    assert ["models/kioku-faces", "/packs/mine"] == ["/".join(packs[0].split("/")[-2:]), packs[1]]


def test_a_plan_survives_json(tmp_path: Path) -> None:
    """What the launcher writes down is what the supervisor reads."""
    plan = plan_of(tmp_path, searches=2)
    assert plan == Plan.model_validate_json(plan.model_dump_json())


def test_a_second_model_is_a_folder_or_a_profile(tmp_path: Path) -> None:
    """Every embedder gets it; a profile brings its device and patience, no profile no variable."""

    def seconds(second_model: str, **options: object) -> list[tuple[str | None, str | None]]:
        rows = plan_of(tmp_path, second_model=second_model, embedders=2, **options).components
        envs = [row.env for row in rows if service_of(row) == "embedder"]
        names = ("KIOKU_EMBEDDER_SECOND_MODEL", "KIOKU_EMBEDDER_SECOND_DEVICE")
        return [(env.get(names[0]), env.get(names[1])) for env in envs]

    hub = PROFILES["siglip2-base"].model
    assert [(None, None)] * 2 == seconds("")
    assert [("/models/mine", None)] * 2 == seconds("/models/mine")
    assert [(hub, "cuda")] * 2 == seconds("siglip2-base")
    assert [(hub, "cpu")] * 2 == seconds("siglip2-base", device="cpu")
    patient = plan_of(tmp_path, second_model="siglip2-base").components
    assert {600.0} == {row.start_seconds for row in patient if service_of(row) == "embedder"}


def test_endpoints_hold_no_secret(tmp_path: Path) -> None:
    """What `status` prints can be shown to anybody."""
    plan = plan_of(tmp_path)
    secrets = [
        value
        for row in plan.components
        for name, value in row.env.items()
        if "SECRET" in name or "DSN" in name
    ]
    assert secrets
    assert not any(secret in plan.model_dump_json(include={"endpoints"}) for secret in secrets)


def test_several_processes_share_the_connections_of_the_database(tmp_path: Path) -> None:
    """Ten search processes together stay below PostgreSQL's hundred connections."""
    plan = plan_of(tmp_path, searches=MOST_PROCESSES)
    total = sum(
        int(row.env["KIOKU_API_CONNECTIONS"]) + int(row.env["KIOKU_WORKER_CONNECTIONS"])
        for row in plan.components
        if service_of(row) == "search"
    )
    assert total <= 80


def test_automatic_ports_are_remembered(tmp_path: Path) -> None:
    """The same data folder gets the same ports again while they are free."""
    memory = tmp_path / "ports.json"
    wanted = purposes(StackOptions(searches=2).processes())
    first = auto_ports(wanted, memory)
    assert first == auto_ports(wanted, memory)
    assert len(first) == len(set(first.values()))


def test_a_taken_port_is_drawn_anew(tmp_path: Path) -> None:
    """Whoever took a remembered port keeps it; the others stay."""
    memory = tmp_path / "ports.json"
    first = auto_ports(["envoy", "nats"], memory)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", first["nats"]))
        other.listen()
        second = auto_ports(["envoy", "nats"], memory)
    assert first["envoy"] == second["envoy"]
    assert first["nats"] != second["nats"]


def test_a_broken_memory_is_no_obstacle(tmp_path: Path) -> None:
    """A half-written file of ports is as good as none."""
    memory = tmp_path / "ports.json"
    memory.write_text("{")
    assert {"envoy"} == set(auto_ports(["envoy"], memory))


def test_a_taken_default_port_is_a_sentence() -> None:
    """The refusal names purpose and port and says what to do."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=f"Port {port} for nats .* --ports auto"):
            check_free({"nats": port})


def test_default_ports_never_change_with_the_size() -> None:
    """A bookmark of the first search process stays true when a second one is added."""
    more = StackOptions(searches=3, embedders=3, frames=3, faces=3, vlms=3)
    small, large = (default_ports(purposes(one.processes())) for one in (StackOptions(), more))
    assert small == {purpose: large[purpose] for purpose in small}

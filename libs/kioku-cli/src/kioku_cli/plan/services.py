"""Kioku's own services and Envoy before them, as rows of the plan.

The names of the environment are the fields of each service's settings; a test compares them.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from kioku_rt.auth.issuer import DEV_AUDIENCE, DEV_ISSUER
from kioku_stack.postgres import Postgres
from kioku_stack.swift import Swift

from kioku_cli.plan.component import Component, HttpProbe
from kioku_cli.plan.infrastructure import BUCKET, DATABASE, PYTHON, Wiring, server_command
from kioku_cli.plan.jobs import job
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.profile import FACE_PACK, PROFILES

_CONNECTIONS = 80
"""What all processes of search, face and vlm may have of PostgreSQL's hundred connections."""
_FACE_CONNECTIONS = 6
"""Of each of the two roles of a face process; two more seal the audit and verify it."""
_VLM_CONNECTIONS = 4
"""Of each of the two roles of a vlm process; two more seal the audit, one listens."""
_DRAWN_MATCH_SCORE = "0.55"
"""Of the default pack, which knows drawn people: one pair of strangers in a thousand reaches it."""
_LIBRARIES = ("libs/kioku-proto/src", "libs/kioku-rt/src")


def names(service: str, count: int) -> list[str]:
    """The component names of `count` processes of a service."""
    return [service] if count == 1 else [f"{service}-{number}" for number in range(1, count + 1)]


def embedders(wiring: Wiring, options: StackOptions) -> list[Component]:
    """The processes that turn pixels and words into vectors."""
    profile = PROFILES[options.profile]
    env = {
        "SIGLIP_MODEL_NAME": profile.model,
        "SIGLIP_DEVICE": options.device or profile.device,
        **_second_model(options),
    }
    return [
        _service(
            wiring,
            "embedder",
            number,
            name=name,
            after=("issuer", "bucket", "topology"),
            env=env,
            start_seconds=_start_seconds(options),
        )
        for number, name in enumerate(names("embedder", options.embedders), 1)
    ]


def _second_model(options: StackOptions) -> dict[str, str]:
    """The variables of a second model; a folder's is put where the first one is."""
    if not options.second_model:
        return {}
    profile = PROFILES.get(options.second_model)
    if profile is None:
        return {"KIOKU_EMBEDDER_SECOND_MODEL": options.second_model}
    return {
        "KIOKU_EMBEDDER_SECOND_MODEL": profile.model,
        "KIOKU_EMBEDDER_SECOND_DEVICE": options.device or profile.device,
    }


def _start_seconds(options: StackOptions) -> float:
    """How long the first start may take; a second model from a hub is fetched before it, too."""
    chosen = (options.profile, options.second_model)
    return max(PROFILES[name].start_seconds for name in chosen if name in PROFILES)


def frames(wiring: Wiring, options: StackOptions) -> list[Component]:
    """The processes that need no model: they cut videos into frames and read tags."""
    return [
        _service(
            wiring,
            "frames",
            number,
            name=name,
            after=("issuer", "bucket", "topology"),
            module="kioku_embedder.frames",
            source="embedder",
        )
        for number, name in enumerate(names("frames", options.frames), 1)
    ]


def migrate(wiring: Wiring) -> Component:
    """Brings the database's schema up to date."""
    env = {"KIOKU_SEARCH_OWNER_DSN": _postgres(wiring).dsn(DATABASE)}
    return job("migrate", (PYTHON, "-m", "kioku_search", "migrate"), ("database",), **env)


def migrate_faces(wiring: Wiring, options: StackOptions) -> list[Component]:
    """Brings the schema of faces up to date, where anybody looks for them."""
    if not options.faces:
        return []
    env = {"KIOKU_FACE_OWNER_DSN": _postgres(wiring).dsn(DATABASE)}
    command = (PYTHON, "-m", "kioku_face", "migrate")
    return [job("migrate-faces", command, ("database",), **env)]


def migrate_vlm(wiring: Wiring, options: StackOptions) -> list[Component]:
    """Brings the schema of observations up to date, where anybody reads schedules."""
    if not options.vlms:
        return []
    env = {"KIOKU_VLM_OWNER_DSN": _postgres(wiring).dsn(DATABASE)}
    return [job("migrate-vlm", (PYTHON, "-m", "kioku_vlm", "migrate"), ("database",), **env)]


def searches(wiring: Wiring, options: StackOptions) -> list[Component]:
    """The processes that own assets and vectors."""
    after = ("issuer", "bucket", "topology", "migrate")
    server = _postgres(wiring)
    theirs = _CONNECTIONS - options.faces * (2 * _FACE_CONNECTIONS + 2)
    theirs -= options.vlms * (2 * _VLM_CONNECTIONS + 3)
    connections = str(max(4, min(16, theirs // (2 * options.searches))))
    env = {
        "KIOKU_SEARCH_API_DSN": server.dsn(DATABASE, "search_api"),
        "KIOKU_SEARCH_WORKER_DSN": server.dsn(DATABASE, "search_worker"),
        "KIOKU_SEARCH_INDEX_DSN": server.dsn(DATABASE),
        "KIOKU_SEARCH_SEALER_DSN": server.dsn(DATABASE, "search_sealer"),
        "KIOKU_API_CONNECTIONS": connections,
        "KIOKU_WORKER_CONNECTIONS": connections,
        "KIOKU_EMBEDDER_TARGET": _balanced(wiring, "embedder", options.embedders),
        "KIOKU_DELETION_PARTICIPANTS": ",".join(_participants(options)),
    }
    return [
        _service(wiring, "search", number, name=name, after=after, env=env)
        for number, name in enumerate(names("search", options.searches), 1)
    ]


def _participants(options: StackOptions) -> list[str]:
    """Who must confirm that nothing is left of a deleted asset."""
    counts = {"search": options.searches, "face": options.faces, "vlm": options.vlms}
    return [service for service, count in counts.items() if count]


def faces(wiring: Wiring, options: StackOptions) -> list[Component]:
    """The processes that find faces and know whose they are."""
    server = _postgres(wiring)
    env = {
        "KIOKU_FACE_API_DSN": server.dsn(DATABASE, "face_api"),
        "KIOKU_FACE_WORKER_DSN": server.dsn(DATABASE, "face_worker"),
        "KIOKU_FACE_SEALER_DSN": server.dsn(DATABASE, "face_sealer"),
        "KIOKU_API_CONNECTIONS": str(_FACE_CONNECTIONS),
        "KIOKU_WORKER_CONNECTIONS": str(_FACE_CONNECTIONS),
        "KIOKU_SEARCH_TARGET": _balanced(wiring, "search", options.searches),
        "KIOKU_FACE_PACK": options.face_pack or FACE_PACK,
        **({} if options.face_pack else {"KIOKU_FACE_MATCH_SCORE": _DRAWN_MATCH_SCORE}),
    }
    after = ("issuer", "bucket", "topology", "migrate-faces")
    return [
        _service(wiring, "face", number, name=name, after=after, env=env)
        for number, name in enumerate(names("face", options.faces), 1)
    ]


def vlms(wiring: Wiring, options: StackOptions) -> list[Component]:
    """The processes that read schedules from pictures."""
    server = _postgres(wiring)
    env = {
        "KIOKU_VLM_API_DSN": server.dsn(DATABASE, "vlm_api"),
        "KIOKU_VLM_WORKER_DSN": server.dsn(DATABASE, "vlm_worker"),
        "KIOKU_VLM_SEALER_DSN": server.dsn(DATABASE, "vlm_sealer"),
        "KIOKU_API_CONNECTIONS": str(_VLM_CONNECTIONS),
        "KIOKU_WORKER_CONNECTIONS": str(_VLM_CONNECTIONS),
        "KIOKU_SEARCH_TARGET": _balanced(wiring, "search", options.searches),
        "KIOKU_EMBEDDER_TARGET": _balanced(wiring, "embedder", options.embedders),
    }
    if options.faces:
        env["KIOKU_FACE_TARGET"] = _balanced(wiring, "face", options.faces)
    after = ("issuer", "bucket", "topology", "migrate-vlm")
    return [
        _service(wiring, "vlm", number, name=name, after=after, env=env)
        for number, name in enumerate(names("vlm", options.vlms), 1)
    ]


def behind_envoy(options: StackOptions) -> dict[str, int]:
    """The services that callers reach, and how many processes each has."""
    counts = options.processes()
    return {name: count for name, count in counts.items() if count and name != "frames"}


def envoy(wiring: Wiring, options: StackOptions) -> Component:
    """The one door for apps: REST, gRPC and signed storage URLs on one port."""
    ports = {"http": wiring.ports["envoy"], "admin": wiring.ports["envoy-admin"]}
    arguments = ["--folder", str(wiring.data.server("envoy")), "--port", str(ports["http"])]
    arguments += ["--admin-port", str(ports["admin"]), "--storage", str(wiring.ports["swift"])]
    arguments += ["--bucket", BUCKET, "--jwks", str(wiring.data.jwks)]
    arguments += ["--issuer", DEV_ISSUER, "--audience", DEV_AUDIENCE]
    for service, count in behind_envoy(options).items():
        for number in range(1, count + 1):
            arguments += [f"--{service}", str(wiring.ports[f"{service}-{number}-grpc"])]
    return Component(
        name="envoy",
        kind="server",
        group="infrastructure",
        command=server_command("envoy", *arguments),
        ports=ports,
        after=("issuer", "swift", *names("search", options.searches)),
        probe=HttpProbe(url=wiring.url("envoy-admin", "/ready")),
        watch=("deploy/envoy",),
    )


def _service(
    wiring: Wiring,
    service: str,
    number: int,
    *,
    name: str,
    after: tuple[str, ...],
    env: Mapping[str, str] = MappingProxyType({}),
    start_seconds: float = 60.0,
    module: str = "",
    source: str = "",
) -> Component:
    """A row for one process; `module` and `source` are named after the service unless given."""
    ports = ports_of(wiring, service, number)
    common = {f"KIOKU_{use.upper()}_PORT": str(port) for use, port in ports.items()}
    common |= {
        "KIOKU_REFLECTION": "true",
        "KIOKU_SERVICE_TOKEN_FILE": str(wiring.data.token(source or service)),
    }
    return Component(
        name=name,
        kind="server",
        group="services",
        command=(PYTHON, "-m", module or f"kioku_{service}"),
        env={**_shared_env(wiring), **common, **env},
        ports=ports,
        after=after,
        probe=HttpProbe(url=wiring.url(f"{service}-{number}-metrics", "/readyz")),
        start_seconds=start_seconds,
        unready_seconds=60.0,
        stop_seconds=25.0,
        watch=(f"services/{source or service}/src", *_LIBRARIES),
    )


def ports_of(wiring: Wiring, service: str, number: int) -> dict[str, int]:
    """The ports of one process of a service, by their use."""
    start = f"{service}-{number}-"
    return {
        name.removeprefix(start): port
        for name, port in wiring.ports.items()
        if name.startswith(start)
    }


def _shared_env(wiring: Wiring) -> dict[str, str]:
    """What every service needs: who may call, the event log and the object store."""
    store = Swift(wiring.data.server("swift"), wiring.ports["swift"])
    return {
        "KIOKU_JWKS": str(wiring.data.jwks),
        "KIOKU_JWT_ISSUER": DEV_ISSUER,
        "KIOKU_JWT_AUDIENCE": DEV_AUDIENCE,
        "KIOKU_NATS_URL": f"nats://{wiring.address('nats')}",
        "KIOKU_S3_ENDPOINT": store.endpoint,
        "S3_PUBLIC_ENDPOINT": wiring.url("envoy"),
        "KIOKU_S3_BUCKET": BUCKET,
        "KIOKU_S3_REGION": store.region,
        "KIOKU_S3_ACCESS_KEY": store.access_key,
        "KIOKU_S3_SECRET_KEY": store.secret_key,
    }


def _postgres(wiring: Wiring) -> Postgres:
    return Postgres(wiring.data.server("postgres"), wiring.ports["postgres"])


def _balanced(wiring: Wiring, service: str, count: int) -> str:
    """A gRPC name that spreads calls over every process of a service."""
    ports = (wiring.ports[f"{service}-{n}-grpc"] for n in range(1, count + 1))
    return "ipv4:" + ",".join(f"127.0.0.1:{port}" for port in ports)

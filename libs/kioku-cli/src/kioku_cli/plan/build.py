"""Builds the plan of a data folder from the options that `kioku up` was given."""

from __future__ import annotations

from kioku_cli.data import DataFolder
from kioku_cli.plan import infrastructure, jobs, services
from kioku_cli.plan.infrastructure import Wiring
from kioku_cli.plan.options import StackOptions
from kioku_cli.plan.plan import Plan
from kioku_cli.plan.ports import auto_ports, default_ports, purposes


def build_plan(data: DataFolder, options: StackOptions) -> Plan:
    """The whole stack. Draws ports for `auto`, and makes missing secrets in the data folder."""
    data.make()
    wanted = purposes(options.processes())
    remembers = options.ports == "auto"
    ports = auto_ports(wanted, data.ports) if remembers else default_ports(wanted)
    wiring = Wiring(data, ports)
    return Plan(
        data=str(data.root),
        options=options,
        endpoints=_endpoints(wiring, options),
        components=(
            infrastructure.issuer(wiring),
            infrastructure.postgres(wiring),
            infrastructure.nats(wiring),
            infrastructure.swift(wiring),
            jobs.database(wiring),
            jobs.bucket(wiring),
            jobs.topology(wiring),
            services.migrate(wiring),
            *services.migrate_faces(wiring, options),
            *services.migrate_vlm(wiring, options),
            *services.embedders(wiring, options),
            *services.frames(wiring, options),
            *services.searches(wiring, options),
            *services.faces(wiring, options),
            *services.vlms(wiring, options),
            services.envoy(wiring, options),
        ),
    )


def _endpoints(wiring: Wiring, options: StackOptions) -> dict[str, str]:
    """Where people and clients reach what; never a secret."""
    endpoints = {
        "rest": wiring.url("envoy"),
        "grpc": wiring.address("envoy"),
        "envoy_admin": wiring.url("envoy-admin"),
        "postgres": wiring.address("postgres"),
        "nats": f"nats://{wiring.address('nats')}",
        "s3": wiring.url("swift"),
        "jwks": str(wiring.data.jwks),
    }
    for service, count in services.behind_envoy(options).items():
        for number, name in enumerate(services.names(service, count), 1):
            endpoints[name] = wiring.address(f"{service}-{number}-grpc")
            endpoints[f"{name}_metrics"] = wiring.url(f"{service}-{number}-metrics", "/metrics")
    for number, name in enumerate(services.names("frames", options.frames), 1):
        endpoints[f"{name}_metrics"] = wiring.url(f"frames-{number}-metrics", "/metrics")
    return endpoints

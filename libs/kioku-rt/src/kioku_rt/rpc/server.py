"""One way to serve gRPC: health from the start, limits everywhere, and an end that loses no call.

Order of a life: `start` (health NOT_SERVING), `set_serving(True)`, `drain` (NOT_SERVING for good,
long-lived streams ended, calls at work finish within the grace).
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping, Sequence

import grpc
from google.protobuf import descriptor_pool
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from kioku_rt.rpc.config import MEBIBYTE, MethodRules, Registration, ServerConfig
from kioku_rt.rpc.door import Door, Verifier
from kioku_rt.rpc.guard import Guard

_HEALTH = "grpc.health.v1.Health"
_KEEPALIVE_MIN_MS = 20_000
_FAREWELL_SECONDS = 0.05
_METADATA_BYTES = 16 * 1024


class RpcServer:
    """A gRPC server of some services, with health and, when asked, reflection.

    Args:
        config: address and limits.
        registrations: the services.
        verifier: checks the tokens of methods that are not public.

    Raises:
        ValueError: a registration names a method that its service does not have.
    """

    def __init__(
        self, config: ServerConfig, registrations: Sequence[Registration], *, verifier: Verifier
    ) -> None:
        rules = _rules(registrations)
        self._config = config
        self._names = ["", *(registration.name for registration in registrations)]
        self._door = Door(config, verifier)
        self._health = health.HealthServicer()
        self._server = grpc.aio.server(
            interceptors=[Guard(config, self._door, rules)],
            options=_options(config),
            maximum_concurrent_rpcs=_hard_limit(config),
        )
        for registration in registrations:
            registration.add(registration.servicer, self._server)
        health_pb2_grpc.add_HealthServicer_to_server(self._health, self._server)
        if config.reflection:
            names = (*self._names[1:], _HEALTH, reflection.SERVICE_NAME)
            reflection.enable_server_reflection(names, self._server)

    async def start(self) -> int:
        """Listen, with health NOT_SERVING, and give the port.

        Raises:
            OSError: the port is taken.
        """
        address = f"{self._config.host}:{self._config.port}"
        try:
            port = self._server.add_insecure_port(address)
        except RuntimeError as error:
            raise OSError(f"cannot listen on {address}") from error
        await self.set_serving(serving=False)
        await self._server.start()
        return port

    async def set_serving(self, serving: bool) -> None:
        """Say over the health service whether calls are welcome; after `drain` nothing changes."""
        statuses = health_pb2.HealthCheckResponse
        status = statuses.SERVING if serving else statuses.NOT_SERVING
        for name in self._names:
            await self._health.set(name, status)

    @property
    def calls_at_work(self) -> int:
        """How many calls are inside, long-lived ones not counted."""
        return self._door.active

    async def drain(self) -> None:
        """Take no more calls, let those at work finish within the grace, and close."""
        await self._health.enter_graceful_shutdown()
        await asyncio.sleep(_FAREWELL_SECONDS)  # health watchers hear it before they are ended
        self._door.end_long_lived()
        await self._server.stop(self._config.grace)

    async def wait(self) -> None:
        """Wait until the server has closed."""
        await self._server.wait_for_termination()


def _rules(registrations: Iterable[Registration]) -> Mapping[str, MethodRules]:
    rules = {
        f"/{_HEALTH}/Check": MethodRules(public=True, probe=True),
        f"/{_HEALTH}/List": MethodRules(public=True, probe=True),
        f"/{_HEALTH}/Watch": MethodRules(public=True, probe=True, long_lived=True),
    }
    name = reflection.SERVICE_NAME
    rules[f"/{name}/ServerReflectionInfo"] = MethodRules(public=True, long_lived=True)
    for registration in registrations:
        _refuse_misspelt(registration)
        for method in registration.public_methods | registration.long_lived:
            rules[f"/{registration.name}/{method}"] = MethodRules(
                public=method in registration.public_methods,
                long_lived=method in registration.long_lived,
            )
    return rules


def _refuse_misspelt(registration: Registration) -> None:
    """A rule for a method that is not there would be silently without effect."""
    try:
        service = descriptor_pool.Default().FindServiceByName(registration.name)
    except KeyError:
        return  # registered by hand, without a contract
    ruled = registration.public_methods | registration.long_lived
    unknown = ruled - {method.name for method in service.methods}
    if unknown:
        raise ValueError(f"{registration.name} has no method {', '.join(sorted(unknown))}")


def _hard_limit(config: ServerConfig) -> int:
    """Beyond this gRPC refuses by itself, without a reason: the last line against a flood.

    Twice our own limit, because a call counts for gRPC while its bytes are still arriving.
    """
    return 2 * (config.max_concurrent_rpcs + config.max_long_lived)


def _options(config: ServerConfig) -> list[tuple[str, int]]:
    return [
        ("grpc.so_reuseport", 0),  # or a second server on the port would start without a word
        # One MiB above ours, so that a request that is a little too large hears the reason.
        ("grpc.max_receive_message_length", config.max_message_bytes + MEBIBYTE),
        ("grpc.max_send_message_length", config.max_message_bytes),
        ("grpc.max_metadata_size", _METADATA_BYTES),
        ("grpc.absolute_max_metadata_size", 2 * _METADATA_BYTES),
        ("grpc.http2.min_recv_ping_interval_without_data_ms", _KEEPALIVE_MIN_MS),
        ("grpc.keepalive_permit_without_calls", 1),
    ]

"""What a call brings with it, read once, before its request's bytes are."""

from __future__ import annotations

from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass, field

from kioku_rt.auth.principal import Principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

_TRACE_HEADERS = frozenset(("traceparent", "tracestate"))


@dataclass(slots=True)
class Arrival:
    """A call at the door.

    Attributes:
        trace: the caller's W3C trace headers.
        credentials: every `authorization` value there is.
        principal: who calls, once that is known.
        request_id: what the handler names the call in its answer (AIP-155); empty: nothing.
    """

    trace: dict[str, str] = field(default_factory=dict)
    credentials: list[str] = field(default_factory=list, repr=False)
    principal: Principal | None = None
    request_id: str = ""

    def bearer(self) -> str:
        """Give the one bearer token.

        Raises:
            KiokuError: TOKEN_MISSING without one; TOKEN_INVALID with two headers, because two
                readers of one request could pick differently.
        """
        if not self.credentials:
            raise KiokuError(Reason.TOKEN_MISSING)
        if len(self.credentials) > 1:
            raise KiokuError(Reason.TOKEN_INVALID)
        scheme, _, token = self.credentials[0].partition(" ")
        if scheme.lower() != "bearer":
            raise KiokuError(Reason.TOKEN_MISSING)
        return token.strip()


# gRPC runs a call's interceptors and its handler in one task; this carries from one to the other.
current_arrival: ContextVar[Arrival] = ContextVar("kioku_arrival")


def name_call(request_id: str) -> None:
    """Write a call's request id on its log line and its span."""
    arrival = current_arrival.get(None)
    if arrival is not None:
        arrival.request_id = request_id


def read_arrival(metadata: Iterable[tuple[str, str | bytes]]) -> Arrival:
    """Pick what matters out of a call's metadata."""
    arrival = Arrival()
    for key, value in metadata:
        if isinstance(value, bytes):
            continue
        if key == "authorization":
            arrival.credentials.append(value)
        elif key in _TRACE_HEADERS:
            arrival.trace[key] = value
    return arrival

"""What a server serves and within which limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

MEBIBYTE = 2**20


@dataclass(frozen=True)
class ServerConfig:
    """Limits of one gRPC server.

    Attributes:
        host: address to bind; loopback unless a deployment says otherwise.
        port: 0 picks a free one.
        reflection: lets tools list the services; off in production.
        max_message_bytes: of one request or response message.
        default_deadline: seconds for a call that came without one.
        max_deadline: seconds no call may exceed, whatever its client asked.
        grace: seconds in-flight calls may take to finish when draining.
        max_concurrent_rpcs: calls at work; one more is OVERLOADED at once.
        max_long_lived: the same for streams that may last for ever; they only wait.
    """

    host: str = "127.0.0.1"
    port: int = 0
    reflection: bool = False
    max_message_bytes: int = 17 * MEBIBYTE
    default_deadline: float = 30.0
    max_deadline: float = 300.0
    grace: float = 10.0
    max_concurrent_rpcs: int = 256
    max_long_lived: int = 1024


@dataclass(frozen=True)
class Registration:
    """One service of a server.

    Attributes:
        name: full name, for example `kioku.search.v1.SearchService`.
        add: the generated `add_…Servicer_to_server`.
        servicer: what it serves with; every rpc a coroutine or an async generator.
        public_methods: bare names of rpcs that need no token.
        long_lived: bare names of streams that may last for ever (no deadline unless the client
            sets one); they are ended when the server drains.
    """

    name: str
    add: Callable[[Any, Any], None]
    servicer: object
    public_methods: frozenset[str] = frozenset()
    long_lived: frozenset[str] = frozenset()


@dataclass(frozen=True)
class MethodRules:
    """What is special about one method.

    Attributes:
        public: needs no token.
        long_lived: no deadline of ours; ended when the server drains.
        probe: no log line, and admitted even when the server is full.
    """

    public: bool = False
    long_lived: bool = False
    probe: bool = False

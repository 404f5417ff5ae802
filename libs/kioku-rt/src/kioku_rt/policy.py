"""Promise: nothing goes to an AI outside of this deployment unless one setting says so.

The setting is `KIOKU_EXTERNAL_AI`; it governs every outbound AI call of every service. Inside:
every address that the endpoint's name resolves to is loopback, private or link-local (RFC 1122,
1918, 3927, 4193, 4291). A name with one public address among private ones is outside.
`kioku_rt.outbound` holds connections to it.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import urlsplit

from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

Resolve = Callable[[str], Awaitable[Sequence[str]]]

_INSIDE = tuple(
    ipaddress.ip_network(network)
    for network in (
        "127.0.0.0/8",
        "10.0.0.0/8",
        "172.16.0.0/12",
        "192.168.0.0/16",
        "169.254.0.0/16",
        "::1/128",
        "fc00::/7",
        "fe80::/10",
    )
)


class ExternalAi(StrEnum):
    """Whether AI outside of this deployment may be asked."""

    REFUSED = "refused"
    ALLOWED = "allowed"


def is_inside(address: str) -> bool:
    """Whether an IP address (with or without a scope, mapped or not) is inside.

    Tunnelled forms (6to4, Teredo, NAT64) and the unspecified address are not.

    Raises:
        ValueError: it is no IP address.
    """
    parsed = ipaddress.ip_address(address.partition("%")[0])
    if isinstance(parsed, ipaddress.IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    return any(parsed in network for network in _INSIDE if network.version == parsed.version)


async def resolve(host: str) -> Sequence[str]:
    """Every address of a host as the system resolves it; also 2130706433 and 0x7f.1.

    Raises:
        OSError: it has none.
    """
    loop = asyncio.get_running_loop()
    found = await loop.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


@dataclass(frozen=True)
class AiPolicy:
    """What the one setting says.

    Args:
        external_ai: as in `KIOKU_EXTERNAL_AI`.
    """

    external_ai: ExternalAi = ExternalAi.REFUSED

    def check(self, host: str, addresses: Sequence[str]) -> None:
        """Refuses an endpoint outside, or one without any address.

        Raises:
            KiokuError: EXTERNAL_AI_REFUSED.
        """
        if self.external_ai is ExternalAi.ALLOWED:
            return
        outside = [address for address in addresses if not is_inside(address)]
        if outside or not addresses:
            raise KiokuError(
                Reason.EXTERNAL_AI_REFUSED,
                f"{host} is outside of this deployment and its policy allows no AI there; "
                "KIOKU_EXTERNAL_AI=allowed would.",
                metadata={"host": host},
            )

    async def check_url(self, url: str, *, resolver: Resolve = resolve) -> None:
        """Says at start what every connection would say later; a name unknown now passes.

        Raises:
            KiokuError: EXTERNAL_AI_REFUSED.
        """
        host = urlsplit(url).hostname or ""
        try:
            addresses = await resolver(host)
        except OSError:
            return  # the connection will resolve it again, and be checked
        self.check(host, addresses)

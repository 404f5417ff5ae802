"""Whether an HTTP server on loopback answers 200."""

from __future__ import annotations

import http.client

from kioku_stack.ports import LOOPBACK


def answers(port: int, path: str, timeout: float = 2.0) -> bool:
    """True once `GET path` at `port` gives 200; never raises for a server that is not up."""
    connection = http.client.HTTPConnection(LOOPBACK, port, timeout=timeout)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()

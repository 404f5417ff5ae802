"""The development issuer as a process: public keys on disk, service tokens renewed before they end.

It holds the signing key of one machine's stack, stands in for an identity provider, and is refused
in the production profile (see kioku_rt.auth.issuer).
"""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from kioku_rt.auth import DevIssuer, keep_service_tokens_fresh

SCOPES: dict[str, tuple[str, ...]] = {
    "search": ("embed",),
    "embedder": ("assets.act",),
    "face": ("faces.vectors",),
    "vlm": ("assets.act", "embed", "face.act", "search.act"),
}
"""What each service may do in the name of others; as little as it needs."""


async def issue(folder: Path) -> int:
    """Publish the keys in `folder` and keep every service's token fresh until SIGTERM; 0."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    issuer = DevIssuer(folder)
    print(f"issuing tokens; public keys in {issuer.jwks_path}", flush=True)
    await keep_service_tokens_fresh(issuer, SCOPES, stop)
    return 0


def main() -> int:
    """Command line: `python -m kioku_cli.server.issuer --folder DIR`."""
    parser = argparse.ArgumentParser(prog="kioku_cli.server.issuer")
    parser.add_argument("--folder", type=Path, required=True)
    return asyncio.run(issue(parser.parse_args().folder))


if __name__ == "__main__":
    sys.exit(main())

"""`kioku token`."""

from __future__ import annotations

from typing import Annotated

import typer
from kioku_rt.auth import DevIssuer

from kioku_cli.data import DataFolder
from kioku_cli.launch import running
from kioku_cli.refusal import UsageRefusal
from kioku_cli.screen import DEFAULT_USER, Data, Json, User, print_json

_LONGEST = 30 * 24 * 3600.0


def token(
    *,
    data: Data = None,
    user: User = DEFAULT_USER,
    service: Annotated[str, typer.Option(help="A service's name, instead of a user.")] = "",
    scope: Annotated[
        list[str] | None, typer.Option(help="What the token may do, e.g. assets.act; repeatable.")
    ] = None,
    ttl: Annotated[float, typer.Option(help="Seconds until it expires.")] = 3600.0,
    as_json: Json = False,
) -> None:
    """Print a token from the development issuer, for curl and for tests."""
    if ttl > _LONGEST:
        raise UsageRefusal(f"--ttl is at most {_LONGEST:g} seconds, thirty days.")
    folder = DataFolder.chosen(data)
    running(folder)
    subject = service or user
    text = DevIssuer(folder.issuer).mint(
        subject, service=bool(service), scopes=scope or (), ttl=ttl
    )
    if as_json:
        print_json({"token": text, "subject": subject, "service": bool(service), "ttl": ttl})
    else:
        print(text)

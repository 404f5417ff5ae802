"""A schema name that reaches SQL text is a plain identifier, or nothing happens."""

from __future__ import annotations

import re

_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,62}")


def identifier(name: str) -> str:
    """`name` itself.

    Raises:
        ValueError: it is not a lower-case SQL identifier; names come from code, so this is a bug.
    """
    if not _IDENTIFIER.fullmatch(name):
        raise ValueError(f"not a plain SQL identifier: {name!r}")
    return name

"""Lexicons: labels, places, names of things that happen, zones; one TOML file each."""

from __future__ import annotations

import tomllib
from functools import cache
from importlib.resources import files
from typing import Any


@cache
def lexicon(name: str) -> dict[str, Any]:
    """A file's tables, the words of each entry as a tuple."""
    text = files(__name__).joinpath(f"{name}.toml").read_text("utf-8")
    words: dict[str, Any] = _parted(tomllib.loads(text))
    return words


def _parted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _parted(inner) for key, inner in value.items()}
    return tuple(word for part in value.split(",") if (word := " ".join(part.split())))

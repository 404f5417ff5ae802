"""One package knows nats-py, so that the day it changes one package changes."""

from __future__ import annotations

import ast
from pathlib import Path

import kioku_rt

ROOT = Path(kioku_rt.__file__).parent


def _imports(file: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module)
    return found


def test_only_the_adapter_imports_nats():
    """Everything else speaks in events, outcomes and deliveries."""
    guilty = {
        str(file.relative_to(ROOT))
        for file in ROOT.rglob("*.py")
        if any(name.split(".")[0] == "nats" for name in _imports(file))
    }
    assert {"events/jetstream"} == {str(Path(name).parent) for name in guilty}

"""Whoever keeps the stack sees how good the index is, tunes it and builds it anew."""

from __future__ import annotations

from bench.stack import Stack
from tests.e2e.app import App
from tests.e2e.conftest import PICTURES


def test_the_index_is_shown_measured_tuned_and_rebuilt(stack: Stack, alice: App) -> None:
    """By the command, over the one door; a search afterwards finds what it found before."""
    before = alice.search(text="a red house", k=5)
    shown = stack.run("index", "show")
    assert ("INDEX_METHOD_HNSW", True) == (shown["parameters"]["method"], shown["valid"])
    measured = stack.run("index", "evaluate", "--sample", "10", "-k", "5", "--effort", "100")
    assert (10, [100]) == (measured["queries"], [one["effort"] for one in measured["efforts"]])
    assert measured["efforts"][0]["mean"] >= 0.9
    tuned = stack.run("index", "tune", "--sample", "10")
    assert tuned["index"]["effort"] <= 1000
    rebuilt = stack.run("index", "rebuild")
    assert ("REBUILD", "DONE") == (rebuilt["job"]["kind"], rebuilt["job"]["state"])
    after = alice.search(text="a red house", k=5)
    assert before["hits"] == after["hits"]
    assert (PICTURES, "", "exact") == tuple(
        after["explain"][name] for name in ("matched", "shortfall", "strategy")
    )

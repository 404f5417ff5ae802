"""What an answer about faces teaches of its owner."""

from __future__ import annotations

import pytest
from kioku_search.faces.near_store import came_by_index


def row(strategy: str, *, known: bool = True) -> dict[str, object]:
    """One row of an answer, as far as it matters."""
    return {"strategy": strategy, "known": known}


@pytest.mark.parametrize(
    ("rows", "by_index"),
    [
        ([], None),
        ([row("", known=False)], None),
        ([row("hnsw"), row("ivfflat"), row("", known=False)], True),
        ([row("match_linked")], False),
        ([row("hnsw"), row("match_scan")], False),
    ],
)
def test_an_owner_has_many_only_where_an_index_answered(
    rows: list[dict[str, object]], by_index: bool | None
) -> None:
    """A face that is not stored says nothing, and one that was compared in full says few."""
    assert came_by_index(rows) is by_index

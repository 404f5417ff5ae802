"""What an answer about faces teaches of its owner."""

from __future__ import annotations

import pytest
from kioku_search.faces.near_store import came_by_index


@pytest.mark.parametrize(
    ("answers", "by_index"),
    [
        ([], None),
        ([(False, "")], None),
        ([(True, "hnsw"), (True, "ivfflat"), (False, "")], True),
        ([(True, "match_linked")], False),
        ([(True, "hnsw"), (True, "match_scan")], False),
    ],
)
def test_an_owner_has_many_only_where_an_index_answered(
    answers: list[tuple[bool, str]], by_index: bool | None
) -> None:
    """A face that is not stored says nothing, and one that was compared in full says few."""
    assert came_by_index(answers) is by_index

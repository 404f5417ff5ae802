"""What an index may be built with, and what that takes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from kioku_rt.errors import InvalidInput
from kioku_search.indexes.index import (
    IndexMethod,
    OperatorClass,
    Parameters,
    SpaceIndex,
    build_bytes,
)

HNSW, IVFFLAT = Parameters(), Parameters(method=IndexMethod.IVFFLAT)
INDEX = SpaceIndex("s@0", 128, True, "p", HNSW, "p_hnsw", None, 0, 1000, 0)


@pytest.mark.parametrize(
    "changes", [{"m": 1}, {"m": 101}, {"ef_construction": 31}, {"lists": 0}, {"lists": 32_769}]
)
def test_what_postgres_would_refuse_is_refused(changes: dict[str, int]) -> None:
    """With the field's name."""
    with pytest.raises(InvalidInput) as caught:
        replace(HNSW, **changes).checked()  # type: ignore[arg-type]
    assert caught.value.field is not None
    assert caught.value.field.startswith("parameters.")


def test_only_vectors_of_length_one_may_be_compared_otherwise() -> None:
    """By distance or product other vectors rank in another order."""
    other = replace(HNSW, opclass=OperatorClass.L2)
    assert other == other.checked()
    with pytest.raises(InvalidInput):
        other.checked(normalised=False)


def test_memory_of_a_graph_is_near_what_was_measured() -> None:
    """A million of 128 numbers fits a gigabyte at m = 16, and grows with rows, numbers and m."""
    million = build_bytes(HNSW, 1_000_000, 128)
    assert 0.7e9 < million < 1.3e9
    assert abs(build_bytes(HNSW, 2_000_000, 128) - 2 * million) <= 1
    assert build_bytes(HNSW, 1_000_000, 256) > million
    assert build_bytes(replace(HNSW, m=32, ef_construction=200), 1_000_000, 128) > million


def test_memory_of_lists_hangs_on_their_number() -> None:
    """More rows than samples do not matter; what pgvector asked for; no index takes none."""
    assert build_bytes(IVFFLAT, 100_000, 128) == build_bytes(IVFFLAT, 10_000_000, 128)
    for lists, megabytes in ((300, 19), (600, 38)):
        needed = build_bytes(replace(IVFFLAT, lists=lists), 12_000, 128)
        assert pytest.approx(megabytes * 2**20, rel=0.06) == needed
    assert 0 == build_bytes(Parameters(method=IndexMethod.NONE), 10, 128)


def test_effort_is_that_of_the_space_then_that_of_the_method() -> None:
    """ef_search of the process for a graph, the root of the lists for lists."""
    assert 200 == INDEX.effort_or(200)
    assert 33 == replace(INDEX, effort=33).effort_or(200)
    assert 10 == replace(INDEX, parameters=IVFFLAT).effort_or(200)
    assert (1000, 100) == (INDEX.most_effort, replace(INDEX, parameters=IVFFLAT).most_effort)

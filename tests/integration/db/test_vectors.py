"""Vectors go to pgvector and come back in binary, whatever array they were."""

from __future__ import annotations

import asyncpg
import numpy as np
import pytest
from kioku_rt.db import acquire
from kioku_rt.db.vectors import encode_halfvec


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
async def test_a_halfvec_round_trip_keeps_every_half(pool, dtype):
    """768 values that float16 can hold come back exactly, as float16."""
    vector = np.random.default_rng(1).standard_normal(768).astype(np.float16)
    async with acquire(pool) as connection:
        back = await connection.fetchval("SELECT $1::halfvec", vector.astype(dtype))
    assert np.float16 == back.dtype
    assert vector.tolist() == back.tolist()


async def test_a_vector_round_trip_keeps_every_float(pool):
    """The same for `vector` in float32."""
    vector = np.random.default_rng(2).standard_normal(768).astype(np.float32)
    async with acquire(pool) as connection:
        back = await connection.fetchval("SELECT $1::vector", vector)
    assert np.float32 == back.dtype
    assert vector.tolist() == back.tolist()


async def test_arrays_of_halfvec_travel_too(pool):
    """Many vectors in one parameter, for batched queries."""
    vectors = [np.full(4, number, np.float32) for number in range(3)]
    encoded = [encode_halfvec(vector) for vector in vectors]
    async with acquire(pool) as connection:
        rows = await connection.fetch("SELECT unnest($1::halfvec[]) AS v", encoded)
    assert [vector.tolist() for vector in vectors] == [row["v"].tolist() for row in rows]


async def test_the_server_means_the_same_numbers(pool):
    """The server's own text agrees with what was sent."""
    async with acquire(pool) as connection:
        text = await connection.fetchval(
            "SELECT $1::halfvec::text", np.array([1, -0.5, 65504], np.float32)
        )
    assert "[1,-0.5,65504]" == text


@pytest.mark.parametrize("bad", [np.zeros((2, 2)), np.zeros(0), np.zeros(16_001)])
async def test_what_is_no_vector_is_refused_before_it_is_sent(pool, bad):
    """Two axes, no number, or too many."""
    async with acquire(pool) as connection:
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::halfvec", bad)


@pytest.mark.parametrize("bad", [np.nan, np.inf])
async def test_the_server_refuses_what_is_not_finite(pool, bad):
    """NaN and infinity never get in, even if nobody checked before."""
    async with acquire(pool) as connection:
        with pytest.raises(asyncpg.DataError):
            await connection.fetchval("SELECT $1::halfvec", np.array([1.0, bad], np.float32))

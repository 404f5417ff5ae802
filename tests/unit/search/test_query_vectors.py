"""The cache of query vectors: one making for many askers, bounded, and forgetful when told."""

from __future__ import annotations

import asyncio
import hashlib

import numpy as np
import pytest
from kioku_rt.errors import DependencyDown
from kioku_rt.reasons import Reason
from kioku_search.searching.query_vectors import QueryVectors

from tests.integration.search.rig import FakeEmbedder, space, unit

JPEG = b"\xff\xd8\xff\xe0" + b"\x00" * 20


@pytest.fixture
def embedder():
    return FakeEmbedder(space())


def vectors_of(embedder, texts=3, images=3):
    return QueryVectors(embedder, texts=texts, images=images)


async def test_the_same_words_are_embedded_once(embedder):
    """The second asker gets it from the cache, and is told so."""
    vectors = vectors_of(embedder)
    first, second = [await vectors.of_text("cat", space()) for _ in range(2)]
    assert (False, True, 1) == (first[1], second[1], len(embedder.calls))
    assert np.allclose(unit("cat"), second[0])


async def test_askers_at_the_same_time_share_one_making(embedder):
    """Fifty callers, one call."""
    embedder.gate.clear()
    vectors = vectors_of(embedder)
    asking = [asyncio.create_task(vectors.of_text("cat", space())) for _ in range(50)]
    await asyncio.sleep(0)
    embedder.gate.set()
    await asyncio.gather(*asking)
    assert 1 == len(embedder.calls)


async def test_the_first_asker_may_give_up(embedder):
    """The others still get their answer."""
    embedder.gate.clear()
    vectors = vectors_of(embedder)
    first = asyncio.create_task(vectors.of_text("cat", space()))
    await asyncio.sleep(0.01)
    second = asyncio.create_task(vectors.of_text("cat", space()))
    await asyncio.sleep(0.01)
    first.cancel()
    embedder.gate.set()
    assert np.allclose(unit("cat"), (await second)[0])
    assert 1 == len(embedder.calls)


async def test_a_failure_is_not_kept(embedder):
    """Everybody who waited hears it; the next asker tries again."""
    vectors = vectors_of(embedder)
    embedder.failure = DependencyDown("embedder", reason=Reason.EMBEDDER_UNAVAILABLE)
    results = await asyncio.gather(
        *(vectors.of_text("cat", space()) for _ in range(3)), return_exceptions=True
    )
    assert {DependencyDown} == {type(result) for result in results}
    embedder.failure = None
    assert not (await vectors.of_text("cat", space()))[1]


async def test_the_cache_is_bounded_and_keeps_what_is_used(embedder):
    """The least recently used one goes first."""
    vectors = vectors_of(embedder, texts=2)
    for text in ("a", "b", "a", "c"):
        await vectors.of_text(text, space())
    assert [True, False] == [(await vectors.of_text(text, space()))[1] for text in ("a", "b")]


async def test_spaces_do_not_share_vectors(embedder):
    """The same words in another space are other numbers."""
    vectors = vectors_of(embedder)
    await vectors.of_text("cat", space())
    assert not (await vectors.of_text("cat", space("other")))[1]


async def test_a_deleted_picture_is_forgotten(embedder):
    """Also one that is being embedded at that moment."""
    vectors, digest = vectors_of(embedder), hashlib.sha256(JPEG).hexdigest()
    await vectors.of_image(JPEG, digest, space())
    vectors.forget_image(digest)
    embedder.gate.clear()
    asking = asyncio.create_task(vectors.of_image(JPEG, digest, space()))
    await asyncio.sleep(0.01)
    vectors.forget_image(digest)
    embedder.gate.set()
    assert not (await asking)[1]
    assert not (await vectors.of_image(JPEG, digest, space()))[1]
    assert 3 == len(embedder.calls)


@pytest.mark.parametrize("broken", [np.full(32, np.nan), np.zeros(32), np.ones(31)])
async def test_a_broken_answer_is_the_embedders_fault(embedder, broken):
    """Not the caller's argument: UNAVAILABLE, and nothing is kept."""

    async def wrong(_text, _space_id):
        return broken

    embedder.embed_text = wrong
    with pytest.raises(DependencyDown) as error:
        await vectors_of(embedder).of_text("cat", space())
    assert Reason.EMBEDDER_UNAVAILABLE is error.value.reason

"""Searches over videos: one hit per asset, its nearest frame, by both routes, page after page."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import numpy as np
import pytest
import pytest_asyncio
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_search.searching.search import After, Wanted
from kioku_search.spaces.space_store import SpaceStore

from tests.integration.search.rig import DIMENSION, space, unit

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PICTURES, VIDEOS, LONG = 300, 30, 700
IDS = [uuid.UUID(int=index + 1) for index in range(PICTURES + VIDEOS + 1)]
# Asset index of each row, and its frame: pictures, videos of 20 to 49 frames, one very long one.
FRAMES = [*(20 + number for number in range(VIDEOS)), LONG]
ROWS = [(index, -1) for index in range(PICTURES)] + [
    (PICTURES + video, frame) for video, frames in enumerate(FRAMES) for frame in range(frames)
]
LONGEST = IDS[-1]
EXACT, GRAPH = 10_000, 200


def drawn():
    """Pictures anywhere; the frames of a video near one another; unit, as half precision keeps."""
    random = np.random.default_rng(11)
    centres = random.standard_normal((len(IDS), DIMENSION))
    noise = random.standard_normal((len(ROWS), DIMENSION))
    vectors = np.stack([centres[index] for index, _ in ROWS]) + 0.35 * noise
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors.astype(np.float16).astype(np.float32)


async def fill(dsn):
    """One owner with 300 pictures, 30 videos and one of 700 frames."""
    await Migrations("kioku_search.migrations", "search").apply(dsn)
    pool = await open_pool(dsn, application_name="fill")
    await SpaceStore(pool).register(space())
    kinds = ["IMAGE"] * PICTURES + ["VIDEO"] * (VIDEOS + 1)
    tags = [["even"] if index % 2 == 0 else ["odd"] for index in range(len(IDS))]
    rest = ("space_id", "generation", "shown_at")
    head, tail = ("owner", "asset_id", "kind", "tags"), (space().space_id, 1, NOW)
    async with pool.acquire() as connection:
        await connection.execute("SET statement_timeout = 0")
        await connection.copy_records_to_table(
            "assets",
            schema_name="search",
            columns=[*head, "state", "filename", "content_type", "size_bytes", "upload_until"],
            records=[
                ("ann", one, kind, tag, "READY", f"{one.int}", "x/y", 1, NOW)
                for one, kind, tag in zip(IDS, kinds, tags, strict=True)
            ],
        )
        await connection.executemany(
            "INSERT INTO search.videos (owner, asset_id, generation) VALUES ('ann', $1, 1)",
            [(one,) for one in IDS[PICTURES:]],
        )
        await connection.copy_records_to_table(
            "image_embeddings",
            schema_name="search",
            columns=[*head, "frame_no", "time_ms", "embedding", *rest],
            records=[
                ("ann", IDS[index], kinds[index], tags[index], frame, 100 * frame, vector, *tail)
                for (index, frame), vector in zip(ROWS, drawn(), strict=True)
            ],
            timeout=60,
        )
        await connection.execute(
            "UPDATE search.image_embeddings SET time_ms = NULL WHERE frame_no < 0"
        )
        await connection.execute("ANALYZE search.image_embeddings")
    await close_pool(pool)


@pytest_asyncio.fixture
async def db(open_db):
    """A clone of the filled database."""
    return await open_db(fill, "search-videos")


def brute(query, keep=lambda _index: True):
    """Asset, distance and frame of each asset's nearest row, nearest first."""
    query = query.astype(np.float16).astype(np.float64)
    vectors = drawn().astype(np.float64)
    length = np.linalg.norm(vectors, axis=1) * np.linalg.norm(query)
    best = {}
    for (index, frame), far in zip(ROWS, 1 - vectors @ query / length, strict=True):
        if keep(index) and far < best.get(index, (9.0, 0))[0]:
            best[index] = (far, frame)
    order = sorted(best, key=lambda index: (best[index][0], IDS[index].int))
    return [(IDS[index], *best[index]) for index in order]


async def nearest(db, query, limit, *, limit_of_exact=EXACT, wanted=None, after=None, like=None):
    wanted = wanted or Wanted()
    return await db.api.fetch(
        "SELECT * FROM search.nearest_images('ann', $1, $2, $3, $4, $5, $6, NULL, NULL, $7, $8,"
        " $9, p_exact_limit => $10)",
        space().space_id,
        None if like else query,
        like,
        limit,
        wanted.kind,
        list(wanted.tags) or None,
        after.distance if after else None,
        after.asset_id if after else None,
        after.seen if after else 0,
        limit_of_exact,
    )


def near_the_long_one():
    """A query to which hundreds of frames of one video are nearer than anything else."""
    return drawn()[-LONG // 2]


@pytest.mark.parametrize("seed", ["a", "b", "long"])
async def test_exact_route_gives_each_asset_once_with_its_nearest_frame(db, seed):
    """The order, the frame and its time are brute force's."""
    query = near_the_long_one() if seed == "long" else unit(seed)
    rows = await nearest(db, query, 50)
    truth = brute(query)[:50]
    assert [one for one, *_ in truth] == [row["asset_id"] for row in rows]
    frames = [frame if frame >= 0 else None for *_, frame in truth]
    assert frames == [row["frame_no"] for row in rows]
    times = [None if frame is None else 100 * frame for frame in frames]
    assert times == [row["time_ms"] for row in rows]
    assert {"exact"} == {row["strategy"] for row in rows}


async def test_graph_route_gives_each_asset_once(db):
    """Many rows: the graph finds nearly all of the true neighbours, frames included, in order."""
    shares = []
    for seed in range(15):
        rows = await nearest(db, unit(seed), 20, limit_of_exact=GRAPH)
        found = [(row["asset_id"], row["frame_no"]) for row in rows]
        assert 20 == len({asset for asset, _ in found})
        assert sorted(row["distance"] for row in rows) == [row["distance"] for row in rows]
        assert {"hnsw"} == {row["strategy"] for row in rows}
        truth = {(one, frame if frame >= 0 else None) for one, _, frame in brute(unit(seed))[:20]}
        shares.append(len(truth & set(found)) / 20)
    assert np.mean(shares) >= 0.95


async def test_one_long_video_does_not_make_an_answer_short(db):
    """Hundreds of its frames are nearest: the graph is asked for more, then all are compared."""
    for limit in (20, 150):
        rows = await nearest(db, near_the_long_one(), limit, limit_of_exact=GRAPH)
        assert limit == len({row["asset_id"] for row in rows})
        assert LONGEST == rows[0]["asset_id"]


@pytest.mark.parametrize("limit_of_exact", [EXACT, GRAPH])
@pytest.mark.parametrize("seed", ["a", "long"])
async def test_pages_repeat_nothing_and_skip_nothing(db, seed, limit_of_exact):
    """All pages together are every asset once, in order, whichever route the first one took."""
    query = near_the_long_one() if seed == "long" else unit(seed)
    after, seen = None, []
    while True:
        rows = await nearest(db, query, 40, limit_of_exact=limit_of_exact, after=after)
        if not rows:
            break
        seen += [(row["distance"], row["asset_id"]) for row in rows]
        after = After(rows[-1]["distance"], rows[-1]["asset_id"], len(seen))
    assert sorted(seen) == seen
    assert len(seen) == len({one for _, one in seen})
    truth = brute(query)
    if limit_of_exact == EXACT:
        assert [one for one, *_ in truth] == [one for _, one in seen]
    else:  # what the graph did not find on the first page is not shown later
        assert len(seen) >= len(truth) - 2


@pytest.mark.parametrize("limit_of_exact", [EXACT, GRAPH])
@pytest.mark.parametrize(
    ("wanted", "keep"),
    [
        (Wanted(kind="IMAGE"), lambda index: index < PICTURES),
        (Wanted(kind="VIDEO"), lambda index: index >= PICTURES),
        (Wanted(tags=("odd",)), lambda index: index % 2 == 1),
        (Wanted(kind="VIDEO", tags=("even",)), lambda index: index >= PICTURES and index % 2 == 0),
    ],
    ids=["pictures", "videos", "odd", "even videos"],
)
async def test_filters(db, wanted, keep, limit_of_exact):
    """Only what matches, and enough of it."""
    rows = await nearest(db, unit("f"), 15, wanted=wanted, limit_of_exact=limit_of_exact)
    truth = [one for one, *_ in brute(unit("f"), keep)][:15]
    assert 15 == len(rows)
    assert len(set(truth) & {row["asset_id"] for row in rows}) >= (15 if wanted.tags else 13)
    assert wanted.kind != "IMAGE" or {None} == {row["frame_no"] for row in rows}


async def test_a_video_is_compared_by_the_mean_of_its_frames(db):
    """By asset: neighbours of the mean, without the video itself."""
    index = PICTURES + 3
    mine = [vector for (one, _), vector in zip(ROWS, drawn(), strict=True) if one == index]
    mean = np.mean(np.stack(mine).astype(np.float64), axis=0).astype(np.float32)
    rows = await nearest(db, None, 20, like=IDS[index])
    truth = [one for one, *_ in brute(mean, lambda one: one != index)][:20]
    assert truth == [row["asset_id"] for row in rows]


async def test_frames_that_cancel_out_still_have_neighbours(db):
    """Of a video whose mean is no direction, the first frame is compared."""
    one, query = uuid.UUID(int=9999), unit("axis").astype(np.float16)
    await db.owner.execute(
        "INSERT INTO search.assets SELECT (jsonb_populate_record(a, jsonb_build_object('asset_id',"
        " $1::text))).* FROM search.assets a WHERE kind = 'VIDEO' LIMIT 1",
        str(one),
    )
    await db.owner.executemany(
        "INSERT INTO search.image_embeddings (owner, asset_id, kind, tags, space_id, generation,"
        " shown_at, frame_no, time_ms, embedding)"
        " VALUES ('ann', $1, 'VIDEO', '{}', $2, 1, now(), $3, 0, $4)",
        [(one, space().space_id, number, sign * query) for number, sign in enumerate((1, -1))],
    )
    rows = await nearest(db, None, 5, like=one)
    assert [found for found, *_ in brute(query)][:5] == [row["asset_id"] for row in rows]


async def test_spaces_of_tags_are_searched_too(db):
    """Without frames: each asset has one vector there."""
    tags = space("tags")
    await db.register(tags)
    await db.owner.execute(
        "UPDATE search.spaces SET kind = 'TAG' WHERE space_id = $1", tags.space_id
    )
    await db.owner.execute(
        "INSERT INTO search.image_embeddings (owner, asset_id, kind, tags, space_id, generation,"
        " shown_at, embedding) VALUES ('ann', $1, 'VIDEO', '{}', $2, 1, now(), $3)",
        LONGEST,
        tags.space_id,
        unit("t"),
    )
    rows = await db.api.fetch(
        "SELECT * FROM search.nearest_images('ann', $1, $2, NULL, 5)", tags.space_id, unit("t")
    )
    assert [(LONGEST, None, None)] == [
        (row["asset_id"], row["frame_no"], row["time_ms"]) for row in rows
    ]


async def test_plan_of_the_grouped_graph_route(db):
    """Frames are grouped outside of the graph's scan, which goes by the HNSW index all the same."""
    query = await db.api.fetchval(
        "SELECT search.nearest_images_sql('hnsw', $1, $2, '', true)", space().space_id, DIMENSION
    )
    values = [f"'{unit('plan').tolist()}'::halfvec", "'ann'", "84", "21", "'-infinity'::float8"]
    values.append("'00000000-0000-0000-0000-000000000000'::uuid")
    for number, value in enumerate(values, 1):
        query = query.replace(f"${number}", value)
    async with db.api.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('kioku.owner', 'ann', true)")
        for name in ("enable_seqscan", "enable_sort"):
            await connection.execute(f"SET LOCAL {name} = off")
        await connection.execute("SET LOCAL hnsw.iterative_scan = relaxed_order")
        plan = "\n".join(row[0] for row in await connection.fetch("EXPLAIN " + query))
    partition = await db.partition(space().space_id)
    scan = plan.index(f"Index Scan using {partition}_hnsw on {partition}")
    assert "Sort" not in plan[plan.index("CTE every") : scan]

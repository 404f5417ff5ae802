"""How fast assets are found by their words: one owner with many among others, real PostgreSQL.

`python -m bench.words [--assets 20000]`

Half of the assets are one owner's, the rest ten others'. Names and tags are drawn from a thousand
words, the first of them common. The specification asks for a p95 of at most 150 ms.
"""

from __future__ import annotations

import argparse
import asyncio
import random
import time
import uuid
from datetime import UTC, datetime

import asyncpg
from kioku_rt.auth import Acting, Principal
from kioku_rt.db import Migrations, close_pool, open_pool
from kioku_search.hybrid.asking import SURE
from kioku_search.lexicon.word_store import StaleWordStore, WordStore
from kioku_search.lexicon.words import LEAST, WordKeeping
from kioku_search.searching.search import Wanted

from bench.search_stage import quantiles, servers

_LATIN = [
    a + b + 3 * chr(97 + n)
    for a in ("sun", "sea", "hill", "tree")
    for b in ("flower", "side")
    for n in range(26)
]
_WORDS = [*_LATIN, *(chr(0x4E00 + n) + chr(0x5E00 + n) + "会" for n in range(600))]
_COLUMNS = ["owner", "asset_id", "kind", "state", "filename", "content_type", "size_bytes"]
_COLUMNS += ["object_key", "tags", "upload_until"]
_ROUNDS = 60
_QUERIES = {
    "a rare word": "hillsidezzz",
    "a common word (a third)": "photo",
    "Japanese, rare": _WORDS[-1],
    "Japanese, one character (most)": "会",
    "a slip": "hilsidezzz",
    "five words, one common": "photo sunflowerccc seasideddd hillsideeee treeflowerfff",
    "a common word and a rare one, both": "photo hillsidezzz",
}


async def run(assets: int) -> None:
    """Fill, make the words, ask."""
    with servers() as stage:
        stage.postgres.create_database("words")
        dsn = stage.postgres.dsn("words")
        await Migrations("kioku_search.migrations", "search").apply(dsn)
        connection = await asyncpg.connect(dsn, command_timeout=600)
        await connection.copy_records_to_table(
            "assets", schema_name="search", columns=_COLUMNS, records=list(map(_row, range(assets)))
        )
        worker = await open_pool(stage.postgres.dsn("words", "search_worker"), application_name="b")
        api = await open_pool(stage.postgres.dsn("words", "search_api"), application_name="b")
        started = time.perf_counter()
        made = await WordKeeping(StaleWordStore(worker)).run_once()
        took = time.perf_counter() - started
        size = await connection.fetchval("SELECT pg_relation_size('search.asset_words_words')")
        print(f"{made} assets' words made in {took:.1f} s: {made / took:.0f} a second; ", end="")
        print(f"index {size / made:.0f} bytes an asset\n")
        await connection.execute("ANALYZE search.asset_words")
        await _ask(WordStore(api), assets)
        for one in (worker, api):
            await close_pool(one)
        await connection.close()


def _row(number: int) -> tuple[object, ...]:
    chance = random.Random(number)
    owner = "big" if number % 2 else f"small-{number % 10}"
    words = chance.choices(_WORDS, k=4)
    name = f"{'photo' if number % 3 == 0 else 'IMG'}_{number:06d}_{words[0]}.jpg"
    now = datetime.now(UTC)
    key = uuid.UUID(int=number)
    return owner, key, "IMAGE", "READY", name, "image/jpeg", 1, "x", words[1:], now


async def _ask(store: WordStore, assets: int) -> None:
    print("| query | found of 20 | p50 | p95 |\n|---|---|---|---|")
    acting = Acting("big", Principal("big", False, frozenset(), "t"), on_behalf=False)
    for name, text in _QUERIES.items():
        times = []
        least = SURE if name.endswith("both") else LEAST
        for _ in range(_ROUNDS):
            started = time.perf_counter()
            found = await store.matching(acting, text, Wanted(), after=None, limit=20, least=least)
            times.append((time.perf_counter() - started) * 1e3)
        middle, high = quantiles(times)
        print(f"| {name} | {len(found)} | {middle:.1f} ms | {high:.1f} ms |")
    print(f"\none owner with {assets // 2} assets, {assets} in all")


def main() -> None:
    """Run it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--assets", type=int, default=20_000)
    asyncio.run(run(options.parse_args().assets))


if __name__ == "__main__":
    main()

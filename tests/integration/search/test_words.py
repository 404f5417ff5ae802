"""Words of file names and tags in real PostgreSQL: found as written, by their owner only."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
from kioku_rt.page_token import PageTokens
from kioku_search.assets.asset import Kind
from kioku_search.assets.asset_store import AssetStore
from kioku_search.assets.deletion_store import DeletionStore
from kioku_search.assets.uploads import NewUpload
from kioku_search.database import owned
from kioku_search.lexicon.lexemes import VERSION, units
from kioku_search.lexicon.word_store import StaleWordStore, WordStore, write_words
from kioku_search.lexicon.words import LEAST, SearchByWords, WordKeeping
from kioku_search.searching.search import Wanted

from tests.integration.search.rig import user

TOKENS = PageTokens(b"0123456789abcdef")


async def stored(db, owner, filename, tags=(), **changes):
    """An asset with its words, as an upload makes them."""
    asset_id = await db.stored_asset(owner, filename=filename, tags=list(tags), **changes)
    async with owned(db.api, user(owner), "") as connection:
        await write_words(connection, owner, asset_id, filename, list(tags))
    return asset_id


async def found(db, owner, text, wanted=None, limit=50, least=LEAST):
    """File names and scores, best first."""
    hits = await WordStore(db.api).matching(
        user(owner), text, wanted or Wanted(), after=None, limit=limit, least=least
    )
    return [(hit.filename, round(hit.score, 3)) for hit in hits]


async def names(db, owner, text, **how):
    """File names, best first."""
    return [name for name, _ in await found(db, owner, text, **how)]


async def test_japanese_names_are_found(db):
    """By the whole, by a part, by one character, and by more than is there."""
    await stored(db, "ann", "運動会_2024.jpg")
    await stored(db, "ann", "誕生日.jpg")
    for query in ("運動会", "運動", "会", "2024", "運動会 2024", "夏の運動会"):
        assert ["運動会_2024.jpg"] == await names(db, "ann", query), query


async def test_kana_are_one(db):
    """Katakana, hiragana and half-width forms find each other, on either side."""
    kana = ["ウンドウカイ", "うんどうかい", "ｳﾝﾄﾞｳｶｲ", "うんドウかい"]
    for number, tag in enumerate(kana):
        await stored(db, "ann", f"{number}.jpg", [tag])
    await stored(db, "ann", "other.jpg", ["たんじょうび"])
    for query in kana:
        assert {"0.jpg", "1.jpg", "2.jpg", "3.jpg"} == set(await names(db, "ann", query)), query


WRITTEN = {
    "cafe": "Café.jpg",
    "red dress": "RedDress02.jpg",
    "blacktie": "BlackTie.jpg",
    "IMG_0123": "IMG_0123.HEIC",
    "123": "IMG_0123.HEIC",
    "ＡＢＣ": "abc.png",
    "赤いドレス": "ドレス.jpg",
    "コンピュータ": "コンピューター.jpg",
    "🎉": "🎉party.jpg",
    "שלום": "שָׁלוֹם.jpg",
    "한국": "한국어.jpg",
    "o'neil\\": "o'neil.jpg",
}


async def test_words_are_found_however_they_are_written(db):
    """Accents, camelCase, digits, width, emoji, right to left, quotes."""
    for filename in set(WRITTEN.values()):
        await stored(db, "ann", filename)
    for query, filename in WRITTEN.items():
        assert [filename] == await names(db, "ann", query), query


async def test_a_slip_is_forgiven_where_nothing_is_called_so(db):
    """A letter less, more, swapped or wrong, and the beginning of a word; at half the score."""
    await stored(db, "ann", "a.jpg", ["sunflower"])
    for query in ("sunfloer", "sunflowwer", "sunfolwer", "sunglower", "sunf"):
        assert [("a.jpg", 0.5)] == await found(db, "ann", query), query
    assert [] == await found(db, "ann", "sanglower")


async def test_no_slip_is_supposed_where_the_word_is_there(db):
    """A boat is no goat."""
    await stored(db, "ann", "boat.jpg")
    await stored(db, "ann", "goat.jpg")
    assert ["boat.jpg"] == await names(db, "ann", "boat")
    assert {"boat.jpg", "goat.jpg"} == set(await names(db, "ann", "moat"))


async def test_the_score_is_the_share_of_the_words(db):
    """A tag counts more than a file name; less than half of the words is nothing."""
    await stored(db, "ann", "1.jpg", ["red", "dress"])
    await stored(db, "ann", "red-dress.jpg")
    await stored(db, "ann", "3.jpg", ["dress"])
    await stored(db, "ann", "4.jpg", ["car"])
    expected = [("1.jpg", 1.0), ("red-dress.jpg", 0.9), ("3.jpg", 0.5)]
    assert expected == await found(db, "ann", "the red dress")
    assert [("1.jpg", 0.667), ("red-dress.jpg", 0.6)] == await found(
        db, "ann", "a red dress of silk"
    )


async def test_common_words_do_not_hide_rare_ones(db):
    """Only the rarest words are looked up; what is found is what counting by hand finds."""
    words = ["sea", "hill", "tree", "lake", "snow"]
    for number in range(1, 32):
        tags = [word for bit, word in enumerate(words) if number >> bit & 1]
        await stored(db, "ann", f"{number}.jpg", tags)
    for asked in range(1, 32):
        query = [word for bit, word in enumerate(words) if asked >> bit & 1]
        for least in (0.5, 0.6, 0.8, 1.0):
            expected = {
                f"{number}.jpg": round((number & asked).bit_count() / len(query), 3)
                for number in range(1, 32)
                if (number & asked).bit_count() >= least * len(query) - 1e-9
            }
            assert expected == dict(await found(db, "ann", " ".join(query), least=least))


async def test_equals_are_in_order_of_their_ids_and_pages_join(db):
    """Page after page nothing is repeated and nothing is missing."""
    ids = sorted([await stored(db, "ann", "a.jpg", ["x"]) for _ in range(7)])
    search = SearchByWords(WordStore(db.api), TOKENS)
    seen, token = [], ""
    for _ in range(4):
        answer = await search.search(user("ann"), "x", Wanted(), k=2, page_token=token)
        seen += [hit.asset_id for hit in answer.hits]
        token = answer.next_page_token
    assert (ids, "") == (seen, token)


async def test_filters_hold(db):
    """Kind, tags and time, of when it was taken or else made."""
    old = datetime(2001, 1, 1, tzinfo=UTC)
    await stored(db, "ann", "old.jpg", ["sea"], taken_at=old)
    await stored(db, "ann", "film.mp4", ["sea", "surf"], kind="VIDEO")
    assert ["film.mp4"] == await names(db, "ann", "sea", wanted=Wanted(kind="VIDEO"))
    assert ["film.mp4"] == await names(db, "ann", "sea", wanted=Wanted(tags=("surf",)))
    assert ["old.jpg"] == await names(
        db, "ann", "sea", wanted=Wanted(end=datetime(2002, 1, 1, tzinfo=UTC))
    )
    assert ["film.mp4"] == await names(
        db, "ann", "sea", wanted=Wanted(start=datetime(2002, 1, 1, tzinfo=UTC))
    )


async def test_what_has_no_bytes_yet_is_not_found(db):
    """An upload that was never completed has a name and nothing to show."""
    await stored(db, "ann", "sea.jpg", state="UPLOADING", object_key="")
    assert [] == await names(db, "ann", "sea")


async def test_nobody_finds_the_words_of_another(db):
    """Not by a search, not by a forged lexeme, not by the function, not by the table."""
    await stored(db, "bob", "secret.jpg", ["運動会"])
    for text in ("secret", "運動会", "secrt"):
        assert [] == await names(db, "ann", text)
    exact = [unit.exact for unit in units("bob", "secret")]
    forged = "SELECT * FROM search.nearest_words('ann', $1, $2, 10)"
    assert [] == await db.api.fetch(forged, exact, [""])
    async with db.api.acquire() as connection:
        assert [] == await connection.fetch(
            "SELECT * FROM search.words_of_owner($1, $2, 0.5)", exact, [""]
        )
    async with owned(db.api, user("ann"), "") as connection:
        assert 0 == await connection.fetchval("SELECT count(*) FROM search.asset_words")
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await connection.execute(
                "INSERT INTO search.asset_words (owner, asset_id) VALUES ('bob', $1)", uuid.uuid4()
            )


def upload(filename, *tags):
    """An announcement."""
    return NewUpload(uuid.uuid4(), filename, "image/jpeg", 3, "", tags, None)


async def test_an_upload_brings_its_words(db):
    """In the transaction that makes the asset; no job is needed."""
    asset = await AssetStore(db.api).create(
        user("ann"), upload("運動会.jpg", "school"), Kind.IMAGE, timedelta(days=1)
    )
    row = await db.owner.fetchrow(
        "SELECT search_text, version FROM search.asset_words WHERE asset_id = $1", asset.asset_id
    )
    assert ("運動会.jpg\nschool", VERSION) == tuple(row)


async def test_a_deletion_takes_the_words_with_it(db):
    """In the transaction that hides the asset; and none are made for it afterwards."""
    asset_id = await stored(db, "ann", "secret.jpg")
    delays = dict.fromkeys(Kind, timedelta(days=1))
    await DeletionStore(db.api, db.worker).order(user("ann"), asset_id, ("search",), delays)
    await WordKeeping(StaleWordStore(db.worker)).run_once()
    assert 0 == await db.owner.fetchval("SELECT count(*) FROM search.asset_words")


async def test_words_follow_their_asset(db):
    """Whoever changes tags or name, the job writes the words; a change of state costs nothing."""
    keeping = WordKeeping(StaleWordStore(db.worker))
    asset_id = await stored(db, "ann", "a.jpg", ["sea"])
    await db.owner.execute("UPDATE search.assets SET state = 'READY' WHERE asset_id = $1", asset_id)
    assert 0 == await keeping.run_once()
    await db.owner.execute(
        "UPDATE search.assets SET tags = '{forest}' WHERE asset_id = $1", asset_id
    )
    assert 1 == await keeping.run_once()
    assert (["a.jpg"], []) == (await names(db, "ann", "forest"), await names(db, "ann", "sea"))


async def test_what_was_there_before_gets_its_words(db):
    """Assets without a row, and rows of older rules; a second job finds nothing to do."""
    for number in range(450):
        await db.stored_asset(f"o{number % 7}", filename=f"photo{number}.jpg")
    await db.owner.execute("DELETE FROM search.asset_words WHERE owner <> 'o1'")
    await db.owner.execute("UPDATE search.asset_words SET version = $1", VERSION - 1)
    assert 450 == await WordKeeping(StaleWordStore(db.worker)).run_once()
    assert 0 == await WordKeeping(StaleWordStore(db.worker)).run_once()
    assert ["photo8.jpg"] == await names(db, "o1", "photo8")


async def test_the_index_of_words_answers_under_row_level_security(db):
    """As search_api, whose policies keep such operators from an index of its own reading."""
    for owner in ("ann", "bob"):
        await stored(db, owner, "運動会.jpg")
    plan = await db.owner.fetchval("SELECT search.words_sql(1)")
    asked = units("ann", "運動会")
    any_of = " | ".join(unit.exact for unit in asked).replace("'", "''")
    values = (
        f"'{any_of}'::tsquery",
        "'ann'::text",
        f"(ARRAY['{any_of}'::tsquery])",
        "(ARRAY[false])",
        "1",
    )
    for number, value in enumerate(values, 1):
        plan = plan.replace(f"${number}", value)
    async with db.owner.acquire() as connection, connection.transaction():
        await connection.execute("SET LOCAL enable_seqscan = off")
        rows = await connection.fetch("EXPLAIN " + plan)
    text = "\n".join(row[0] for row in rows)
    assert "Bitmap Index Scan on asset_words_words" in text
    assert "Seq Scan" not in text
    async with db.api.acquire() as connection:
        before = await scans(db, connection)
        await connection.fetch(
            "SELECT * FROM search.nearest_words('ann', $1, $2, 10)",
            [unit.exact for unit in asked],
            [unit.loose for unit in asked],
        )
        assert before + len(asked) + 1 == await scans(db, connection)  # counted, then found


async def scans(db, connection):
    """How often the index of words was used, as of now."""
    await connection.fetch("SELECT pg_stat_force_next_flush()")
    return await db.owner.fetchval(
        "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelname = 'asset_words_words'"
    )


async def test_the_job_rests_as_long_as_it_works(db):
    """A library that was copied in does not take the database away from those who search."""
    rests = []

    async def rest(seconds):
        rests.append(seconds)

    for number in range(250):
        await db.stored_asset("ann", filename=f"photo{number}.jpg")
    await db.owner.execute("UPDATE search.asset_words SET version = 0")
    assert 250 == await WordKeeping(StaleWordStore(db.worker), rest).run_once()
    assert len(rests) == 3 + 2  # 200 and 50 assets and then none are looked at, 200 and 50 made
    assert min(rests) > 0

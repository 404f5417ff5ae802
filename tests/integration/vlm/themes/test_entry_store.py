"""Entries for themes, from PostgreSQL."""

from __future__ import annotations

import uuid
from typing import Any

from kioku_vlm.themes.entry_store import ACTION, EntryPostgres
from kioku_vlm.themes.gathering import announced
from kioku_vlm.themes.lexicon import kioku_lexicon

from tests.integration.vlm.rig import Db, notice, user

SPORTS = {"title": "運動会のお知らせ", "start": "2026-05-30T10:00"}
FAIR = {"title": "夏祭り", "start": "2026-08-01"}


async def test_entries_are_by_asset_as_they_hold_and_of_one_owner(db: Db, start_vlm: Any) -> None:
    """Dismissed entries are left out, corrected titles are the person's, reading is audited."""
    async with start_vlm() as service:
        sports = await service.upload("ann", notice(SPORTS, shade=90))
        fair = await service.upload("ann", notice(FAIR, shade=190))
        theirs = await service.upload("ben", notice(FAIR, shade=190))
        for owner, count in (("ann", 2), ("ben", 1)):
            await db.until_read(owner, count)
    store, lexicon = EntryPostgres(db.api), kioku_lexicon()
    found = await store.entries(user("ann"), [sports, fair, theirs, uuid.uuid4()])
    assert {sports: "運動会のお知らせ", fair: "夏祭り"} == {
        asset: entries[0].title.value for asset, entries in found.items() if entries[0].title
    }
    assert {lexicon.place["sports-day"]} == announced(found[sports], lexicon)
    await db.owner.execute(
        "INSERT INTO vlm.vlm_corrections (owner, correction_id, entry_id, field, value, actor)"
        " SELECT owner, gen_random_uuid(), entity_id, 'title', '{花火大会}', 'ann'"
        " FROM vlm.vlm_detection_entities WHERE owner = 'ann' AND type = 'EVENT'"
        " AND fields -> 'title' ->> 'value' = '夏祭り'"
    )
    await db.owner.execute(
        "UPDATE vlm.vlm_detection_entities SET dismissed = true WHERE owner = 'ann'"
        " AND type = 'EVENT' AND fields -> 'title' ->> 'value' = '運動会のお知らせ'"
    )
    found = await store.entries(user("ann"), [sports, fair])
    assert [fair] == list(found)
    assert {lexicon.place["fireworks"]} == announced(found[fair], lexicon)
    assert 2 == len(await db.audited(ACTION))

"""The comparison of what should be with what is: every kind of damage is seen, named and mended."""

from __future__ import annotations

import uuid
from collections import Counter
from datetime import UTC, datetime, timedelta

import pytest
from kioku_rt.auth import Principal
from kioku_rt.objects import MemoryObjectStore, derived_prefix, owner_hash
from kioku_search.assets.asset import Kind
from kioku_search.reconciling.claim_store import ClaimStore
from kioku_search.reconciling.finding import Coverage, Finding, FindingKind, Mended, ObjectProgress
from kioku_search.reconciling.object_audit import ObjectAudit
from kioku_search.reconciling.reconciliation import Reconciliation, Repairs
from kioku_search.reconciling.reconciliation_store import ReconciliationStore

from tests.integration.search.film import whole_film
from tests.integration.search.rig import space, unit
from tests.integration.search.test_repair import nobody_moved, reconciler, sent

ADMIN = Principal("ops", True, frozenset({"reconcile.admin"}), "t")
NOW = timedelta(seconds=-1)
GONE = uuid.UUID(int=7)


def reconciliation(db, objects=None, grace=NOW):
    return Reconciliation(
        ReconciliationStore(db.worker),
        ClaimStore(db.worker),
        objects or MemoryObjectStore(),
        reconciler(db),
        grace,
    )


async def parts(db, objects=None, samples=20):
    one = reconciliation(db, objects)
    return [p async for p in one.report(ADMIN, objects=objects is not None, samples=samples)]


async def findings(db, objects=None, samples=20):
    """What is wrong, by kind; those of several spaces and kinds of assets together."""
    found = {}
    for part in await parts(db, objects, samples):
        if isinstance(part, Finding) and part.count:
            assert part.kind not in found
            found[part.kind] = part
    return found


async def mended(db, objects=None, *, remove=False, grace=NOW):
    repairs = Repairs(objects is not None, remove, grace)
    one = reconciliation(db, objects)
    return {p.kind: p async for p in one.repair(ADMIN, repairs) if isinstance(p, Mended)}


async def orphan(db, owner="ann"):
    """A vector whose asset is gone, as an old backup or a bug would leave it."""
    asset_id = await db.indexed(owner, space(), unit("o"))
    await db.owner.execute("DELETE FROM search.assets WHERE asset_id = $1", asset_id)
    return asset_id


async def original(db, objects, owner="ann"):
    """A READY asset whose original is stored."""
    asset_id = uuid.uuid4()
    key = f"originals/{owner_hash(owner)}/{asset_id}/{'a' * 64}"
    await objects.put(key, b"jpeg", "image/jpeg")
    await db.indexed(owner, space(), unit(str(asset_id)), asset_id=asset_id, object_key=key)
    return asset_id, key


async def test_a_sound_library_has_no_findings(db):
    """Coverage is whole, every class is told with 0, and nothing is made up."""
    await db.register(space())
    objects = MemoryObjectStore()
    await original(db, objects)
    await db.indexed("bob", space(), unit("b"), tags=["x", "y"])
    video = await whole_film(db, count=3, object_key="")
    objects.objects |= video.objects.objects
    objects.modified |= video.objects.modified
    await db.owner.execute("UPDATE search.assets SET object_key = '' WHERE owner = 'bob'")
    told = await parts(db, objects)
    assert {(Kind.IMAGE, 2, 2), (Kind.VIDEO, 3, 3)} == {
        (one.kind, one.expected, one.present) for one in told if isinstance(one, Coverage)
    }
    assert Counter(FindingKind) + Counter([FindingKind.MISSING_VECTOR]) == Counter(
        one.kind for one in told if isinstance(one, Finding)
    )
    assert [] == [one for one in told if isinstance(one, Finding) and one.count]
    assert ObjectProgress(5, "") == next(one for one in told if isinstance(one, ObjectProgress))


async def test_missing_vectors_by_space_and_kind(db):
    """A picture and a frame without vectors are counted and named; retired spaces ask for none."""
    await db.register(space())
    lost = await db.indexed("ann", space(), unit("x"))
    await db.indexed("ann", space(), unit("y"))
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE asset_id = $1", lost)
    video = await whole_film(db, count=3)
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE frame_no = 1")
    await db.register(space("old"))
    await db.owner.execute("UPDATE search.spaces SET state = 'retired' WHERE model = 'old'")
    await nobody_moved(db)
    told = await parts(db)
    missing = [one for one in told if isinstance(one, Finding) and one.count]
    images, videos = (one for one in missing if one.kind is FindingKind.MISSING_VECTOR)
    assert (1, str(lost), Kind.IMAGE) == (images.count, images.samples[0].asset_id, Kind.IMAGE)
    assert (1, str(video.asset_id)) == (videos.count, videos.samples[0].asset_id)
    covered = {
        (c.space_id, c.kind): (c.expected, c.present) for c in told if isinstance(c, Coverage)
    }
    assert (2, 1) == covered[space().space_id, Kind.IMAGE]
    assert (3, 2) == covered[space().space_id, Kind.VIDEO]
    assert (None, 0) == covered[space("old").space_id, Kind.IMAGE]


async def test_missing_vectors_are_ordered_by_the_reconciler(db):
    """A repair orders them the way that the reconciler does, as a new generation."""
    await db.register(space())
    asset_id = await db.stored_asset("ann")
    done = (await mended(db))[FindingKind.MISSING_VECTOR]
    assert (1, 1, "") == (done.found, done.mended, done.left)
    again = (await mended(db))[FindingKind.MISSING_VECTOR]
    assert (1, 0) == (again.found, again.mended)
    assert "under way" in again.left
    assert ["embedding.requested"] == [subject for subject, _ in await sent(db)]
    state = await db.owner.fetchval(
        "SELECT generation FROM search.assets WHERE asset_id = $1", asset_id
    )
    assert 2 == state


async def test_orphan_vectors_go_only_when_asked_and_old(db):
    """Named with why; removed with the flag, after the grace, and nothing else with them."""
    await db.register(space())
    kept = await db.indexed("ann", space(), unit("k"))
    gone = await orphan(db)
    dying = await db.indexed("bob", space(), unit("d"))
    await db.owner.execute("UPDATE search.assets SET state = 'DELETING' WHERE asset_id = $1", dying)
    found = (await findings(db))[FindingKind.ORPHAN_VECTOR]
    assert {(str(gone), "the asset is gone"), (str(dying), "the asset is being deleted")} == {
        (one.asset_id, one.detail) for one in found.samples
    }
    assert (2, 0) == counts((await mended(db))[FindingKind.ORPHAN_VECTOR])
    young = await mended(db, remove=True, grace=timedelta(hours=1))
    assert (2, 0, "the others are too young") == (
        *counts(young[FindingKind.ORPHAN_VECTOR]),
        young[FindingKind.ORPHAN_VECTOR].left,
    )
    assert (2, 2) == counts((await mended(db, remove=True))[FindingKind.ORPHAN_VECTOR])
    assert [kept] == [
        row[0] for row in await db.owner.fetch("SELECT asset_id FROM search.image_embeddings")
    ]


def counts(one):
    return one.found, one.mended


async def test_drifted_tags_are_written_anew(db):
    """Index rows too few and too many, and the copies beside vectors, follow the asset again."""
    await db.register(space())
    asset_id = await db.indexed("ann", space(), unit("x"), tags=["cat", "red"])
    await db.owner.execute("DELETE FROM search.asset_tags WHERE tag = 'cat'")
    await db.owner.execute(
        "INSERT INTO search.asset_tags VALUES ('ann', 'dog', $1), ('ann', 'cat', $2)",
        asset_id,
        GONE,
    )
    await db.owner.execute("UPDATE search.image_embeddings SET tags = '{blue}'")
    found = (await findings(db))[FindingKind.DRIFTED_TAG]
    assert 4 == found.count
    assert {"not indexed: cat", "indexed, but not on the asset: dog"} < {
        one.detail for one in found.samples
    }
    assert (4, 4) == counts((await mended(db))[FindingKind.DRIFTED_TAG])
    assert {} == await findings(db)
    tags = await db.owner.fetch("SELECT tag, asset_id FROM search.asset_tags ORDER BY 1")
    assert [("cat", asset_id), ("red", asset_id)] == [tuple(row) for row in tags]
    assert ["cat", "red"] == await db.owner.fetchval("SELECT tags FROM search.image_embeddings")


async def test_albums_and_people_are_no_drift(db):
    """They stand beside vectors and in the index of tags as labels, and a repair leaves them."""
    await db.register(space())
    asset_id = await db.indexed("ann", space(), unit("x"), tags=["cat"])
    await db.owner.execute("UPDATE search.assets SET albums = '{trip}', people = '{p}'")
    copies = "UPDATE search.image_embeddings SET tags = search.labels('{cat}', '{trip}', '{p}')"
    await db.owner.execute(copies)
    assert {} == await findings(db)
    labels = "SELECT count(*) FROM search.asset_tags WHERE asset_id = $1"
    assert 3 == await db.owner.fetchval(labels, asset_id)
    await db.owner.execute("DELETE FROM search.asset_tags WHERE tag LIKE '%album%'")
    await db.owner.execute("UPDATE search.image_embeddings SET tags = '{cat}'")
    found = (await findings(db))[FindingKind.DRIFTED_TAG]
    assert 2 == found.count
    assert "not indexed: album:trip" in {one.detail for one in found.samples}
    assert (2, 2) == counts((await mended(db))[FindingKind.DRIFTED_TAG])
    assert {} == await findings(db)
    assert 3 == await db.owner.fetchval(labels, asset_id)


async def test_what_is_mended_in_parts_is_mended_whole(db):
    """More than one transaction takes: the last row goes too."""
    await db.owner.execute(
        "INSERT INTO search.asset_tags SELECT 'ann', 't' || n, $1 FROM generate_series(1, 2001) n",
        GONE,
    )
    assert (2001, 2001) == counts((await mended(db))[FindingKind.DRIFTED_TAG])
    assert {} == await findings(db)


async def test_a_stage_that_contradicts_its_vector(db):
    """Not done although the vector is there: ended. Done without one: ordered as missing."""
    await db.register(space())
    stuck = await db.indexed("ann", space(), unit("x"))
    lost = await db.indexed("ann", space(), unit("y"))
    retried = await db.indexed("ann", space(), unit("z"))
    pending = "UPDATE search.asset_stages SET state = 'PENDING' WHERE asset_id = $1"
    for one in (stuck, retried):
        await db.owner.execute(pending, one)
        await db.owner.execute(
            "UPDATE search.assets SET state = 'PROCESSING' WHERE asset_id = $1", one
        )
    await db.owner.execute("UPDATE search.assets SET generation = 2 WHERE asset_id = $1", retried)
    await db.owner.execute("DELETE FROM search.image_embeddings WHERE asset_id = $1", lost)
    found = (await findings(db))[FindingKind.CONTRADICTORY_STAGE]
    assert {
        (str(stuck), "PENDING although its vector is there"),
        (str(lost), "DONE without a vector"),
    } == {(one.asset_id, one.detail) for one in found.samples}
    done = await mended(db)
    assert (2, 1) == counts(done[FindingKind.CONTRADICTORY_STAGE])
    assert (1, 1) == counts(done[FindingKind.MISSING_VECTOR])
    states = await db.owner.fetch("SELECT asset_id, state FROM search.assets")
    assert {stuck: "READY", lost: "PROCESSING", retried: "PROCESSING"} == {
        row[0]: row[1] for row in states
    }


async def test_a_frame_that_contradicts_its_vector(db):
    """A frame not done although its vector is there is ended, and its video with it."""
    video = await whole_film(db, count=2)
    await db.owner.execute("UPDATE search.frames SET state = 'PENDING' WHERE frame_no = 1")
    await db.owner.execute("UPDATE search.asset_stages SET state = 'PENDING'")
    await db.owner.execute("UPDATE search.assets SET state = 'PROCESSING'")
    found = (await findings(db))[FindingKind.CONTRADICTORY_STAGE]
    assert [1] == [one.frame_no for one in found.samples]
    assert (1, 1) == counts((await mended(db))[FindingKind.CONTRADICTORY_STAGE])
    assert ("READY", {"frames": "DONE", "embedding": "DONE"}) == await video.standing()


async def test_objects_are_compared_both_ways(db):
    """A lost original and a lost frame are missing; what no row knows is an orphan."""
    await db.register(space())
    objects = MemoryObjectStore()
    _, key = await original(db, objects)
    lost, lost_key = await original(db, objects, "bob")
    await objects.delete([lost_key])
    video = await whole_film(db, count=3, object_key="")
    for one, (data, media) in video.objects.objects.items():
        await objects.put(one, data, media)
    frame_key = (await video.frames())[1]["s3_key"]
    await objects.delete([frame_key])
    stray = f"{derived_prefix('carl', str(GONE))}thumb.jpg"
    older = key.replace("a" * 64, "b" * 64)
    for orphaned in (stray, older):
        await objects.put(orphaned, b"x", "image/jpeg")
    found = await findings(db, objects)
    missing, orphans = found[FindingKind.MISSING_OBJECT], found[FindingKind.ORPHAN_OBJECT]
    assert {(str(lost), lost_key, None), (str(video.asset_id), frame_key, 1)} == {
        (one.asset_id, one.object_key, one.frame_no) for one in missing.samples
    }
    assert {(str(GONE), stray), (older.split("/")[2], older)} == {
        (one.asset_id, one.object_key) for one in orphans.samples
    }
    done = await mended(db, objects)
    assert (2, 0) == counts(done[FindingKind.ORPHAN_OBJECT])
    assert "backup" in done[FindingKind.MISSING_OBJECT].left
    assert (2, 2) == counts((await mended(db, objects, remove=True))[FindingKind.ORPHAN_OBJECT])
    assert stray not in objects.objects
    assert key in objects.objects
    assert {FindingKind.MISSING_OBJECT} == set(await findings(db, objects))


async def test_what_is_under_way_is_no_finding(db):
    """A copy before its row, a deletion's objects, a young object, and a late listing."""
    await db.register(space())
    objects = MemoryObjectStore()
    for owner, state in (("ann", "UPLOADING"), ("bob", "DELETING")):
        asset_id = await db.stored_asset(owner, state=state, object_key="")
        key = f"originals/{owner_hash(owner)}/{asset_id}/{'a' * 64}"
        await objects.put(key, b"x", "image/jpeg")
    assert {} == await findings(db, objects)
    await objects.put("originals/0/1/2", b"x", "image/jpeg")
    patient = ObjectAudit(ClaimStore(db.worker), objects, datetime.now(UTC) - timedelta(hours=1))
    assert [ObjectProgress(3, "")] == [one async for one in patient.run()]

    class Late(MemoryObjectStore):
        async def list_page(self, _prefix, **_options):
            return []

    late = Late()
    await original(db, late)
    assert {} == await findings(db, late)


async def test_samples_are_bounded_and_counts_are_not(db):
    """So many examples as were asked for, in order, and the whole number."""
    await db.register(space())
    gone = sorted([str(await orphan(db)) for _ in range(5)])
    found = (await findings(db, samples=2))[FindingKind.ORPHAN_VECTOR]
    assert (5, gone[:2]) == (found.count, [one.asset_id for one in found.samples])


async def test_calls_are_audited(db):
    """Who asked, before anything is read."""
    await parts(db)
    await mended(db, remove=True)
    rows = await db.owner.fetch("SELECT actor, action FROM search.audit_logs ORDER BY id")
    assert [("ops", "reconcile.report"), ("ops", "reconcile.repair")] == [tuple(r) for r in rows]


@pytest.mark.parametrize("view", ["orphan_vectors", "object_claims", "drifted_tags"])
async def test_the_views_are_the_workers_alone(db, view):
    """A caller's role may not read them."""
    granted = await db.owner.fetchval(
        "SELECT has_table_privilege('search_api', $1, 'SELECT')", f"search.{view}"
    )
    assert not granted

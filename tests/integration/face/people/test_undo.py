"""Taking back: the exact former state, and nothing that must not come back."""

from __future__ import annotations

import asyncio
import random
import uuid

import pytest
from kioku_face.people.change import Action
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason

from tests.integration.face.people.rig import call_of

ANN = call_of("ann")


async def refusal(work) -> Reason:
    with pytest.raises(KiokuError) as error:
        await work
    return error.value.reason


async def test_an_unmerge_restores_the_exact_former_state(library, linking):
    """Links of both kinds, rejections both ways, people: whole tables are compared."""
    ada, twin = await library.person("ann", "Ada"), await library.person("ann", "Ada L.")
    mine = await library.faces_of("ann", ada, 3)
    await linking.assign(ANN, ada, mine[:1])
    await library.faces_of("ann", twin, 2)
    stranger = await library.face("ann", anonymous_id=uuid.uuid4())
    await linking.reject(ANN, ada, stranger)
    await linking.assign(ANN, twin, mine[2:])
    await linking.reject(ANN, twin, mine[2])
    await linking.assign(ANN, ada, mine[2:])
    before = await library.state()

    merged = await linking.merge(ANN, ada, twin)
    assert 5 == merged.person.face_count
    assert before != await library.state()
    undone = await linking.undo(ANN, merged.change_id)

    assert before == await library.state()
    assert () == undone.skipped
    assert {ada, twin} == {one.person_id for one in undone.people}


async def test_undoing_the_undo_merges_again(library, linking):
    """Each undo is a change of its own, and the same rules hold for it."""
    ada, twin = await library.person("ann"), await library.person("ann")
    await library.faces_of("ann", ada, 2)
    before = await library.state()
    merged = await linking.merge(ANN, ada, twin)
    together = await library.state()
    first = await linking.undo(ANN, merged.change_id)
    again = await linking.undo(ANN, first.change_id)
    assert together == await library.state()
    assert [twin] == [one.person_id for one in again.people]
    await linking.undo(ANN, again.change_id)
    assert before == await library.state()


@pytest.mark.parametrize("action", ["assign", "reject", "name"])
async def test_every_other_change_is_taken_back_exactly(library, linking, action):
    """Anonymous ids, sources, groups and rejections are as they were."""
    ada, ben, unknown = await library.person("ann"), await library.person("ann"), uuid.uuid4()
    liked = (await library.faces_of("ann", ada, 1))[0]
    lone = await library.face("ann", anonymous_id=unknown)
    await library.face("ann", anonymous_id=unknown, grouped=False)
    await linking.reject(ANN, ben, lone)
    before = await library.state()
    if action == "assign":
        change = (await linking.assign(ANN, ben, [liked, lone])).change_id
    elif action == "name":
        change = (await linking.name(ANN, unknown, ben)).change_id
    else:
        change = await linking.reject(ANN, ada, liked)
    assert before != await library.state()
    assert () == (await linking.undo(ANN, change)).skipped
    assert before == await library.state()


async def test_a_change_is_taken_back_once(library, linking):
    """The second time is refused, and changes nothing."""
    ada = await library.person("ann")
    change = (await linking.assign(ANN, ada, [await library.face("ann")])).change_id
    await linking.undo(ANN, change)
    before = await library.state()
    assert Reason.CHANGE_UNDONE is await refusal(linking.undo(ANN, change))
    assert before == await library.state()


async def test_faces_that_went_elsewhere_stay_and_are_told(library, linking):
    """Only what is where the change left it goes back."""
    ada, ben, cleo = [await library.person("ann") for _ in range(3)]
    faces = await library.faces_of("ann", ada, 3)
    merged = await linking.merge(ANN, ada, ben)
    await linking.assign(ANN, cleo, faces[:1])
    await linking.assign(ANN, ben, faces[1:2])  # somebody says so now
    undone = await linking.undo(ANN, merged.change_id)
    assert sorted(faces[:2]) == sorted(undone.skipped)
    owners = [(await library.row(face))["person_id"] for face in faces]
    assert [cleo, ben, ada] == owners


async def test_a_face_goes_not_back_where_another_of_its_picture_is(library, linking):
    """The rule for two faces of one picture holds for an undo too."""
    ada, ben, asset = await library.person("ann"), await library.person("ann"), uuid.uuid4()
    first = await library.face("ann", asset_id=asset, person_id=ada, link_source="PERSON")
    second = await library.face("ann", asset_id=asset)
    change = (await linking.assign(ANN, ben, [first])).change_id
    await linking.assign(ANN, ada, [second])
    assert (first,) == (await linking.undo(ANN, change)).skipped


async def test_a_later_merge_is_undone_first(library, linking):
    """Else faces would come to somebody who is not there; in the other order all is exact."""
    ada, ben, cleo = [await library.person("ann") for _ in range(3)]
    await library.faces_of("ann", ada, 2)
    before = await library.state()
    first = await linking.merge(ANN, ada, ben)
    second = await linking.merge(ANN, ben, cleo)
    assert Reason.CHANGE_OUTDATED is await refusal(linking.undo(ANN, first.change_id))
    await linking.undo(ANN, second.change_id)
    await linking.undo(ANN, first.change_id)
    assert before == await library.state()


async def test_a_merge_is_not_made_again_into_somebody_who_is_merged(library, linking):
    """Two merges in opposite directions never make a circle."""
    ada, ben = await library.person("ann"), await library.person("ann")
    undone = await linking.undo(ANN, (await linking.merge(ANN, ada, ben)).change_id)
    await linking.merge(ANN, ben, ada)
    assert Reason.CHANGE_OUTDATED is await refusal(linking.undo(ANN, undone.change_id))


async def test_no_link_comes_back_by_an_undo_after_a_withdrawal(library, linking):
    """Not even when they agree again: a face that was theirs is not known to have been."""
    ada, ben = await library.person("ann"), await library.person("ann")
    (face,) = await library.faces_of("ann", ada, 1)
    moved = (await linking.assign(ANN, ben, [face])).change_id
    await library.consent("ann", ada, "WITHDRAWN")
    await library.consent("ann", ada)
    undone = await linking.undo(ANN, moved)
    assert (ben, ()) == ((await library.row(face))["person_id"], undone.skipped)
    for table in ("change_faces", "change_rejections"):
        held = await library.owner.fetch(f"SELECT * FROM face.{table}")
        assert not [row for row in held if ada in row.values()]


async def test_an_erased_merge_is_told_to_be_erased(library, linking):
    """Of a change of which nothing is left, nothing is undone."""
    ada, ben = await library.person("ann"), await library.person("ann")
    await library.faces_of("ann", ada, 2)
    merged = await linking.merge(ANN, ada, ben)
    await library.worker.execute("DELETE FROM face.faces")  # no linked face outlives its consent
    await library.consent("ann", ben, "WITHDRAWN")
    await library.consent("ann", ada, "WITHDRAWN")
    assert Reason.CHANGE_ERASED is await refusal(linking.undo(ANN, merged.change_id))
    page = await linking.page(ANN, None, 10, "")
    assert [((), 0)] == [(one.person_ids, one.face_count) for one in page.changes]


async def test_erased_faces_leave_the_changes(library, linking):
    """A face that is removed takes its rows with it; the rest of the change goes back."""
    ada = await library.person("ann")
    faces = [await library.face("ann") for _ in range(2)]
    change = (await linking.assign(ANN, ada, faces)).change_id
    await library.worker.execute("DELETE FROM face.faces WHERE face_id = $1", faces[0])
    assert () == (await linking.undo(ANN, change)).skipped
    assert (await library.row(faces[1]))["person_id"] is None
    listed = {one.change_id: one for one in (await linking.page(ANN, None, 10, "")).changes}
    assert 1 == listed[change].face_count


async def test_somebody_who_is_removed_leaves_the_changes(library, linking):
    """And whoever became them goes with them."""
    ada, ben, twin = [await library.person("ann") for _ in range(3)]
    (face,) = await library.faces_of("ann", ada, 1)
    await linking.merge(ANN, twin, ada)
    await linking.assign(ANN, ben, [face])
    await library.worker.execute("DELETE FROM face.people WHERE person_id = $1", ada)
    left = await library.owner.fetch("SELECT person_id FROM face.people")
    assert [ben] == [row["person_id"] for row in left]
    for table in ("change_people", "change_faces"):
        rows = await library.owner.fetch(f"SELECT * FROM face.{table}")
        assert not [row for row in rows if {ada, twin} & set(row.values())]


async def test_somebody_who_does_not_agree_any_more_gets_no_face_back(library, linking):
    """Consent that ended by itself: the face stays where it is, and is told."""
    ada, ben = await library.person("ann"), await library.person("ann")
    (face,) = await library.faces_of("ann", ada, 1)
    change = (await linking.assign(ANN, ben, [face])).change_id
    await library.worker.execute(
        "UPDATE face.consent_states SET expires_at = now() - interval '1 s' WHERE person_id = $1",
        ada,
    )
    assert (face,) == (await linking.undo(ANN, change)).skipped


async def test_changes_are_listed_by_person_and_page(library, linking):
    """The newest first, without gap or repetition; an undo shows on both."""
    ada, ben = await library.person("ann"), await library.person("ann")
    made = [
        (await linking.assign(ANN, ada, [await library.face("ann")])).change_id for _ in range(3)
    ]
    other = (await linking.assign(ANN, ben, [await library.face("ann")])).change_id
    back = (await linking.undo(ANN, made[0])).change_id
    seen, token = [], ""
    while True:
        page = await linking.page(ANN, None, 2, token)
        seen += page.changes
        token = page.next_page_token
        if not token:
            break
    assert [back, other, *reversed(made)] == [one.change_id for one in seen]
    assert [Action.UNDO, *[Action.ASSIGN] * 4] == [one.action for one in seen]
    assert [made[0]] == [one.change_id for one in seen if one.undone_at]
    mine = await linking.page(ANN, ben, 10, "")
    assert [(other, (ben,), 1, "ann")] == [
        (one.change_id, one.person_ids, one.face_count, one.actor) for one in mine.changes
    ]


@pytest.mark.parametrize("seed", range(4))
async def test_any_changes_undone_in_reverse_leave_no_trace(library, linking, seed):
    """Random changes of random people and faces; after each undo all is as before that change."""
    dice = random.Random(seed)
    people = [await library.person("ann") for _ in range(8)]
    unknown = [uuid.uuid4() for _ in range(3)]
    pictures = [uuid.uuid4() for _ in range(8)]
    faces = [
        await library.face(
            "ann",
            asset_id=dice.choice([*pictures, None]),
            anonymous_id=dice.choice([*unknown, None]),
            grouped=dice.random() < 0.5,
        )
        for _ in range(12)
    ]

    async def change():
        one, other = dice.sample(people, 2)
        match dice.choice(["assign", "assign", "reject", "name", "merge"]):
            case "assign":
                return (await linking.assign(ANN, one, dice.sample(faces, 3))).change_id
            case "reject":
                return await linking.reject(ANN, one, dice.choice(faces))
            case "name":
                return (await linking.name(ANN, dice.choice(unknown), one)).change_id
            case _:
                return (await linking.merge(ANN, one, other)).change_id

    done = []
    for _ in range(25):
        before = await library.state()
        try:
            done.append((await change(), before))
        except KiokuError:  # two faces of a picture, somebody merged, nobody of that id
            assert before == await library.state()
    assert len(done) > 5
    for change_id, before in reversed(done):
        assert () == (await linking.undo(ANN, change_id)).skipped
        assert before == await library.state()


async def test_two_who_undo_at_once_do_it_once(library, linking):
    """The second is told."""
    ada = await library.person("ann")
    change = (await linking.assign(ANN, ada, [await library.face("ann")])).change_id
    ended = await asyncio.gather(
        *(linking.undo(ANN, change) for _ in range(2)), return_exceptions=True
    )
    refused = [one.reason for one in ended if isinstance(one, KiokuError)]
    assert [Reason.CHANGE_UNDONE] == refused

"""Unknown faces: who is grouped with whom, whatever comes first."""

from __future__ import annotations

import uuid

import numpy as np
import pytest

from tests.integration.face.grouping.rig import OWNER, Home, direction, near

BLURRED = ("FACE_BLURRED",)


async def test_like_faces_get_one_id_and_others_another(home: Home) -> None:
    ada, ben = direction(1), direction(2)
    first, second = await home.face(near(ada, 0.95, 3)), await home.face(near(ada, 0.95, 4))
    other = await home.face(ben)

    done = await home.group()

    assert done.placed == 3
    assert await home.group_of(first) == await home.group_of(second) is not None
    assert await home.group_of(other) not in (None, await home.group_of(first))


async def test_a_new_face_keeps_the_id_of_the_group_it_joins(home: Home) -> None:
    ada = direction(1)
    first = await home.face(near(ada, 0.95, 3))
    await home.group()
    before = await home.group_of(first)

    second = await home.face(near(ada, 0.95, 4))
    await home.group()

    assert await home.group_of(second) == await home.group_of(first) == before


async def test_a_good_face_unites_two_groups_under_the_older_id(home: Home) -> None:
    """a and c are strangers until b, who is near both, comes."""
    b = direction(1)
    a, c = near(b, 0.78, 2), near(b, 0.78, -2)
    assert float(a @ c) < home.rules.join
    older = await home.face(a)
    await home.group()
    younger = await home.face(c)
    await home.group()
    first = await home.group_of(older)
    assert await home.group_of(younger) != first

    bridge = await home.face(b)
    await home.group()

    assert {await home.group_of(f) for f in (older, younger, bridge)} == {first}


@pytest.mark.parametrize("order", [(0, 1, 2), (1, 0, 2), (2, 0, 1), (0, 2, 1)])
async def test_a_poor_face_joins_but_never_joins_two_groups(
    home: Home, order: tuple[int, int, int]
) -> None:
    between = direction(1)
    a, c = near(between, 0.85, 2), near(between, 0.82, -2)
    assert float(a @ c) < home.rules.join
    faces = [(between, BLURRED), (a, ()), (c, ())]
    ids: dict[int, uuid.UUID] = {}
    for at in order:
        vector, flaws = faces[at]
        ids[at] = await home.face(vector, flaws=flaws)
        await home.group()

    groups = [await home.group_of(ids[at]) for at in range(3)]
    assert None not in groups
    assert groups[1] != groups[2]
    assert groups[0] in groups[1:]


async def test_a_face_of_too_little_quality_is_poor_as_well(home: Home) -> None:
    between = direction(1)
    low = await home.face(between, quality=0.05)
    first = await home.face(near(between, 0.85, 2))
    second = await home.face(near(between, 0.82, -2))

    await home.group()

    assert await home.group_of(first) != await home.group_of(second)
    assert await home.group_of(low) in (await home.group_of(first), await home.group_of(second))


async def test_a_poor_face_needs_more_likeness(home: Home) -> None:
    ada = direction(1)
    score = home.rules.sure + home.rules.stricter / 2
    await home.face(ada)
    good = await home.face(near(ada, score, 2))
    poor = await home.face(near(ada, score, 3), flaws=BLURRED)

    await home.group()

    assert await home.group_of(poor) != await home.group_of(good)


async def test_a_poor_face_gives_its_id_to_the_good_one_it_waited_for(home: Home) -> None:
    ada = direction(1)
    poor = await home.face(ada, flaws=BLURRED)
    await home.group()
    before = await home.group_of(poor)

    good = await home.face(near(ada, 0.95, 2))
    await home.group()

    assert await home.group_of(good) == await home.group_of(poor) == before


async def test_poor_faces_that_waited_come_when_a_good_one_does(home: Home) -> None:
    ada = direction(1)
    poor = [await home.face(near(ada, 0.97, seed), flaws=BLURRED) for seed in (2, 3, 4)]
    await home.group()
    assert len({await home.group_of(face) for face in poor}) == 3

    good = await home.face(ada)
    await home.group()

    assert {await home.group_of(face) for face in poor} == {await home.group_of(good)}


async def test_two_faces_of_one_picture_are_two_people(home: Home) -> None:
    ada, picture = direction(1), uuid.uuid4()
    twins = [await home.face(near(ada, 0.97, seed), asset=picture) for seed in (2, 3)]
    third = await home.face(ada)

    await home.group()

    assert await home.group_of(twins[0]) != await home.group_of(twins[1])
    assert await home.group_of(third) in [await home.group_of(twin) for twin in twins]


async def test_groups_that_share_a_picture_are_never_united(home: Home) -> None:
    ada, picture = direction(1), uuid.uuid4()
    twins = [await home.face(near(ada, 0.97, seed), asset=picture) for seed in (2, 3)]
    await home.group()
    for seed in range(4, 9):
        await home.face(near(ada, 0.97, seed))
        await home.group()

    assert await home.group_of(twins[0]) != await home.group_of(twins[1])


async def test_one_weak_likeness_is_not_enough_for_a_group_of_many(home: Home) -> None:
    """Three faces stand together; one that is near one of them only, and not very, stays out."""
    ada = direction(1)
    group = [await home.face(near(ada, 0.95, seed)) for seed in (2, 3)]
    edge = near(ada, 0.8, 4)
    group.append(await home.face(edge))
    await home.group()
    assert len({await home.group_of(face) for face in group}) == 1

    weak = near(edge, 0.65, 5)
    stored = [near(ada, 0.95, 2), near(ada, 0.95, 3), edge]
    assert [float(weak @ one) >= home.rules.join for one in stored] == [False, False, True]
    outside = await home.face(weak)
    await home.group()

    assert await home.group_of(outside) != await home.group_of(group[0])


async def test_a_union_that_moves_too_many_faces_goes_the_other_way_or_not_at_all(
    home: Home,
) -> None:
    b = direction(1)
    a, c = near(b, 0.78, 2), near(b, 0.78, -2)
    older = [await home.face(a)]
    await home.group()
    younger = [await home.face(near(c, 0.99, seed)) for seed in (4, 5, 6)]
    await home.group()
    many = await home.group_of(younger[0])

    bridge = await home.face(b)
    await home.group(unite_most=1)
    assert {await home.group_of(f) for f in (*older, *younger, bridge)} >= {many}
    assert len({await home.group_of(f) for f in (*older, *younger)}) == 1

    other = await home.group_of(bridge)
    assert other == many


async def test_frames_of_a_video_join_and_do_not_unite(home: Home) -> None:
    between, video = direction(1), uuid.uuid4()
    first = await home.face(near(between, 0.85, 2))
    second = await home.face(near(between, 0.78, -2))
    await home.group()
    frames = [
        await home.face(near(between, 0.999, seed), asset=video, frame_no=seed)
        for seed in (4, 5, 6)
    ]

    await home.group()

    assert await home.group_of(first) != await home.group_of(second)
    assert {await home.group_of(frame) for frame in frames} == {await home.group_of(first)}


async def test_somebody_seen_in_a_video_only_gets_one_id_there(home: Home) -> None:
    ada, video = direction(1), uuid.uuid4()
    frames = [
        await home.face(near(ada, 0.9, seed), asset=video, frame_no=seed) for seed in range(2, 8)
    ]

    await home.group()

    assert len({await home.group_of(frame) for frame in frames}) == 1


@pytest.mark.parametrize("seed", range(6))
async def test_the_order_of_arrival_does_not_matter_for_people_who_differ(
    home: Home, seed: int
) -> None:
    """Drawn people, in batches of drawn sizes and drawn order, poor faces among them."""
    random = np.random.default_rng(seed)
    centres = [direction(100 + at) for at in range(5)]
    drawn = [
        (p, near(centres[p], 0.93, 1000 * p + k + 1), k % 4 == 3)
        for p in range(5)
        for k in range(6)
    ]
    for owner in ("first", "second"):
        truth: dict[uuid.UUID, int] = {}
        for at in random.permutation(len(drawn)):
            who, vector, poor = drawn[at]
            face = await home.face(vector, owner=owner, flaws=BLURRED if poor else ())
            truth[face] = who
            if random.random() < 0.2:
                await home.group(batch=int(random.integers(1, 9)))
        await home.group(batch=int(random.integers(1, 9)))

        parts = await home.parts(owner)
        assert len(set(parts.values())) == 5
        assert len({(truth[face], part) for face, part in parts.items()}) == 5


async def test_owners_never_meet(home: Home) -> None:
    ada = direction(1)
    mine = await home.face(ada)
    theirs = await home.face(ada, owner="ben")

    await home.group()

    assert await home.group_of(mine) != await home.group_of(theirs)
    asked = {access.owner for _, access in home.vectors.accesses}
    assert asked == {OWNER, "ben"}

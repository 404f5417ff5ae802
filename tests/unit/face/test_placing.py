"""Where one face belongs, for drawn neighbourhoods."""

from __future__ import annotations

import uuid
from dataclasses import replace
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st
from kioku_face.grouping.member import Guess, Member, Near, Strength
from kioku_face.grouping.placing import groups_for, lone_near, person_for, supports_of
from kioku_face.grouping.rules import GroupingRules

RULES = GroupingRules(link=0.6, margin=0.05, join=0.6, sure=0.7, stricter=0.1)
GROUPS = [UUID(int=at) for at in range(1, 5)]
PEOPLE = [UUID(int=at) for at in range(11, 15)]

scores = st.floats(-1, 1, allow_subnormal=False)
some_groups = st.sets(st.sampled_from(GROUPS))
some_people = st.frozensets(st.sampled_from(PEOPLE))


@st.composite
def faces(draw: st.DrawFn) -> Member:
    """A face of nobody."""
    return Member(
        face_id=draw(st.uuids()),
        asset_id=draw(st.none() | st.uuids()),
        frame_no=draw(st.sampled_from([-1, 0, 7])),
        good=draw(st.booleans()),
        anonymous_id=draw(st.none() | st.sampled_from(GROUPS)),
        rejected=draw(some_people),
    )


near = st.lists(st.builds(Near, faces(), scores), max_size=12)
guesses = st.lists(st.builds(Guess, st.sampled_from(PEOPLE), st.uuids(), scores), max_size=6)
strengths = st.fixed_dictionaries(
    {
        group: st.builds(Strength, st.integers(1, 8), st.integers(0, 8), st.integers(0, 8))
        for group in GROUPS
    }
)


def one(**changes: object) -> Member:
    """A good face of a picture."""
    return replace(Member(uuid.uuid4(), uuid.uuid4(), -1, True), **changes)  # type: ignore[arg-type]


@given(faces(), guesses, some_people)
def test_nobody_who_is_forbidden_or_too_far_is_chosen(
    face: Member, offered: list[Guess], taken: frozenset[UUID]
) -> None:
    chosen = person_for(face, offered, taken, RULES)
    if chosen is None:
        return
    assert chosen.person_id not in taken | face.rejected
    assert chosen.score >= RULES.link + RULES.raised(face.good)
    others = [
        g.score for g in offered if g is not chosen and g.person_id not in taken | face.rejected
    ]
    assert all(chosen.score - score >= RULES.margin for score in others)


@given(faces(), st.permutations([Guess(p, p, 0.55 + at / 10) for at, p in enumerate(PEOPLE)]))
def test_the_order_of_the_offers_does_not_matter(face: Member, offered: list[Guess]) -> None:
    plain = replace(face, rejected=frozenset())
    chosen = person_for(plain, offered, set(), RULES)
    assert chosen is not None
    assert chosen.person_id == PEOPLE[-1]


@given(faces(), near, some_groups)
def test_only_good_faces_that_are_near_speak_for_a_group(
    face: Member, around: list[Near], taken: set[UUID]
) -> None:
    bar = RULES.join + RULES.raised(face.good)
    for support in supports_of(face, around, taken, RULES):
        speak = [
            n
            for n in around
            if n.member.anonymous_id == support.anonymous_id and n.member.good and n.score >= bar
        ]
        assert support.anonymous_id not in taken
        assert support.score == max(n.score for n in speak)
        assert support.sources == len({n.member.source for n in speak})


@given(faces(), near, some_groups, strengths)
def test_poor_faces_and_frames_never_unite(
    face: Member, around: list[Near], taken: set[UUID], known: dict[UUID, Strength]
) -> None:
    groups = groups_for(face, supports_of(face, around, taken, RULES), known, RULES)
    assert len(groups) == len(set(groups))
    if not face.good or face.of_video:
        assert len(groups) <= 1


@given(faces(), near, strengths)
def test_a_good_face_stays_in_its_group(
    face: Member, around: list[Near], known: dict[UUID, Strength]
) -> None:
    groups = groups_for(face, supports_of(face, around, set(), RULES), known, RULES)
    if face.good and face.anonymous_id is not None:
        assert groups[0] == face.anonymous_id


def test_two_pictures_of_a_group_are_enough_where_one_is_not() -> None:
    group, known = GROUPS[0], {GROUPS[0]: Strength(8, 8, 5)}
    around = [Near(one(anonymous_id=group), 0.65)]
    assert groups_for(one(), supports_of(one(), around, set(), RULES), known, RULES) == []
    around.append(Near(one(anonymous_id=group), 0.62))
    assert groups_for(one(), supports_of(one(), around, set(), RULES), known, RULES) == [group]


def test_frames_of_one_video_are_one_source() -> None:
    group, known, video = GROUPS[0], {GROUPS[0]: Strength(8, 8, 5)}, uuid.uuid4()
    around = [Near(one(anonymous_id=group, asset_id=video, frame_no=at), 0.65) for at in range(4)]
    assert groups_for(one(), supports_of(one(), around, set(), RULES), known, RULES) == []


def test_one_that_is_very_near_is_enough() -> None:
    group, known = GROUPS[0], {GROUPS[0]: Strength(8, 8, 5)}
    around = [Near(one(anonymous_id=group), 0.7)]
    assert groups_for(one(), supports_of(one(), around, set(), RULES), known, RULES) == [group]


@given(near, strengths)
def test_only_poor_faces_on_their_own_wait_for_a_good_one(
    around: list[Near], known: dict[UUID, Strength]
) -> None:
    for member in lone_near(around, known, RULES):
        assert not member.good
        assert member.anonymous_id is not None
        assert known[member.anonymous_id] == Strength(1, 0, known[member.anonymous_id].sources)

"""Where one face belongs: to a person, to a group, or to nobody yet. Pure; nothing is read here.

Density-based clustering (DBSCAN: Ester, Kriegel, Sander, Xu 1996) in its incremental form (Ester,
Kriegel, Sander, Wimmer, Xu 1998): a new face touches its own neighbourhood only. Its core points
are the good faces here. A poor face is a border point: it joins, and draws nobody; so it cannot be
the bridge between two people. That poor faces need more likeness than good ones is what ente does
in its linear clustering; that two faces of one picture are two people is a cannot-link constraint
(Wagstaff, Cardie, Rogers, Schroedl 2001).
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from kioku_face.grouping.member import Guess, Member, Near, Strength, Support
from kioku_face.grouping.rules import GroupingRules


def person_for(
    face: Member, guesses: Iterable[Guess], taken: Collection[UUID], rules: GroupingRules
) -> Guess | None:
    """The person whom likeness gives a face; None: nobody is near enough, or two are.

    Args:
        guesses: people who agreed to it, each with their nearest face that somebody linked.
        taken: people who have another face in its picture.
    """
    open_to = [g for g in guesses if g.person_id not in taken and g.person_id not in face.rejected]
    ranked = sorted(open_to, key=lambda guess: -guess.score)
    if not ranked or ranked[0].score < rules.link + rules.raised(face.good):
        return None
    if len(ranked) > 1 and ranked[0].score - ranked[1].score < rules.margin:
        return None
    return ranked[0]


def supports_of(
    face: Member, near: Iterable[Near], taken: Collection[UUID], rules: GroupingRules
) -> list[Support]:
    """Groups with a good face near `face`, the most similar first.

    Args:
        taken: groups that have another face in its picture.
    """
    bar = rules.join + rules.raised(face.good)
    best: dict[UUID, float] = {}
    sources: dict[UUID, set[UUID]] = {}
    for one in near:
        group = one.member.anonymous_id
        if group is None or group in taken or not one.member.good or one.score < bar:
            continue
        best[group] = max(one.score, best.get(group, one.score))
        sources.setdefault(group, set()).add(one.member.source)
    found = [Support(group, score, len(sources[group])) for group, score in best.items()]
    return sorted(found, key=lambda support: (-support.score, support.anonymous_id))


def groups_for(
    face: Member,
    supports: Sequence[Support],
    strengths: Mapping[UUID, Strength],
    rules: GroupingRules,
) -> list[UUID]:
    """The groups a face belongs to, the one that it joins first; more than one: they are united.

    Its own group, if it was grouped before, stays. Only a good face of a picture unites groups: a
    poor one proves nothing, and the frames of a video are many views of one moment.
    """
    accepted = [s.anonymous_id for s in supports if _enough(face, s, strengths, rules)]
    own = face.anonymous_id
    if own is not None and _stays(face, strengths.get(own, Strength())):
        accepted = [own, *(group for group in accepted if group != own)]
    return accepted if face.good and not face.of_video else accepted[:1]


def _enough(
    face: Member, support: Support, strengths: Mapping[UUID, Strength], rules: GroupingRules
) -> bool:
    if support.score >= rules.sure + rules.raised(face.good):
        return True
    there = strengths.get(support.anonymous_id, Strength()).sources
    return support.sources >= min(rules.supports, max(1, there))


def _stays(face: Member, strength: Strength) -> bool:
    return face.good or not strength.lone


def lone_near(
    near: Iterable[Near], strengths: Mapping[UUID, Strength], rules: GroupingRules
) -> list[Member]:
    """Poor faces near a good one that wait, each in a group of its own, for just that."""
    return [
        one.member
        for one in near
        if not one.member.good
        and one.score >= rules.join + rules.stricter
        and one.member.anonymous_id is not None
        and strengths.get(one.member.anonymous_id, Strength()).lone
    ]

"""Promise: each theme names what speaks for it, and a picture that none fits is named."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from uuid import UUID

import numpy as np
from kioku_rt.auth.principal import Acting
from kioku_rt.errors import KiokuError

from kioku_vlm.themes.affinity import Affinity, affinity_of, no_background
from kioku_vlm.themes.choosing import ChoiceRules, Chosen, choose, weights_of
from kioku_vlm.themes.gathering import Gathering
from kioku_vlm.themes.habits import Habits
from kioku_vlm.themes.lexicon import Lexicon
from kioku_vlm.themes.ports import Journal
from kioku_vlm.themes.theme import (
    NOTHING_FITS,
    TOO_FEW_THEMES,
    LabelShown,
    LeftOut,
    Member,
    Missing,
    Question,
    Seen,
    Suggestion,
    TaggedNeighbour,
    Theme,
    ThemeFacts,
    Witness,
    Wording,
)
from kioku_vlm.themes.writing import Writing

_LABELS = 5
_NEIGHBOURS = 5
_BY_DATE_ONLY = 0.1
"""Score of a theme that only the month gave: below any that something speaks for."""
_UNWORDED = Wording("", "")


@dataclass(frozen=True)
class ThemeRules:
    """What is suggested.

    Attributes:
        choice: which themes are good enough.
        zone: in which days and months count.
    """

    choice: ChoiceRules = field(default_factory=ChoiceRules)
    zone: tzinfo = UTC


class Suggesting:
    """Suggests themes."""

    def __init__(
        self,
        gathering: Gathering,
        habits: Habits,
        writing: Writing,
        journal: Journal,
        *,
        lexicon: Lexicon,
        rules: ThemeRules,
    ) -> None:
        self._gathering = gathering
        self._habits = habits
        self._writing = writing
        self._journal = journal
        self._lexicon = lexicon
        self._rules = rules

    @property
    def model_version(self) -> str:
        """The text model that is asked for words; empty: none."""
        return self._writing.model_version

    async def suggest(self, acting: Acting, question: Question, request_id: str) -> Suggestion:
        """Themes for a picture or a set of them; audited, whether there are some or not.

        Raises:
            InvalidInput, KiokuError, DependencyDown: as `Gathering.gather`.
        """
        pictures = len(question.asset_ids) + len(question.images)
        try:
            found = await self._suggest(acting, question)
        except KiokuError as error:
            await self._journal.asked(acting, request_id, pictures, themes=0, reason=error.reason)
            raise
        count = len(found.themes)
        await self._journal.asked(acting, request_id, pictures, themes=count, reason="")
        return found

    async def _suggest(self, acting: Acting, question: Question) -> Suggestion:
        gathered = await self._gathering.gather(acting, question)
        seen, missing = gathered.seen, set(gathered.missing)
        space_id = seen[0].look.space_id
        background = await self._habits.background(acting.owner, space_id, question.asset_ids)
        if background is None:
            missing.add(Missing.BACKGROUND)
            background = no_background(len(self._lexicon))
        affinity = affinity_of(seen, self._lexicon, background, self._rules.zone)
        drawn = self._themes(seen, affinity, question)
        words, answered = await self._writing.write(
            [facts for _, facts in drawn], question.language
        )
        if not answered:
            missing.add(Missing.WRITER)
        themes = [replace(one, wording=word) for (one, _), word in zip(drawn, words, strict=True)]
        left_out = [*gathered.left_out, *self._uncovered(seen, affinity, themes)]
        return Suggestion(tuple(themes), tuple(left_out), space_id, sorted(missing))

    def _themes(
        self, seen: Sequence[Seen], affinity: Affinity, question: Question
    ) -> list[tuple[Theme, ThemeFacts]]:
        """Themes without words, and what is known for words."""
        rules = self._rules.choice
        weights = weights_of(np.stack([one.look.vector for one in seen]), rules.same)
        families = [theme.family for theme in self._lexicon.themes]
        chosen = choose(affinity.whole, weights, families, question.most, rules)
        themes = [self._theme(one, seen, affinity, question.language) for one in chosen]
        covered = {member.picture for theme, _ in themes for member in theme.members}
        rest = [one for one in seen if one.picture not in covered]
        return (themes + self._months(rest))[: question.most]

    def _theme(
        self, chosen: Chosen, seen: Sequence[Seen], affinity: Affinity, language: str
    ) -> tuple[Theme, ThemeFacts]:
        theme = self._lexicon.themes[chosen.theme]
        pictures = [seen[at] for at in chosen.members]
        members = [
            Member(
                seen[at].picture,
                float(affinity.whole[at, chosen.theme]),
                affinity.witnesses(at, chosen.theme),
            )
            for at in chosen.members
        ]
        labels = self._labels(chosen, affinity, language)
        facts = self._facts(chosen.theme, labels, pictures, language)
        start, end = _times(pictures)
        found = Theme(
            theme.theme_id,
            chosen.score,
            tuple(members),
            labels,
            self._neighbours(chosen.theme, pictures),
            _UNWORDED,
            start,
            end,
        )
        return found, facts

    def _labels(self, chosen: Chosen, affinity: Affinity, language: str) -> tuple[LabelShown, ...]:
        """The theme's own label, then the strongest others, as far as they are above the floor."""
        means = affinity.labels[list(chosen.members)].mean(axis=0)
        others = [int(at) for at in np.argsort(-means, kind="stable") if at != chosen.theme]
        others = [at for at in others if means[at] >= self._rules.choice.floor][: _LABELS - 1]
        return tuple(
            LabelShown(
                self._lexicon.themes[at].theme_id,
                self._lexicon.themes[at].name(language),
                float(means[at]),
            )
            for at in (chosen.theme, *others)
        )

    def _facts(
        self, theme: int, labels: Sequence[LabelShown], pictures: Sequence[Seen], language: str
    ) -> ThemeFacts:
        themes = [self._lexicon.themes[self._lexicon.place[one.theme_id]] for one in labels]
        start, end = _times(pictures)
        zone = self._rules.zone
        return ThemeFacts(
            self._lexicon.themes[theme].name(language),
            tuple(one.name for one in labels[1:]),
            len(pictures),
            start.astimezone(zone).date() if start else None,
            end.astimezone(zone).date() if end else None,
            tuple(one.phrase for one in themes),
        )

    def _neighbours(self, theme: int, pictures: Sequence[Seen]) -> tuple[TaggedNeighbour, ...]:
        found: dict[UUID, TaggedNeighbour] = {}
        for near in (near for one in pictures for near in one.neighbours):
            tag = next((tag for tag in near.tags if self._lexicon.tagged(tag) == theme), None)
            known = found.get(near.asset_id)
            if tag is not None and (known is None or known.score < near.score):
                found[near.asset_id] = TaggedNeighbour(near.asset_id, near.score, tag)
        return tuple(sorted(found.values(), key=lambda one: -one.score)[:_NEIGHBOURS])

    def _months(self, rest: Sequence[Seen]) -> list[tuple[Theme, ThemeFacts]]:
        """A theme for each month in which pictures were taken that no label fits."""
        months: dict[tuple[int, int], list[Seen]] = defaultdict(list)
        for one in rest:
            if one.taken is not None:
                local = one.taken.astimezone(self._rules.zone)
                months[local.year, local.month].append(one)
        largest = sorted(months.items(), key=lambda month: (-len(month[1]), month[0]))
        return [self._month(year, month, pictures) for (year, month), pictures in largest]

    def _month(self, year: int, month: int, pictures: list[Seen]) -> tuple[Theme, ThemeFacts]:
        start, end = _times(pictures)
        members = tuple(Member(one.picture, _BY_DATE_ONLY, (Witness.DATE,)) for one in pictures)
        found = Theme(
            f"month-{year:04}-{month:02}", _BY_DATE_ONLY, members, (), (), _UNWORDED, start, end
        )
        zone = self._rules.zone
        first = start.astimezone(zone).date() if start else None
        last = end.astimezone(zone).date() if end else None
        return found, ThemeFacts("", (), len(pictures), first, last)

    def _uncovered(
        self, seen: Sequence[Seen], affinity: Affinity, themes: Sequence[Theme]
    ) -> list[LeftOut]:
        covered = {member.picture for theme in themes for member in theme.members}
        fits = affinity.whole.max(axis=1) >= self._rules.choice.floor
        return [
            LeftOut(one.picture, TOO_FEW_THEMES if fit or one.taken else NOTHING_FITS)
            for one, fit in zip(seen, fits, strict=True)
            if one.picture not in covered
        ]


def _times(pictures: Sequence[Seen]) -> tuple[datetime | None, datetime | None]:
    taken = [one.taken for one in pictures if one.taken is not None]
    return (min(taken), max(taken)) if taken else (None, None)

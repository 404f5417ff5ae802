"""Pictures that are drawn with numbers: vectors, shares, assets, and fakes at the ports."""

# ruff: noqa: ARG002 - fakes take what their ports say

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID

import numpy as np
from kioku_rt.auth.principal import Acting, Principal
from kioku_rt.errors import KiokuError
from kioku_rt.reasons import Reason
from kioku_vlm.page import Box
from kioku_vlm.schedule_facts import Entry, Evidence, Kind, Value
from kioku_vlm.themes.gathering import Gathering
from kioku_vlm.themes.habits import HabitRules, Habits
from kioku_vlm.themes.lexicon import kioku_lexicon
from kioku_vlm.themes.ports import Writer
from kioku_vlm.themes.suggesting import Suggesting, ThemeRules
from kioku_vlm.themes.template_writer import TemplateWriter
from kioku_vlm.themes.theme import AssetFacts, Floats, Look, Neighbour, Question
from kioku_vlm.themes.writing import Writing

LEXICON = kioku_lexicon()
SPACE = "drawn@1"
DIMENSION = 64


def at(theme_id: str) -> int:
    """Its place in the lexicon."""
    return LEXICON.place[theme_id]


def shares(**parts: float) -> Floats:
    """Shares by theme id (with _ for -); the rest is spread over all others."""
    rest = (1.0 - sum(parts.values())) / (len(LEXICON) - len(parts))
    found = np.full(len(LEXICON), rest)
    for name, part in parts.items():
        found[at(name.replace("_", "-"))] = part
    return found


def look(number: int, space: str = SPACE, **parts: float) -> Look:
    """A look whose vector is orthogonal to those of other numbers."""
    return Look(space, np.eye(DIMENSION)[number], shares(**parts))


def asset_id(number: int) -> UUID:
    return UUID(int=number)


def taken(year: int, month: int, day: int) -> datetime:
    return datetime(year, month, day, 3, tzinfo=UTC)


def entry(title: str, *, grounded: bool = True, flags: tuple[str, ...] = ()) -> Entry:
    evidence = (Evidence(1, Box(0, 0, 1, 1), title),) if grounded else ()
    return Entry(Kind.EVENT, title=Value(title, title, 0.9, evidence=evidence, flags=flags))


def acting(owner: str = "ann") -> Acting:
    return Acting(owner, Principal(owner, False, frozenset(), "t"), on_behalf=False)


@dataclass
class Shelf:
    """A library and a model in one: the bytes of a picture are the number of its look."""

    looks: dict[int, Look | KiokuError] = field(default_factory=dict)
    assets: dict[UUID, AssetFacts] = field(default_factory=dict)
    neighbours: dict[UUID, Sequence[Neighbour]] = field(default_factory=dict)
    schedules: dict[UUID, Sequence[Entry]] = field(default_factory=dict)
    failing: dict[str, KiokuError] = field(default_factory=dict)
    sampled: list[AssetFacts] = field(default_factory=list)
    calls: list[str] = field(default_factory=list)
    stuck: bool = False
    journal: list[tuple[str, str, int, int, str]] = field(default_factory=list)

    def add(self, number: int, seen: Look | KiokuError, **facts: object) -> UUID:
        self.looks[number] = seen
        one = AssetFacts(asset_id(number), **facts)  # type: ignore[arg-type]
        self.assets[one.asset_id] = one
        return one.asset_id

    def _call(self, name: str) -> None:
        self.calls.append(name)
        if name in self.failing:
            raise self.failing[name]

    async def facts(self, owner: str, asset: UUID) -> AssetFacts:
        self._call("facts")
        if asset not in self.assets:
            raise KiokuError(Reason.ASSET_NOT_FOUND, field="asset_ids")
        return self.assets[asset]

    async def read(self, owner: str, facts: AssetFacts) -> bytes:
        self._call("read")
        return str(facts.asset_id.int).encode()

    async def sample(self, owner: str, most: int) -> Sequence[AssetFacts]:
        self._call("sample")
        return self.sampled[:most]

    async def look(self, picture: bytes) -> Look:
        self._call("look")
        if self.stuck:
            await asyncio.Event().wait()
        seen = self.looks[int(picture)]
        if isinstance(seen, KiokuError):
            raise seen
        return seen

    async def of_asset(self, owner: str, asset: UUID, most: int) -> Sequence[Neighbour]:
        self._call("neighbours")
        return self.neighbours.get(asset, ())[:most]

    async def of_look(self, owner: str, seen: Look, most: int) -> Sequence[Neighbour]:
        self._call("neighbours")
        return ()

    async def entries(
        self, acting: Acting, asset_ids: Sequence[UUID]
    ) -> Mapping[UUID, Sequence[Entry]]:
        self._call("entries")
        return {one: self.schedules[one] for one in asset_ids if one in self.schedules}

    async def asked(
        self, acting: Acting, request_id: str, pictures: int, *, themes: int, reason: str
    ) -> None:
        self.journal.append((acting.owner, request_id, pictures, themes, reason))


def suggesting(
    shelf: Shelf, writer: Writer | None = None, sample: int = 0, rules: ThemeRules | None = None
) -> Suggesting:
    """The use case over a shelf."""
    plain = TemplateWriter()
    return Suggesting(
        Gathering(shelf, shelf, shelf, shelf, LEXICON),
        Habits(shelf, shelf, LEXICON, HabitRules(sample=sample)),
        Writing(writer or plain, plain),
        shelf,
        lexicon=LEXICON,
        rules=rules or ThemeRules(),
    )


def question(*asset_ids: UUID, images: int = 0, most: int = 5, language: str = "en") -> Question:
    """About assets, and images whose bytes are 1, 2, …"""
    sent = tuple(str(number).encode() for number in range(1, images + 1))
    return Question(asset_ids, sent, language, most)

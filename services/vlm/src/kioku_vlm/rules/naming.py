"""Which piece of a page names what happens: by its letters' size, its form and its words."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass

from kioku_vlm.rules.labels import Role
from kioku_vlm.rules.naming_words import (
    COLLECTIVE,
    HAPPENING,
    SENTENCE_ENGLISH,
    SENTENCE_JAPANESE,
    core,
)
from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.piece import Piece
from kioku_vlm.rules.place_words import ends_as_place
from kioku_vlm.rules.traits import Trait, traits_of

NEVER = -9.0
# What each form takes from a piece's chance to be the name.
_COST = {
    Trait.PRICE: 3.0, Trait.PHONE: 4.0, Trait.LINK: 3.0, Trait.ADDRESS: 3.0, Trait.NUMBER: 9.0,
    Trait.GREETING: 3.0, Trait.ASKING: 2.5, Trait.SENTENCE: 1.6, Trait.CONDITION: 2.0,
    Trait.ORGANISATION: 1.2, Trait.PERSON: 1.8, Trait.EDITION: 0.9, Trait.CALL: 2.2,
}  # fmt: skip
# Particles, and what a sentence says before it comes to the name.
_LEAD = re.compile(
    r"(?:に|で|は|を|から|より|の|※|、)+(?=[^ぁ-ん])|"
    r"(?:このたび|この度|今回|来る|さて|また|なお|つきましては|恒例の?|毎年恒例の|(?:下|左|右|上|前)記の(?:とおり|通り)|"
    r"先日?に?|本年度?(?:の|も)|今年度?(?:の|も)|お知らせしました|ご案内しました|予定しておりました)、?(?=.{2})|"
    r"[^\s、。]{1,12}で(?=恒例)"
)
_QUOTED = re.compile(r"[「『“\"]([^」』”\"]{2,40})[」』”\"]")
_TASK = re.compile(
    r"(?P<name>[^\s、。,※]{2,30}?)(?:は|を|につきましては|については|に関する|にご?記入|にご?署名)"
    r"[^。]*$"
)
_TASK_ENGLISH = re.compile(
    r"\b(?:return|submit|complete|send(?: back)?|hand in|pay for|book|order|register for|sign "
    r"up for|apply for|bring back)\s"
    r"(?:the|your|all|any|this|an?)?\s?(?P<name>[\w' -]{3,50}?)(?=\s(?:by|to|before|no later|"
    r"on|form\sby)\b|[.,]|$)", re.I
)  # fmt: skip


@dataclass(frozen=True)
class Name:
    """A title: its words, where they stand, and how much speaks for it (0 is neutral)."""

    passage: Passage
    score: float
    by: str
    text: str = ""

    @property
    def value(self) -> str:
        """The title as it is told."""
        return self.text or self.passage.written()


_ONLY_A_CUE = re.compile(
    r"(?:開演|開場|開始|開会|終演|終了|閉会|集合|解散|受付|入場|出発|到着|頃|ごろ|予定|当日)+"
)


def score_of(piece: Piece, body: float) -> float:
    """How much speaks for a piece as a name; `NEVER` where its label says that it is none."""
    text = piece.text.strip()
    if piece.role not in (None, Role.TITLE) or piece.remark or _too_short(text):
        return NEVER
    score = 1.6 * max(-1.0, min(3.0, math.log2(piece.size / body))) if body else 0.0
    score += (1.5 if piece.role is Role.TITLE else 0.0) + _words_score(text)
    return score


def _too_short(text: str) -> bool:
    """One letter, or a word that only joins others."""
    return (
        len(text) < 2
        or _ONLY_A_CUE.fullmatch(text) is not None
        or (text.islower() and len(text) < 4)
    )


def _words_score(text: str) -> float:
    text = _core(text)
    traits, happens = traits_of(text), bool(HAPPENING.search(text))
    score = 1.0 if happens else 0.0
    score -= sum(_COST.get(trait, 0.0) for trait in traits)
    score -= 1.3 if ends_as_place(text) and not happens else 0.0
    score -= 1.2 if text[:1].islower() else 0.0
    score -= 0.8 if COLLECTIVE.search(text) else 0.0
    return score - (1.0 if len(text) > 40 else 0.0)


def _core(text: str) -> str:
    start, end = core(text)
    return text[start:end]


def name_of(piece: Piece, score: float, by: str) -> Name:
    """The name in a piece, without 「のお知らせ」 and the like."""
    start, end = core(piece.text)
    return Name(piece.strip.passage.part(piece.start + start, piece.start + end), score, by)


def best(pieces: Iterable[Piece], body: float, by: str, floor: float) -> Name | None:
    """The likeliest name among pieces; None where none reaches `floor`."""
    scored = [(score_of(piece, body), piece) for piece in pieces]
    good = [(score, -at, piece) for at, (score, piece) in enumerate(scored) if score >= floor]
    if not good:
        return None
    score, _, piece = max(good, key=lambda one: one[:2])
    return name_of(piece, score, by)


def said_in(passage: Passage, position: int) -> Name | None:
    """What a sentence says that happens (「…を開催します」, "the annual … will be held").

    Args:
        passage: the sentence.
        position: where its day stands; the nearest name wins.
    """
    found = [
        (abs(match.start("name") - position), _said(_cut(passage, match)))
        for form in (*SENTENCE_JAPANESE, *SENTENCE_ENGLISH)
        for match in form.finditer(passage.text)
        if _nameable(match["name"])
    ]
    quoted = _QUOTED.search(passage.text)
    if quoted:
        part = passage.part(quoted.start(1), quoted.end(1))
        return Name(part, 1.0, "quoted")
    return min(found, key=lambda one: one[0])[1] if found else None


def task_in(passage: Passage, position: int) -> Name | None:
    """What is due by the day at `position` of a sentence."""
    text = passage.text
    lead = _LEAD.match(text)
    before = _TASK.search(text[:position], lead.end() if lead else 0)
    before = before or _TASK_ENGLISH.search(text)
    if before is None:
        return None
    part = passage.part(before.start("name"), before.end("name"))
    if not _nameable(part.text):
        return None
    return Name(part, 0.8, "sentence")


def _said(part: Passage) -> Name:
    """A name out of a sentence, likelier where it is called as things that happen are."""
    part = part.part(*core(part.text))
    return Name(part, 0.9 if HAPPENING.search(part.text) else 0.3, "sentence")


def _cut(passage: Passage, match: re.Match[str]) -> Passage:
    """The name without the particle that leads to it."""
    start = match.start("name")
    while lead := _LEAD.match(passage.text[start : match.end("name")]):
        start += lead.end()
    return passage.part(start, match.end("name"))


def _nameable(text: str) -> bool:
    """Whether words of a sentence can be a name at all."""
    forms = {Trait.PRICE, Trait.PHONE, Trait.LINK, Trait.ADDRESS, Trait.NUMBER, Trait.GREETING}
    plain = text.strip()
    vague = re.fullmatch(
        r"つきまして|ご?都合の悪い(?:場合|方|とき)?|(?:変更|キャンセル)(?:・(?:変更|キャンセル))?|お手数ですが|"
        r"下記|以下|次|右記|左記|本(?:校|園|会|年度|日)|今(?:回|年|月|度)|当日|これ|それ|there|"
        r"it|this|that|"
        r"we|you|they|children|students|parents|everyone|which|event|meeting point",
        plain,
        re.I,
    )
    place = ends_as_place(plain) and not HAPPENING.search(plain)
    return len(plain) >= 2 and not vague and not place and not forms & traits_of(plain)

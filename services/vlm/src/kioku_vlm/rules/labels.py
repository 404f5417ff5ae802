"""Words that say what stands beside them: 日時, 会場, When, Where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum
from functools import cache

from kioku_vlm.rules.passage import Passage
from kioku_vlm.rules.words import lexicon


class Role(StrEnum):
    """What a labelled value is."""

    TITLE = "title"
    WHEN = "when"
    WEEKLY = "weekly"
    TIME = "time"
    PLACE = "place"
    ADDRESS = "address"
    DEADLINE = "deadline"
    CLOSED = "closed"
    ISSUED = "issued"
    SPARE = "spare"
    BRING = "bring"
    PRICE = "price"
    CONTACT = "contact"
    AUDIENCE = "audience"
    CAPACITY = "capacity"
    APPLY = "apply"
    PEOPLE = "people"
    ACCESS = "access"
    OTHER = "other"


_BULLET = (
    r"(?:[-~・●◆■□○◎☆★※*▪▶►>✓◇▼▲]\s*|"
    r"\(?(?:[0-9]{1,2}|[一二三四五六七八九十]{1,2})(?:[.)、.]\s*|\s+))?"
)
_OPEN, _CLOSE = r"[\[【〔(<〈《]?\s*", r"\s*[\]】〕)>〉》]?"
# Too common in running words to be labels there.
_WEAK = frozenset(
    "日 場 内容 当日 一般 予定 教室 テーマ 人数 入場 休み 開始 終了 対象 学年".split(" ")  # noqa: SIM905
)

# Followed by は they are what a sentence is about.
_TOPICS = frozenset({"当日", "一般", "予定", "教室", "場", "日", "前売"})
# Town papers shorten their labels to one letter at the beginning of a line: 時 9月5日, 所 自然の家.
_SIGNS = frozenset("時所場対定問申持費料")


@dataclass(frozen=True)
class Label:
    """A label in a text: what it says, and where its value begins."""

    role: Role
    start: int
    end: int
    words: str


def labels_in(text: str) -> tuple[Label, ...]:
    """All labels of a text, each at its beginning, after a wide gap, or after a comma or bracket.

    A label is followed by a colon, a gap, a closing bracket, or nothing; one in the middle of
    running words needs the colon or the brackets.
    """
    found: list[Label] = []
    for match in _pattern().finditer(text):
        words = re.sub(r"\s+", "" if not match["label"].isascii() else " ", match["label"]).lower()
        label = Label(_roles()[words], match.start(), match.end(), words)
        if _fits(text, match, label):
            found.append(label)
    return tuple(found)


def starts_label(text: str) -> bool:
    """Whether the text begins with a label."""
    return any(label.start == 0 for label in labels_in(text))


def role_of(text: str) -> Role | None:
    """What a text labels that is a label and nothing else."""
    found = labels_in(text)
    whole = len(found) == 1 and found[0].start == 0 and not text[found[0].end :].strip()
    return found[0].role if whole else None


def value_of(passage: Passage, labels: tuple[Label, ...], index: int) -> Passage:
    """What stands behind a label, up to the next one."""
    end = labels[index + 1].start if index + 1 < len(labels) else len(passage.text)
    value = passage.part(labels[index].end, end)
    kept = value.text.rstrip(" ,、/|([【〔<〈《「")
    return value.part(0, len(kept))


def _fits(text: str, match: re.Match[str], label: Label) -> bool:
    if label.words in _TOPICS and match["end"].strip() == "は":
        return False
    marked = any(mark in match["end"] for mark in ":=") or bool(match["open"].strip())
    alone = text[label.end :].strip() == "" and label.start == 0
    begins = label.start == 0 or text[max(0, label.start - 2) : label.start] == "  "
    if len(label.words) == 1:  # 日 and 場 head a column, and are parts of days elsewhere
        parted = text[match.end("label") :].startswith(" ") and label.words in _SIGNS
        sign = marked and label.words in _SIGNS
        return alone or sign or (label.start == 0 and parted)
    if match["label"].isascii():  # "on", "at", "with" are words too
        return marked or alone or (begins and text[match.end("label") :].startswith("  "))
    within = label.words not in _WEAK and text[label.start - 1 : label.start] in (" ", "/")
    return marked or begins or within


@cache
def _roles() -> dict[str, Role]:
    return {
        word.lower(): Role(role)
        for role, languages in lexicon("labels").items()
        for words in languages.values()
        for word in words
    }


@cache
def _pattern() -> re.Pattern[str]:
    words = sorted(_roles(), key=len, reverse=True)
    choice = "|".join(
        re.escape(word) if word.isascii() else r"\s{0,3}".join(map(re.escape, word))
        for word in words
    )
    return re.compile(
        rf"(?:(?<=^)|(?<=[\s,、/。(・|])|"
        rf"(?=[\[【〔<〈]))(?:{_BULLET})(?P<open>{_OPEN})(?P<label>{choice})"
        rf"(?P<end>{_CLOSE}\s*(?::|;|=|は(?=[^\w]|\w)|(?=\s)|(?<=\w\w)(?=\d|令和|平成)|$|(?<=[\]】〕)>〉》])))\s*",
        re.IGNORECASE,
    )

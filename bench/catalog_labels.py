"""The labelled catalogue as questions: what is known of each picture, what is asked, what is right.

What is known goes through the import's own rules (`kioku_cli.catalog`). Unless a set says so, the
words that are asked for were taken out of what is known of the pictures that answer.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from kioku_cli.catalog.entry import Described, Entry, Source
from kioku_cli.catalog.tags import Tagged, tagging
from kioku_rt.filenames import filename_words

Row = dict[str, Any]


@dataclass(frozen=True)
class Known:
    """A picture, what its owner wrote about it, and the name it is uploaded by."""

    path: Path
    tags: tuple[str, ...] = ()
    text: str = ""
    filename: str = ""

    def described(self) -> Described:
        """As the import finds it."""
        texts = (self.text,) if self.text else ()
        names = Entry(Source.NAMES, filename_words(self.filename))
        return Described(self.path, (Entry(Source.SIDECARS, self.tags, texts), names))


@dataclass(frozen=True)
class Question:
    """Words, and the numbers of the pictures that answer them."""

    words: str
    right: frozenset[int]


@dataclass(frozen=True)
class QuestionSet:
    """A protocol: what is known of every picture, and the questions about some of them."""

    name: str
    says: str
    known: tuple[Known, ...]
    questions: tuple[Question, ...]

    def tagged(self) -> tuple[Tagged, ...]:
        """Every picture with the tags that an import gives it."""
        return tagging([known.described() for known in self.known]).pictures


# Other words for the folders of `clothing`, English and Japanese, written down by hand.
_OTHER_WORDS = {
    "dress": ("gown", "ワンピース"),
    "hat": ("headwear", "帽子"),
    "longsleeve": ("sweatshirt", "長袖"),
    "outwear": ("coat", "上着"),
    "pants": ("trousers", "ズボン"),
    "shirt": ("blouse", "シャツ"),
    "shoes": ("sneakers", "靴"),
    "shorts": ("short pants", "半ズボン"),
    "skirt": ("miniskirt", "スカート"),
    "t-shirt": ("tee", "Tシャツ"),
}


def question_sets(folder: Path) -> list[QuestionSet]:
    """All protocols over all pictures of the catalogue, so that each set's strangers are there."""
    emoji, products, clothes = (
        _rows(folder / name) for name in ("noto-emoji", "grocery-iconic", "clothing")
    )
    base = [_emoji(row, named=False) for row in emoji]
    base += [_product(row) for row in products]
    base += [Known(row["path"], filename=row["path"].name) for row in clothes]
    return [
        *_emoji_sets(base, emoji),
        *_product_sets(base, products, len(emoji)),
        *_clothing_sets(base, clothes, len(emoji) + len(products)),
    ]


def _emoji_sets(base: list[Known], rows: Sequence[Row]) -> list[QuestionSet]:
    questions = tuple(Question(_plain(row["name"]), frozenset({i})) for i, row in enumerate(rows))
    named = _replaced(base, 0, (_emoji(row, named=True) for row in rows))
    said = "emojilib's keywords; file names are codes"
    return [
        QuestionSet("emoji by name, named", f"the name, {said}", named, questions),
        QuestionSet("emoji by name, unnamed", f"no name, {said}", tuple(base), questions),
    ]


def _product_sets(base: list[Known], rows: Sequence[Row], at: int) -> list[QuestionSet]:
    names = tuple(Question(row["name"], frozenset({at + i})) for i, row in enumerate(rows))
    ungrouped = [
        Known(row["path"], text=row["description"], filename=row["path"].name) for row in rows
    ]
    return [
        QuestionSet(
            "groceries by name",
            "group, department and description without the name; no file name",
            tuple(base),
            names,
        ),
        QuestionSet(
            "groceries by group",
            "file name and description; no group, no department",
            _replaced(base, at, ungrouped),
            _classes([row["coarse"] for row in rows], at),
        ),
    ]


def _clothing_sets(base: list[Known], rows: Sequence[Row], at: int) -> list[QuestionSet]:
    labels = [row["label"] for row in rows]
    filed = [Known(row["path"], (row["label"],), filename=row["path"].name) for row in rows]
    drawn = np.random.default_rng(7).permutation(len(rows))[: len(rows) // 2].tolist()
    half = [filed[i] if i in set(drawn) else base[at + i] for i in range(len(rows))]
    other = tuple(
        Question(words, one.right)
        for one in _classes(labels, at)
        for words in _OTHER_WORDS[one.words]
    )
    return [
        QuestionSet(
            "clothing by class, half filed",
            "every second picture has its class as folder, the rest nothing",
            _replaced(base, at, half),
            _classes(labels, at),
        ),
        QuestionSet(
            "clothing by other words",
            "each has its class as folder; asked for in other words, English and Japanese",
            _replaced(base, at, filed),
            other,
        ),
    ]


def _emoji(row: Row, *, named: bool) -> Known:
    name = _plain(row["name"])
    tags = [tag for tag in row["tags"] if _plain(tag) != name]
    return Known(row["path"], (*([name] if named else []), *tags), filename=row["path"].name)


def _product(row: Row) -> Known:
    without = re.sub(re.escape(row["name"]), " ", row["description"], flags=re.IGNORECASE)
    return Known(row["path"], (row["coarse"], row["department"]), without)


def _plain(text: str) -> str:
    return re.sub(r"[\W_]+", " ", text).strip().casefold()


def _classes(labels: Sequence[str], start: int) -> tuple[Question, ...]:
    members: dict[str, set[int]] = defaultdict(set)
    for i, label in enumerate(labels):
        members[label].add(start + i)
    return tuple(Question(label, frozenset(right)) for label, right in members.items())


def _replaced(base: Sequence[Known], start: int, known: Iterable[Known]) -> tuple[Known, ...]:
    changed = list(base)
    for i, one in enumerate(known):
        changed[start + i] = one
    return tuple(changed)


def _rows(folder: Path) -> list[Row]:
    lines = (folder / "metadata.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines if line.strip()]
    return [row | {"path": folder / row["file"]} for row in rows]

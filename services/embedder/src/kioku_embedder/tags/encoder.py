"""Promise: an asset's tags and file name, or a query, become one vector, with no model and at once.

What counts: each word, the group of words that mean the same, and less than these the whole tag,
two words written as one, a wider group, pieces of words. Rare words weigh more (`rarity`), repeated
ones a little more than once (1 + ln n).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from kioku_rt.filenames import filename_words
from kioku_rt.space import Space, digest_of
from kioku_rt.vectors import Vector, unit_vector

from kioku_embedder.tags import rarity, synonyms
from kioku_embedder.tags.hashing import DIMENSION, PLACES, direction_of
from kioku_embedder.tags.words import is_japanese, words_of

MODEL = "tags"
KIND = "tag"
VERSION = 1
"""Counts up whenever the rules change, because their vectors may then not be compared."""

_GROUP = 1.0
_WIDER = 0.35
_WHOLE = 0.5
_JOINED = 0.4
_PIECES = 0.3
_PIECE = 3
_JAPANESE_PIECES = 0.8
_JAPANESE_PIECE = 2
_LEAST = 1e-3


class TagsEncoder:
    """Words to vectors of the tags space.

    Args:
        own_synonyms: a table of the app's own in the form of `synonyms.txt`; part of the space.

    Raises:
        ValueError: the table cannot be read.
    """

    def __init__(self, own_synonyms: str = "") -> None:
        self._synonyms = synonyms.read_synonyms(synonyms.own_text(), own_synonyms)
        self._known = self._synonyms.words
        self._weights = rarity.own_weights()
        self.space = Space(
            model=MODEL,
            revision=digest_of({"tables": [synonyms.own_text(), own_synonyms, rarity.own_text()]}),
            dimension=DIMENSION,
            preprocessing=digest_of({"version": VERSION, "places": PLACES}),
            precision="float32",
            kind=KIND,
        )

    def document(self, tags: Iterable[str], filename: str) -> Vector | None:
        """The vector of an asset, float32 of shape (1024,) and length one; None without words."""
        texts = [*tags, " ".join(filename_words(filename))]
        features = self._features(texts, wider=True)
        return unit_vector(direction_of(features), DIMENSION) if features else None

    def query(self, text: str) -> Vector:
        """The vector of a query, float32 of shape (1024,) and length one; every text has one."""
        features = self._features([text], wider=False) or {f"t:{text}": 1.0}
        return unit_vector(direction_of(features), DIMENSION)

    def _features(self, texts: Sequence[str], *, wider: bool) -> dict[str, float]:
        """Weights by feature; empty when no word says anything."""
        found: Counter[str] = Counter()
        features: dict[str, float] = {}
        for text in dict.fromkeys(texts):
            words = words_of(text, self._known)
            found.update(words)
            for name, weight in self._shared(words, wider=wider):
                features[name] = max(weight, features.get(name, 0.0))
        for word, times in found.items():
            weight = self._weight(word) * (1 + math.log(times))
            features[f"w:{word}"] = max(weight, features.get(f"w:{word}", 0.0))
            for piece in (pieces := _pieces(word)):
                share = weight * _pieces_weight(word) / math.sqrt(len(pieces))
                features[f"p:{piece}"] = share + features.get(f"p:{piece}", 0.0)
        return {name: weight for name, weight in features.items() if weight > _LEAST}

    def _shared(self, words: Sequence[str], *, wider: bool) -> Iterable[tuple[str, float]]:
        """Groups, wider groups, the whole and joined words of one text."""
        for phrase, group in self._synonyms.of(words):
            weight = max(map(self._weight, phrase))
            yield f"g:{group}", weight * _GROUP
            if wider:
                for above in self._synonyms.above(group):
                    yield f"g:{above}", weight * _WIDER
        if words:
            yield f"t:{' '.join(words)}", _WHOLE * max(map(self._weight, words))
        for left, right in pairwise(words):
            yield f"w:{left}{right}", _JOINED * min(self._weight(left), self._weight(right))

    def _weight(self, word: str) -> float:
        return self._weights.get(word, 1.0)


def _pieces_weight(word: str) -> float:
    """Japanese is cut into words by guesses, so that its pieces say more."""
    return _JAPANESE_PIECES if is_japanese(word) else _PIECES


def _pieces(word: str) -> list[str]:
    """Runs of letters of a word, its ends marked; none for numbers and short words."""
    if is_japanese(word):
        ends = range(_JAPANESE_PIECE, len(word) + 1)
        return [word[end - _JAPANESE_PIECE : end] for end in ends]
    if len(word) <= _PIECE or word.isdigit():
        return []
    marked = f"<{word}>"
    return [marked[i : i + _PIECE + 1] for i in range(len(marked) - _PIECE)]

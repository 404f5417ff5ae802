"""Promise: words that everybody uses everywhere weigh little, whatever the catalogue.

A vector is made for one asset alone, so how rare a word is among the others cannot be counted.
What stands in for it is a short table of words that are common in any catalogue; a word that is
not in it weighs 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import resources

TABLE = "common_words.txt"


def read_weights(text: str) -> dict[str, float]:
    """Weights by word from lines `<weight>: word word …`; `#` begins a remark.

    Raises:
        ValueError: a line has no such form, or a weight is not between 0 and 1.
    """
    weights: dict[str, float] = {}
    for line in text.splitlines():
        content = line.partition("#")[0].strip()
        if not content:
            continue
        number, _, words = content.partition(":")
        weight = float(number)
        if not 0 <= weight <= 1:
            raise ValueError(f"the weight {weight} is not between 0 and 1")
        weights.update(dict.fromkeys(words.split(), weight))
    return weights


def own_weights() -> Mapping[str, float]:
    """The committed table."""
    return read_weights(own_text())


def own_text() -> str:
    """The committed table as it is written."""
    return resources.files(__package__).joinpath(TABLE).read_text("utf-8")

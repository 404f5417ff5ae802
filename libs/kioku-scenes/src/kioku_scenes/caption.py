"""Captions of a layout in English and in Japanese, at most twenty words each.

English words are what spaces separate.  Japanese has no spaces, so the words are the ones
this module joins: nouns, adjectives, particles, and a number with its counter as one word.
Punctuation counts as no word in either language.
"""

from kioku_scenes.kinds import KIND_OF
from kioku_scenes.layout import UNSAID, Layout, Thing
from kioku_scenes.words import (
    BACKDROPS,
    COLOURS,
    COUNTS,
    LINES,
    ORDERS,
    PLACES,
    RELATIONS,
    SIZES,
    TEXTURES,
)

MAX_WORDS = 20


def caption_english(layout: Layout) -> str:
    """The one English caption that names every stated attribute of the layout."""
    phrases = [english_phrase(thing) for thing in layout.things]
    backdrop = BACKDROPS[layout.backdrop].english
    if layout.form == "alone":
        body = f"{phrases[0]} {PLACES[layout.arrangement].english}"
    elif layout.form == "group":
        body = f"{phrases[0]} {LINES[layout.arrangement].english}"
    elif layout.form == "pair":
        body = f"{phrases[0]} {RELATIONS[layout.arrangement].english} {phrases[1]}"
    else:
        order = ORDERS[layout.arrangement].english
        body = f"{phrases[0]}, {phrases[1]} and {phrases[2]} {order}"
    return f"{body} {backdrop}"


def english_phrase(thing: Thing) -> str:
    """A noun phrase such as 'a small striped red car' or 'three blue fish'."""
    kind = KIND_OF[thing.kind]
    adjectives = [word for word in (thing.size, thing.texture, thing.colour) if word != UNSAID]
    if thing.count > 1:
        return " ".join([COUNTS[str(thing.count)].english, *adjectives, kind.plural])
    phrase = " ".join([*adjectives, kind.name])
    return f"an {phrase}" if phrase[0] in "aeiou" else f"a {phrase}"


def caption_japanese(layout: Layout) -> str:
    """The one Japanese caption that names every stated attribute of the layout."""
    return "".join(japanese_words(layout))


def japanese_words(layout: Layout) -> list[str]:
    """The caption's Japanese words in order; joined without spaces they are the caption."""
    phrases = [japanese_phrase(thing) for thing in layout.things]
    backdrop = [*BACKDROPS[layout.backdrop].japanese, "を", "背景", "に"]
    if layout.form == "alone":
        body = [*PLACES[layout.arrangement].japanese, "に", *phrases[0]]
    elif layout.form == "group":
        body = [*LINES[layout.arrangement].japanese, "に", "並ぶ", *phrases[0]]
    elif layout.form == "pair":
        # "A left of B" is said from B in Japanese: "B no hidari ni A".
        body = [*phrases[1], "の", *RELATIONS[layout.arrangement].japanese, "に", *phrases[0]]
    else:
        order = ORDERS[layout.arrangement].japanese
        body = [*order, *phrases[0], "と", *phrases[1], "と", *phrases[2]]
    return [*backdrop, *body]


def japanese_phrase(thing: Thing) -> list[str]:
    """A noun phrase's words, such as ['三匹', 'の', '青い', '魚']."""
    kind = KIND_OF[thing.kind]
    words: list[str] = []
    if thing.count > 1:
        words += [COUNTS[str(thing.count)].japanese[0] + kind.counter, "の"]
    if thing.size != UNSAID:
        words += SIZES[thing.size].japanese
    if thing.texture != UNSAID:
        words += TEXTURES[thing.texture].japanese
    return [*words, *COLOURS[thing.colour].japanese, kind.japanese]


def is_short(layout: Layout) -> bool:
    """Whether both captions keep to MAX_WORDS words."""
    english = len(caption_english(layout).split())
    return english <= MAX_WORDS and len(japanese_words(layout)) <= MAX_WORDS

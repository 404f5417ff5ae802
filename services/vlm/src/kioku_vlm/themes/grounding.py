"""Promise: a model's words about a theme are shown only if they say nothing that is not known.

Everything that carries meaning must be one of the theme's own labels, numbers or months, or one of
the plain words in `plain_ja.txt` and `plain_en.txt`. In English every word is looked up; in
Japanese every run of kanji and katakana, and every theme of the lexicon that is named in whatever
script. A noun in hiragana that the lexicon does not know would pass.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import cache
from importlib import resources

from kioku_vlm.themes.lexicon import ENGLISH, JAPANESE, Lexicon, folded
from kioku_vlm.themes.template_writer import english_month
from kioku_vlm.themes.theme import ThemeFacts

LONGEST_TITLE = {JAPANESE: 24, ENGLISH: 60}
LONGEST_SENTENCE = {JAPANESE: 90, ENGLISH: 200}
_MARKUP = re.compile(r"[<>{}\[\]|`*_#\\@^~=]|://|www\.|\.[a-z]{2,6}/|!\[|\n|\r|\t")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_NUMBER = re.compile(r"\d+")
_COUNTED = re.compile(r"\d+[年月日時枚]")  # the numbers themselves were looked at before
_KANA = re.compile(r"[ぁ-ゖァ-ヺ]")
_IDEOGRAM = re.compile(r"[一-鿿々㐀-䶿]")
_MEANINGFUL = re.compile(r"[一-鿿々㐀-䶿ァ-ヺー]+")
_FOREIGN_TO_JAPANESE = re.compile(r"[A-Za-z]{2,}")
_ENDINGS = ("'s", "’s", "ies", "es", "s")
_SHORTEST_STEM = 3


class Refusal(StrEnum):
    """Why a model's words are not used."""

    NO_ANSWER = "NO_ANSWER"
    TOO_LONG = "TOO_LONG"
    MARKUP = "MARKUP"
    WRONG_LANGUAGE = "WRONG_LANGUAGE"
    UNGROUNDED_NUMBER = "UNGROUNDED_NUMBER"
    UNGROUNDED_WORD = "UNGROUNDED_WORD"
    OFF_THEME = "OFF_THEME"


def refusal_of(
    answer: Mapping[str, object], facts: ThemeFacts, language: str, lexicon: Lexicon
) -> Refusal | None:
    """Why an answer with `title` and `sentence` is not used; None: it is."""
    title, sentence = answer.get("title"), answer.get("sentence")
    if not isinstance(title, str) or not isinstance(sentence, str):
        return Refusal.NO_ANSWER
    if not title.strip() or not sentence.strip():
        return Refusal.NO_ANSWER
    if len(title) > LONGEST_TITLE[language] or len(sentence) > LONGEST_SENTENCE[language]:
        return Refusal.TOO_LONG
    if any(_odd(text) for text in (title, sentence)):
        return Refusal.MARKUP
    return _meaning(unicodedata.normalize("NFKC", f"{title} {sentence}"), facts, language, lexicon)


def _meaning(text: str, facts: ThemeFacts, language: str, lexicon: Lexicon) -> Refusal | None:
    if not _speaks(text, language):
        return Refusal.WRONG_LANGUAGE
    if set(_NUMBER.findall(text)) - _numbers(facts):
        return Refusal.UNGROUNDED_NUMBER
    named = _named(facts, lexicon)
    if lexicon.mentioned(text) - named:
        return Refusal.UNGROUNDED_WORD
    known = _words_of(named, facts, lexicon)
    unknown = _unknown_ja(text, known) if language == JAPANESE else _unknown_en(text, known)
    if unknown:
        return Refusal.UNGROUNDED_WORD
    return None if _on_theme(text, facts, lexicon) else Refusal.OFF_THEME


def _odd(text: str) -> bool:
    """Markup, addresses, control characters, and what turns or hides writing."""
    return bool(_MARKUP.search(text)) or any(
        unicodedata.category(one) in {"Cc", "Cf", "Co", "Cs", "Cn"} for one in text
    )


def _speaks(text: str, language: str) -> bool:
    if language == JAPANESE:
        return bool(_KANA.search(text)) and not _FOREIGN_TO_JAPANESE.search(text)
    return not _KANA.search(text) and not _IDEOGRAM.search(text)


def _numbers(facts: ThemeFacts) -> set[str]:
    days = [day for day in (facts.first, facts.last) if day]
    numbers = {facts.pictures, *(part for day in days for part in (day.year, day.month, day.day))}
    return {str(number) for number in numbers} | {f"{number:02}" for number in numbers}


def _named(facts: ThemeFacts, lexicon: Lexicon) -> frozenset[int]:
    """Places of the labels that the facts name, and of what their own names hold within them."""
    places = {lexicon.tagged(name) for name in (facts.name, *facts.also)} - {None}
    inner = (
        lexicon.mentioned(word) for at in places if at is not None
        for word in lexicon.themes[at].all_words
    )  # fmt: skip
    return frozenset(place for place in places if place is not None).union(*inner)


def _words_of(named: Iterable[int], facts: ThemeFacts, lexicon: Lexicon) -> frozenset[str]:
    words = {folded(word) for at in named for word in lexicon.themes[at].all_words}
    words |= {folded(name) for name in (facts.name, *facts.also, *facts.phrases) if name}
    words |= {folded(english_month(day.month)) for day in (facts.first, facts.last) if day}
    return frozenset(words)


def _unknown_en(text: str, known: Iterable[str]) -> bool:
    allowed = {stem for phrase in known for stem in map(_stem, _WORD.findall(phrase))}
    allowed |= {_stem(word) for word in plain_words(ENGLISH)}
    return any(_stem(word) not in allowed for word in _WORD.findall(folded(text)))


def _unknown_ja(text: str, known: Iterable[str]) -> bool:
    rest = _COUNTED.sub("\n", folded(text))
    for word in sorted({*known, *plain_words(JAPANESE)}, key=len, reverse=True):
        rest = rest.replace(word, "\n")
    return bool(_MEANINGFUL.search(rest))


def _on_theme(text: str, facts: ThemeFacts, lexicon: Lexicon) -> bool:
    """Whether it names the theme itself; of one that only dates gave there is nothing to name."""
    place = lexicon.tagged(facts.name) if facts.name else None
    if place is None:
        return True
    stems = " ".join(_stem(word) for word in _WORD.findall(folded(text)))
    return any(
        folded(word) in folded(text)
        or " ".join(_stem(part) for part in _WORD.findall(folded(word))) in stems
        for word in lexicon.themes[place].all_words
        if len(word) > 1 or word == facts.name
    )


def _stem(word: str) -> str:
    for ending in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= _SHORTEST_STEM:
            return word[: -len(ending)] + ("y" if ending == "ies" else "")
    return word


@cache
def plain_words(language: str) -> frozenset[str]:
    """Words that say nothing about what is shown."""
    text = resources.files(__package__).joinpath(f"plain_{language}.txt").read_text("utf-8")
    lines = (line for line in text.splitlines() if not line.startswith("#"))
    return frozenset(word for line in lines for word in line.split())

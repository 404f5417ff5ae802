"""Words without a model read well."""

from __future__ import annotations

from datetime import date

import pytest
from kioku_vlm.themes.grounding import refusal_of
from kioku_vlm.themes.template_writer import TemplateWriter
from kioku_vlm.themes.theme import ThemeFacts

from tests.unit.vlm.themes.rig import LEXICON, at

DAYS = "3 April 2026 and 5 April 2026"
APRIL = (date(2026, 4, 3), date(2026, 4, 5))


def facts(language: str, theme: str, *also: str, pictures: int = 1, **days: date) -> ThemeFacts:
    """Facts as the use case makes them."""
    themes = [LEXICON.themes[at(name)] for name in (theme, *also)]
    names = [one.name(language) for one in themes]
    return ThemeFacts(
        names[0], tuple(names[1:]), pictures, phrases=tuple(one.phrase for one in themes), **days
    )


@pytest.mark.parametrize(
    ("pictures", "also", "days", "title", "sentence"),
    [
        (1, (), (), "桜", "桜の写真です。"),
        (3, ("park", "picnic"), APRIL, "2026年4月の桜",
         "2026年4月3日から5日に撮影した桜の写真3枚で、公園とピクニックも写っています。"),
        (2, (), (date(2026, 4, 3),) * 2, "2026年4月の桜",
         "2026年4月3日に撮影した桜の写真2枚です。"),
        (2, (), (date(2026, 3, 30), date(2026, 4, 2)), "2026年の桜",
         "2026年3月30日から4月2日に撮影した桜の写真2枚です。"),
        (9, ("park",), (date(2024, 4, 1), date(2026, 4, 2)), "2024年〜2026年の桜",
         "2024年4月1日から2026年4月2日に撮影した桜の写真9枚で、公園も写っています。"),
    ],
)  # fmt: skip
async def test_in_japanese(
    pictures: int, also: tuple[str, ...], days: tuple[date, ...], title: str, sentence: str
) -> None:
    known = dict(zip(("first", "last"), days, strict=False))
    asked = facts("ja", "cherry-blossoms", *also, pictures=pictures, **known)
    found = await TemplateWriter().write(asked, "ja")
    assert (found.title, found.sentence) == (title, sentence)


@pytest.mark.parametrize(
    ("pictures", "also", "days", "title", "sentence"),
    [
        (1, (), (), "Cherry blossoms", "A picture of cherry blossoms."),
        (1, ("park",), (), "Cherry blossoms", "A picture of cherry blossoms, with a park."),
        (3, ("park", "picnic"), APRIL, "Cherry blossoms, April 2026",
         f"Three pictures of cherry blossoms taken between {DAYS}, some with a park and a picnic."),
        (12, (), (date(2026, 4, 3),) * 2, "Cherry blossoms, April 2026",
         "12 pictures of cherry blossoms taken on 3 April 2026."),
    ],
)  # fmt: skip
async def test_in_english(
    pictures: int, also: tuple[str, ...], days: tuple[date, ...], title: str, sentence: str
) -> None:
    known = dict(zip(("first", "last"), days, strict=False))
    asked = facts("en", "cherry-blossoms", *also, pictures=pictures, **known)
    found = await TemplateWriter().write(asked, "en")
    assert (found.title, found.sentence) == (title, sentence)


async def test_where_only_days_are_known() -> None:
    known = ThemeFacts("", (), 2, *APRIL)
    ja = await TemplateWriter().write(known, "ja")
    en = await TemplateWriter().write(known, "en")
    assert (ja.title, ja.sentence) == (
        "2026年4月の思い出", "2026年4月3日から5日に撮影した写真2枚です。",
    )  # fmt: skip
    assert (en.title, en.sentence) == (
        "Memories, April 2026",
        "Two pictures taken between 3 April 2026 and 5 April 2026.",
    )


@pytest.mark.parametrize("language", ["ja", "en"])
async def test_every_theme_is_worded_so_that_a_model_might_have_said_it(language: str) -> None:
    for theme in LEXICON.themes:
        known = facts(language, theme.theme_id, pictures=3, first=APRIL[0], last=APRIL[1])
        words = await TemplateWriter().write(known, language)
        answer = {"title": words.title, "sentence": words.sentence}
        assert refusal_of(answer, known, language, LEXICON) is None, (theme.theme_id, words)

"""People are described, never named; boxes are boxes."""

from __future__ import annotations

import pytest
from kioku_vlm.engines.breaker import Breaker
from kioku_vlm.engines.failure import ModelDown
from kioku_vlm.engines.model_describer import ModelDescriber
from kioku_vlm.engines.ports import SeenPerson
from kioku_vlm.engines.prompt import load_prompt
from kioku_vlm.engines.viewing import Viewer
from kioku_vlm.page import Box, Document

from tests.unit.vlm.engines.drawn_pages import document
from tests.unit.vlm.engines.models import InlineDecoder, ScriptedModel, Tally, picture


def _said(
    description: str, *, left: int = 100, top: int = 200, right: int = 400, bottom: int = 900
):
    return {"left": left, "top": top, "right": right, "bottom": bottom, "description": description}


async def _seen(*people: object, page: Document, language: str = "en") -> tuple[SeenPerson, ...]:
    describer, _ = _describer({"people": list(people)})
    return await describer.describe([picture()], page, language)


def _describer(*says: object) -> tuple[ModelDescriber, ScriptedModel]:
    model = ScriptedModel(list(says))
    return ModelDescriber(
        model, load_prompt("people"), Viewer(InlineDecoder()),
        breaker=Breaker(most_failures=1), most_tokens=200, observer=Tally(),
    ), model  # fmt: skip


async def test_a_person_has_a_box_in_parts_of_the_page_and_a_sentence() -> None:
    (one,) = await _seen(_said("A child in a red coat."), page=document())
    assert one == SeenPerson(
        1, Box(0.1, 0.2, pytest.approx(0.3), pytest.approx(0.7)), "A child in a red coat.", 0.5
    )  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("description", "kept"),
    [
        ("Tanaka waves at the crowd.", "waves at the crowd."),
        ("A woman named HANAKO TANAKA.", "A woman named"),
        ("A man reads a book.", "A man reads a book."),
    ],
)
async def test_names_that_are_written_in_the_picture_do_not_come_out(
    description: str, kept: str
) -> None:
    (one,) = await _seen(_said(description), page=document("Hanako Tanaka", "reads a book"))
    assert one.description == kept
    assert one.flags == (("QUOTES_PICTURE",) if kept != description else ())
    assert one.confidence == (0.3 if kept != description else 0.5)


async def test_japanese_names_do_not_come_out_either() -> None:
    (one,) = await _seen(
        _said("山田花子が手を振っている。"), page=document("出演 山田花子"), language="ja"
    )
    assert "山田" not in one.description
    assert one.flags == ("QUOTES_PICTURE",)


async def test_boxes_are_put_in_order_and_those_without_area_or_twice_are_dropped() -> None:
    people = await _seen(
        _said("a", left=400, right=100, top=900, bottom=200),
        _said("a again", left=101, right=399),
        _said("a line", left=500, right=500),
        page=document(),
    )
    assert [one.description for one in people] == ["a"]
    assert people[0].box.width == pytest.approx(0.3)


@pytest.mark.parametrize(
    ("language", "named"), [("ja", "Japanese"), ("en", "English"), ("", "English")]
)
async def test_the_language_is_asked_for(language: str, named: str) -> None:
    describer, model = _describer({"people": []})
    assert await describer.describe([picture()], document(), language) == ()
    assert f"one short sentence in {named}" in model.asked[0].text


async def test_a_dead_model_is_not_asked_again_at_once() -> None:
    describer, model = _describer(ModelDown())
    for _ in range(3):
        with pytest.raises(ModelDown):
            await describer.describe([picture()], document(), "en")
    assert len(model.asked) == 1

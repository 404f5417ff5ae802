"""Captions are short and name every stated attribute."""

from kioku_scenes import draw_scene
from kioku_scenes.caption import (
    MAX_WORDS,
    caption_english,
    caption_japanese,
    japanese_words,
)
from kioku_scenes.kinds import KIND_OF
from kioku_scenes.layout import Layout, Thing
from kioku_scenes.words import BACKDROPS, COLOURS

PAIR = Layout(
    "pair",
    (Thing("car", "red", "small", "striped"), Thing("fish", "blue", count=3)),
    "left",
    "grass",
)


def test_the_english_caption_of_a_pair() -> None:
    """A pair's caption names both things, the relation and the backdrop."""
    expected = "a small striped red car left of three blue fish on grass"
    assert caption_english(PAIR) == expected


def test_the_japanese_caption_of_a_pair() -> None:
    """Japanese says the same relation from the second thing."""
    expected = "草原を背景に三匹の青い魚の左に小さいしま模様の赤い車"
    assert caption_japanese(PAIR) == expected
    assert len(japanese_words(PAIR)) == 16


def test_no_caption_is_over_twenty_words() -> None:
    """Three hundred scenes keep to twenty words in each language."""
    for seed in range(300):
        scene = draw_scene(seed, 16)
        assert len(scene.caption_en.split()) <= MAX_WORDS
        assert len(japanese_words(scene.layout)) <= MAX_WORDS
        assert "".join(japanese_words(scene.layout)) == scene.caption_ja


def test_captions_name_every_thing_colour_and_backdrop() -> None:
    """Each thing's kind and colour and the backdrop appear in both captions."""
    for seed in range(100):
        scene = draw_scene(seed, 16)
        for thing in scene.layout.things:
            assert KIND_OF[thing.kind].japanese in scene.caption_ja
            assert "".join(COLOURS[thing.colour].japanese) in scene.caption_ja
            assert thing.colour in scene.caption_en
        assert scene.caption_en.endswith(BACKDROPS[scene.layout.backdrop].english)


def test_facts_list_what_the_layout_states() -> None:
    """Facts are attributes and values, ending with position and backdrop."""
    facts = {fact.attribute: fact.value for fact in draw_scene(5, 16).facts}
    assert facts["position"] == "right"
    assert facts["second texture"] == "striped"
    assert list(facts)[-2:] == ["position", "backdrop"]

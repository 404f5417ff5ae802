"""Training, validation and held-out scenes share neither seeds nor captions."""

from kioku_scenes import Split, draw_scene, seeds_of, split_of_seed
from kioku_scenes.split import split_of_layout

SPLITS: tuple[Split, ...] = ("training", "validation", "held-out")


def test_each_seed_is_in_one_split() -> None:
    """The splits' seeds are disjoint and together are all seeds."""
    seeds = {split: set(seeds_of(split, 100)) for split in SPLITS}
    assert not seeds["training"] & seeds["held-out"]
    assert not seeds["training"] & seeds["validation"]
    assert not seeds["validation"] & seeds["held-out"]
    assert {split_of_seed(seed) for seed in range(10)} == set(SPLITS)


def test_a_seed_only_shows_layouts_of_its_split() -> None:
    """What a seed shows belongs to the seed's split by its caption's checksum."""
    for seed in range(200):
        assert split_of_layout(draw_scene(seed, 16).layout) == split_of_seed(seed)


def test_no_caption_is_in_two_splits() -> None:
    """Captions of five hundred scenes of each split never meet, in either language."""
    english, japanese = [], []
    for split in SPLITS:
        scenes = [draw_scene(seed, 16) for seed in seeds_of(split, 500)]
        english.append({scene.caption_en for scene in scenes})
        japanese.append({scene.caption_ja for scene in scenes})
    for sets in (english, japanese):
        assert sum(len(one) for one in sets) == len(set().union(*sets))


def test_seeds_can_start_anywhere() -> None:
    """seeds_of counts up from its start."""
    assert seeds_of("held-out", 3, start=100) == [109, 119, 129]

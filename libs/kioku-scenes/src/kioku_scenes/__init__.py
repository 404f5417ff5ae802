"""Seeded pictures of drawn things with English and Japanese captions.

scene = draw_scene(42)
scene.image, scene.caption_en, scene.caption_ja, scene.facts
"""

from kioku_scenes.film import write_film
from kioku_scenes.folder import write_scenes
from kioku_scenes.negatives import FourWay, hard_negatives
from kioku_scenes.scene import Fact, Scene, draw_scene
from kioku_scenes.split import Split, seeds_of, split_of_seed

__all__ = [
    "Fact",
    "FourWay",
    "Scene",
    "Split",
    "draw_scene",
    "hard_negatives",
    "seeds_of",
    "split_of_seed",
    "write_film",
    "write_scenes",
]

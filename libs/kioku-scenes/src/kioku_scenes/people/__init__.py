"""Drawn people: simple cartoon portraits of people who do not exist.

picture, faces = draw([3, 14], (640, 480), seed=1)
faces[0].box, faces[0].landmarks, faces[0].person_seed
"""

from kioku_scenes.people.gathering import draw
from kioku_scenes.people.person import Person, invent_person
from kioku_scenes.people.portrait import DrawnFace

__all__ = ["DrawnFace", "Person", "draw", "invent_person"]

"""All kinds of things the generator draws, in a fixed order that seeds rely on."""

from kioku_scenes.kinds.animals import ANIMALS
from kioku_scenes.kinds.buildings import BUILDINGS
from kioku_scenes.kinds.foods import FOODS
from kioku_scenes.kinds.goods import GOODS
from kioku_scenes.kinds.kind import Kind, Stroke
from kioku_scenes.kinds.plants import PLANTS
from kioku_scenes.kinds.shapes import SHAPES
from kioku_scenes.kinds.tools import TOOLS
from kioku_scenes.kinds.vehicles import VEHICLES

KINDS: tuple[Kind, ...] = ANIMALS + VEHICLES + BUILDINGS + PLANTS + FOODS + TOOLS + GOODS + SHAPES
KIND_OF: dict[str, Kind] = {kind.name: kind for kind in KINDS}

__all__ = ["KINDS", "KIND_OF", "Kind", "Stroke"]

"""Is the first theme of a picture right?  Drawn scenes, whose truth is known, and photographs.

    python bench/themes.py [--model models/kioku-tiny] [--template "{}"] [--scenes 400] [--json]

The model is served by the embedder's own server; labels, rarity and choice are the product's. What
is right: any theme of the lexicon that the scene's things and backdrop, the photograph's class, or
one of its captions name; pictures without such a theme are left out. Beside each accuracy stands
that of always saying what is right most often. `KIOKU_EVAL_DATA` names the folder with `photos`;
without it only scenes are looked at, which is said.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import json
import os
import random
import tempfile
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC
from pathlib import Path
from typing import Any

import numpy as np
from kioku_embedder.local_model import local_making, open_model
from kioku_embedder.main import open_server
from kioku_embedder.settings import Settings
from kioku_rt.auth import DevIssuer, TokenVerifier
from kioku_rt.rpc import channel
from kioku_scenes import draw_scene
from kioku_scenes.kinds import KINDS
from kioku_scenes.words import BACKDROPS
from kioku_vlm.themes.affinity import Background, affinity_of, background_of, no_background
from kioku_vlm.themes.choosing import ChoiceRules, Chosen, choose, weights_of
from kioku_vlm.themes.labels_client import TEMPLATE, LabelsClient
from kioku_vlm.themes.lexicon import Lexicon, kioku_lexicon
from kioku_vlm.themes.theme import Look, Seen

_BACKGROUND = 12
_SETS = 40
_OF_EACH = 4
_RULES = ChoiceRules()


@dataclass(frozen=True)
class Told:
    """A picture and the places of the themes that are right for it."""

    data: bytes
    right: frozenset[int]


@dataclass(frozen=True)
class Row:
    """One line of the table."""

    what: str
    pictures: int
    first: float
    among_five: float
    most_frequent: float


def scenes(count: int, lexicon: Lexicon) -> list[Told]:
    """Held-out scenes that name a theme."""
    found = []
    for seed in range(9, 10**6, 10):
        drawn = draw_scene(seed)
        words = [
            fact.value
            for fact in drawn.facts
            if fact.attribute.endswith("kind") or fact.attribute == "backdrop"
        ]
        right = _named(words, lexicon)
        if right:
            stream = io.BytesIO()
            drawn.image.save(stream, "PNG")
            found.append(Told(stream.getvalue(), right))
        if len(found) == count:
            break
    return found


def photographs(folder: Path, lexicon: Lexicon) -> dict[str, list[Told]]:
    """Photographs of each source that name a theme."""
    classes = [
        Told(path.read_bytes(), _named([path.parent.name.replace("_", " ")], lexicon))
        for path in sorted(folder.glob("caltech101/*/*.jpg"))
    ]
    lines = (folder / "coco/metadata.jsonl").read_text().splitlines()
    captioned = [
        Told(
            (folder / "coco" / row["file"]).read_bytes(),
            frozenset[int]().union(*map(lexicon.mentioned, row["captions"])),
        )
        for row in map(json.loads, lines)
    ]
    sources = {"caltech101": classes, "COCO": captioned}
    return {name: [one for one in told if one.right] for name, told in sources.items()}


def drawable(lexicon: Lexicon) -> Lexicon:
    """The part of the lexicon that scenes can show: the words that the small model was taught."""
    taught = _named([*(kind.name for kind in KINDS), *BACKDROPS], lexicon)
    return Lexicon([lexicon.themes[at] for at in sorted(taught)], f"{lexicon.version}-drawn")


def _named(words: Iterable[str], lexicon: Lexicon) -> frozenset[int]:
    places = (lexicon.tagged(word) for word in words)
    return frozenset(place for place in places if place is not None)


def row_of(
    what: str, told: Sequence[Told], looks: Sequence[Look], lexicon: Lexicon, *, background: bool
) -> Row:
    """Accuracy of the first theme, and whether a right one is among five."""
    known = no_background(len(lexicon))
    if background:  # other pictures of the same source, as an owner's library would be
        known = background_of([(one.shares, ()) for one in looks[:_BACKGROUND]], lexicon)
        told, looks = told[_BACKGROUND:], looks[_BACKGROUND:]
    chosen = [_themes([look], lexicon, known, 5) for look in looks]
    first = [bool(some) and some[0] in one.right for some, one in zip(chosen, told, strict=True)]
    five = [bool(set(some) & one.right) for some, one in zip(chosen, told, strict=True)]
    counts = Counter(place for one in told for place in one.right)
    most = counts.most_common(1)[0][1] / len(told)
    return Row(what, len(told), float(np.mean(first)), float(np.mean(five)), most)


def _themes(looks: Sequence[Look], lexicon: Lexicon, known: Background, most: int) -> list[int]:
    return [one.theme for one in _choice(looks, lexicon, known, most)]


def _choice(looks: Sequence[Look], lexicon: Lexicon, known: Background, most: int) -> list[Chosen]:
    seen = [Seen(number, look) for number, look in enumerate(looks)]
    affinity = affinity_of(seen, lexicon, known, UTC)
    weights = weights_of(np.stack([look.vector for look in looks]), _RULES.same)
    return choose(affinity.whole, weights, [theme.family for theme in lexicon.themes], most, _RULES)


def sets_of(told: Sequence[Told], looks: Sequence[Look], lexicon: Lexicon) -> dict[str, float]:
    """Sets of four pictures each of three themes: what is covered, and what is right."""
    rng = random.Random(20261127)
    by_theme: dict[int, list[int]] = {}
    for number, one in enumerate(told):
        for place in one.right:
            by_theme.setdefault(place, []).append(number)
    usable = sorted(place for place, some in by_theme.items() if len(some) >= _OF_EACH)
    covered, right, members = [], 0, 0
    for _ in range(_SETS if len(usable) >= 3 else 0):
        picked = {n for at in rng.sample(usable, 3) for n in rng.sample(by_theme[at], _OF_EACH)}
        numbers = sorted(picked)
        chosen = _choice([looks[n] for n in numbers], lexicon, no_background(len(lexicon)), 5)
        covered.append(len({m for one in chosen for m in one.members}) / len(numbers))
        members += sum(len(one.members) for one in chosen)
        right += sum(one.theme in told[numbers[m]].right for one in chosen for m in one.members)
    return {
        "sets": len(covered),
        "covered": float(np.mean(covered)) if covered else 0.0,
        "right": right / members if members else 0.0,
    }


class Served:
    """An embedder of this process."""

    def __init__(self, stack: AsyncExitStack, issuer: DevIssuer, port: int, template: str) -> None:
        self._stack, self._issuer, self._port, self._template = stack, issuer, port, template

    async def looks(self, told: Sequence[Told], lexicon: Lexicon) -> list[Look]:
        """What the model sees in each picture."""
        token = self._issuer.mint("bench", ttl=3600.0)
        opened = channel(f"127.0.0.1:{self._port}", token=lambda: token)
        client = LabelsClient(
            await self._stack.enter_async_context(opened),
            lexicon,
            template=self._template,
            seconds=60,
        )
        return [await client.look(one.data) for one in told]


async def serve(stack: AsyncExitStack, model: str, template: str, folder: Path) -> Served:
    """Start the embedder with a checkpoint, on the CPU."""
    issuer = DevIssuer(folder)
    settings = Settings(
        SIGLIP_MODEL_NAME=model,  # type: ignore[call-arg]
        SIGLIP_DEVICE="cpu",
        jwks=str(issuer.jwks_path),
        embedder_decoders=1,
        embedder_engine="torch",
        embedder_cache_dir=folder,
    )
    making = local_making(settings, await open_model(settings, stack))
    server = open_server(settings, [making], TokenVerifier(settings.auth_config()))
    port = await server.start()
    stack.push_async_callback(server.drain)
    return Served(stack, issuer, port, template)


async def measure(
    model: str, template: str, count: int, say: Callable[[str], None]
) -> dict[str, Any]:
    """Everything, as rows."""
    whole, rows = kioku_lexicon(), list[Row]()
    sets = {}
    with tempfile.TemporaryDirectory() as folder:
        async with AsyncExitStack() as stack:
            served = await serve(stack, model, template, Path(folder))
            for name, lexicon in (("whole lexicon", whole), ("taught words", drawable(whole))):
                told = scenes(count, lexicon)
                looks = await served.looks(told, lexicon)
                for known in (False, True):
                    what = f"scenes, {name}{', library known' if known else ''}"
                    rows.append(row_of(what, told, looks, lexicon, background=known))
                sets[name] = sets_of(told, looks, lexicon)
            rows += await _photographs(served, whole, say)
    return {"model": model, "rows": [vars(row) for row in rows], "sets": sets}


async def _photographs(served: Served, lexicon: Lexicon, say: Callable[[str], None]) -> list[Row]:
    data = os.environ.get("KIOKU_EVAL_DATA", "")
    rows, folder = list[Row](), Path(data, "photos")
    if not data or not await asyncio.to_thread(folder.is_dir):
        say("no photographs: KIOKU_EVAL_DATA names no folder with `photos`")
        return rows
    for name, told in photographs(folder, lexicon).items():
        looks = await served.looks(told, lexicon)
        for known in (False, True):
            what = f"{name}{', library known' if known else ''}"
            rows.append(row_of(what, told, looks, lexicon, background=known))
    return rows


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="models/kioku-tiny")
    parser.add_argument("--template", default=TEMPLATE, help="the sentence of a label")
    parser.add_argument("--scenes", type=int, default=400)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    found = asyncio.run(measure(options.model, options.template, options.scenes, print))
    if options.json:
        print(json.dumps(found))
        return
    print(f"{'':44}{'pictures':>9}{'first':>8}{'in five':>8}{'majority':>9}")
    for row in found["rows"]:
        print(
            f"{row['what']:44}{row['pictures']:9}{row['first']:8.3f}{row['among_five']:8.3f}"
            f"{row['most_frequent']:9.3f}"
        )
    for name, one in found["sets"].items():
        print(
            f"sets of scenes, {name}: {one['sets']}, covered {one['covered']:.3f},"
            f" right {one['right']:.3f}"
        )


if __name__ == "__main__":
    main()

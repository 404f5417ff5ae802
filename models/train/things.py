"""Invents things: a few parts with outlines, places and surfaces, and draws them in many views.

A thing plays the role of a class: its parts stay, while view, light, neighbourhood and small
proportions change (the idea of formula-driven classes: Kataoka et al., "Pre-training without
Natural Images", 2020).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

Outline = NDArray[np.float32]
_OVER = 2


@dataclass(frozen=True)
class Part:
    """A closed outline (n, 2) in units of the thing, its surface's number and its place there."""

    outline: Outline
    surface: int
    shade: float
    hollow: bool


@dataclass(frozen=True)
class Thing:
    """Parts, drawn in this order."""

    parts: tuple[Part, ...]


def invent_thing(rng: np.random.Generator, surfaces: int) -> Thing:
    """A thing of one to six parts, often symmetric, sometimes with repeated parts."""
    own = rng.integers(surfaces, size=3)
    parts: list[Part] = []
    for number in range(int(rng.integers(1, 6))):
        middle = rng.normal(0, 0.45 if number else 0.1, 2)
        size = np.exp(rng.normal(-0.7 if number else -0.25, 0.45))
        outline = _outline(rng) * size * _stretch(rng) @ _turn(rng.uniform(0, 2 * np.pi)) + middle
        part = Part(
            outline.astype(np.float32),
            int(own[rng.integers(3)]),
            float(rng.uniform(0, 0.6)),
            bool(rng.random() < 0.12),
        )
        parts += _repeated(part, rng)
    return Thing(tuple(parts))


def _repeated(part: Part, rng: np.random.Generator) -> list[Part]:
    chance = rng.random()
    if chance < 0.35:
        mirrored = part.outline * np.array([-1, 1], np.float32)
        return [part, Part(mirrored, part.surface, part.shade, part.hollow)]
    if chance < 0.5:
        count = int(rng.integers(3, 9))
        turns = [_turn(2 * np.pi * at / count) for at in range(count)]
        outlines = [(part.outline @ turn).astype(np.float32) for turn in turns]
        return [Part(outline, part.surface, part.shade, part.hollow) for outline in outlines]
    if chance < 0.6:
        step = rng.normal(0, 0.25, 2).astype(np.float32)
        moved = [part.outline + at * step for at in range(int(rng.integers(2, 5)))]
        return [Part(outline, part.surface, part.shade, part.hollow) for outline in moved]
    return [part]


def _turn(angle: float) -> NDArray[np.float64]:
    return np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])


def _stretch(rng: np.random.Generator) -> NDArray[np.float64]:
    ratio = np.exp(rng.normal(0, 0.5))
    return np.array([ratio, 1 / ratio])


def _outline(rng: np.random.Generator) -> NDArray[np.float64]:
    """A closed outline of about unit size: blob, polygon, star, round box or limb."""
    angles = np.linspace(0, 2 * np.pi, 48, endpoint=False)
    circle = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    kind = rng.integers(5)
    if kind == 0:
        waves = [
            rng.normal(0, 0.5 / k) * np.cos(k * angles + rng.uniform(0, 6)) for k in range(1, 7)
        ]
        radius = np.clip(1 + np.sum(waves, axis=0), 0.15, 2)
        return np.asarray(circle * radius[:, None] * 0.6)
    if kind == 1:
        corners = np.sort(rng.uniform(0, 2 * np.pi, int(rng.integers(3, 8))))
        return np.stack([np.cos(corners), np.sin(corners)], axis=1) * 0.8
    if kind == 2:
        teeth = int(rng.integers(3, 12))
        return circle * (1 + rng.uniform(0.1, 0.6) * np.cos(teeth * angles))[:, None] * 0.6
    if kind == 3:
        power = rng.uniform(0.15, 1.0)
        return np.asarray(np.sign(circle) * np.abs(circle) ** power * 0.6)
    return _limb(rng)


def _limb(rng: np.random.Generator) -> NDArray[np.float64]:
    """A bent stroke that tapers."""
    along = np.linspace(-1, 1, 24)
    bend = rng.normal(0, 0.4) * along**2 + rng.normal(0, 0.25) * along**3
    width = rng.uniform(0.03, 0.2) * (1 + rng.uniform(-0.9, 0.9) * along)
    upper = np.stack([along, bend + width], axis=1)
    lower = np.stack([along, bend - width], axis=1)[::-1]
    return np.concatenate([upper, lower])


def mask_of(outline: Outline, side: int, hollow: bool) -> NDArray[np.float32]:
    """Coverage of an outline given in pixels, (side, side) from 0 to 1."""
    canvas = Image.new("L", (side * _OVER, side * _OVER))
    points = [(float(x) * _OVER, float(y) * _OVER) for x, y in outline]
    draw = ImageDraw.Draw(canvas)
    if hollow:
        draw.line([*points, points[0]], fill=255, width=max(2, side * _OVER // 40))
    else:
        draw.polygon(points, fill=255)
    return np.asarray(np.asarray(canvas.reduce(_OVER)) / 255, np.float32)

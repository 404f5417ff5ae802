"""Draws surfaces from numbers alone: coloured noise, stripes, cells, rings, gradients.

The statistics that matter are those of photographs: spectra that fall like 1/f^a, palettes of few
and mostly muted colours (Baradad et al., "Learning to See by Looking at Noise", 2021).
"""

import colorsys

import numpy as np
from numpy.typing import NDArray

Plane = NDArray[np.float32]
Surface = NDArray[np.float32]


def draw_surface(rng: np.random.Generator, side: int) -> Surface:
    """One surface, (side, side, 3) float32 from 0 to 1."""
    makers = (_noise, _noise, _waves, _cells, _rings, _ramp, _checks)
    plane = makers[rng.integers(len(makers))](rng, side)
    if rng.random() < 0.5:
        plane = plane + rng.uniform(0.05, 0.4) * _centred(_noise(rng, side))
    return _painted(plane, palette_of(rng), rng)


def palette_of(rng: np.random.Generator) -> NDArray[np.float32]:
    """Two to four colours, (n, 3) from 0 to 1; hues lie near each other in half of all palettes."""
    count = int(rng.integers(2, 5))
    hue, spread = rng.random(), rng.choice((0.05, 1.0))
    colours = [
        colorsys.hsv_to_rgb(
            (hue + spread * rng.uniform(-0.5, 0.5)) % 1, rng.beta(1.3, 2.8), rng.beta(2.0, 1.4)
        )
        for _ in range(count)
    ]
    return np.array(colours, np.float32)


def _painted(plane: Plane, palette: NDArray[np.float32], rng: np.random.Generator) -> Surface:
    """Values to colours along the palette, by rank in half of all surfaces."""
    low, high = np.quantile(plane[::4, ::4], (0.02, 0.98))
    levels = np.clip((plane - low) / max(high - low, 1e-6), 0, 1) * (len(palette) - 1)
    if rng.random() < 0.35:
        steps = levels - np.floor(levels)
        levels = np.floor(levels) + 1 / (1 + np.exp(-rng.uniform(6, 30) * (steps - 0.5)))
    stops = np.arange(len(palette))
    channels = [np.interp(levels, stops, palette[:, channel]) for channel in range(3)]
    return np.stack(channels, axis=-1).astype(np.float32)


def _grid(rng: np.random.Generator, side: int) -> tuple[Plane, Plane]:
    """Coordinates from -1 to 1, turned, stretched and often bent by slow noise."""
    line = np.linspace(-1, 1, side, dtype=np.float32)
    x, y = np.meshgrid(line, line)
    angle, stretch = rng.uniform(0, np.pi), np.exp(rng.normal(0, 0.4))
    turned = (
        x * np.cos(angle) + y * np.sin(angle),
        (y * np.cos(angle) - x * np.sin(angle)) * stretch,
    )
    if rng.random() < 0.6:
        bend = rng.uniform(0.02, 0.25)
        first, second = (_centred(_spectrum(rng, side, 2.5)) for _ in range(2))
        return turned[0] + bend * first, turned[1] + bend * second
    return turned


def _centred(plane: Plane) -> Plane:
    return np.asarray((plane - plane.mean()) / (plane.std() + 1e-6), np.float32)


def _spectrum(rng: np.random.Generator, side: int, fall: float) -> Plane:
    across = np.fft.rfftfreq(side)[None]
    down = np.fft.fftfreq(side)[:, None]
    angle, stretch = rng.uniform(0, np.pi), np.exp(abs(rng.normal(0, 0.6)))
    along = (across * np.cos(angle) + down * np.sin(angle)) * stretch
    beside = down * np.cos(angle) - across * np.sin(angle)
    radius = np.sqrt(along**2 + beside**2)
    radius[0, 0] = 1
    phase = rng.uniform(0, 2 * np.pi, radius.shape)
    waves = np.exp(1j * phase) * radius**-fall
    waves[0, 0] = 0
    return np.fft.irfft2(waves, (side, side)).astype(np.float32)


def _noise(rng: np.random.Generator, side: int) -> Plane:
    return _centred(_spectrum(rng, side, rng.uniform(0.7, 2.4)))


def _waves(rng: np.random.Generator, side: int) -> Plane:
    x, _ = _grid(rng, side)
    wave = np.sin(x * np.exp(rng.uniform(1.2, 4.2)) + rng.uniform(0, 6))
    return np.asarray(np.tanh(wave * rng.choice((0.5, 4.0))), np.float32)


def _checks(rng: np.random.Generator, side: int) -> Plane:
    x, y = _grid(rng, side)
    pace = np.exp(rng.uniform(1.2, 3.8))
    both = np.sin(x * pace), np.sin(y * pace * np.exp(rng.normal(0, 0.4)))
    joined = both[0] * both[1] if rng.random() < 0.5 else np.maximum(*both)
    return np.asarray(np.tanh(joined * rng.choice((1.0, 6.0))), np.float32)


def _rings(rng: np.random.Generator, side: int) -> Plane:
    x, y = _grid(rng, side)
    distance = np.hypot(x - rng.uniform(-1.5, 1.5), y - rng.uniform(-1.5, 1.5))
    return np.asarray(np.sin(distance * np.exp(rng.uniform(1, 4))), np.float32)


def _ramp(rng: np.random.Generator, side: int) -> Plane:
    x, y = _grid(rng, side)
    return np.asarray(x + rng.uniform(0, 0.5) * y * x, np.float32)


def _cells(rng: np.random.Generator, side: int) -> Plane:
    """Distances to the nearest of some points, or to the border between two (Worley, 1996)."""
    x, y = _grid(rng, side)
    points = rng.uniform(-1.3, 1.3, (int(np.exp(rng.uniform(2, 4.2))), 2)).astype(np.float32)
    nearest = np.full(x.shape, np.inf, np.float32)
    second = nearest.copy()
    for point_x, point_y in points:
        distance = (x - point_x) ** 2 + (y - point_y) ** 2
        second = np.minimum(second, np.maximum(distance, nearest))
        nearest = np.minimum(nearest, distance)
    return np.sqrt(nearest) if rng.random() < 0.5 else np.sqrt(second) - np.sqrt(nearest)

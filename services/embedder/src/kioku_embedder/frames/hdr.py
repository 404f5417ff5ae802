"""Promise: HDR pictures keep their shapes and colours on an ordinary screen.

PQ (SMPTE ST 2084) and HLG (ARIB STD-B67) are made linear, brought from BT.2020 to BT.709, brought
down by Reinhard's extended curve (Reinhard et al., 2002) on the brightest channel, and coded as
sRGB. Reference white is 203 cd/m2 (ITU-R BT.2408).
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
from av.video.reformatter import ColorTrc

HDR_CURVES = frozenset({int(ColorTrc.SMPTE2084), int(ColorTrc.ARIB_STD_B67)})
_WHITE = 203.0
_PEAK = 1_000.0
# ITU-R BT.2087: BT.2020 to BT.709, linear light.
_TO_709 = np.array(
    [
        [1.6605, -0.5876, -0.0728],
        [-0.1246, 1.1329, -0.0083],
        [-0.0182, -0.1006, 1.1187],
    ],
    np.float32,
)


def to_sdr(deep: npt.NDArray[np.uint16], curve: ColorTrc) -> npt.NDArray[np.uint8]:
    """uint8 sRGB of uint16 (height, width, 3) coded by `curve` in BT.2020."""
    light = _linear(int(curve))[deep]
    if curve == ColorTrc.ARIB_STD_B67:
        luminance = light @ np.array([0.2627, 0.6780, 0.0593], np.float32)
        gain = np.maximum(luminance, 1e-6)[..., None] ** 0.2 * (_PEAK / _WHITE)
        light = light * gain.astype(np.float32)
    light = np.maximum(light @ _TO_709.T, np.float32(0))
    brightest = light.max(axis=-1, keepdims=True)
    peak = _PEAK / _WHITE
    kept = (1 + brightest / peak**2) / (1 + brightest)
    coded: npt.NDArray[np.uint8] = _srgb()[(np.clip(light * kept, 0, 1) * 4095).astype(np.uint16)]
    return coded


@cache
def _linear(curve: int) -> npt.NDArray[np.float32]:
    """Light by code value: PQ in units of reference white, HLG of the scene, 0 to 1."""
    code = np.arange(65_536, dtype=np.float64) / 65_535
    if curve == int(ColorTrc.SMPTE2084):
        power = code ** (1 / 78.84375)
        nits = 10_000 * (np.maximum(power - 0.8359375, 0) / (18.8515625 - 18.6875 * power)) ** (
            1 / 0.1593017578125
        )
        return (nits / _WHITE).astype(np.float32)
    low = code**2 / 3
    high = (np.exp((code - 0.55991073) / 0.17883277) + 0.28466892) / 12
    return np.where(code <= 0.5, low, high).astype(np.float32)


@cache
def _srgb() -> npt.NDArray[np.uint8]:
    """sRGB code (IEC 61966-2-1) by light in 4,096 steps."""
    light = np.arange(4_096) / 4_095
    coded = np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055)
    return np.round(coded * 255).astype(np.uint8)

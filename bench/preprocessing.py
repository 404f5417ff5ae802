"""From a JPEG's bytes to a model's square: where the time goes, and which library does it best.

    .venv/bin/python -m bench.preprocessing [--rounds 7] [--side 256] [--base]

Photos: COCO's (found through KIOKU_EVAL_DATA; drawn ones where absent) as they are, and four of
them enlarged with a camera's grain to what phones and cameras store. Every way ends in the same
square by the same bilinear kernel; ways run turn about, one picture each, and `ms` is CPU time of
one thread, the median round. Beside each stands the least cosine of kioku-tiny's vectors (and with
--base of a SigLIP 2 base with random weights) to those of the plain way: all pixels decoded, long
edge 1024 by Lanczos, then the square. simplejpeg, pyvips and cykooz_resizer are measured if they
are installed; Kioku itself uses Pillow only.
"""

from __future__ import annotations

import argparse
import asyncio
import io
import os
import time
from collections.abc import Callable
from importlib.util import find_spec
from pathlib import Path
from statistics import median

import numpy as np
from kioku_embedder.preprocessing import Preprocessing
from kioku_rt.images import DecodePool, ImageLimits, decode
from kioku_rt.images.scale import fit
from PIL import Image

from bench.decode import photo

ROOT = Path(__file__).resolve().parents[1]
DATA = Path(os.environ.get("KIOKU_EVAL_DATA", ROOT.parent / "shared" / "data"))
LARGE = {"1024 px": (1_024, 768), "12 MP": (4_000, 3_000), "24 MP": (6_000, 4_000)}
LONG_EDGE, BYTES = 1_024, 2**25
BILINEAR, LANCZOS = Image.Resampling.BILINEAR, Image.Resampling.LANCZOS
Way = Callable[[bytes, int], np.ndarray]


def square(picture: Image.Image, side: int) -> np.ndarray:
    """The model's geometry, by Pillow."""
    return np.asarray(picture.resize((side, side), BILINEAR))


def plain(data: bytes, side: int) -> np.ndarray:
    """Every pixel decoded, the long edge by Lanczos: what all others are compared with."""
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    if max(picture.size) > LONG_EDGE:
        picture = picture.resize(fit(picture.size, LONG_EDGE), LANCZOS)
    return square(picture, side)


def draft_1024(data: bytes, side: int) -> np.ndarray:
    """DCT scaling down to the long edge at most, then Lanczos."""
    return square(Image.fromarray(decode(data, ImageLimits(max_bytes=BYTES)).pixels), side)


def kioku(data: bytes, side: int) -> np.ndarray:
    """What a decoder child does, all of its checks included."""
    limits = ImageLimits(needed_side=side, max_bytes=BYTES)
    return decode(data, limits, rules(side)).pixels


def simplejpeg(data: bytes, side: int) -> np.ndarray:
    """libjpeg-turbo without Pillow, at the smallest scale above the long edge."""
    import simplejpeg as library  # noqa: PLC0415

    height, width, *_ = library.decode_jpeg_header(data)
    least = fit((width, height), LONG_EDGE)
    pixels = library.decode_jpeg(data, "RGB", min_width=least[0], min_height=least[1])
    return square(Image.fromarray(pixels), side)


def vips(data: bytes, side: int) -> np.ndarray:
    """libvips: shrinks on load, all the way to the square."""
    import pyvips  # noqa: PLC0415

    pyvips.cache_set_max(0)
    picture = pyvips.Image.thumbnail_buffer(data, side, height=side, size="force")
    return np.asarray(picture.numpy()[..., :3])


def vector_resize(data: bytes, side: int) -> np.ndarray:
    """Our decode, the square by fast_image_resize's AVX2."""
    import cykooz_resizer as library  # noqa: PLC0415

    pixels = decode(data, ImageLimits(needed_side=side, max_bytes=BYTES)).pixels
    kind = library.PixelType.U8x3
    source = library.ImageData(pixels.shape[1], pixels.shape[0], kind, pixels.tobytes())
    result = library.ImageData(side, side, kind)
    bilinear = library.ResizeAlg.convolution(library.FilterType.bilinear)
    library.Resizer().resize(source, result, library.ResizeOptions(bilinear, use_alpha=False))
    return np.frombuffer(result.get_buffer(), np.uint8).reshape(side, side, 3)


WAYS: dict[str, Way] = {
    "plain Pillow": plain,
    "Pillow, DCT scale to 1024": draft_1024,
    "Kioku (Pillow, rule 2)": kioku,
}
OTHERS: dict[str, tuple[str, Way]] = {
    "simplejpeg, scaled": ("simplejpeg", simplejpeg),
    "pyvips thumbnail": ("pyvips", vips),
    "Kioku + cykooz_resizer": ("cykooz_resizer", vector_resize),
}


def rules(side: int) -> Preprocessing:
    """SigLIP's geometry for a side."""
    return Preprocessing(side, side, None, int(BILINEAR), 1 / 255, (0.5,) * 3, (0.5,) * 3)


def pictures() -> dict[str, list[bytes]]:
    """JPEGs by size."""
    files = sorted((DATA / "photos" / "coco").glob("**/*.jpg"))[:24]
    small = [path.read_bytes() for path in files] or [photo((512, 384), at) for at in range(24)]
    large = {
        name: [enlarged(data, size, at) for at, data in enumerate(small[:4])]
        for name, size in LARGE.items()
    }
    return {"512 px": small} | large


def enlarged(data: bytes, size: tuple[int, int], seed: int) -> bytes:
    """A photo at another size, with the grain of a sensor so that it is as hard to decode."""
    picture = Image.open(io.BytesIO(data)).convert("RGB").resize(size, Image.Resampling.BICUBIC)
    grain = np.random.default_rng(seed).normal(0, 3, (size[1], size[0], 1))
    pixels = np.clip(np.asarray(picture) + grain, 0, 255).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "JPEG", quality=90)
    return stream.getvalue()


def milliseconds(
    ways: dict[str, Way], files: list[bytes], side: int, rounds: int
) -> dict[str, float]:
    """Median CPU time of one picture by each way, ways turn about."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        spent = dict.fromkeys(ways, 0.0)
        for data in files:
            for name, way in ways.items():
                begun = time.process_time()
                way(data, side)
                spent[name] += time.process_time() - begun
        for name, seconds in spent.items():
            times[name].append(1000 * seconds / len(files))
    return {name: median(values) for name, values in times.items()}


def embedders(*, base: bool) -> dict[str, tuple[int, Callable[[np.ndarray], np.ndarray]]]:
    """Name to side and a function from a square to a unit vector."""
    import torch  # noqa: PLC0415
    from transformers import AutoModel, SiglipVisionConfig, SiglipVisionModel  # noqa: PLC0415

    torch.set_num_threads(1)
    torch.manual_seed(0)
    config = SiglipVisionConfig(
        hidden_size=768,
        intermediate_size=3072,
        num_hidden_layers=12,
        num_attention_heads=12,
        image_size=256,
    )
    towers = {"tiny": (96, AutoModel.from_pretrained(ROOT / "models" / "kioku-tiny").vision_model)}
    if base:
        towers["base"] = (256, SiglipVisionModel(config))

    def of(tower: torch.nn.Module) -> Callable[[np.ndarray], np.ndarray]:
        tower.float().eval()

        def vector(pixels: np.ndarray) -> np.ndarray:
            batch = torch.from_numpy(pixels.astype(np.float32) / 127.5 - 1).permute(2, 0, 1)[None]
            with torch.inference_mode():
                seen: np.ndarray = tower(pixel_values=batch).pooler_output[0].numpy()
            return np.asarray(seen / np.linalg.norm(seen))

        return vector

    return {name: (side, of(tower)) for name, (side, tower) in towers.items()}


def cosine(way: Way, files: list[bytes], side: int, vector: Callable[..., np.ndarray]) -> float:
    """The least over the files, to the plain way."""
    return min(float(vector(way(f, side)) @ vector(plain(f, side))) for f in files)


def stages(files: list[bytes], side: int, rounds: int) -> dict[str, float]:
    """Milliseconds of CPU of each part of our own way, median round."""
    limits = ImageLimits(needed_side=side, max_bytes=BYTES)
    parts: dict[str, Way] = {
        "read and header": lambda data, _: np.empty(Image.open(io.BytesIO(data)).size[0]),
        "+ decode, upright, sRGB, <= 1024": lambda data, _: decode(data, limits).pixels,
        "+ the model's square": kioku,
    }
    return milliseconds(parts, files, side, rounds)


async def pooled(files: list[bytes], side: int, rounds: int) -> tuple[float, float]:
    """Milliseconds of wall time in this process and through a pool of one, turn about."""
    limits = ImageLimits(needed_side=side, max_bytes=BYTES)
    pool = DecodePool(1, limits, rules(side))
    pool.start()
    here, there = [], []
    for _ in range(rounds):
        begun = time.perf_counter()
        for data in files:
            kioku(data, side)
        middle = time.perf_counter()
        await asyncio.gather(*(pool.decode(data) for data in files))
        here.append(1000 * (middle - begun) / len(files))
        there.append(1000 * (time.perf_counter() - middle) / len(files))
    pool.close()
    return median(here), median(there)


def main() -> None:
    """Prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--side", type=int, default=256)
    parser.add_argument("--base", action="store_true", help="cosines of SigLIP 2 base, too")
    options = parser.parse_args()
    others = {name: way for name, (module, way) in OTHERS.items() if find_spec(module)}
    models = embedders(base=options.base)
    for size, files in pictures().items():
        times = milliseconds(WAYS | others, files, options.side, options.rounds)
        print(f"\n{size}, {sum(map(len, files)) / len(files) / 1e3:.0f} kB each")
        for name, way in (WAYS | others).items():
            beside = " ".join(
                f"{model} {cosine(way, files[:4], side, vector):.6f}"
                for model, (side, vector) in models.items()
            )
            print(
                f"  {name:28}{times[name]:8.2f} ms{1000 / times[name]:8.0f} /s of a core"
                f"{times['plain Pillow'] / times[name]:7.2f} x   {beside}",
                flush=True,
            )
        parts = stages(files, options.side, options.rounds)
        print("  " + "; ".join(f"{name} {value:.2f}" for name, value in parts.items()))
        here, there = asyncio.run(pooled(files, options.side, options.rounds))
        print(
            f"  pool of one: {there:.2f} ms a picture, {here:.2f} in process ({there - here:+.2f})"
        )


if __name__ == "__main__":
    main()

"""The published model loads as any other and finds held-out scenes by their captions."""

from pathlib import Path
from typing import Any

import pytest
import torch
from kioku_scenes import draw_scene, seeds_of
from torch.nn.functional import normalize
from transformers import AutoModel, AutoProcessor

FOLDER = Path(__file__).resolve().parents[3] / "models" / "kioku-tiny"
SCENES = 200
FLOOR = 0.95


@pytest.fixture(scope="module")
def model() -> Any:
    """The model as transformers' plain AutoModel loads it."""
    return AutoModel.from_pretrained(FOLDER, local_files_only=True).eval()


@pytest.fixture(scope="module")
def processor() -> Any:
    """The processor as transformers' plain AutoProcessor loads it."""
    return AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
        FOLDER, local_files_only=True
    )


def embed_texts(model: Any, processor: Any, texts: list[str]) -> torch.Tensor:
    """Unit float32 rows (texts, width)."""
    tokens = processor(text=texts, padding="max_length", truncation=True, return_tensors="pt")
    with torch.inference_mode():
        return normalize(model.get_text_features(**tokens).pooler_output, dim=-1)


def test_weights_are_widened_to_float32(model: Any) -> None:
    """The stored float16 weights are float32 once loaded."""
    assert model.config.model_type == "siglip"
    assert {weight.dtype for weight in model.parameters()} == {torch.float32}


def test_captions_find_their_scenes(model: Any, processor: Any) -> None:
    """Among 200 held-out scenes, recall@1 is above the floor in each language."""
    scenes = [draw_scene(seed) for seed in seeds_of("held-out", SCENES)]
    pixels = processor(images=[scene.image for scene in scenes], return_tensors="pt")
    with torch.inference_mode():
        pictures = normalize(model.get_image_features(**pixels).pooler_output, dim=-1)
    for texts in ([s.caption_en for s in scenes], [s.caption_ja for s in scenes]):
        best = (embed_texts(model, processor, texts) @ pictures.T).argmax(dim=1)
        assert float((best == torch.arange(SCENES)).float().mean()) >= FLOOR


def test_letter_case_and_width_do_not_matter(model: Any, processor: Any) -> None:
    """Upper case and full-width letters embed as lower-case ones do."""
    rows = embed_texts(model, processor, ["a red car", "A RED CAR", "ａ ｒｅｄ ｃａｒ"])
    assert torch.equal(rows[0], rows[1])
    assert torch.equal(rows[0], rows[2])


@pytest.mark.parametrize("text", ["", "🦄 ünïcødé", "漢字かな交じり文", "\u0000\uffff", "x" * 5000])
def test_any_text_has_an_embedding(model: Any, processor: Any, text: str) -> None:
    """Empty, unknown and overlong texts embed to finite numbers."""
    assert bool(torch.isfinite(embed_texts(model, processor, [text])).all())


def test_the_folder_is_small_and_holds_no_pickle() -> None:
    """The folder is under 10 MB, with safetensors weights and no pickle format."""
    files = [path for path in FOLDER.rglob("*") if path.is_file()]
    assert sum(path.stat().st_size for path in files) < 10_000_000
    assert (FOLDER / "model.safetensors") in files
    assert not {path.suffix for path in files} & {".bin", ".pt", ".pth", ".pkl", ".ckpt", ".npy"}

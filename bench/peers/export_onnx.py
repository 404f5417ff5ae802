"""The picture tower as an ONNX graph of batch one, float32, as photo applications serve it.

Runs in the peers' own Python: `python export_onnx.py CHECKPOINT FOLDER`.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModel


class Visual(torch.nn.Module):
    """Pixels (1, 3, S, S) float32 to a vector (1, D) of length one."""

    def __init__(self, model: Any) -> None:
        super().__init__()
        self.model = model

    def forward(self, image: torch.Tensor) -> torch.Tensor:
        """The vector."""
        vector = self.model.get_image_features(pixel_values=image).pooler_output
        return torch.nn.functional.normalize(vector, dim=-1)


def main(checkpoint: Path, folder: Path) -> None:
    """Writes `visual.onnx`."""
    model = AutoModel.from_pretrained(checkpoint).eval()
    side = model.config.vision_config.image_size
    image = torch.zeros(1, 3, side, side)
    exported = torch.onnx.export(
        Visual(model), (image,), input_names=["image"], output_names=["unit_vector"], dynamo=True
    )
    assert exported is not None
    exported.save(folder / "visual.onnx", external_data=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))

"""Writes the trained model as a folder that transformers loads by its plain Auto classes."""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from transformers import SiglipModel, SiglipProcessor


def write_model(model: SiglipModel, processor: SiglipProcessor, folder: Path) -> None:
    """Write config, processor, tokenizer and float16 weights into the folder.

    The configuration asks for float32, so the weights are widened again as they are loaded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    processor.save_pretrained(folder)
    config = json.loads(model.config.to_json_string())
    config |= {"architectures": ["SiglipModel"], "dtype": "float32"}
    (folder / "config.json").write_text(json.dumps(config, indent=2, sort_keys=True) + "\n")
    weights = {
        name: weight.detach().to(torch.float16).contiguous()
        for name, weight in model.state_dict().items()
    }
    save_file(weights, folder / "model.safetensors", metadata={"format": "pt"})

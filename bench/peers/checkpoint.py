"""One random SigLIP 2 base for all sides: the same weights, in the files that each of them reads.

`python -m bench.peers.checkpoint DIR` writes `DIR/model` (ours and transformers 5), `DIR/model-v4`
(the same weights with the file names of transformers 4, for infinity) and, with the peers' own
Python in `DIR/plain`, `DIR/model-onnx/visual.onnx`. What is there already is kept.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

from kioku_embedder.random_checkpoint import write_siglip2_base

_HERE = Path(__file__).resolve().parent


def write_all(peers: Path) -> None:
    """Writes what is missing."""
    ours, older, graph = (peers / name for name in ("model", "model-v4", "model-onnx"))
    if not (ours / "model.safetensors").exists():
        write_siglip2_base(ours)
    if not (older / "model.safetensors").exists():
        _write_older(ours, older)
    if not (graph / "visual.onnx").exists():
        graph.mkdir(exist_ok=True)
        python, script = peers / "plain/bin/python", _HERE / "export_onnx.py"
        subprocess.run([python, script, ours, graph], check=True)


def _write_older(ours: Path, older: Path) -> None:
    """transformers 4 wants the image processor in a file of its own, without the new class name."""
    shutil.copytree(ours, older, copy_function=_link, dirs_exist_ok=True)
    processor = json.loads((ours / "processor_config.json").read_text())
    facts: dict[str, Any] = processor["image_processor"]
    facts |= {"image_processor_type": "SiglipImageProcessor", "processor_class": "SiglipProcessor"}
    (older / "processor_config.json").unlink()
    (older / "preprocessor_config.json").write_text(json.dumps(facts, indent=2))


def _link(source: str, target: str) -> None:
    """A hard link where the file is large; a copy where it will be changed."""
    if source.endswith(".safetensors"):
        os.link(source, target)
    else:
        shutil.copyfile(source, target)


def main() -> None:
    """Writes what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("peers", type=Path)
    write_all(parser.parse_args().peers)


if __name__ == "__main__":
    main()

"""Vectors of real photographs, by a model of this house; for benches of search.

`real_vectors("kioku-visual")` embeds every picture under `photos` of KIOKU_EVAL_DATA (default:
../shared/data beside the repository) once and keeps the matrix in the folder for temporary files.
"""

from __future__ import annotations

import hashlib
import sys
import tempfile
from pathlib import Path

import numpy as np
from kioku_embedder.extraction import extract_image_embeddings

from bench.neighbours import ROOT, Rows, eval_data

_SUFFIXES = frozenset({".jpg", ".jpeg", ".png"})


def pictures() -> list[Path]:
    """Every photograph there is, in order; ends the program where there is none."""
    found = sorted(p for p in (eval_data() / "photos").rglob("*") if p.suffix in _SUFFIXES)
    if not found:
        sys.exit("Nothing measured: KIOKU_EVAL_DATA names no folder with photos in it.")
    return found


def real_vectors(model: str) -> Rows:
    """Unit vectors, float32, shape (pictures, dimension of the model).

    Args:
        model: a folder in `models/`.
    """
    paths = pictures()
    folder = ROOT / "models" / model
    names = "\n".join(f"{path} {path.stat().st_size}" for path in paths)
    digest = hashlib.sha256(f"{folder}\n{names}".encode()).hexdigest()[:16]
    kept = Path(tempfile.gettempdir()) / f"kioku-real-{model}-{digest}.npy"
    if kept.exists():
        rows: Rows = np.load(kept)
        return rows
    rows = extract_image_embeddings([path.read_bytes() for path in paths], model=str(folder))
    rows = (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)
    np.save(kept, rows)
    return rows


if __name__ == "__main__":
    print(real_vectors(sys.argv[1] if len(sys.argv) > 1 else "kioku-visual").shape)

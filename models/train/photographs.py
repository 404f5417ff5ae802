"""Scores a model on real photographs, beside what guessing would score."""

import json
from dataclasses import dataclass
from pathlib import Path

from PIL import Image
from retrieval import Judge, recall


@dataclass(frozen=True)
class PhotoScore:
    """One score on photographs: a share of 1, the share that chance gives, the count."""

    name: str
    share: float
    chance: float
    count: int


def _open(path: Path) -> Image.Image:
    with Image.open(path) as image:
        return image.convert("RGB")


def score_classes(judge: Judge, folder: Path) -> PhotoScore:
    """Zero-shot accuracy on a folder with one folder of pictures per class name.

    Raises OSError for a picture that cannot be read.
    """
    names = sorted(path.name for path in folder.iterdir() if path.is_dir())
    paths = [path for name in names for path in sorted((folder / name).glob("*.jpg"))]
    texts = judge.embed_texts([name.replace("_", " ") for name in names])
    pictures = judge.embed_pictures([_open(path) for path in paths])
    guesses = (pictures @ texts.T).argmax(dim=1).tolist()
    right = [names[g] == path.parent.name for g, path in zip(guesses, paths, strict=True)]
    return PhotoScore(
        "caltech101 zero-shot accuracy", sum(right) / len(right), 1 / len(names), len(right)
    )


def score_captions(judge: Judge, folder: Path) -> list[PhotoScore]:
    """Recall at 1 and 10 of a photograph by its first caption in metadata.jsonl.

    Raises OSError for a picture that cannot be read.
    """
    lines = (folder / "metadata.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    pictures = judge.embed_pictures([_open(folder / row["file"]) for row in rows])
    texts = judge.embed_texts([row["captions"][0] for row in rows])
    count = len(rows)
    return [
        PhotoScore(
            f"COCO caption to photograph, recall@{best}",
            recall(pictures, texts, best),
            best / count,
            count,
        )
        for best in (1, 10)
    ]

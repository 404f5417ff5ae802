"""Prints the model card's scores as Markdown tables.

    python models/train/evaluate.py

KIOKU_EVAL_DATA names the folder with photographs; without it, ../shared/data beside the
repository is looked at, and where that is absent the photographs are left out.
"""

import argparse
import os
from pathlib import Path
from typing import cast

import torch
from kioku_scenes import Scene, Split
from photographs import PhotoScore, score_captions, score_classes
from retrieval import LANGUAGES, Judge, scenes_of, score_negatives, score_retrieval
from torch import Tensor
from transformers import AutoModel, AutoProcessor

_ROOT = Path(__file__).resolve().parents[2]


def load_judge(folder: Path) -> Judge:
    """The model and processor of a folder, read from disk alone, in float32."""
    model = AutoModel.from_pretrained(folder, dtype=torch.float32, local_files_only=True)
    processor = AutoProcessor.from_pretrained(  # type: ignore[no-untyped-call]
        folder, local_files_only=True
    )
    return Judge(model.eval(), processor)


def print_retrieval(judge: Judge, scenes: list[Scene], pictures: Tensor) -> None:
    """Caption to picture recall in each language, beside chance."""
    scores = score_retrieval(judge, scenes, pictures)
    count = len(scenes)
    print(f"| caption to picture among {count} | recall@1 | recall@5 |\n|---|---|---|")
    for language in LANGUAGES:
        print(f"| {language} | {scores[f'{language}@1']:.3f} | {scores[f'{language}@5']:.3f} |")
    print(f"| chance | {1 / count:.3f} | {5 / count:.3f} |\n")


def print_negatives(judge: Judge, scenes: list[Scene], pictures: Tensor) -> None:
    """Four-way choices won per attribute and language; chance is 0.25."""
    scores = score_negatives(judge, scenes, pictures)
    print("| four-way choice by | choices | EN | JA |\n|---|---|---|---|")
    for attribute, (share, count) in scores["EN"].items():
        print(f"| {attribute} | {count} | {share:.3f} | {scores['JA'][attribute][0]:.3f} |")
    print("| chance | | 0.250 | 0.250 |\n")


def print_photographs(judge: Judge) -> None:
    """Scores on photographs, or a sentence where there are none to score."""
    photos = Path(os.environ.get("KIOKU_EVAL_DATA", _ROOT.parent / "shared" / "data")) / "photos"
    if not photos.is_dir():
        print("No photographs: KIOKU_EVAL_DATA names no folder with photos in it.")
        return
    scores: list[PhotoScore] = [score_classes(judge, photos / "caltech101")]
    scores += score_captions(judge, photos / "coco")
    print("| on photographs | score | chance | photographs |\n|---|---|---|---|")
    for score in scores:
        print(f"| {score.name} | {score.share:.3f} | {score.chance:.3f} | {score.count} |")


def main() -> None:
    """Score a split of the scenes, then the photographs."""
    parser = argparse.ArgumentParser(description="Score kioku-tiny.")
    parser.add_argument("--model", type=Path, default=_ROOT / "models" / "kioku-tiny")
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--split", choices=("held-out", "validation"), default="held-out")
    options = parser.parse_args()
    judge = load_judge(options.model)
    scenes = scenes_of(cast(Split, options.split), options.count)
    pictures = judge.embed_pictures([scene.image for scene in scenes])
    print_retrieval(judge, scenes, pictures)
    print_negatives(judge, scenes, pictures)
    print_photographs(judge)


if __name__ == "__main__":
    main()

"""How often each way of searching a catalogue is right: by tags, by what is seen, by both.

`python -m bench.catalog` needs the labelled catalogue in `KIOKU_EVAL_DATA/catalog` (default
`../shared/data/catalog`) and says so where it is absent; `--model FOLDER` takes another checkpoint.
Ranking is exact, over all pictures; fusion is the service's own.

top-1: the first result is right. P@5: right ones among the first five (of as many as there are).
R@10: the same among the first ten.
"""

from __future__ import annotations

import argparse
import math
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from uuid import UUID

import numpy as np
import numpy.typing as npt
from kioku_embedder.extraction import extract_image_embeddings, extract_text_embeddings
from kioku_embedder.tags.encoder import TagsEncoder
from kioku_search.assets.asset import Kind
from kioku_search.hybrid.asking import DEPTH
from kioku_search.hybrid.fusion import fuse
from kioku_search.searching.options import Method
from kioku_search.searching.search import CHANCE, Neighbour

from bench.catalog_labels import Known, Question, QuestionSet, question_sets

TINY = Path(__file__).resolve().parents[1] / "models" / "kioku-tiny"
EXPECTED = "specification: tags 60-75 %, hosted CLIP 90-95 %, self-hosted CLIP 90-95 %"
Matrix = npt.NDArray[np.float32]
Ranking = list[int]
_BATCH = 64


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--model", default=str(TINY), help="checkpoint folder for what is seen")
    model = options.parse_args().model
    folder = Path(os.environ.get("KIOKU_EVAL_DATA", "../shared/data")) / "catalog"
    if not folder.is_dir():
        sys.exit(f"There is no catalogue in {folder}; set KIOKU_EVAL_DATA.")
    sets = question_sets(folder)
    pictures = _seen([known.path for known in sets[0].known], model)
    print(f"{len(pictures)} pictures; what is seen: {Path(model).name}. {EXPECTED}.\n")
    print("| questions | n | known of the pictures | tags | visual | tags + visual |")
    print("|---|---|---|---|---|---|")
    for one in sets:
        print(_row(one, pictures, model))
    print("\nEach cell: top-1 / P@5 / R@10, per cent.")


def _row(one: QuestionSet, pictures: Matrix, model: str) -> str:
    words = _by_tags(one)
    queries = _asked(one.questions, model)
    by_tags = [words(question.words) for question in one.questions]
    by_sight = [_ranked(pictures @ query, -1.0) for query in queries]
    both = [_fused(tags, seen) for tags, seen in zip(by_tags, by_sight, strict=True)]
    cells = (_cell(one.questions, ranking) for ranking in (by_tags, by_sight, both))
    return f"| {one.name} | {len(one.questions)} | {one.says} | {' | '.join(cells)} |"


def _by_tags(one: QuestionSet) -> Callable[[str], Ranking]:
    """Ranks all pictures of a set by their tags, as the service would."""
    encoder = TagsEncoder()
    vectors = np.zeros((len(one.known), encoder.space.dimension), np.float32)
    for i, (known, tagged) in enumerate(zip(one.known, one.tagged(), strict=True)):
        vector = encoder.document(tagged.tags, known.filename)
        if vector is not None:
            vectors[i] = vector
    least = CHANCE / math.sqrt(encoder.space.dimension)
    return lambda words: _ranked(vectors @ encoder.query(words), least)


def _ranked(scores: Matrix, least: float) -> Ranking:
    """Numbers of pictures, best first, ties in their order; those below `least` are not found."""
    order = np.lexsort((np.arange(len(scores)), -scores))[:DEPTH]
    return [int(i) for i in order if scores[i] >= least]


def _fused(tags: Ranking, seen: Ranking) -> Ranking:
    lists = {Method.VISUAL: _neighbours(seen), Method.TAGS: _neighbours(tags)}
    return [one.neighbour.asset_id.int for one in fuse(lists, DEPTH)]


def _neighbours(ranking: Ranking) -> list[Neighbour]:
    return [Neighbour(UUID(int=i), 0.0, "", Kind.IMAGE, (), None, "exact") for i in ranking]


def _cell(questions: Sequence[Question], rankings: Sequence[Ranking]) -> str:
    shares = [
        np.mean([_right(one, found, depth) for one, found in zip(questions, rankings, strict=True)])
        for depth in (1, 5, 10)
    ]
    return " / ".join(f"{100 * share:.0f}" for share in shares)


def _right(question: Question, found: Ranking, depth: int) -> float:
    return len(question.right & set(found[:depth])) / min(depth, len(question.right))


def _seen(paths: Sequence[Path], model: str) -> Matrix:
    parts = [
        extract_image_embeddings(
            [path.read_bytes() for path in paths[at : at + _BATCH]], model=model
        )
        for at in range(0, len(paths), _BATCH)
    ]
    return np.concatenate(parts)


def _asked(questions: Sequence[Question], model: str) -> Matrix:
    words = [question.words for question in questions]
    parts = [
        extract_text_embeddings(words[at : at + _BATCH], model=model)
        for at in range(0, len(words), _BATCH)
    ]
    return np.concatenate(parts)


__all__ = ["Known", "main"]

if __name__ == "__main__":
    main()

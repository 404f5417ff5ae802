"""Scores a model on scenes: caption to picture retrieval and four-way hard negatives."""

from collections import defaultdict
from dataclasses import dataclass

import torch
from kioku_scenes import Scene, Split, draw_scene, hard_negatives, seeds_of
from PIL import Image
from torch import Tensor
from torch.nn.functional import normalize
from transformers import SiglipModel, SiglipProcessor

_BATCH = 100
LANGUAGES = ("EN", "JA")


@dataclass(frozen=True)
class Judge:
    """A model and its processor; embeds pictures and texts to unit float32 rows."""

    model: SiglipModel
    processor: SiglipProcessor

    @torch.inference_mode()
    def embed_pictures(self, pictures: list[Image.Image]) -> Tensor:
        """Unit rows, float32 (pictures, width)."""
        rows = []
        for at in range(0, len(pictures), _BATCH):
            pixels = self.processor(images=pictures[at : at + _BATCH], return_tensors="pt")
            pooled = self.model.vision_model(pixel_values=pixels["pixel_values"]).pooler_output
            rows.append(normalize(pooled.float(), dim=-1))
        return torch.cat(rows)

    @torch.inference_mode()
    def embed_texts(self, texts: list[str]) -> Tensor:
        """Unit rows, float32 (texts, width)."""
        rows = []
        for at in range(0, len(texts), _BATCH):
            tokens = self.processor(
                text=texts[at : at + _BATCH],
                padding="max_length",
                truncation=True,
                return_tensors="pt",
            )
            pooled = self.model.text_model(input_ids=tokens["input_ids"]).pooler_output
            rows.append(normalize(pooled.float(), dim=-1))
        return torch.cat(rows)


def scenes_of(split: Split, count: int) -> list[Scene]:
    """The first `count` scenes of a split, drawn at 256 pixels."""
    return [draw_scene(seed) for seed in seeds_of(split, count)]


def recall(pictures: Tensor, texts: Tensor, best: int) -> float:
    """The share of texts whose own picture is among the `best` nearest; rows correspond."""
    similarities = texts @ pictures.T
    own = similarities.diagonal()[:, None]
    better = (similarities > own).sum(dim=1)
    return float((better < best).float().mean())


def score_retrieval(judge: Judge, scenes: list[Scene], pictures: Tensor) -> dict[str, float]:
    """Recall at 1 and at 5 in each language, keyed 'EN@1' and so on."""
    scores = {}
    captions = {"EN": [s.caption_en for s in scenes], "JA": [s.caption_ja for s in scenes]}
    for language in LANGUAGES:
        texts = judge.embed_texts(captions[language])
        for best in (1, 5):
            scores[f"{language}@{best}"] = recall(pictures, texts, best)
    return scores


def score_negatives(
    judge: Judge, scenes: list[Scene], pictures: Tensor
) -> dict[str, dict[str, tuple[float, int]]]:
    """For each language and attribute, the share of four-way choices won and their number."""
    return {language: _score_language(judge, scenes, pictures, language) for language in LANGUAGES}


def _score_language(
    judge: Judge, scenes: list[Scene], pictures: Tensor, language: str
) -> dict[str, tuple[float, int]]:
    texts: list[str] = []
    owners: list[tuple[int, str]] = []
    for index, scene in enumerate(scenes):
        for choice in hard_negatives(scene):
            texts += choice.captions_en if language == "EN" else choice.captions_ja
            owners.append((index, choice.attribute))
    rows = judge.embed_texts(texts).view(len(owners), 4, -1)
    won: dict[str, list[bool]] = defaultdict(list)
    for (index, attribute), four in zip(owners, rows, strict=True):
        won[attribute].append(int((four @ pictures[index]).argmax()) == 0)
    won["all"] = [win for wins in list(won.values()) for win in wins]
    return {name: (sum(wins) / len(wins), len(wins)) for name, wins in won.items()}

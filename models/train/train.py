"""Trains kioku-tiny from nothing: tokenizer, pictures, model.  One command, resumable.

    python models/train/train.py

Writes the model to models/kioku-tiny and a checkpoint to .data/kioku-tiny, from which the
same command carries on after an interruption.
"""

import argparse
import math
import os
import time
from pathlib import Path

import torch
from batches import Batch, Batches
from checkpoint import Checkpoint
from export import write_model
from pictures import draw_pictures
from precision import low_precision, use_fast_attention
from retrieval import Judge, scenes_of, score_negatives, score_retrieval
from torch import Tensor
from torch.nn.functional import logsigmoid, normalize
from transformers import SiglipModel, SiglipProcessor
from wordpieces import train_tokenizer

from architecture import IMAGE_SIDE, TEXT_LENGTH, VOCABULARY, new_model, new_processor

_ROOT = Path(__file__).resolve().parents[2]
_DECAY = 0.05
_FIRST_SCALE, _FIRST_BIAS = math.log(10), -10.0
_SAVE_EVERY, _SAY_EVERY = 200, 20
_VALIDATION_SCENES = 500


def read_options() -> argparse.Namespace:
    """The command line; the defaults are what trained the published model."""
    parser = argparse.ArgumentParser(description="Train kioku-tiny.")
    parser.add_argument("--output", type=Path, default=_ROOT / "models" / "kioku-tiny")
    parser.add_argument("--checkpoint", type=Path, default=_ROOT / ".data" / "kioku-tiny")
    parser.add_argument("--pairs", type=int, default=50_000, help="pairs of pictures drawn")
    parser.add_argument("--steps", type=int, default=1500)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--rate", type=float, default=1e-3, help="AdamW's learning rate")
    parser.add_argument("--muon", type=float, default=0.02, help="Muon's rate, 0 for AdamW alone")
    parser.add_argument("--warmup", type=int, default=60)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def loss_of(model: SiglipModel, batch: Batch) -> Tensor:
    """SigLIP's sigmoid loss: summed over texts and pictures, per picture; a float32 scalar."""
    pictures = model.vision_model(pixel_values=batch.pixels).pooler_output
    texts = model.text_model(input_ids=batch.tokens).pooler_output
    with torch.autocast("cpu", enabled=False):
        rows = normalize(pictures.float(), dim=-1)
        similarity = rows @ normalize(texts.float(), dim=-1).T
        logits = similarity * model.logit_scale.exp() + model.logit_bias
        return -logsigmoid(batch.truth * logits).sum() / len(batch.pixels)


def optimizers_of(model: SiglipModel, rate: float, muon: float) -> list[torch.optim.Optimizer]:
    """AdamW for all weights, or Muon for the layers' matrices and AdamW for the rest."""
    matrices, decayed, plain = [], [], []
    for name, weight in model.named_parameters():
        if muon and weight.ndim == 2 and "layers" in name:
            matrices.append(weight)
        else:
            (decayed if weight.ndim >= 2 and "embedding" not in name else plain).append(weight)
    groups = [{"params": decayed, "weight_decay": _DECAY}, {"params": plain, "weight_decay": 0.0}]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, rate, betas=(0.9, 0.98))]
    if matrices:
        optimizers.append(torch.optim.Muon(matrices, lr=muon, weight_decay=_DECAY))
    return optimizers


def pace(step: int, warmup: int, steps: int) -> float:
    """The share of the full learning rate at a step: a linear rise, then a cosine fall to 0."""
    if step < warmup:
        return (step + 1) / warmup
    return 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1, steps - warmup)))


class Trainer:
    """A model, its optimizers and how far they have come."""

    def __init__(self, model: SiglipModel, batches: Batches, options: argparse.Namespace) -> None:
        self._model, self._batches, self._options = model, batches, options
        self._optimizers = optimizers_of(model, options.rate, options.muon)
        self._full_rates = [o.param_groups[0]["lr"] for o in self._optimizers]
        self._checkpoint = Checkpoint(options.checkpoint)

    def run(self) -> None:
        """Train from the checkpoint, or from nothing, to the last step."""
        first = self._checkpoint.load(self._model, self._optimizers)
        began, total = time.monotonic(), 0.0
        for step in range(first, self._options.steps):
            total += self._take_step(step)
            if (step + 1) % _SAY_EVERY == 0:
                pause = (time.monotonic() - began) / (step + 1 - first)
                print(
                    f"step {step + 1}: loss {total / _SAY_EVERY:.3f}, {pause:.2f} s a step",
                    flush=True,
                )
                total = 0.0
            if (step + 1) % _SAVE_EVERY == 0:
                self._checkpoint.save(self._model, self._optimizers, step + 1)

    def _take_step(self, step: int) -> float:
        share = pace(step, self._options.warmup, self._options.steps)
        for optimizer, rate in zip(self._optimizers, self._full_rates, strict=True):
            for group in optimizer.param_groups:
                group["lr"] = rate * share
        with low_precision():
            loss = loss_of(self._model, self._batches.at_step(step))
        loss.backward()
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()
        return loss.item()


def main() -> None:
    """Tokenizer, pictures, training, model folder, validation scores."""
    options = read_options()
    torch.manual_seed(options.seed)
    began = time.monotonic()
    tokenizer = train_tokenizer(VOCABULARY, TEXT_LENGTH)
    processor = new_processor(tokenizer)
    pictures = draw_pictures(options.pairs, IMAGE_SIDE, os.cpu_count() or 1)
    print(f"drew {len(pictures.english)} pictures in {time.monotonic() - began:.0f} s", flush=True)
    model = new_model(tokenizer)
    torch.nn.init.constant_(model.logit_scale, _FIRST_SCALE)
    torch.nn.init.constant_(model.logit_bias, _FIRST_BIAS)
    use_fast_attention(model)
    Trainer(model, Batches(pictures, tokenizer, options.batch, options.seed), options).run()
    write_model(model, processor, options.output)
    print(f"trained and written in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    _print_validation(model, processor)


def _print_validation(model: SiglipModel, processor: SiglipProcessor) -> None:
    judge = Judge(model.eval(), processor)
    scenes = scenes_of("validation", _VALIDATION_SCENES)
    pictures = judge.embed_pictures([scene.image for scene in scenes])
    print("validation recall", score_retrieval(judge, scenes, pictures))
    for language, scores in score_negatives(judge, scenes, pictures).items():
        print(language, {name: round(share, 3) for name, (share, _) in scores.items()})


if __name__ == "__main__":
    main()

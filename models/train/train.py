"""Trains kioku-tiny from nothing: tokenizer, pictures, model.  One command, resumable.

    OMP_WAIT_POLICY=passive python models/train/train.py

Writes the model to models/kioku-tiny and a checkpoint to .data/kioku-tiny, from which the
same command carries on after an interruption.  Idle threads that sleep (passive) rather than
spin make it several times faster on cores that other work keeps busy.
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
from locality import start_locally
from patchwork import PatchReader
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
_PATCH_WEIGHT = 6.0
_RISE, _LEVEL = 0.02, 0.4
MATRIX = 2
_FIRST_SCALE, _FIRST_BIAS = math.log(20), -8.0
_SAVE_EVERY, _SAY_EVERY = 100, 20
_VALIDATION_SCENES = 500


def read_options() -> argparse.Namespace:
    """The command line; the defaults are what trained the published model."""
    parser = argparse.ArgumentParser(description="Train kioku-tiny.")
    parser.add_argument("--output", type=Path, default=_ROOT / "models" / "kioku-tiny")
    parser.add_argument("--checkpoint", type=Path, default=_ROOT / ".data" / "kioku-tiny")
    parser.add_argument("--pairs", type=int, default=24_000, help="pairs of pictures drawn")
    parser.add_argument("--steps", type=int, default=3000)
    parser.add_argument("--batch", type=int, default=128)
    parser.add_argument("--rate", type=float, default=1e-3, help="AdamW's learning rate")
    parser.add_argument("--muon", type=float, default=0.02, help="Muon's rate, 0 for AdamW alone")
    parser.add_argument("--minutes", type=float, default=55, help="finish by then, if slower")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def loss_of(model: SiglipModel, reader: PatchReader, batch: Batch) -> tuple[Tensor, Tensor]:
    """SigLIP's sigmoid loss, summed over texts and per picture, and the patches' loss.

    Both are float32 scalars.
    """
    seen = model.vision_model(pixel_values=batch.pixels)
    patch_loss = reader(seen.last_hidden_state, batch.patches)
    pictures = seen.pooler_output
    texts = model.text_model(input_ids=batch.tokens).pooler_output
    with torch.autocast("cpu", enabled=False):
        rows = normalize(pictures.float(), dim=-1)
        similarity = rows @ normalize(texts.float(), dim=-1).T
        logits = similarity * model.logit_scale.exp() + model.logit_bias
        return -logsigmoid(batch.truth * logits).sum() / len(batch.pixels), patch_loss


def optimizers_of(
    model: SiglipModel, reader: PatchReader, rate: float, muon: float
) -> list[torch.optim.Optimizer]:
    """Muon for the layers' matrices, AdamW for the rest; scale and bias move ten times faster."""
    matrices: list[Tensor] = []
    decayed: list[Tensor] = [reader.heads.weight]
    plain: list[Tensor] = [reader.heads.bias]
    for name, weight in model.named_parameters():
        if name.startswith("logit"):
            continue
        if muon and weight.ndim == MATRIX and "layers" in name:
            matrices.append(weight)
        else:
            (decayed if weight.ndim >= MATRIX and "embedding" not in name else plain).append(weight)
    groups = [
        {"params": decayed, "lr": rate, "weight_decay": _DECAY},
        {"params": plain, "lr": rate, "weight_decay": 0.0},
        {"params": [model.logit_scale, model.logit_bias], "lr": 10 * rate, "weight_decay": 0.0},
    ]
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, betas=(0.9, 0.98))]
    if matrices:
        optimizers.append(torch.optim.Muon(matrices, lr=muon, weight_decay=_DECAY))
    return optimizers


def pace(done: float) -> float:
    """The share of the full learning rate when `done` (0 to 1) of the run is over.

    A rise, a level, then a cosine fall to 0; a level can be cut short without loss.
    """
    if done < _RISE:
        return done / _RISE
    fall = max(0.0, (done - _LEVEL) / (1 - _LEVEL))
    return 0.5 * (1 + math.cos(math.pi * min(1.0, fall)))


class Trainer:
    """A model, its optimizers and how far they have come."""

    def __init__(self, model: SiglipModel, batches: Batches, options: argparse.Namespace) -> None:
        self._model, self._batches, self._options = model, batches, options
        self._reader = PatchReader(model.vision_model.config.hidden_size)
        self._optimizers = optimizers_of(model, self._reader, options.rate, options.muon)
        self._full_rates = [[g["lr"] for g in o.param_groups] for o in self._optimizers]
        self._checkpoint = Checkpoint(options.checkpoint)
        self._sums = [0.0, 0.0]

    def run(self) -> None:
        """Train from the checkpoint, or from nothing, to the last step."""
        parts = torch.nn.ModuleDict({"model": self._model, "reader": self._reader})
        first = self._checkpoint.load(parts, self._optimizers)
        began = time.monotonic()
        done, step = first / self._options.steps, first
        while done < 1:
            self._take_step(step, pace(done))
            if (step + 1) % _SAY_EVERY == 0:
                self._say(step + 1, (time.monotonic() - began) / (step + 1 - first))
            if (step + 1) % _SAVE_EVERY == 0:
                self._checkpoint.save(parts, self._optimizers, step + 1)
            step += 1
            minutes = (time.monotonic() - began) / 60
            done = max(step / self._options.steps, minutes / self._options.minutes)

    def _take_step(self, step: int, share: float) -> None:
        for optimizer, rates in zip(self._optimizers, self._full_rates, strict=True):
            for group, rate in zip(optimizer.param_groups, rates, strict=True):
                group["lr"] = rate * share
        with low_precision():
            losses = loss_of(self._model, self._reader, self._batches.at_step(step))
        (losses[0] + _PATCH_WEIGHT * share * losses[1]).backward()  # type: ignore[no-untyped-call]
        for optimizer in self._optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self._sums = [total + loss.item() for total, loss in zip(self._sums, losses, strict=True)]

    def _say(self, step: int, seconds: float) -> None:
        text, patch = (total / _SAY_EVERY for total in self._sums)
        self._sums = [0.0, 0.0]
        scale = self._model.logit_scale.exp().item()
        print(
            f"step {step}: captions {text:.3f}, patches {patch:.3f}, scale {scale:.1f}, "
            f"{seconds:.2f} s a step",
            flush=True,
        )


def main() -> None:
    """Tokenizer, pictures, training, model folder, validation scores."""
    options = read_options()
    torch.manual_seed(options.seed)
    began = time.monotonic()
    tokenizer = train_tokenizer(VOCABULARY, TEXT_LENGTH)
    processor = new_processor(tokenizer)
    pictures = draw_pictures(options.pairs, IMAGE_SIDE, os.cpu_count() or 1)
    print(f"drew {len(pictures.captions)} pictures in {time.monotonic() - began:.0f} s", flush=True)
    model = new_model(tokenizer)
    torch.nn.init.constant_(model.logit_scale, _FIRST_SCALE)
    torch.nn.init.constant_(model.logit_bias, _FIRST_BIAS)
    start_locally(model)
    use_fast_attention(model)
    Trainer(model, Batches(pictures, tokenizer, options.batch, options.seed), options).run()
    write_model(model, processor, options.output)
    print(f"trained and written in {(time.monotonic() - began) / 60:.1f} minutes", flush=True)
    _print_validation(model, processor)


def _print_validation(model: SiglipModel, processor: SiglipProcessor) -> None:
    model.train(mode=False)
    judge = Judge(model, processor)
    scenes = scenes_of("validation", _VALIDATION_SCENES)
    pictures = judge.embed_pictures([scene.image for scene in scenes])
    print("validation recall", score_retrieval(judge, scenes, pictures))
    for language, scores in score_negatives(judge, scenes, pictures).items():
        print(language, {name: round(share, 3) for name, (share, _) in scores.items()})


if __name__ == "__main__":
    main()

"""A training run: steps at a rate that rises and falls, saved on the way, finished in time."""

import argparse
import math
import time
from collections.abc import Callable
from pathlib import Path

import torch
from checkpoint import Checkpoint
from torch import Tensor, nn

_DECAY = 0.05
_RISE = 0.03
_SAVE_EVERY, _SAY_EVERY = 50, 20


def pace(done: float) -> float:
    """The share of the full learning rate: a rise, then a cosine fall."""
    if done < _RISE:
        return done / _RISE
    return 0.5 * (1 + math.cos(math.pi * min(1.0, (done - _RISE) / (1 - _RISE))))


def run(
    parts: nn.Module, options: argparse.Namespace, folder: Path, loss_at: Callable[[int], Tensor]
) -> None:
    """Train from the checkpoint in `folder`, or from nothing, to the end.

    Args:
        parts: all that learns; AdamW changes it in place.
        options: `steps`, `rate`, and `minutes` after which the run ends, however far it came.
        folder: the checkpoint's.
        loss_at: the loss of a step's number, as a scalar.
    """
    optimizer = torch.optim.AdamW(parts.parameters(), lr=options.rate, weight_decay=_DECAY)
    checkpoint = Checkpoint(folder)
    first = step = checkpoint.load(parts, [optimizer])
    began, total = time.monotonic(), 0.0
    done = first / options.steps
    while done < 1:
        for group in optimizer.param_groups:
            group["lr"] = options.rate * pace(done)
        loss = loss_at(step)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
        optimizer.zero_grad()
        total += loss.item()
        step += 1
        minutes = (time.monotonic() - began) / 60
        done = max(step / options.steps, first / options.steps + minutes / options.minutes)
        if step % _SAY_EVERY == 0:
            print(f"step {step}: {total / _SAY_EVERY:.3f}, {minutes:.1f} minutes", flush=True)
            total = 0.0
        if step % _SAVE_EVERY == 0:
            checkpoint.save(parts, [optimizer], step)

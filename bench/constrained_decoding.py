"""What constrained decoding costs, and whether what comes out is valid.

    .venv/bin/python -m bench.constrained_decoding [--rounds 3] [--tokens 48] [--threads 1]
        [--only speed|valid]

speed  tokens a second with and without the constraint, in turns, at the language shapes of the two
       smallest checkpoints that people run (SmolVLM-256M with 49,280 tokens, Qwen2.5-0.5B with
       151,936): random weights, float32, greedy, one row, one thread. The cheaper the forward
       pass, the more the constraint weighs, so larger models have less. Target: at most 15 % more
       per token. Beside it what the constraint itself takes for each token, by the clock and in
       CPU time; its share of a token's CPU time is what holds on a busy machine.
valid  200 sampled answers (temperature 1) of tiny random-weight Qwen2.5-VL and SmolVLM checkpoints,
       written on the spot, for the schema of the people task: all must be valid.
"""

from __future__ import annotations

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from jsonschema import Draft202012Validator
from kioku_vlm.engines.local.checkpoint import open_checkpoint
from kioku_vlm.engines.local.constraint import Constraint, Grammars
from kioku_vlm.engines.local.generating import Generator, Hardware
from kioku_vlm.engines.prompt import load_prompt
from tokenizers import Tokenizer, decoders, models, pre_tokenizers
from transformers import LlamaConfig, LlamaForCausalLM, LogitsProcessor, PreTrainedTokenizerFast

from tests.unit.vlm.engines.tiny_checkpoints import write_qwen, write_tiles

TARGET = 0.15
RUNS, ROWS = 200, 50
LONG = {
    "type": "object",
    "additionalProperties": False,
    "required": ["entries"],
    "properties": {
        "entries": {
            "type": "array",
            "minItems": 40,
            "maxItems": 40,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["kind", "title", "line"],
                "properties": {
                    "kind": {"enum": ["EVENT", "DEADLINE", "CLOSED", "NOTICE"]},
                    "title": {"type": "string", "minLength": 20, "maxLength": 60},
                    "line": {"type": "integer", "minimum": 0, "maximum": 999},
                },
            },
        }
    },
}
"""So long that no answer ends before the tokens that are measured."""


@dataclass(frozen=True)
class Shape:
    """Of a language model."""

    name: str
    vocabulary: int
    hidden: int
    inner: int
    layers: int
    heads: int
    key_heads: int


SHAPES = (
    Shape("smolvlm-256m", 49_280, 576, 1_536, 30, 9, 3),
    Shape("qwen2.5-0.5b", 151_936, 896, 4_864, 24, 14, 2),
)


@dataclass
class Timed(LogitsProcessor):
    """A constraint with the seconds that it takes for each token."""

    inner: Constraint
    seconds: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.Tensor:
        wall, cpu = time.perf_counter(), time.thread_time()
        masked = self.inner(input_ids, scores)
        self.seconds.append(time.perf_counter() - wall)
        self.cpu.append(time.thread_time() - cpu)
        return masked


def tokenizer_of(tokens: int) -> PreTrainedTokenizerFast:
    """Byte-level BPE with so many tokens: all bytes, all pairs of them, then longer ones."""
    alphabet = sorted(pre_tokenizers.ByteLevel.alphabet())
    vocabulary = {letter: at for at, letter in enumerate(alphabet)}
    merges: list[tuple[str, str]] = []
    chosen = np.random.default_rng(0)
    pairs = [(left, right) for left in alphabet for right in alphabet]
    while len(vocabulary) < tokens - 1:
        for left, right in pairs:
            if left + right not in vocabulary and len(vocabulary) < tokens - 1:
                vocabulary[left + right] = len(vocabulary)
                merges.append((left, right))
        known = list(vocabulary)
        pairs = [
            (known[left], known[right])
            for left, right in chosen.integers(0, len(known), (tokens, 2))
            if len(known[left] + known[right]) < 10
        ]
    inner = Tokenizer(models.BPE(vocabulary, merges))
    inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    inner.decoder = decoders.ByteLevel()
    wrapped: PreTrainedTokenizerFast = PreTrainedTokenizerFast(  # type: ignore[no-untyped-call]
        tokenizer_object=inner, eos_token="<|end|>"
    )
    return wrapped


def speed(shape: Shape, rounds: int, tokens: int) -> dict[str, float | str]:
    """Both ways in turns; medians over rounds."""
    tokenizer = tokenizer_of(shape.vocabulary - 256)
    grammars = Grammars(tokenizer, shape.vocabulary)
    torch.manual_seed(0)
    model: Any = LlamaForCausalLM(
        LlamaConfig(
            vocab_size=shape.vocabulary, hidden_size=shape.hidden, intermediate_size=shape.inner,
            num_hidden_layers=shape.layers, num_attention_heads=shape.heads,
            num_key_value_heads=shape.key_heads, tie_word_embeddings=True,
            bos_token_id=None, eos_token_id=tokenizer.eos_token_id,
        )
    )  # fmt: skip
    model.eval()
    row = torch.randint(0, 1000, (1, 64))
    taken: dict[str, list[float]] = {
        "free": [],
        "constrained": [],
        "free_cpu": [],
        "constrained_cpu": [],
    }
    own: list[float] = []
    own_cpu: list[float] = []
    for at in range(rounds + 1):
        timed = Timed(grammars.constraint(LONG, row.shape[1]))
        ways: list[tuple[str, list[Any]]] = [("free", []), ("constrained", [timed])]
        for way, processors in ways if at % 2 else ways[::-1]:
            wall, processor = _seconds(lambda p=processors: _generate(model, row, p, tokens))  # type: ignore[misc]
            if at:  # the first round warms up
                taken[way].append(wall / tokens)
                taken[f"{way}_cpu"].append(processor / tokens)
        own += timed.seconds if at else []
        own_cpu += timed.cpu if at else []
    ratios = [one / other for one, other in zip(taken["constrained"], taken["free"], strict=True)]
    cpu = [a / b for a, b in zip(taken["constrained_cpu"], taken["free_cpu"], strict=True)]
    return {
        "shape": shape.name,
        "free_tokens_per_s": round(1 / median(taken["free"]), 2),
        "constrained_tokens_per_s": round(1 / median(taken["constrained"]), 2),
        "overhead": round(median(ratios) - 1, 4),
        "overhead_cpu": round(median(cpu) - 1, 4),
        "constraint_share_cpu": round(
            float(np.mean(own_cpu)) / median(taken["constrained_cpu"]), 4
        ),
        "constraint_cpu_ms_mean": round(1000 * float(np.mean(own_cpu)), 2),
        "constraint_ms_mean": round(1000 * float(np.mean(own)), 2),
        "constraint_ms_p95": round(1000 * float(np.quantile(own, 0.95)), 2),
        "constraint_ms_max": round(1000 * max(own), 2),
    }


def _generate(model: Any, row: torch.Tensor, processors: list[Any], tokens: int) -> None:
    with torch.inference_mode():
        ids = model.generate(
            row, attention_mask=torch.ones_like(row), do_sample=False, max_new_tokens=tokens,
            min_new_tokens=tokens, logits_processor=processors,
            pad_token_id=0,
        )  # fmt: skip
    if ids.shape[1] - row.shape[1] != tokens:
        raise RuntimeError("an answer ended before the tokens that are measured")


def _seconds(work: Callable[[], None]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - wall, time.process_time() - cpu


def valid(folder: Path) -> dict[str, object]:
    """200 answers of one checkpoint."""
    checkpoint = open_checkpoint(folder, most_pixels=30_000)
    generator = Generator(checkpoint.folder, checkpoint.family, Hardware("cpu", "float32", 1))
    width, height = checkpoint.sizes.of(200, 150)[0]
    view = np.random.default_rng(0).integers(0, 255, (height, width, 3), dtype=np.uint8)
    inputs = generator.inputs.of("words", (view,))
    before = inputs["input_ids"].shape[1]
    schema = load_prompt("people").schema
    validator = Draft202012Validator(schema)
    good = cut = 0
    for _ in range(RUNS // ROWS):
        constraint = generator.grammars.constraint(schema, before)
        rows = generator.generate(
            inputs, do_sample=True, temperature=1.0, top_k=0, num_return_sequences=ROWS,
            logits_processor=[constraint], max_new_tokens=6_000,
        )  # fmt: skip
        ended = (rows[:, before:] == generator.inputs.tokenizer.eos_token_id).any(dim=1)
        texts = generator.inputs.tokenizer.batch_decode(rows[:, before:], skip_special_tokens=True)
        cut += int((~ended).sum())
        good += sum(_is_valid(text, validator) for text in texts)
    return {"checkpoint": checkpoint.version, "valid": good, "of": RUNS, "cut": cut}


def _is_valid(text: str, validator: Draft202012Validator) -> bool:
    try:
        return bool(validator.is_valid(json.loads(text)))
    except ValueError:
        return False


def main() -> None:
    """Prints one JSON object a line."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0] if __doc__ else None)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--tokens", type=int, default=48)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", choices=("speed", "valid"))
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    if args.only != "valid":
        for shape in SHAPES:
            print(
                json.dumps(speed(shape, args.rounds, args.tokens) | {"target": TARGET}), flush=True
            )
    if args.only != "speed":
        with tempfile.TemporaryDirectory() as folder:
            for name, write in (("qwen2.5-vl", write_qwen), ("smolvlm", write_tiles)):
                print(json.dumps(valid(write(Path(folder) / name))), flush=True)


if __name__ == "__main__":
    main()

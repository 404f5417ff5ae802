"""Promise: one question to loaded weights, one answer that the schema allows.

Imported by the child only: torch and the weights never are in the service's own process.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM, AutoModelForImageTextToText

from kioku_vlm.engines.local.checkpoint import Family
from kioku_vlm.engines.local.constraint import Grammars
from kioku_vlm.engines.local.inputs import Tensors, open_inputs
from kioku_vlm.engines.question import Pixels, Schema

_LOCAL: dict[str, Any] = {"local_files_only": True, "trust_remote_code": False}
_PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


@dataclass(frozen=True)
class Hardware:
    """Where and how weights run.

    Attributes:
        device: `auto` (a GPU if there is one), `cpu`, `cuda`, `cuda:1`.
        precision: `auto` (bfloat16 on a GPU, float32 on a CPU), or its name.
        threads: of a CPU; 0: torch's own choice.
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 0


@dataclass(frozen=True)
class Said:
    """An answer as text; `whole`: it ended by itself."""

    text: str
    whole: bool
    tokens: int


class Generator:
    """A loaded checkpoint.

    Args:
        folder: the checkpoint's.
        family: how pictures get in.
        hardware: where it runs.

    Raises:
        OSError, ValueError, RuntimeError: it cannot be loaded.
    """

    def __init__(self, folder: Path, family: Family, hardware: Hardware) -> None:
        if hardware.threads:
            torch.set_num_threads(hardware.threads)
        self._device = torch.device(_device(hardware.device))
        config = AutoConfig.from_pretrained(folder, **_LOCAL)
        kind = AutoModelForCausalLM if family is Family.TEXT else AutoModelForImageTextToText
        model: Any = kind.from_pretrained(
            folder,
            config=config,
            dtype=_precision(hardware.precision, self._device),
            use_safetensors=True,
            **_LOCAL,
        )
        self.model = model.to(self._device).eval()
        self.inputs = open_inputs(folder, family, config)
        self.grammars = Grammars(self.inputs.tokenizer, config.get_text_config().vocab_size)

    def answer(
        self,
        text: str,
        views: Sequence[Pixels],
        schema: Schema,
        *,
        most_tokens: int,
        seconds: float,
    ) -> Said:
        """The likeliest answer within the schema.

        Args:
            seconds: after which no further token is begun; the answer is not whole then.
        """
        inputs = self._on_device(self.inputs.of(text, views))
        before = inputs["input_ids"].shape[1]
        constraint = self.grammars.constraint(schema, before)
        ids = self.generate(
            inputs, logits_processor=[constraint], max_new_tokens=most_tokens, max_time=seconds
        )[0, before:]
        ended = self._ended(ids)
        words = self.inputs.tokenizer.decode(
            ids, skip_special_tokens=True, clean_up_tokenization_spaces=False
        )
        return Said(str(words), ended, len(ids))

    def generate(self, inputs: Tensors, **options: Any) -> torch.Tensor:
        """Tokens of the prompts and the answers, greedy unless `options` say otherwise."""
        tokenizer = self.inputs.tokenizer
        chosen = {
            "do_sample": False,
            "eos_token_id": tokenizer.eos_token_id,
            "pad_token_id": tokenizer.eos_token_id,
            **options,
        }
        with torch.inference_mode(), warnings.catch_warnings():
            # A checkpoint's sampling settings are named as ignored for each greedy answer.
            warnings.simplefilter("ignore")
            answer: torch.Tensor = self.model.generate(**inputs, **chosen)
        return answer

    def _on_device(self, inputs: Tensors) -> Tensors:
        floats = self.model.dtype
        return {
            name: value.to(self._device, floats if value.is_floating_point() else value.dtype)
            for name, value in inputs.items()
        }

    def _ended(self, ids: torch.Tensor) -> bool:
        return bool(len(ids)) and int(ids[-1]) == self.inputs.tokenizer.eos_token_id


def _device(name: str) -> str:
    if name != "auto":
        return name
    return "cuda" if torch.cuda.is_available() else "cpu"


def _precision(name: str, device: torch.device) -> torch.dtype:
    if name == "auto":
        return torch.float32 if device.type == "cpu" else torch.bfloat16
    return _PRECISIONS[name]

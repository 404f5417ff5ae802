"""Promise: only tokens that keep an answer within its schema can be chosen, at little cost.

The grammar is llguidance's; its masks are put on by a processor of our own. Why not a ready one:
`decisions/0026-constrained-decoding.md`.
"""

from __future__ import annotations

import json
from typing import Any

import llguidance
import llguidance.hf
import numpy as np
import torch
from llguidance.numpy import allocate_token_bitmask, fill_next_token_bitmask
from transformers import LogitsProcessor

from kioku_vlm.engines.question import Schema

_COMPACT: Any = {"whitespace_flexible": False}
"""No blanks between tokens of JSON: with them a model may write blanks until the limit."""


class Grammars:
    """Makes constraints for one tokenizer.

    Args:
        tokenizer: a fast one.
        vocabulary: rows of the model's output, which checkpoints pad beyond the tokenizer's.
    """

    def __init__(self, tokenizer: Any, vocabulary: int) -> None:
        self._tokens = llguidance.hf.from_tokenizer(tokenizer, n_vocab=vocabulary)
        self._vocabulary = vocabulary
        self._eos = int(tokenizer.eos_token_id)
        self._grammars: dict[str, str] = {}

    def constraint(self, schema: Schema, prompt_tokens: int) -> Constraint:
        """For one `generate`; never used twice.

        Raises:
            ValueError: the schema says something that no grammar can.
        """
        key = json.dumps(schema, sort_keys=False)
        if key not in self._grammars:
            self._grammars[key] = self._grammar(schema)
        matcher = llguidance.LLMatcher(self._tokens, self._grammars[key])
        return Constraint(matcher, self._vocabulary, prompt_tokens, self._eos)

    def _grammar(self, schema: Schema) -> str:
        grammar = llguidance.LLMatcher.grammar_from_json_schema(dict(schema), defaults=_COMPACT)
        fault = llguidance.LLMatcher.validate_grammar(grammar, self._tokens)
        if fault:
            raise ValueError(fault)
        return str(grammar)


class Constraint(LogitsProcessor):
    """Masks the scores of each next token.

    Args:
        matcher: at the start of an answer; rows beyond the first get copies of it.
        vocabulary: rows of the model's output.
        prompt_tokens: before the answer.
        eos: the only token after the last of the schema.
    """

    def __init__(
        self, matcher: llguidance.LLMatcher, vocabulary: int, prompt_tokens: int, eos: int
    ) -> None:
        self._matchers = [matcher]
        self._vocabulary = vocabulary
        self._seen = prompt_tokens
        self._eos = eos
        self._bits = allocate_token_bitmask(1, vocabulary)

    def __call__(self, input_ids: torch.LongTensor, scores: torch.FloatTensor) -> torch.Tensor:
        """The scores with minus infinity for what must not come; in place."""
        self._grow(len(input_ids))
        new = input_ids[:, self._seen :].tolist()
        self._seen = input_ids.shape[1]
        for row, matcher in enumerate(self._matchers):
            for token in new[row]:
                if not matcher.is_stopped():
                    matcher.consume_token(token)
            if matcher.is_error():
                raise RuntimeError(matcher.get_error())
            self._mask(matcher, scores[row])
        return scores

    @property
    def complete(self) -> bool:
        """Whether every row's answer is whole."""
        return all(one.is_stopped() or one.is_accepting() for one in self._matchers)

    def _mask(self, matcher: llguidance.LLMatcher, scores: torch.Tensor) -> None:
        if matcher.is_stopped():
            scores.fill_(-torch.inf)
            scores[self._eos] = 0.0
            return
        fill_next_token_bitmask(matcher, self._bits)
        denied = np.unpackbits(~self._bits[0].view(np.uint8), bitorder="little").view(np.bool_)
        scores[self._vocabulary :] = -torch.inf
        allowed = scores[: self._vocabulary]
        if scores.device.type == "cpu":
            # By numpy in this thread: torch would wake all of its threads for a few microseconds.
            np.copyto(allowed.numpy(), -np.inf, where=denied[: self._vocabulary])
        else:
            mask = torch.from_numpy(denied[: self._vocabulary]).to(scores.device)
            allowed.masked_fill_(mask, -torch.inf)

    def _grow(self, rows: int) -> None:
        while len(self._matchers) < rows:
            self._matchers.append(self._matchers[0].deep_copy())

"""Promise: a SigLIP or CLIP checkpoint as an engine, by transformers, on CPU or GPU.

Weights come from safetensors only, code never from the checkpoint. A checkpoint whose weights are
incomplete is refused: transformers would fill the gaps with random numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

import torch

from kioku_embedder.checkpoint import Checkpoint
from kioku_embedder.engine import (
    EngineBroken,
    EngineOutOfMemory,
    LabelScale,
    Matrix,
    TextMatrix,
)
from kioku_embedder.engines.label_scale import read_label_scale
from kioku_embedder.engines.memory import give_back, resident_bytes
from kioku_embedder.engines.towers import Towers
from kioku_embedder.preprocessing import Pixels

DTYPES = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}
_Output = TypeVar("_Output")


class TorchEngine:
    """See `kioku_embedder.engine.Engine`.

    Args:
        checkpoint: which weights.
        device: torch's name, `cpu`, `cuda`, `cuda:1`.
        threads: torch's threads on a CPU; 0 leaves torch's own choice.
        compiled: whether `torch.compile` makes both towers; it takes a minute at the first item
            of each and pays on GPUs.
    """

    def __init__(
        self, checkpoint: Checkpoint, *, device: str, threads: int = 0, compiled: bool = False
    ) -> None:
        self._checkpoint = checkpoint
        self._device = device
        self._threads = threads
        self._compiled = compiled
        self._towers: Towers | None = None
        self._memory = 0

    @property
    def loaded(self) -> bool:
        """Whether the weights are in memory."""
        return self._towers is not None

    @property
    def memory_bytes(self) -> int:
        """What torch's memory or the process grew by on loading; at least its weights' bytes."""
        return self._memory if self.loaded else 0

    def load(self) -> None:
        """Reads the weights and runs each tower once, so that no real item pays for that."""
        if self._towers is None:
            before = self._held()
            self._towers = self._loaded_towers()
            self._memory = max(self._held() - before, self._towers.weight_bytes)

    def unload(self) -> None:
        """See the port."""
        self._towers = None
        give_back()
        if self._on_gpu:
            torch.cuda.empty_cache()

    def images(self, pictures: Sequence[Pixels]) -> Matrix:
        """See the port."""
        return self._guarded(lambda towers: towers.images(pictures))

    def texts(self, texts: Sequence[str]) -> TextMatrix:
        """See the port."""
        return self._guarded(lambda towers: towers.texts(texts))

    def label_scale(self) -> LabelScale:
        """See the port."""
        return read_label_scale(self._checkpoint)

    @property
    def _on_gpu(self) -> bool:
        return self._device.startswith("cuda") and torch.cuda.is_available()

    def _held(self) -> int:
        return torch.cuda.memory_allocated(self._device) if self._on_gpu else resident_bytes()

    def _loaded_towers(self) -> Towers:
        if self._threads:
            torch.set_num_threads(self._threads)
        torch.set_flush_denormal(True)
        dtype = DTYPES[self._checkpoint.space.precision]
        try:
            towers = Towers(
                self._checkpoint, torch.device(self._device), dtype, compiled=self._compiled
            )
            towers.warm_up()
        except Exception as error:  # torch, transformers and safetensors share no base class
            raise EngineBroken(f"The model cannot be loaded: {error}") from error
        return towers

    def _guarded(self, run: Callable[[Towers], _Output]) -> _Output:
        if self._towers is None:
            raise EngineBroken("The model is not loaded.")
        try:
            return run(self._towers)
        except (torch.OutOfMemoryError, MemoryError) as error:
            torch.cuda.empty_cache()
            raise EngineOutOfMemory from error
        except RuntimeError as error:
            if "CUDA error" in str(error):
                raise EngineBroken(f"The device failed: {error}") from error
            if "can't allocate memory" in str(error):
                raise EngineOutOfMemory from error
            raise

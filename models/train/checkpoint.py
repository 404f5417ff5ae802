"""Saves and restores an unfinished training run, in safetensors and JSON: no pickles."""

import json
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

Optimizers = list[torch.optim.Optimizer]


class Checkpoint:
    """A folder with the weights, the optimizers' states and the next step's number."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def save(self, model: nn.Module, optimizers: Optimizers, step: int) -> None:
        """Write everything a later run needs; the step's number is written last."""
        self._folder.mkdir(parents=True, exist_ok=True)
        weights = {name: value.contiguous() for name, value in model.state_dict().items()}
        save_file(weights, self._folder / "weights.safetensors")
        save_file(_flat_states(optimizers), self._folder / "optimizers.safetensors")
        (self._folder / "step.json").write_text(json.dumps({"step": step}))

    def load(self, model: nn.Module, optimizers: Optimizers) -> int:
        """Restore a saved run and return its next step, or 0 where none was saved."""
        if not (self._folder / "step.json").exists():
            return 0
        model.load_state_dict(load_file(self._folder / "weights.safetensors"))
        flat = load_file(self._folder / "optimizers.safetensors")
        for index, optimizer in enumerate(optimizers):
            _restore(optimizer, index, flat)
        step: int = json.loads((self._folder / "step.json").read_text())["step"]
        return step


def _flat_states(optimizers: Optimizers) -> dict[str, Tensor]:
    return {
        f"{index}/{parameter}/{name}": value.clone(memory_format=torch.contiguous_format)
        for index, optimizer in enumerate(optimizers)
        for parameter, state in optimizer.state_dict()["state"].items()
        for name, value in state.items()
    }


def _restore(optimizer: torch.optim.Optimizer, index: int, flat: dict[str, Tensor]) -> None:
    states: dict[int, dict[str, Tensor]] = {}
    for key, value in flat.items():
        owner, parameter, name = key.split("/")
        if int(owner) == index:
            states.setdefault(int(parameter), {})[name] = value
    saved = optimizer.state_dict()
    optimizer.load_state_dict({"state": states, "param_groups": saved["param_groups"]})

"""Checkpoints of a run: safetensors for what is large, JSON for the rest; whole or not there."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

_TENSORS, _STATE = "checkpoint.safetensors", "checkpoint.json"


@dataclass(frozen=True)
class Progress:
    """How far a run is.

    Attributes:
        step: Updates made.
        tokens: Tokens drawn for them, prompts included.
        learnt: Tokens that the loss was of.
        seconds: Spent.
    """

    step: int = 0
    tokens: int = 0
    learnt: int = 0
    seconds: float = 0.0

    def after(self, tokens: int, learnt: int, seconds: float) -> Progress:
        """One update later."""
        return replace(
            self,
            step=self.step + 1,
            tokens=self.tokens + tokens,
            learnt=self.learnt + learnt,
            seconds=self.seconds + seconds,
        )


def save(folder: Path, progress: Progress, parts: Mapping[str, Mapping[str, Tensor]]) -> None:
    """Write a checkpoint; a crash leaves the one before, or this one.

    Args:
        folder: Of the run.
        progress: How far it is.
        parts: Named dictionaries of tensors: weights, means and moments.
    """
    tensors = {f"{part}/{name}": tensor.contiguous() for part, each in parts.items() for name, tensor in each.items()}
    _replace(folder / _TENSORS, lambda path: save_file(tensors, path, {"progress": json.dumps(asdict(progress))}))
    _replace(folder / _STATE, lambda path: path.write_text(json.dumps(asdict(progress)) + "\n", "utf-8"))


def load(folder: Path) -> tuple[Progress, dict[str, dict[str, Tensor]]] | None:
    """The checkpoint of a folder, if there is one."""
    path = folder / _TENSORS
    if not path.exists():
        return None
    parts: dict[str, dict[str, Tensor]] = {}
    for key, tensor in load_file(path).items():
        part, _, name = key.partition("/")
        parts.setdefault(part, {})[name] = tensor
    with safe_open(path, "pt") as file:
        progress = Progress(**json.loads(file.metadata()["progress"]))
    return progress, parts


def _replace(path: Path, write: Callable[[Path], object]) -> None:
    part = path.with_name(path.name + ".part")
    write(part)
    os.replace(part, path)

"""Refuses models whose gradients per row would be wrong, and shows before any record is read that rows keep apart."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import torch
from torch import Tensor, nn

from fedaug.augmentation.lora import LoraLayer
from fedaug.client.training.passages import Batch, batch_rows
from fedaug.errors import ConfigError

RowGradientsOf = Callable[[Batch], Sequence[Tensor]]


def check_loaded(model: nn.Module) -> None:
    """Refuse a model that cannot be trained per row, before adapters are put on it.

    Raises:
        ConfigError: A weight is on the meta device, dropout is on, a layer normalises over the batch, or gradients
            are checkpointed.
    """
    for name, weight in (*model.named_parameters(), *model.named_buffers()):
        if weight.is_meta:
            raise ConfigError(f"{name} is on the meta device and holds no values", "load the model's weights first")
    for name, module in model.named_modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            raise ConfigError(
                f"{name} is a batch normalisation, which mixes rows", "use a model with layer normalisation"
            )
    if any(module.training for module in model.modules()):
        raise ConfigError("the model is in training mode, where dropout is on", "call model.eval() first")
    # transformers has renamed its own question; what it sets on layers goes by either name.
    names = ("gradient_checkpointing", "activation_checkpointing")
    if any(getattr(module, name, False) is True for module in model.modules() for name in names):
        raise ConfigError(
            "gradient checkpointing is on, which runs layers twice", "switch it off: adapters need little memory"
        )


def check_trained(model: nn.Module, layers: Mapping[str, LoraLayer]) -> None:
    """Refuse a model with a trained weight that has no rule, or that lies in two places.

    Raises:
        ConfigError: It has one. The message names it.
    """
    known = {id(weight) for layer in layers.values() for weight in (layer.down, layer.up)}
    places: Counter[int] = Counter()
    for name, weight in model.named_parameters(remove_duplicate=False):
        if not weight.requires_grad:
            continue
        if id(weight) not in known:
            raise ConfigError(f"{name} is trained and has no rule for rows", "freeze it: only adapters are trained")
        places[id(weight)] += 1
        if places[id(weight)] > 1:
            raise ConfigError(f"{name} is trained and shared by two layers", "untie it, or leave it out of the targets")


def check_rows_apart(
    gradients_of: RowGradientsOf, lengths: Sequence[int], vocabulary: int, model_name: str = "the model"
) -> None:
    """Show on public random tokens that a row's gradients are the same to the bit whatever is beside it, and where.

    Each row goes through twice, at another place of the batch and among others. What makes rows depend on each other
    (mixing layers, capacity limits, a library that rounds by place) is found here, without a record.

    Args:
        gradients_of: Each trained weight's gradients of all rows, as the passes of training make them.
        lengths: Padded lengths that records may get.
        vocabulary: Tokens are below it.
        model_name: For the message.

    Raises:
        ConfigError: They are not.
    """
    random = np.random.default_rng(0)
    for length in lengths:
        rows = batch_rows(length)
        tokens = random.integers(0, vocabulary, (rows + 1, length + 1))
        used = random.integers(1, length + 1, rows + 1)
        first = [part.clone() for part in gradients_of(_public_batch(tokens[:-1], used[:-1]))]
        # Every row but one moves by one place, and the one is replaced by a stranger.
        second = gradients_of(_public_batch(np.roll(tokens, 1, axis=0)[:-1], np.roll(used, 1)[:-1]))
        moved = [(one[: rows - 1], other[1:]) for one, other in zip(first, second, strict=True)]
        if rows == 1:  # no neighbours: the same row once more
            again = gradients_of(_public_batch(tokens[:-1], used[:-1]))
            moved = list(zip(first, again, strict=True))
        if not all(torch.equal(one, other) for one, other in moved):
            raise ConfigError(
                f"a row's gradients in {model_name} depend on the rows beside it at {length} tokens",
                "use another model or precision, or run on the processor instead of the GPU",
            )


def _public_batch(tokens: np.ndarray, used: np.ndarray) -> Batch:
    weights = np.zeros((len(tokens), tokens.shape[1] - 1), np.float32)
    for row, most in enumerate(used):
        weights[row, :most] = 1 / most
    places = np.arange(len(tokens))
    return Batch(tokens.astype(np.int64), weights, places, places + 1, goes_on=False, ends_open=False)

"""The optimiser: AdamW (Loshchilov & Hutter 2019), and if wished Muon (Jordan et al. 2024) for the matrices."""

from __future__ import annotations

import torch
from torch import Tensor, nn


def optimisers(model: nn.Module, rate: float, muon: float) -> list[torch.optim.Optimizer]:
    """What updates the trained weights.

    Args:
        model: Weights that need no gradient are left alone.
        rate: Of AdamW.
        muon: Of Muon for the matrices of the blocks and of the head; 0 gives them to AdamW.
    """
    matrices: list[Tensor] = []
    others: list[Tensor] = []
    for name, weight in model.named_parameters():
        if weight.requires_grad:
            (matrices if weight.ndim == 2 and "embeddings" not in name else others).append(weight)
    made: list[torch.optim.Optimizer] = []
    if muon:
        made.append(torch.optim.Muon(matrices, lr=muon, weight_decay=0.0, adjust_lr_fn="match_rms_adamw"))
    else:
        others += matrices
    made.append(torch.optim.AdamW(others, lr=rate, betas=(0.9, 0.98), weight_decay=0.0, fused=True))
    for optimiser in made:
        for group in optimiser.param_groups:
            group["top"] = group["lr"]
    return made


def set_rate(made: list[torch.optim.Optimizer], share: float) -> None:
    """So much of each optimiser's full rate."""
    for optimiser in made:
        for group in optimiser.param_groups:
            group["lr"] = group["top"] * share


def moments(made: list[torch.optim.Optimizer]) -> dict[str, Tensor]:
    """What the optimisers remember, as tensors."""
    return {
        f"{index}.{place}.{key}": torch.as_tensor(value)
        for index, optimiser in enumerate(made)
        for place, each in optimiser.state_dict()["state"].items()
        for key, value in each.items()
    }


def restore(made: list[torch.optim.Optimizer], tensors: dict[str, Tensor]) -> None:
    """Remember what :func:`moments` gave."""
    for index, optimiser in enumerate(made):
        states: dict[int, dict[str, Tensor]] = {}
        for name, tensor in tensors.items():
            which, place, key = name.split(".")
            if int(which) == index:
                states.setdefault(int(place), {})[key] = tensor
        whole = optimiser.state_dict()
        whole["state"] = states
        optimiser.load_state_dict(whole)

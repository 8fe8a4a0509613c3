"""The network as it is trained: frozen pretrained weights, a low-rank difference, and what else is small."""

from __future__ import annotations

import math
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.nn import functional

from fedaug.privacy.deid.neural.network import Network
from fedaug.privacy.deid.neural.pieces import FEATURES
from fedaug.privacy.deid.neural.weights import load_pretrained


class LowRank(nn.Module):
    """``x (W + B A)ᵀ + b`` with W frozen (Hu et al. 2021); B starts at zero."""

    def __init__(self, weight: Tensor, bias: Tensor, rank: int, scale: float, dropout: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(weight.to(torch.bfloat16), requires_grad=False)
        self.bias = nn.Parameter(bias.clone())
        self.down = nn.Parameter(torch.randn(rank, weight.shape[1]) / math.sqrt(weight.shape[1]))
        self.up = nn.Parameter(torch.zeros(weight.shape[0], rank))
        self.scale, self.dropout = scale, dropout

    def forward(self, inputs: Tensor) -> Tensor:
        """As its formula says; dropout stands between the factors, where there is little to draw."""
        low = functional.dropout(functional.linear(inputs, self.down), self.dropout, self.training)
        return functional.linear(inputs, self.weight, self.bias) + functional.linear(low, self.up * self.scale)


def trainable(*, layers: int, tags: int, rank: int, dropout: float, scale: float = 2.0) -> Network:
    """The network with a low-rank difference on every linear map of its blocks."""
    network = Network(layers=layers, features=FEATURES, tags=tags, dropout=dropout)
    weights = load_pretrained(layers)
    network.load_state_dict(weights, strict=False)
    nn.init.normal_(network.head.weight, std=0.02)
    nn.init.zeros_(network.head.bias)
    for frozen in (network.words, network.positions):
        frozen.requires_grad_(False).to(torch.bfloat16)
    for layer, block in enumerate(network.layers):
        for name in ("mix", "attended", "widen", "narrow"):
            stem = f"layers.{layer}.{name}"
            setattr(block, name, LowRank(weights[f"{stem}.weight"], weights[f"{stem}.bias"], rank, scale, dropout))
    return network


def difference(network: Network) -> dict[str, Tensor]:
    """What ships: the low-rank factors and everything else that was trained, in half precision."""
    tensors = {name: parameter.detach() for name, parameter in network.named_parameters() if parameter.requires_grad}
    for name, module in network.named_modules():
        if isinstance(module, LowRank):
            tensors[f"{name}.up"] = tensors[f"{name}.up"] * module.scale
    return {name: tensor.to(torch.float16).contiguous() for name, tensor in tensors.items()}


def resume(network: Network, path: Path) -> None:
    """Begin with what another run of the same shape has written.

    Raises:
        RuntimeError: The shapes differ.
    """
    there = {name: tensor.float() for name, tensor in load_file(path).items()}
    for name, module in network.named_modules():
        if isinstance(module, LowRank):
            there[f"{name}.up"] /= module.scale
    network.load_state_dict(there, strict=False)


def save(network: Network, path: Path) -> None:
    """Write the difference."""
    save_file(difference(network), path)

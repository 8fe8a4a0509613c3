"""A tagger's weights: those of the pretrained model that everybody has, and the low-rank difference that ships.

Hu et al. 2021, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1: W + B A. The difference is added to
the weights while loading, so that tagging costs what the pretrained model costs.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final, Literal

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from fedaug.errors import ConfigError
from fedaug.privacy.deid.neural.card import SHIPPED, Card
from fedaug.privacy.deid.neural.network import HEADS, LAYERS, WIDTH, Network, OneDnnLinear
from fedaug.privacy.deid.neural.pieces import FEATURES
from fedaug.privacy.pretrained import weights_folder

Precision = Literal["auto", "bf16", "fp32"]

#: Names in a layer of ours, by those of the pretrained model; query, key and value are joined to one.
_RENAMED: Final = {
    "attended": "attention.output.dense",
    "norm_attended": "attention.output.LayerNorm",
    "widen": "intermediate.dense",
    "narrow": "output.dense",
    "norm": "output.LayerNorm",
}


def load_pretrained(layers: int = LAYERS) -> dict[str, Tensor]:
    """The pretrained model's weights under the network's names, fp32: no head, and features that say nothing.

    Raises:
        MissingExtra: The package that carries them is not installed.
    """
    there = load_file(weights_folder() / "model.safetensors")
    weights = {
        "words.weight": there["embeddings.word_embeddings.weight"],
        # Every piece of a single text is of token type 0, so its vector is part of the position's.
        "positions.weight": there["embeddings.position_embeddings.weight"]
        + there["embeddings.token_type_embeddings.weight"][0],
        "features.weight": torch.zeros(FEATURES, WIDTH),
        "norm.weight": there["embeddings.LayerNorm.weight"],
        "norm.bias": there["embeddings.LayerNorm.bias"],
    }
    for layer in range(layers):
        source = f"encoder.layer.{layer}"
        for part in ("weight", "bias"):
            query, key, value = (there[f"{source}.attention.self.{name}.{part}"] for name in ("query", "key", "value"))
            weights[f"layers.{layer}.mix.{part}"] = torch.cat([query * (WIDTH // HEADS) ** -0.5, key, value])
            for ours, theirs in _RENAMED.items():
                weights[f"layers.{layer}.{ours}.{part}"] = there[f"{source}.{theirs}.{part}"]
    return weights


def load_network(card: Card, *, precision: Precision = "auto", folder: Path = SHIPPED) -> Network:
    """The network of a card, ready to tag.

    Raises:
        ConfigError: The weights are missing, damaged or of another shape than the card says.
        MissingExtra: The package of the pretrained weights is not installed.
    """
    weights = load_pretrained(card.layers)
    try:
        merge(weights, load_file(folder / f"{card.language}.safetensors"))
        network = Network(layers=card.layers, features=FEATURES, tags=card.tags)
        network.load_state_dict(weights, assign=True)
    except (OSError, SafetensorError, RuntimeError, KeyError):
        raise ConfigError("a tagger's weights are missing or damaged", "install fedaug again") from None
    network.requires_grad_(False).train(False)
    if chosen(precision) == "bf16":
        return network.to(torch.bfloat16)
    if OneDnnLinear.available():
        for block in network.layers:
            for name in ("mix", "attended", "widen", "narrow"):
                setattr(block, name, OneDnnLinear(getattr(block, name)))
    return network


def merge(weights: dict[str, Tensor], difference: dict[str, Tensor]) -> None:
    """Put a difference into the pretrained weights: products ``NAME.up @ NAME.down`` are added, the rest replaces."""
    for name, tensor in difference.items():
        stem, _, part = name.rpartition(".")
        if part == "up":
            weights[f"{stem}.weight"] = weights[f"{stem}.weight"] + tensor.float() @ difference[f"{stem}.down"].float()
        elif part != "down":
            weights[name] = tensor.float()


def chosen(precision: Precision) -> Literal["bf16", "fp32"]:
    """What ``auto`` means on this machine: bf16 where the processor multiplies it, for elsewhere it is emulated."""
    if precision != "auto":
        return precision
    able: dict[str, object] = getattr(torch.cpu, "get_capabilities", dict)()  # absent from older releases
    return "bf16" if able.get("avx512_bf16") or able.get("amx_bf16") else "fp32"

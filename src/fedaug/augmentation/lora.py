"""Low-rank adapters (LoRA) on the linear layers of a causal language model: attach, load, save, take off.

Hu et al. 2022, "LoRA: Low-Rank Adaptation of Large Language Models", section 4.1: a frozen layer y = W x gets
y + (α/r)·B A x beside it, A of r rows drawn at random and B zeros, so that an adapter begins as no change. FFA-LoRA
(Sun et al. 2024, "Improving LoRA in Privacy-preserving Federated Learning", section 3) trains B only: what sites add up
is then linear in what they trained, and DP noise is not multiplied by itself.

The names and the two files of a saved adapter are those of the peft library, which can read them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import torch
from safetensors import SafetensorError
from safetensors.torch import load, save
from torch import Tensor, nn
from transformers.pytorch_utils import Conv1D

from fedaug.errors import ConfigError, MissingFile

_LLAMA: Final = (("q_proj", "k_proj", "v_proj", "o_proj"), ("gate_proj", "up_proj", "down_proj"))
#: Layers by ``config.model_type``: those of attention, and those of the feed-forward part. Last parts of their paths.
_LAYERS: Final[Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]] = {
    "bert": (
        ("self.query", "self.key", "self.value", "attention.output.dense"),
        ("intermediate.dense", "output.dense"),
    ),
    "gpt2": (("attn.c_attn", "attn.c_proj"), ("mlp.c_fc", "mlp.c_proj")),
    **dict.fromkeys(("llama", "mistral", "qwen2", "qwen3", "gemma", "gemma2", "gemma3_text"), _LLAMA),
}
_MOST_BYTES: Final = 2**30  # of a saved adapter; rank 64 on every layer of a 7 B model is 640 MB
_PREFIX: Final = "base_model.model."  # what peft puts before a layer's path
_WEIGHTS, _SPEC = "adapter_model.safetensors", "adapter_config.json"

AdapterState = dict[str, Tensor]


@dataclass(frozen=True)
class AdapterSpec:
    """Which adapters a model gets. All of it is public.

    Attributes:
        rank: r, rows of A and columns of B.
        alpha: α; the product of both is multiplied by α/r.
        targets: ``("attention",)``, ``("all",)`` for every linear layer of the blocks, or last parts of layers' paths.
        ffa: Whether A stays as it was drawn.
        seed: Of A's first values. Sites that add up B must have the same A, hence the same seed.
    """

    rank: int = 8
    alpha: float = 16.0
    targets: tuple[str, ...] = ("all",)
    ffa: bool = False
    seed: int = 0

    def __post_init__(self) -> None:
        if not (1 <= self.rank <= 1024 and 0 < self.alpha < 1e6 and self.targets):
            raise ConfigError("an adapter's rank, alpha or targets are out of range", "take rank 8 and alpha 16")


class Tap(Protocol):
    """What takes the place of an adapter's own product, to see what flows through it."""

    def __call__(self, layer: LoraLayer, inputs: Tensor, outputs: Tensor) -> Tensor:
        """The adapted outputs, from a layer's inputs [rows, tokens, in] and its frozen outputs [rows, tokens, out]."""
        ...


class LoraLayer(nn.Module):
    """A frozen linear layer with an adapter beside it.

    Attributes:
        base: The layer as it was.
        down: A, float32 [rank, in].
        up: B, float32 [out, rank].
        scale: α/r.
        tap: Asked instead of adding the product, when it is set.
    """

    tap: Tap | None = None

    def __init__(self, base: nn.Linear | Conv1D, spec: AdapterSpec, generator: torch.Generator) -> None:
        super().__init__()
        inputs, outputs = _sizes(base)
        self.base = base
        self.scale = spec.alpha / spec.rank
        device = base.weight.device
        # Uniform over ±1/√in, as nn.Linear and peft begin.
        down = (torch.rand(spec.rank, inputs, generator=generator) * 2 - 1) / inputs**0.5
        self.down = nn.Parameter(down.to(device), requires_grad=not spec.ffa)
        self.up = nn.Parameter(torch.zeros(outputs, spec.rank, device=device))

    def forward(self, inputs: Tensor) -> Tensor:
        """The layer's outputs, its adapter's added."""
        outputs: Tensor = self.base(inputs)
        if self.tap is not None:
            return self.tap(self, inputs, outputs)
        low = nn.functional.linear(inputs.to(self.down.dtype), self.down)
        return outputs + self.scale * nn.functional.linear(low, self.up).to(outputs.dtype)


def attach(model: nn.Module, spec: AdapterSpec) -> dict[str, LoraLayer]:
    """Freeze a model and put adapters beside its layers, in place.

    Args:
        model: A Hugging Face causal language model without adapters.
        spec: Which.

    Returns:
        The adapted layers by path, in the model's order.

    Raises:
        ConfigError: The model has adapters already, its architecture is not known by name, or a target is no layer of
            it, is not linear, is used in two places, or is its head.
    """
    if adapters(model):
        raise ConfigError("the model has adapters already", "take them off first, or load a fresh model")
    found = _targets(model, spec)
    model.requires_grad_(False)
    generator = torch.Generator().manual_seed(spec.seed)
    layers = {path: LoraLayer(base, spec, generator) for path, base in found.items()}
    for path, layer in layers.items():
        layer.train(layer.base.training)
        _replace(model, path, layer)
    return layers


def detach(model: nn.Module) -> None:
    """Take all adapters off: the model is what it was before :func:`attach`, to the bit, and stays frozen."""
    for path, layer in adapters(model).items():
        _replace(model, path, layer.base)


def adapters(model: nn.Module) -> dict[str, LoraLayer]:
    """A model's adapted layers by path, in its order."""
    return {path: module for path, module in model.named_modules() if isinstance(module, LoraLayer)}


def trained_weights(layers: Mapping[str, LoraLayer]) -> Iterator[tuple[str, nn.Parameter]]:
    """What training changes, by name, in one fixed order: of each layer A (without ``ffa``), then B."""
    for path, layer in layers.items():
        if layer.down.requires_grad:
            yield f"{_PREFIX}{path}.lora_A.weight", layer.down
        yield f"{_PREFIX}{path}.lora_B.weight", layer.up


def trained_values(model: nn.Module, spec: AdapterSpec) -> int:
    """How many numbers training would change: known from the model and the spec, before any record is read.

    Raises:
        ConfigError: As :func:`attach`.
    """
    sizes = map(_sizes, _targets(model, spec).values())
    return sum(spec.rank * (outputs + (0 if spec.ffa else inputs)) for inputs, outputs in sizes)


def adapter_state(layers: Mapping[str, LoraLayer]) -> AdapterState:
    """A copy of all adapters' weights by name, float32; A is in it also where it is not trained."""
    state = {}
    for path, layer in layers.items():
        state[f"{_PREFIX}{path}.lora_A.weight"] = layer.down.detach().cpu().clone()
        state[f"{_PREFIX}{path}.lora_B.weight"] = layer.up.detach().cpu().clone()
    return state


def load_state(layers: Mapping[str, LoraLayer], state: Mapping[str, Tensor]) -> None:
    """Give a model's adapters these weights.

    Raises:
        ConfigError: The names or shapes are not these adapters', or a value is not finite. Nothing is changed then.
    """
    own = adapter_state(layers)
    fits = own.keys() == state.keys() and all(own[name].shape == state[name].shape for name in own)
    if not fits or not all(torch.isfinite(value).all() for value in state.values()):
        raise ConfigError("an adapter does not fit the model", "load it into the model that it was trained beside")
    with torch.no_grad():
        for path, layer in layers.items():
            layer.down.copy_(state[f"{_PREFIX}{path}.lora_A.weight"])
            layer.up.copy_(state[f"{_PREFIX}{path}.lora_B.weight"])


def save_adapter(folder: Path, state: Mapping[str, Tensor], spec: AdapterSpec) -> None:
    """Write an adapter: ``adapter_model.safetensors`` and ``adapter_config.json``. It carries no mark of privacy."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / _WEIGHTS).write_bytes(save({name: value.contiguous() for name, value in state.items()}))
    paths = sorted({name.removeprefix(_PREFIX).rsplit(".", 2)[0] for name in state})
    described = {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "r": spec.rank,
        "lora_alpha": spec.alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": any("c_attn" in path for path in paths),
        "target_modules": paths,
        "fedaug": asdict(spec),
    }
    (folder / _SPEC).write_text(json.dumps(described, indent=2) + "\n", encoding="utf-8")


def read_adapter(folder: Path) -> tuple[AdapterState, AdapterSpec]:
    """An adapter that :func:`save_adapter` wrote.

    Raises:
        MissingFile: One of its files is not there.
        ConfigError: A file is damaged, too large or not of this form.
    """
    damaged = ConfigError("an adapter's files are damaged", "write it again with save_adapter")
    try:
        if (folder / _WEIGHTS).stat().st_size > _MOST_BYTES or (folder / _SPEC).stat().st_size > 2**20:
            raise damaged
        weights, described = (folder / _WEIGHTS).read_bytes(), (folder / _SPEC).read_bytes()
    except OSError:
        raise MissingFile("an adapter's file cannot be read", f"give a folder with {_WEIGHTS} and {_SPEC}") from None
    try:
        values: dict[str, Any] = json.loads(described)["fedaug"]
        return load(weights), AdapterSpec(**(values | {"targets": tuple(values["targets"])}))
    except (SafetensorError, ValueError, KeyError, TypeError, RecursionError):
        raise damaged from None


def _targets(model: nn.Module, spec: AdapterSpec) -> dict[str, nn.Linear | Conv1D]:
    names = _target_names(model, spec.targets)
    head = getattr(model, "get_output_embeddings", lambda: None)()
    found: dict[str, nn.Linear | Conv1D] = {}
    places: dict[int, str] = {}
    for path, module in model.named_modules(remove_duplicate=False):
        if not any(path == name or path.endswith(f".{name}") for name in names):
            continue
        if not isinstance(module, nn.Linear | Conv1D):
            raise ConfigError(f"the layer {path} has no rule for adapters", "name linear layers as targets")
        if module is head:
            raise ConfigError(f"the layer {path} is the model's head", "leave it out of the targets: it stays frozen")
        if id(module) in places:
            raise ConfigError(f"the layer {path} is used in two places", "leave shared layers out of the targets")
        places[id(module)] = path
        found[path] = module
    if not found:
        raise ConfigError("no layer of the model has a target's name", "name the last part of its linear layers' paths")
    return found


def _target_names(model: nn.Module, targets: tuple[str, ...]) -> tuple[str, ...]:
    if targets not in {("all",), ("attention",)}:
        return targets
    kind = str(getattr(getattr(model, "config", None), "model_type", None))
    if kind not in _LAYERS:
        raise ConfigError("the model's architecture is not known by name", "name its linear layers in targets")
    attention, forward = _LAYERS[kind]
    return attention if targets == ("attention",) else attention + forward


def _sizes(base: nn.Linear | Conv1D) -> tuple[int, int]:
    """Inputs and outputs; a Conv1D keeps its weight the other way round."""
    first, second = base.weight.shape
    return (second, first) if isinstance(base, nn.Linear) else (first, second)


def _replace(model: nn.Module, path: str, module: nn.Module) -> None:
    parent, _, name = path.rpartition(".")
    setattr(model.get_submodule(parent), name, module)

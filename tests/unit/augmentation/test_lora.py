"""Adapters: where they lie, that they change nothing at first, and that they come off, are saved and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from tests.adapting import MODELS, language_model
from torch import nn

from fedaug.augmentation.lora import (
    AdapterSpec,
    adapter_state,
    adapters,
    attach,
    detach,
    load_state,
    read_adapter,
    save_adapter,
    trained_values,
    trained_weights,
)
from fedaug.errors import ConfigError, MissingFile

LAYERS_OF_A_BLOCK = {"gpt2": 4, "bert as a decoder": 6}
TOKENS = torch.tensor([[1, 5, 9, 7]])


def model_of(kind: str = "llama") -> Any:
    return language_model(kind).model


def moved(model: Any, spec: AdapterSpec) -> dict[str, Any]:
    layers = attach(model, spec)
    for layer in layers.values():
        nn.init.normal_(layer.up)
    return layers


@pytest.mark.parametrize("kind", MODELS)
def test_every_linear_layer_of_the_blocks_gets_an_adapter_that_changes_nothing_at_first(kind: str) -> None:
    model = model_of(kind)
    before = model(input_ids=TOKENS).logits
    layers = attach(model, AdapterSpec())
    assert len(layers) == 2 * LAYERS_OF_A_BLOCK.get(kind, 7)
    assert torch.equal(model(input_ids=TOKENS).logits, before)
    trained = {name for name, weight in model.named_parameters() if weight.requires_grad}
    assert len(trained) == 2 * len(layers)
    assert all(name.endswith((".down", ".up")) for name in trained)


@pytest.mark.parametrize("kind", MODELS)
def test_an_adapter_adds_its_scaled_product_and_comes_off_without_a_trace(kind: str) -> None:
    model = model_of(kind)
    names = list(model.state_dict())
    before = model(input_ids=TOKENS).logits
    layer = next(iter(moved(model, AdapterSpec(rank=2, alpha=6.0)).values()))
    inputs = torch.randn(1, 3, layer.down.shape[1])
    expected = layer.base(inputs) + 3.0 * inputs @ layer.down.T @ layer.up.T
    torch.testing.assert_close(layer(inputs), expected)
    assert not torch.equal(model(input_ids=TOKENS).logits, before)
    detach(model)
    assert list(model.state_dict()) == names
    assert torch.equal(model(input_ids=TOKENS).logits, before)


@pytest.mark.parametrize("ffa", [False, True])
def test_the_number_of_trained_weights_is_known_beforehand(ffa: bool) -> None:
    for kind in MODELS:
        model, spec = model_of(kind), AdapterSpec(rank=3, ffa=ffa)
        expected = trained_values(model, spec)
        assert not adapters(model)
        assert sum(weight.numel() for _, weight in trained_weights(attach(model, spec))) == expected


def test_the_same_seed_gives_the_same_a_and_another_seed_another() -> None:
    one, same, other = (adapter_state(attach(model_of(), AdapterSpec(seed=seed))) for seed in (1, 1, 2))
    assert all(torch.equal(one[name], same[name]) for name in one)
    assert all(torch.equal(one[name], other[name]) != (".lora_A." in name) for name in one)


@pytest.mark.parametrize(
    ("targets", "what"),
    [
        (("nothing",), "no layer of the model"),
        (("lm_head",), "is the model's head"),
        (("norm",), "has no rule"),
        (("model.embed_tokens",), "has no rule"),
    ],
)
def test_targets_that_cannot_be_adapted_are_refused_before_anything_changes(targets: tuple[str], what: str) -> None:
    model = model_of()
    with pytest.raises(ConfigError, match=what):
        attach(model, AdapterSpec(targets=targets))
    assert not adapters(model)
    assert all(weight.requires_grad for weight in model.parameters())


def test_an_unknown_architecture_wants_its_layers_named() -> None:
    model = model_of()
    model.config.model_type = "another"
    with pytest.raises(ConfigError, match="not known by name") as refused:
        attach(model, AdapterSpec())
    assert "targets" in refused.value.todo
    assert len(attach(model, AdapterSpec(targets=("q_proj", "v_proj")))) == 4


@pytest.mark.parametrize("changes", [{"rank": 0}, {"rank": 2000}, {"alpha": 0}, {"alpha": -1}, {"targets": ()}])
def test_a_spec_that_cannot_be_meant_is_refused(changes: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        AdapterSpec(**changes)


def test_a_second_adapter_is_refused() -> None:
    model = model_of()
    attach(model, AdapterSpec())
    with pytest.raises(ConfigError, match="adapters already"):
        attach(model, AdapterSpec())


@pytest.mark.parametrize("kind", ["gpt2", "llama"])
def test_a_saved_adapter_is_read_back_as_it_was(tmp_path: Path, kind: str) -> None:
    spec = AdapterSpec(rank=3, alpha=5.0, ffa=True, seed=9)
    model = model_of(kind)
    state = adapter_state(moved(model, spec))
    logits = model(input_ids=TOKENS).logits
    save_adapter(tmp_path / "adapter", state, spec)
    read, described = read_adapter(tmp_path / "adapter")
    assert described == spec
    fresh = model_of(kind)
    load_state(attach(fresh, described), read)
    assert torch.equal(fresh(input_ids=TOKENS).logits, logits)


def test_the_files_are_those_that_peft_reads(tmp_path: Path) -> None:
    """Names and fields of peft 0.21; GPT-2's layers keep their weights the other way round, which it must be told."""
    for kind, other_way in (("gpt2", True), ("llama", False)):
        spec = AdapterSpec()
        save_adapter(tmp_path, adapter_state(attach(model_of(kind), spec)), spec)
        described = json.loads((tmp_path / "adapter_config.json").read_text())
        assert described["peft_type"] == "LORA"
        assert (described["r"], described["lora_alpha"]) == (8, 16.0)
        assert described["fan_in_fan_out"] is other_way
        state, _ = read_adapter(tmp_path)
        paths = {name.removeprefix("base_model.model.").rsplit(".", 2)[0] for name in state}
        assert paths == set(described["target_modules"])
        assert all(isinstance(model_of(kind).get_submodule(path), nn.Module) for path in paths)


def test_a_state_that_does_not_fit_changes_nothing() -> None:
    layers = attach(model_of(), AdapterSpec())
    before = adapter_state(layers)
    name = next(iter(before))
    for wrong in (
        {},
        {**before, "more": torch.zeros(1)},
        {**before, name: before[name][:, 1:]},
        {**before, name: before[name] * torch.nan},
    ):
        with pytest.raises(ConfigError, match="does not fit"):
            load_state(layers, wrong)
    assert all(torch.equal(value, before[key]) for key, value in adapter_state(layers).items())


def test_files_that_are_missing_or_damaged_are_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_adapter(tmp_path)
    spec = AdapterSpec()
    save_adapter(tmp_path, adapter_state(attach(model_of(), spec)), spec)
    weights, described = tmp_path / "adapter_model.safetensors", tmp_path / "adapter_config.json"
    whole, said = weights.read_bytes(), described.read_bytes()
    for path, data in (
        (weights, whole[: len(whole) // 2]),
        (weights, b""),
        (described, b"{}"),
        (described, b"[" * 100_000),
        (described, b'{"fedaug": {"rank": "x", "targets": ["all"]}}'),
        (described, b'{"fedaug": {"rank": 2, "targets": 3}}'),
        (described, said + b" " * 2**20),
    ):
        path.write_bytes(data)
        with pytest.raises(ConfigError, match="damaged"):
            read_adapter(tmp_path)
        weights.write_bytes(whole)
        described.write_bytes(said)
    read_adapter(tmp_path)

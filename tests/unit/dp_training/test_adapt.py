"""A whole adaptation: what it changes and what not, what it refuses, and how it goes on after an interruption."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.adapting import MODELS, Attached, language_model, passages, plan, values_of
from tests.seeded_noise import NoNoise, SeededNoise
from torch import nn

from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.lora import adapter_state, adapters, attach, load_state
from fedaug.client.training import adapt as adapting
from fedaug.client.training.adapt import AdaptationSteps, Adapted, Progress, adapt
from fedaug.client.training.passages import Passage, encode_units
from fedaug.client.training.training_state import AdaptationCheckpoint
from fedaug.errors import ConfigError, DefectError, ProtocolError, SealError
from fedaug.privacy.keys import KeyRing

LINEAGE = "a" * 32


def weights_of(model: LanguageModel) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in model.model.state_dict().items()}


def same(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(one[name], other[name]) for name in one)


def fold_in(folder: Path) -> AdaptationCheckpoint:
    return AdaptationCheckpoint(folder, KeyRing.create(folder / "keys", b"a passphrase"), LINEAGE)


# What it changes


@pytest.mark.parametrize("kind", MODELS)
def test_every_adapter_weight_moves_and_the_model_stays_as_it_was_to_the_bit(kind: str) -> None:
    model = language_model(kind)
    before = weights_of(model)
    got = adapt(model, passages(6), plan(), SeededNoise(1))
    assert same(before, weights_of(model))
    assert not adapters(model.model)
    assert len(got.state) == 2 * len(Attached(kind).layers)
    assert all(value.any() for value in got.state.values())
    assert got.steps == 3
    assert got.event == plan().planned_event(values_of(model, plan()))


def test_with_ffa_only_b_is_trained() -> None:
    model, chosen = language_model(), plan(ffa=True)
    started = {name: value for name, value in state_at_start(chosen).items() if ".lora_A." in name}
    got = adapt(model, passages(6), chosen, SeededNoise(1))
    assert all(torch.equal(got.state[name], value) for name, value in started.items())
    assert all(value.any() for value in got.state.values())
    assert got.event.dimensions < plan().planned_event(values_of(model, plan())).dimensions


def state_at_start(chosen: Any) -> dict[str, torch.Tensor]:
    return adapter_state(attach(language_model().model, chosen.adapter))


def loss_of(model: LanguageModel, texts: list[tuple[Passage, ...]]) -> float:
    ((row,), *_) = encode_units(model, texts, plan())
    tokens = torch.from_numpy(row.tokens)
    with torch.no_grad():
        logits = model.model(input_ids=tokens[None, :-1]).logits[0, row.first_target - 1 :]
    return float(nn.functional.cross_entropy(logits, tokens[row.first_target :]))


def test_it_learns_with_the_noise_off_and_with_little_noise() -> None:
    texts = [(Passage("w1 w2 w3 w4 w5 w6", prefix="w9"),)] * 20
    for noise_multiplier, source in ((0.0, NoNoise()), (0.05, SeededNoise(2))):
        model = language_model()
        chosen = plan(noise_multiplier=noise_multiplier, steps=40, learning_rate=0.02, expected_batch=20)
        before = loss_of(model, texts)
        got = adapt(model, texts, chosen, source)
        load_state(attach(model.model, got.spec), got.state)
        assert loss_of(model, texts) < before - 0.3, "the random head cannot be much surer than that"


def test_a_round_goes_on_from_the_weights_of_the_one_before() -> None:
    first = adapt(language_model(), passages(6), plan(), SeededNoise(1))
    second = adapt(language_model(), passages(6), plan(learning_rate=1e-9), SeededNoise(2), start=first.state)
    for name, value in first.state.items():
        torch.testing.assert_close(second.state[name], value, atol=1e-7, rtol=0)


def test_the_same_noise_gives_the_same_adapter_and_other_noise_another() -> None:
    one, same_, other = (adapt(language_model(), passages(6), plan(), SeededNoise(seed)) for seed in (1, 1, 2))
    assert same(one.state, same_.state)
    assert not same(one.state, other.state)


# Empty batches


@pytest.mark.parametrize("units", [0, 5])
def test_a_step_without_a_unit_gets_noise_all_the_same(units: int) -> None:
    """At this rate no step gets a unit, save with a chance of 2e-9."""
    got = adapt(language_model(), passages(units), plan(sampling_rate=1e-10, steps=4), SeededNoise(1))
    assert got.steps == 4
    assert all(value.any() for value in got.state.values())


def test_a_unit_without_records_and_an_empty_text_add_nothing_that_fails() -> None:
    units = [(), (Passage(""),), *passages(3)]
    assert adapt(language_model(begin_id=None), units, plan(), SeededNoise(1)).steps == 3


# What leaves


def test_progress_tells_steps_and_a_signal_of_noised_sums() -> None:
    told: list[Progress] = []
    adapt(language_model(), passages(6), plan(noise_multiplier=5.0), SeededNoise(1), progress=told.append)
    assert [(each.step, each.steps) for each in told] == [(1, 3), (2, 3), (3, 3)]
    assert all(abs(each.signal) < 0.2 for each in told)


def test_the_signal_is_far_above_zero_where_units_agree() -> None:
    told: list[Progress] = []
    units = [(Passage("w1 w2 w3"),)] * 30
    adapt(language_model(), units, plan(noise_multiplier=0.05, clip=0.01), SeededNoise(1), progress=told.append)
    assert told[-1].signal > 10


def test_a_signal_stops_the_run_and_the_whole_plan_is_charged() -> None:
    chosen = plan(noise_multiplier=100.0, steps=60, stop_below=0.5)
    got = adapt(language_model(), passages(3), chosen, SeededNoise(1))
    assert got.steps == 20
    assert got.event.steps == 60


def test_without_a_bound_the_signal_stops_nothing() -> None:
    assert adapt(language_model(), [], plan(noise_multiplier=100.0, steps=25), SeededNoise(1)).steps == 25


# What is reserved


def test_a_reserved_event_of_another_plan_is_refused() -> None:
    model = language_model()
    values = values_of(model, plan())
    for wrong in (plan(clip=0.4), plan(steps=4), plan(sampling_rate=0.5), plan(noise_multiplier=0.9)):
        with pytest.raises(ProtocolError, match="not the one that the plan states"):
            adapt(model, passages(2), plan(), SeededNoise(1), event=wrong.planned_event(values))
    assert not adapters(model.model)


# What is refused


def with_dropout(model: nn.Module) -> None:
    model.train()


def with_checkpointing(model: Any) -> None:
    switch = getattr(model, "activation_checkpointing_enable", None) or model.gradient_checkpointing_enable
    switch()


def with_batch_norm(model: Any) -> None:
    model.model.norm = nn.BatchNorm1d(32).eval()


def on_meta(model: Any) -> None:
    model.model.norm = nn.LayerNorm(32, device="meta")


def with_adapters(model: Any) -> None:
    attach(model, plan().adapter)


def with_shared_layers(model: Any) -> None:
    model.model.layers[1].mlp.up_proj = model.model.layers[0].mlp.up_proj


def with_a_head_that_is_not_linear(model: Any) -> None:
    model.set_output_embeddings(nn.Sequential(nn.Linear(32, 203)).eval())


def with_scaled_logits(model: Any) -> None:
    forward = model.forward

    def scaled(*args: Any, **named: Any) -> Any:
        output = forward(*args, **named)
        output.logits = output.logits * 2
        return output

    model.forward = scaled


@pytest.mark.parametrize(
    ("spoil", "what", "todo"),
    [
        (with_dropout, "in training mode, where dropout is on", "model.eval"),
        (with_checkpointing, "gradient checkpointing is on", "switch it off"),
        (with_batch_norm, "batch normalisation", "layer normalisation"),
        (on_meta, "on the meta device", "load the model's weights"),
        (with_adapters, "has adapters already", "take them off"),
        (with_shared_layers, "used in two places", "leave shared layers out"),
        (with_a_head_that_is_not_linear, "head is not a linear layer", "logits are linear"),
        (with_scaled_logits, "more with its logits", "another model"),
    ],
)
def test_a_model_whose_gradients_would_be_wrong_is_refused(spoil: Callable[[Any], None], what: str, todo: str) -> None:
    model = language_model()
    spoil(model.model)
    with pytest.raises(ConfigError) as refused:
        adapt(model, passages(2), plan(), SeededNoise(1))
    assert what in refused.value.what
    assert todo in refused.value.todo


def test_a_trained_weight_without_a_rule_and_one_that_is_shared_are_refused() -> None:
    attached = Attached()
    attached.model.model.norm.weight.requires_grad_(True)
    with pytest.raises(ConfigError, match=r"norm\.weight is trained and has no rule"):
        adapting.check_trained(attached.model, attached.layers)
    attached = Attached()
    first, second = list(attached.layers.values())[:2]
    second.down = first.down
    with pytest.raises(ConfigError, match="shared by two layers"):
        adapting.check_trained(attached.model, attached.layers)


@pytest.mark.parametrize(
    ("changes", "what"),
    [
        ({"targets": ["embed_tokens"]}, "has no rule for adapters"),
        ({"targets": ["lm_head"]}, "is the model's head"),
        ({"targets": ["nothing"]}, "no layer of the model"),
        ({"max_tokens": 257}, "takes 256 tokens at most"),
    ],
)
def test_targets_and_lengths_that_do_not_fit_are_refused(changes: dict[str, Any], what: str) -> None:
    with pytest.raises(ConfigError, match=what):
        adapt(language_model(), passages(2), plan(**changes), SeededNoise(1))


def test_a_unit_of_several_records_is_refused_where_records_are_protected() -> None:
    with pytest.raises(ConfigError, match="several records"):
        adapt(language_model(), [(Passage("w1"), Passage("w2"))], plan(), SeededNoise(1))


def test_a_step_that_trains_nothing_or_the_model_itself_is_a_defect(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(AdaptationSteps, "_spread", lambda self: None)
    with pytest.raises(DefectError, match="did not move"):
        adapt(language_model(), passages(2), plan(), SeededNoise(1))
    monkeypatch.undo()
    model = language_model()
    take = AdaptationSteps.take

    def clumsy(self: AdaptationSteps, *args: Any) -> None:
        take(self, *args)
        with torch.no_grad():
            model.model.model.norm.weight[0] += 1e-6

    monkeypatch.setattr(AdaptationSteps, "take", clumsy)
    with pytest.raises(DefectError, match="changed the frozen model"):
        adapt(model, passages(2), plan(), SeededNoise(1))


# Interruption


class Interrupting(SeededNoise):
    """Noise during whose n-th draw somebody presses Ctrl-C."""

    def __init__(self, seed: int, draws: int) -> None:
        super().__init__(seed)
        self.left = draws

    def discrete_gaussian(self, shape: tuple[int, ...], log2_std: int) -> NDArray[np.int64]:
        self.left -= 1
        if self.left < 0:
            raise KeyboardInterrupt
        return super().discrete_gaussian(shape, log2_std)


def counted(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The numbers of the steps that are taken from now on, finished or not."""
    taken: list[int] = []
    take = AdaptationSteps.take

    def counting(self: AdaptationSteps, units: Any, step: int, noise: Any) -> None:
        taken.append(step)
        take(self, units, step, noise)

    monkeypatch.setattr(AdaptationSteps, "take", counting)
    return taken


def test_a_run_that_was_cut_off_takes_no_finished_step_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    taken, told = counted(monkeypatch), list[Progress]()
    kept, model, chosen = fold_in(tmp_path), language_model(), plan(steps=6)
    before = weights_of(model)
    with pytest.raises(KeyboardInterrupt):
        adapt(model, passages(5), chosen, Interrupting(1, 4), checkpoint=kept, progress=told.append)
    assert taken == [0, 1, 2, 3, 4]
    assert told[-1].step == 4
    assert same(before, weights_of(model)), "the model is as it was after an interruption too"
    got = adapt(model, passages(5), chosen, SeededNoise(9), checkpoint=kept)
    assert taken[5:] == [4, 5]
    assert (got.steps, got.event.steps) == (6, 6)


def test_a_run_in_parts_is_the_run_in_one(tmp_path: Path) -> None:
    """Sampling takes every unit, so that only the noise has to be the same: the parts' draws follow one another."""
    whole = adapt(language_model(), passages(5), plan(steps=6), SeededNoise(1))
    kept = fold_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        adapt(language_model(), passages(5), plan(steps=6), Interrupting(1, 4), checkpoint=kept)
    rest = SeededNoise(1)
    rest._calls = 8  # four steps of a sample and a draw
    assert same(adapt(language_model(), passages(5), plan(steps=6), rest, checkpoint=kept).state, whole.state)


def test_a_finished_run_is_given_again_without_a_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kept = fold_in(tmp_path)
    first = adapt(language_model(), passages(5), plan(), SeededNoise(1), checkpoint=kept)
    taken = counted(monkeypatch)
    again = adapt(language_model(), passages(5), plan(), SeededNoise(2), checkpoint=kept)
    assert not taken
    assert same(first.state, again.state)
    kept.clear()
    adapt(language_model(), passages(5), plan(), SeededNoise(2), checkpoint=kept)
    assert taken == [0, 1, 2]


def test_a_stopped_run_stays_stopped(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    chosen, kept = plan(noise_multiplier=100.0, steps=60, stop_below=0.5), fold_in(tmp_path)
    adapt(language_model(), [], chosen, SeededNoise(1), checkpoint=kept)
    taken = counted(monkeypatch)
    assert adapt(language_model(), [], chosen, SeededNoise(1), checkpoint=kept).steps == 20
    assert not taken


def test_progress_is_told_when_the_step_is_on_the_disk(tmp_path: Path) -> None:
    kept = fold_in(tmp_path)

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    for step in (1, 2, 3):
        with pytest.raises(KeyboardInterrupt):
            adapt(language_model(), passages(2), plan(), SeededNoise(step), checkpoint=kept, progress=stop)
    assert adapt(language_model(), passages(2), plan(), SeededNoise(9), checkpoint=kept).steps == 3


def interrupted(tmp_path: Path) -> AdaptationCheckpoint:
    kept = fold_in(tmp_path)
    with pytest.raises(KeyboardInterrupt):
        adapt(language_model(), passages(5), plan(), Interrupting(1, 2), checkpoint=kept)
    return kept


def resumed(kept: AdaptationCheckpoint, **changes: Any) -> Adapted:
    values = {"kind": "llama", "units": passages(5), "plan": plan(), "start": None} | changes
    return adapt(
        language_model(values["kind"]),
        values["units"],
        values["plan"],
        SeededNoise(2),
        start=values["start"],
        checkpoint=kept,
    )


@pytest.mark.parametrize(
    "changes",
    [{"plan": plan(learning_rate=0.1)}, {"units": passages(4)}, {"units": passages(5, seed=1)}, {"kind": "qwen2"}],
)
def test_a_checkpoint_of_another_plan_model_or_records_is_refused(tmp_path: Path, changes: dict[str, Any]) -> None:
    kept = interrupted(tmp_path)
    with pytest.raises(ConfigError, match="another plan, model or set of records"):
        resumed(kept, **changes)
    assert resumed(kept).steps == 3


def test_a_checkpoint_shows_nothing_and_opens_for_its_data_set_only(tmp_path: Path) -> None:
    kept = interrupted(tmp_path)
    (file,) = tmp_path.glob("*.sealed")
    assert file.stat().st_mode & 0o077 == 0
    assert b"exp_avg" not in file.read_bytes(), "a tensor's name would stand in the clear"
    other = AdaptationCheckpoint(tmp_path, kept._keys, "b" * 32)
    with pytest.raises(SealError):
        resumed(other)


def test_a_flipped_bit_of_a_checkpoint_is_refused(tmp_path: Path) -> None:
    kept = interrupted(tmp_path)
    (file,) = tmp_path.glob("*.sealed")
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
    with pytest.raises(SealError):
        resumed(kept)


def test_a_schedule_rises_and_falls_as_planned() -> None:
    rates = {
        kind: [plan(steps=10, warmup_steps=4, schedule=kind).learning_rate_at(step) for step in range(10)]
        for kind in ("constant", "linear", "cosine")
    }
    for each in rates.values():
        np.testing.assert_allclose(each[:4], np.array([1, 2, 3, 4]) / 4 * 1e-3)
        assert math.isclose(each[4], 1e-3)
    assert rates["constant"][-1] == 1e-3
    np.testing.assert_allclose(rates["linear"][4:], 1e-3 * (1 - np.arange(6) / 6))
    assert all(one > other for one, other in zip(rates["cosine"][4:], rates["cosine"][5:], strict=False))

"""Adapts a local language model to a site's records by DP-SGD of low-rank adapters.

Abadi et al. 2016, "Deep Learning with Differential Privacy", algorithm 1, over units instead of examples; of adapters,
as Yu et al. 2022, "Differentially Private Fine-tuning of Language Models". Records are read for one thing only: the
sum of clipped gradients of a step, which the mechanism noises before anything else sees it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import Tensor, nn

from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.lora import (
    AdapterSpec,
    AdapterState,
    LoraLayer,
    adapter_state,
    attach,
    detach,
    load_state,
    trained_weights,
)
from fedaug.client.training.adaptation_plan import AdaptationPlan, Precision
from fedaug.client.training.clipped_sum import ClippedSum
from fedaug.client.training.passages import Batch, EncodedUnit, Passage, all_lengths, batches, encode_units, rows_at
from fedaug.client.training.signal import Signal
from fedaug.client.training.taps import RowGradients
from fedaug.client.training.token_loss import TokenLoss
from fedaug.client.training.trainable import check_loaded, check_rows_apart, check_trained
from fedaug.client.training.training_state import AdaptationCheckpoint, TrainingState
from fedaug.errors import DefectError, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import SubsampledGaussianEvent
from fedaug.privacy.mechanisms import grid_values, poisson_sample, subsampled_gaussian_step
from fedaug.privacy.noise import NoiseSource

_BETAS: Final = (0.9, 0.999)


@dataclass(frozen=True)
class Progress:
    """What may be told of a step: nothing that depends on records but through the mechanism.

    Attributes:
        step: Steps taken.
        steps: Steps planned.
        signal: See :class:`fedaug.client.training.signal.Signal`.
    """

    step: int
    steps: int
    signal: float


@dataclass(frozen=True)
class Adapted:
    """What an adaptation gives; it depends on the records through the event's mechanism only.

    Attributes:
        state: The adapters' weights, by name.
        spec: Which adapters they are.
        event: What was executed, and is charged: all planned steps, also where a signal stopped the run before.
        steps: How many were taken.
    """

    state: AdapterState
    spec: AdapterSpec
    event: SubsampledGaussianEvent
    steps: int


def adapt(
    language_model: LanguageModel,
    units: Sequence[Sequence[Passage]],
    plan: AdaptationPlan,
    noise: NoiseSource,
    *,
    event: SubsampledGaussianEvent | None = None,
    start: Mapping[str, Tensor] | None = None,
    checkpoint: AdaptationCheckpoint | None = None,
    progress: Callable[[Progress], None] | None = None,
) -> Adapted:
    """Train adapters beside a frozen model; the model itself is as before when this returns or raises.

    An interruption (Ctrl-C) ends it between or within steps; with a checkpoint, the same call goes on from the last
    finished step.

    Args:
        language_model: What is adapted, in evaluation mode.
        units: Each unit's records, in an order that follows from the unit alone.
        plan: What was planned.
        noise: Of sampling and of the steps.
        event: What was reserved; worked out from the plan if it is not given.
        start: The adapters' weights at the start, as a round of a federation goes on; else they are fresh.
        checkpoint: Where the state is kept after each step.
        progress: Called after each step, when its state is kept.

    Raises:
        ConfigError: The model or the plan cannot be used; the message says what to do.
        ProtocolError: The event is not the plan's.
        SealError: The checkpoint cannot be opened.
        DefectError: The base model has changed, or a weight has not: nothing is returned then.
    """
    model: nn.Module = language_model.model
    check_loaded(model)
    layers = attach(model, plan.adapter)
    try:
        if start is not None:
            load_state(layers, start)
        run = _Run(language_model, layers, plan, event)
        run.check()
        return run.train(encode_units(language_model, units, plan), noise, checkpoint, progress)
    finally:
        detach(model)


class StepGradients:
    """A step's sum of clipped gradients at the model's present weights.

    Args:
        language_model: With adapters attached.
        layers: The adapters.
        plan: Gives clip, precision and which of a unit's records count.
        event: Its sensitivity is the clip.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        layers: Mapping[str, LoraLayer],
        plan: AdaptationPlan,
        event: SubsampledGaussianEvent,
    ) -> None:
        self._device = language_model.model.device
        self._pad_id, self._plan, self._event = language_model.pad_id, plan, event
        self._loss = TokenLoss(language_model.model, bfloat16=plan.precision is Precision.BFLOAT16)
        self._taps = RowGradients(layers)
        self._shapes = [weight.shape for _, weight in trained_weights(layers)]

    def total(self, units: Sequence[EncodedUnit], step: int) -> Tensor:
        """The sum over these units, int64 [values] in grid steps; zeros where there are none."""
        clipped = ClippedSum(self._shapes, self._event, self._device)
        for batch in batches([rows_at(unit, self._plan, step) for unit in units], self._pad_id):
            clipped.add(batch, self.of_rows(batch))
        return clipped.total()

    def of_rows(self, batch: Batch) -> list[Tensor]:
        """Each trained weight's gradients of all rows of a batch, [rows, ...]."""
        with self._taps.tapped():
            tokens, weights = (torch.from_numpy(part).to(self._device) for part in (batch.tokens, batch.weights))
            self._loss.backward(tokens, weights)
            return self._taps.take()


class _Run:
    """One adaptation."""

    def __init__(
        self,
        language_model: LanguageModel,
        layers: Mapping[str, LoraLayer],
        plan: AdaptationPlan,
        event: SubsampledGaussianEvent | None,
    ) -> None:
        self._model, self._layers, self._plan = language_model, layers, plan
        self._names, self._weights = zip(*trained_weights(layers), strict=True)
        values = sum(weight.numel() for weight in self._weights)
        self._event = plan.planned_event(values) if event is None else event
        _check_event(self._event, plan, values)
        self._gradients = StepGradients(language_model, layers, plan, self._event)
        # One tensor for all weights: an optimiser's step over many small ones takes longer than its work.
        self._flat = nn.Parameter(torch.cat([weight.detach().reshape(-1) for weight in self._weights]))
        self._optimiser = torch.optim.Adam([self._flat], betas=_BETAS)
        self._signal = Signal(self._event)

    def check(self) -> None:
        check_trained(self._model.model, self._layers)
        lengths = all_lengths(self._plan.max_tokens)
        check_rows_apart(self._gradients.of_rows, lengths, self._model.vocabulary, self._model.name)

    def train(
        self,
        units: Sequence[EncodedUnit],
        noise: NoiseSource,
        checkpoint: AdaptationCheckpoint | None,
        progress: Callable[[Progress], None] | None,
    ) -> Adapted:
        base, began = _fingerprint(self._model.model, self._layers), adapter_state(self._layers)
        digest = self._digest(units, base, began)
        kept = checkpoint.read(digest) if checkpoint is not None else None
        if kept is not None:
            self._restore(kept)
        step, stopped = (kept.step, kept.stopped) if kept is not None else (0, False)
        while step < self._plan.steps and not stopped:
            self._step(units, step, noise)
            step, stopped = step + 1, self._signal.is_below(self._plan.stop_below)
            if checkpoint is not None:
                checkpoint.write(digest, self._state(step, stopped))
            if progress is not None:
                progress(Progress(step, self._plan.steps, self._signal.value))
        ended = adapter_state(self._layers)
        self._check_moved(base, began, ended)
        return Adapted(ended, self._plan.adapter, self._event, step)

    def _step(self, units: Sequence[EncodedUnit], step: int, noise: NoiseSource) -> None:
        sampled = poisson_sample(len(units), self._event, noise)
        total = self._gradients.total([unit for unit, taken in zip(units, sampled, strict=True) if taken], step)
        noised = torch.from_numpy(
            grid_values(subsampled_gaussian_step(total.numpy(), self._event, noise), self._event.grid)
        )
        self._signal.update(noised)
        self._flat.grad = (noised / self._plan.expected_batch).to(self._flat)
        for group in self._optimiser.param_groups:
            group["lr"] = self._plan.learning_rate_at(step)
        self._optimiser.step()
        self._spread()

    @torch.no_grad()
    def _spread(self) -> None:
        """Give the layers the weights that the optimiser has."""
        sizes = [weight.numel() for weight in self._weights]
        for weight, values in zip(self._weights, torch.split(self._flat, sizes), strict=True):
            weight.copy_(values.view_as(weight))

    def _state(self, step: int, stopped: bool) -> TrainingState:
        moments = self._optimiser.state[self._flat]
        tensors = {"weights": self._flat.detach(), "average": self._signal.average}
        tensors |= {name: moments[name] for name in ("exp_avg", "exp_avg_sq", "step")}
        return TrainingState(step, stopped, {name: value.cpu() for name, value in tensors.items()})

    @torch.no_grad()
    def _restore(self, state: TrainingState) -> None:
        self._flat.copy_(state.tensors["weights"])
        moments = {name: state.tensors[name].to(self._flat.device) for name in ("exp_avg", "exp_avg_sq")}
        self._optimiser.state[self._flat] = moments | {"step": state.tensors["step"]}
        self._signal.average, self._signal.steps = state.tensors["average"], state.step
        self._spread()

    def _digest(self, units: Sequence[EncodedUnit], base: str, start: AdapterState) -> str:
        """Of all that a run depends on but chance; kept inside the sealed file only."""
        found = hashlib.sha256(canonical_json({"plan": self._plan.model_dump(mode="json"), "base": base}))
        found.update(canonical_json(self._event.as_dict()))
        for value in start.values():
            found.update(value.numpy().tobytes())
        for unit in units:
            found.update(f"unit {len(unit)}".encode())
            for row in unit:
                found.update(f"row {row.first_target} {len(row.tokens)}".encode() + row.tokens.tobytes())
        return found.hexdigest()

    def _check_moved(self, base: str, began: AdapterState, ended: AdapterState) -> None:
        """Adapters put on a model in the wrong order have been seen to train nothing, or the wrong weights."""
        if _fingerprint(self._model.model, self._layers) != base:
            raise DefectError("training changed the frozen model", "report this with the model's architecture")
        for name in began:
            moved = not torch.equal(began[name], ended[name])
            if moved != (name in self._names):
                raise DefectError(f"training {'moved' if moved else 'did not move'} {name}", "report this")


def _check_event(event: SubsampledGaussianEvent, plan: AdaptationPlan, values: int) -> None:
    stated = (event.sensitivity, event.sampling_rate, event.steps, event.dimensions)
    noise = plan.noise_multiplier
    same_noise = noise is None or math.isclose(event.noise_multiplier, noise, rel_tol=1e-12)
    if stated != (plan.clip, plan.sampling_rate, plan.steps, values) or not same_noise:
        raise ProtocolError("the event is not the one that the plan states", "reserve plan.planned_event()")


def _fingerprint(model: nn.Module, layers: Mapping[str, LoraLayer]) -> str:
    """SHA-256 of every weight and buffer that is not an adapter's."""
    own = {id(weight) for layer in layers.values() for weight in (layer.down, layer.up)}
    found = hashlib.sha256()
    for name, value in (*model.named_parameters(), *model.named_buffers()):
        if id(value) not in own:
            found.update(name.encode())
            found.update(value.detach().cpu().contiguous().view(torch.uint8).numpy().tobytes())
    return found.hexdigest()

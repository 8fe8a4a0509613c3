"""Adapts a local language model to a site's records by DP-SGD of low-rank adapters.

Abadi et al. 2016, "Deep Learning with Differential Privacy", algorithm 1, over units instead of examples; of adapters,
as Yu et al. 2022, "Differentially Private Fine-tuning of Language Models". Records are read for one thing only: the
sum of clipped gradients of a step, which the mechanism noises before anything else sees it.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Collection, Mapping, Sequence
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
from fedaug.client.training.adaptation_plan import AdaptationPlan
from fedaug.client.training.clipped_sum import ClippedSum
from fedaug.client.training.passages import Batch, EncodedUnit, Passage, all_lengths, batches, encode_units, rows_at
from fedaug.client.training.signal import Signal, StepEnergies
from fedaug.client.training.taps import RowGradients
from fedaug.client.training.token_loss import TokenLoss
from fedaug.client.training.trainable import check_loaded, check_rows_apart, check_trained
from fedaug.client.training.training_state import AdaptationCheckpoint, TrainingState
from fedaug.errors import DefectError, ProtocolError
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import SubsampledGaussianEvent
from fedaug.privacy.mechanisms import grid_values, poisson_sample, subsampled_gaussian_step
from fedaug.privacy.noise import NoiseSource
from fedaug.strategies.adaptation import Precision

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
        energies: Of the noised sums; quietest and loudest are infinite and 0 where no noise is planned.
    """

    state: AdapterState
    spec: AdapterSpec
    event: SubsampledGaussianEvent
    steps: int
    energies: StepEnergies


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
        check_trained(model, layers)
        steps = AdaptationSteps(language_model, layers, plan, event)
        lengths = all_lengths(plan.max_tokens)
        check_rows_apart(steps.gradients.of_rows, lengths, language_model.vocabulary, language_model.name)
        encoded = encode_units(language_model, units, plan)
        return _train(model, layers, plan, steps, encoded, noise, checkpoint, progress)
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
        # Apple's GPUs know no float64, in which norms and sums are exact.
        device = torch.device("cpu") if self._device.type == "mps" else self._device
        clipped = ClippedSum(self._shapes, self._event, device)
        for batch in batches([rows_at(unit, self._plan, step) for unit in units], self._pad_id):
            clipped.add(batch, [gradient.to(device) for gradient in self.of_rows(batch)])
        return clipped.total()

    def of_rows(self, batch: Batch) -> list[Tensor]:
        """Each trained weight's gradients of all rows of a batch, [rows, ...]."""
        with self._taps.tapped():
            tokens, weights = (torch.from_numpy(part).to(self._device) for part in (batch.tokens, batch.weights))
            self._loss.backward(tokens, weights)
            return self._taps.take()


class AdaptationSteps:
    """Steps of one adaptation: the model's adapters, the optimiser and the signal, as they stand.

    Args:
        language_model: With adapters attached.
        layers: The adapters.
        plan: What was planned.
        event: What was reserved; worked out from the plan if it is not given.

    Raises:
        ConfigError: The model has no head that is known here.
        ProtocolError: The event is not the plan's.
    """

    def __init__(
        self,
        language_model: LanguageModel,
        layers: Mapping[str, LoraLayer],
        plan: AdaptationPlan,
        event: SubsampledGaussianEvent | None = None,
    ) -> None:
        self._plan = plan
        self._weights = [weight for _, weight in trained_weights(layers)]
        values = sum(weight.numel() for weight in self._weights)
        self.event = plan.planned_event(values) if event is None else event
        _check_event(self.event, plan, values)
        self.gradients = StepGradients(language_model, layers, plan, self.event)
        self.signal = Signal(self.event)
        # One tensor for all weights: an optimiser's step over many small ones takes longer than its work.
        self._flat = nn.Parameter(torch.cat([weight.detach().reshape(-1) for weight in self._weights]))
        self._optimiser = torch.optim.Adam([self._flat], betas=_BETAS)

    def take(self, units: Sequence[EncodedUnit], step: int, noise: NoiseSource) -> None:
        """One step, counted from 0: sample, sum, noise; what follows the noise is post-processing."""
        sampled = poisson_sample(len(units), self.event, noise)
        total = self.gradients.total([unit for unit, taken in zip(units, sampled, strict=True) if taken], step)
        noised = torch.from_numpy(
            grid_values(subsampled_gaussian_step(total.numpy(), self.event, noise), self.event.grid)
        )
        self.signal.update(noised)
        self._flat.grad = (noised / self._plan.expected_batch).to(self._flat)
        for group in self._optimiser.param_groups:
            group["lr"] = self._plan.learning_rate_at(step)
        self._optimiser.step()
        self._spread()

    def state(self, step: int, *, stopped: bool) -> TrainingState:
        """What goes on from here, after at least one step."""
        moments = self._optimiser.state[self._flat]
        heard = torch.tensor([self.signal.energies.quietest, self.signal.energies.loudest], dtype=torch.float64)
        tensors = {"weights": self._flat.detach(), "average": self.signal.average, "energies": heard}
        tensors |= {name: moments[name] for name in ("exp_avg", "exp_avg_sq", "step")}
        return TrainingState(step, stopped, {name: value.cpu() for name, value in tensors.items()})

    @torch.no_grad()
    def restore(self, state: TrainingState) -> None:
        """Stand where a state does."""
        self._flat.copy_(state.tensors["weights"])
        moments = {name: state.tensors[name].to(self._flat.device) for name in ("exp_avg", "exp_avg_sq")}
        self._optimiser.state[self._flat] = moments | {"step": state.tensors["step"]}
        self.signal.average, self.signal.steps = state.tensors["average"], state.step
        self.signal.energies = StepEnergies(*state.tensors["energies"].tolist())
        self._spread()

    @torch.no_grad()
    def _spread(self) -> None:
        """Give the layers the weights that the optimiser has."""
        sizes = [weight.numel() for weight in self._weights]
        for weight, values in zip(self._weights, torch.split(self._flat, sizes), strict=True):
            weight.copy_(values.view_as(weight))


def _train(
    model: nn.Module,
    layers: Mapping[str, LoraLayer],
    plan: AdaptationPlan,
    steps: AdaptationSteps,
    units: Sequence[EncodedUnit],
    noise: NoiseSource,
    checkpoint: AdaptationCheckpoint | None,
    progress: Callable[[Progress], None] | None,
) -> Adapted:
    base, began = _fingerprint(model, layers), adapter_state(layers)
    digest = _digest(plan, steps.event, base, began, units)
    kept = checkpoint.read(digest) if checkpoint is not None else None
    if kept is not None:
        steps.restore(kept)
    step, stopped = (kept.step, kept.stopped) if kept is not None else (0, False)
    while step < plan.steps and not stopped:
        steps.take(units, step, noise)
        step, stopped = step + 1, steps.signal.is_below(plan.stop_below)
        if checkpoint is not None:
            checkpoint.write(digest, steps.state(step, stopped=stopped))
        if progress is not None:
            progress(Progress(step, plan.steps, steps.signal.value))
    ended = adapter_state(layers)
    if _fingerprint(model, layers) != base:
        raise DefectError("training changed the frozen model", "report this with the model's architecture")
    _check_moved(began, ended, {name for name, _ in trained_weights(layers)})
    return Adapted(ended, plan.adapter, steps.event, step, steps.signal.energies)


def _check_moved(began: AdapterState, ended: AdapterState, trained: Collection[str]) -> None:
    """Adapters that were put on a model in the wrong way have been seen to train nothing, or the wrong weights."""
    for name in began:
        moved = not torch.equal(began[name], ended[name])
        if moved != (name in trained):
            raise DefectError(f"training {'moved' if moved else 'did not move'} {name}", "report this")


def _digest(
    plan: AdaptationPlan,
    event: SubsampledGaussianEvent,
    base: str,
    start: AdapterState,
    units: Sequence[EncodedUnit],
) -> str:
    """Of all that a run depends on but chance; kept inside the sealed file only."""
    facts = {"plan": plan.model_dump(mode="json"), "event": event.as_dict(), "base": base}
    found = hashlib.sha256(canonical_json(facts))
    for value in start.values():
        found.update(value.numpy().tobytes())
    for unit in units:
        found.update(f"unit {len(unit)}".encode())
        for row in unit:
            found.update(f"row {row.first_target} {len(row.tokens)}".encode() + row.tokens.tobytes())
    return found.hexdigest()


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
            found.update(value.detach().cpu().reshape(-1).view(torch.uint8).numpy().tobytes())
    return found.hexdigest()

"""The training loop: a constant rate after a warm-up, so that a run can be made longer; a fall to zero at its end."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path

import torch
from tools.pretraining import optimise, state
from tools.pretraining.mixture import Mixture
from tools.pretraining.network import Vocabulary, loss
from tools.pretraining.rounding import Rounding
from tools.pretraining.state import Progress
from torch import Tensor
from transformers import BertLMHeadModel

_TOLD = 20  # updates between two lines
_CLIP = 1.0
_MEAN = 0.998  # how much of the running mean of weights stays at an update


@dataclass(frozen=True)
class Settings:
    """How to train.

    Attributes:
        tokens: Drawn for an update, prompts included.
        rows_of: Most tokens of a batch; an update adds up several.
        rate: Of AdamW.
        muon: Of Muon; 0 for none.
        until: Tokens of the whole run, those before a checkpoint included.
        fall: Tokens at the end over which the rate falls to zero, and the softmax is whole.
        minutes: Ends the sitting by the clock; 0 for no end.
        every: Minutes between two checkpoints.
        warm_up: Updates over which the rate rises.
        seed: Of the sampled softmax.
        rounded: Whether the loss is of the weights as they will be stored.
    """

    tokens: int = 4096
    rows_of: int = 2048
    rate: float = 6e-4
    muon: float = 0.0
    until: float = 1e9
    fall: float = 0.0
    minutes: float = 0.0
    every: float = 5.0
    warm_up: int = 100
    seed: int = 7
    rounded: bool = False


class Run:
    """A run that a checkpoint can be gone on from.

    Args:
        model: To train.
        mixture: What from.
        settings: How.
        folder: Of the checkpoint.
        say: Told how it goes.
    """

    def __init__(
        self, model: BertLMHeadModel, mixture: Mixture, settings: Settings, folder: Path, say: Callable[[str], None]
    ) -> None:
        self._model, self._mixture, self._settings, self._folder, self._say = model, mixture, settings, folder, say
        self._vocabulary_bias = model.cls.predictions.bias.detach().clone()
        self._optimisers = optimise.optimisers(model, settings.rate, settings.muon)
        self._weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
        self.mean = {name: weight.detach().clone() for name, weight in self._weights.items()}
        self.progress = Progress()
        self._stopped = False
        found = state.load(folder)
        if found:
            self._go_on(*found)
        self._rounding = Rounding(self._weights, folder) if settings.rounded else None

    def _go_on(self, progress: Progress, parts: dict[str, dict[str, Tensor]]) -> None:
        with torch.no_grad():
            for name, weight in self._weights.items():
                weight.copy_(parts["weights"][name])
                self.mean[name].copy_(parts["mean"][name])
        optimise.restore(self._optimisers, parts["moments"])
        self.progress = progress
        self._say(f"going on after step {progress.step}, {progress.tokens} tokens")

    def train(self) -> None:
        """Until the tokens or the minutes are used up, or it is stopped; a checkpoint is written at the end."""
        settings, began, losses = self._settings, time.monotonic(), []
        saved = began
        while self.progress.tokens < settings.until and not self._stopped:
            losses.append(self._update())
            now = time.monotonic()
            if self.progress.step % _TOLD == 0:
                self._say(self._line(sum(losses) / len(losses)))
                losses = []
            if now - saved > settings.every * 60:
                self.save()
                saved = now
            if settings.minutes and now - began > settings.minutes * 60:
                break
        self.save()

    def stop(self) -> None:
        """End after the present update."""
        self._stopped = True

    def _update(self) -> float:
        settings, began, step = self._settings, time.monotonic(), self.progress.step
        batches = self._mixture.step(step, settings.tokens, settings.rows_of)
        learnt = sum(int(batch.learnt.sum()) for batch in batches)
        falling = settings.fall and self.progress.tokens > settings.until - settings.fall
        vocabulary = None if falling else Vocabulary(self._vocabulary_bias, hash((settings.seed, step)) % 2**31)
        total = 0.0
        with self._rounding.rounded() if self._rounding else nullcontext():
            for batch in batches:
                with torch.autocast("cpu", torch.bfloat16):
                    lost = loss(self._model, batch, vocabulary) / learnt
                lost.backward()
                total += float(lost.detach())
        torch.nn.utils.clip_grad_norm_(self._weights.values(), _CLIP)
        optimise.set_rate(self._optimisers, self._share())
        for optimiser in self._optimisers:
            optimiser.step()
            optimiser.zero_grad()
        with torch.no_grad():
            kept = min(_MEAN, (step + 1) / (step + 10))
            torch._foreach_lerp_(list(self.mean.values()), list(self._weights.values()), 1 - kept)
        tokens = sum(int(batch.ids.shape[0] and (batch.ids != 0).sum()) for batch in batches)
        self.progress = self.progress.after(tokens, learnt, time.monotonic() - began)
        return total

    def _share(self) -> float:
        """Of the full rate."""
        settings = self._settings
        share = min(1.0, (self.progress.step + 1) / settings.warm_up)
        if settings.fall:
            share *= min(1.0, max(0.0, (settings.until - self.progress.tokens) / settings.fall))
        return share

    def _line(self, lost: float) -> str:
        made = self.progress
        speed = made.tokens / made.seconds
        return f"step {made.step} tokens {made.tokens} learnt {made.learnt} loss {lost:.4f} {speed:.0f} tokens/s"

    def save(self) -> None:
        """Write the checkpoint."""
        weights = {name: weight.detach() for name, weight in self._weights.items()}
        parts = {"weights": weights, "mean": self.mean, "moments": optimise.moments(self._optimisers)}
        state.save(self._folder, self.progress, parts)

"""The training run: AdamW, a short warm-up and a linear descent, bf16 products where the processor has them."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from tools.ner_training.batches import Batch
from torch import Tensor

from fedaug.privacy.deid.neural.network import Network
from fedaug.privacy.deid.neural.weights import chosen


@dataclass(frozen=True)
class Settings:
    """How a run goes.

    Attributes:
        rate: Highest learning rate of the low-rank factors, head and features.
        small_rate: The same for biases and normalisations.
        decay: Weight decay of the factors.
        warm_up: Share of the steps on which the rate rises.
        clip: Largest norm of a step's gradient.
        inside_weight: Weight of tokens inside identifiers; recall counts more here than precision.
    """

    rate: float = 1.5e-3
    small_rate: float = 5e-4
    decay: float = 0.01
    warm_up: float = 0.05
    clip: float = 1.0
    inside_weight: float = 1.5


def partial_loss(logits: Tensor, batch: Batch, inside_weight: float) -> Tensor:
    """-log of the probability of all tags that a piece's annotation allows, averaged over what is taught.

    Where a source does not annotate a type, a word outside its spans may be of that type: its tags are allowed.
    """
    nothing = torch.finfo(logits.dtype).min
    allowed = torch.logsumexp(logits.masked_fill(~batch.allowed, nothing), -1) - torch.logsumexp(logits, -1)
    weight = torch.where(batch.allowed[..., 0], 1.0, inside_weight) * batch.taught
    return -(allowed * weight).sum() / weight.sum()


def train(
    network: Network,
    stream: Iterator[Batch],
    progress: Callable[[float], float],
    settings: Settings,
    report: Callable[[int, float], None],
) -> int:
    """Train until the progress, 0 to 1, reaches 1 or the stream ends; the number of steps made.

    Args:
        progress: The part of the run that lies behind, given the pieces seen so far: the learning rate follows it.
        report: Called with (steps, mean loss) every 50 steps.
    """
    small = [p for name, p in network.named_parameters() if p.requires_grad and _is_small(name)]
    large = [p for name, p in network.named_parameters() if p.requires_grad and not _is_small(name)]
    groups = [
        {"params": large, "top": settings.rate, "weight_decay": settings.decay},
        {"params": small, "top": settings.small_rate, "weight_decay": 0.0},
    ]
    optimiser = torch.optim.AdamW(groups, lr=0.0, betas=(0.9, 0.98))
    network.train()
    seen, losses, steps = 0.0, list[float](), 0
    for batch in stream:
        done = progress(seen)
        if done >= 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = group["top"] * min(done / settings.warm_up, (1 - done) / (1 - settings.warm_up))
        with torch.autocast("cpu", torch.bfloat16, enabled=chosen("auto") == "bf16"):
            logits = network(batch.ids, batch.features, batch.mask)
        loss = partial_loss(logits.float(), batch, settings.inside_weight)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]  # torch types it not
        torch.nn.utils.clip_grad_norm_(large + small, settings.clip)
        optimiser.step()
        seen, steps = seen + batch.ids.numel(), steps + 1
        losses.append(float(loss.detach()))
        if steps % 50 == 0:
            report(steps, sum(losses) / len(losses))
            losses.clear()
    return steps


def by_minutes(minutes: float) -> Callable[[float], float]:
    """Progress by the clock."""
    started = time.monotonic()
    return lambda _: (time.monotonic() - started) / (60 * minutes)


def by_pieces(pieces: float) -> Callable[[float], float]:
    """Progress by word pieces seen, which makes a run repeatable."""
    return lambda seen: seen / pieces


def _is_small(name: str) -> bool:
    return name.endswith("bias") or "norm" in name

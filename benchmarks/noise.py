"""What privacy noise costs: against the fast generators that must not be used for it, and as a share of a DP-SGD step.

    python -m benchmarks.noise --json

Ours draws a fresh key from the operating system at every call; ``torch.normal`` and Philox are seeded streams.
``ratio`` is how many times slower a value of discrete Gaussian noise is than one of ``torch.normal`` in float32, its
fastest. The steps are timed without noise: LoRA of rank 8 on all linear layers of a decoder of MiniLM's shape, forward
and backward without clipping, which a DP step cannot undercut; and the linear head that a site trains, with clipping.
"""

from __future__ import annotations

import argparse
import json
import platform
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
from torch import nn
from transformers import BertConfig, BertLMHeadModel

from benchmarks.measure import median_seconds, show
from fedaug.client.training.linear import UnitGradients
from fedaug.privacy.noise import SystemNoise
from fedaug.strategies.contributions import Contributions

LOG2_STD = 24  # what campaigns use
RANK = 8
BATCH, TOKENS = 16, 64
UNITS, SAMPLED = 10_000, 256  # of the linear head
LABELS, WIDTH = 77, 384


class LowRank(nn.Module):
    """A frozen linear layer with a trained product of two thin matrices beside it (Hu et al. 2021)."""

    def __init__(self, frozen: nn.Linear) -> None:
        super().__init__()
        self.frozen = frozen
        self.down = nn.Parameter(torch.randn(RANK, frozen.in_features) / RANK)
        self.up = nn.Parameter(torch.zeros(frozen.out_features, RANK))

    def forward(self, values: torch.Tensor) -> torch.Tensor:
        return self.frozen(values) + values @ self.down.T @ self.up.T  # type: ignore[no-any-return]  # torch's is Any


def adapted_decoder() -> BertLMHeadModel:
    """A causal decoder of MiniLM's shape (22.7 M weights, random), of which only the adapters are trained."""
    config = BertConfig(
        hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536, is_decoder=True
    )
    model = BertLMHeadModel(config).requires_grad_(False)
    for module in list(model.bert.encoder.modules()):
        for name, child in list(module.named_children()):
            if isinstance(child, nn.Linear) and not isinstance(module, LowRank):
                setattr(module, name, LowRank(child))
    return model


def adapter_step() -> tuple[Callable[[], object], int]:
    """Forward and backward of one batch, and how many weights it trains."""
    model = adapted_decoder()
    tokens = torch.randint(30_522, (BATCH, TOKENS))

    def step() -> None:
        model.zero_grad(set_to_none=True)
        model(input_ids=tokens, labels=tokens).loss.backward()

    return step, sum(weight.numel() for weight in model.parameters() if weight.requires_grad)


def head_step() -> tuple[Callable[[], object], int]:
    """The clipped gradients of a sample of units at a linear head, and how many weights it has."""
    rng = np.random.default_rng(0)
    embeddings = rng.standard_normal((UNITS, WIDTH)).astype(np.float32)
    embeddings /= np.linalg.norm(embeddings, axis=1, keepdims=True)
    rows = Contributions(embeddings, rng.integers(LABELS, size=UNITS), np.arange(UNITS))
    gradients = UnitGradients(rows, LABELS, 1.0, 2.0**-LOG2_STD)
    head = rng.standard_normal((LABELS, WIDTH + 1))
    sample = np.arange(UNITS) < SAMPLED
    return lambda: gradients.total(head, sample), head.size


def per_draw(values: int, runs: int) -> dict[str, float]:
    """Median milliseconds for so many values."""
    source, philox = SystemNoise(), np.random.Generator(np.random.Philox())
    work: dict[str, Callable[[], object]] = {
        "discrete Gaussian": lambda: source.discrete_gaussian((values,), LOG2_STD),
        "discrete Laplace": lambda: source.discrete_laplace((values,), LOG2_STD),
        "hardened Gaussian": lambda: source.gaussian((values,), 2.0),
        "coins": lambda: source.bernoulli((values,), 0.01),
        "torch.normal float32": lambda: torch.normal(0.0, 2.0, (values,)),
        "torch.normal float64": lambda: torch.normal(0.0, 2.0, (values,), dtype=torch.float64),
        "numpy Philox": lambda: philox.normal(0.0, 2.0, values),
    }
    median_seconds(work, 1)  # warms up
    return {name: 1_000 * seconds for name, seconds in median_seconds(work, runs).items()}


def share_of_step(step: Callable[[], object], size: int, runs: int) -> dict[str, float]:
    """A step's milliseconds, its noise's (with the coins of its sample), and the noise's share of both together."""
    source = SystemNoise()

    def noise() -> None:
        source.bernoulli((UNITS,), SAMPLED / UNITS)
        source.discrete_gaussian((size,), LOG2_STD)

    step()  # warms up
    taken = median_seconds({"step": step, "noise": noise}, runs)
    return {
        "values": size,
        "step_ms": 1_000 * taken["step"],
        "noise_ms": 1_000 * taken["noise"],
        "share": taken["noise"] / (taken["step"] + taken["noise"]),
    }


def measure(values: int = 1_000_000, runs: int = 9) -> dict[str, Any]:
    """All figures."""
    draws = per_draw(values, runs)
    ours, fastest = draws["discrete Gaussian"], draws["torch.normal float32"]
    steps = {
        "LoRA": share_of_step(*adapter_step(), runs),
        "linear head": share_of_step(*head_step(), runs),
    }
    return {
        "benchmark": "noise",
        "unit": "ms per draw",
        "ours": round(ours, 2),
        "alternative": round(fastest, 2),
        "alternative_name": "torch.normal float32",
        "ratio": round(ours / fastest, 2),
        "ratio_float64": round(ours / draws["torch.normal float64"], 2),
        "share_of_step": round(max(step["share"] for step in steps.values()), 4),
        "all": {name: round(taken, 2) for name, taken in draws.items()},
        "steps": {name: {key: round(value, 4) for key, value in step.items()} for name, step in steps.items()},
        "settings": {
            "values": values,
            "log2_std": LOG2_STD,
            "runs": runs,
            "statistic": "median",
            "LoRA": f"rank {RANK}, batch {BATCH}, {TOKENS} tokens",
            "linear head": f"{SAMPLED} of {UNITS:,} units, {LABELS} labels, {WIDTH} dimensions",
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "machine": platform.machine(),
        },
    }


def main() -> None:
    """Print tables, and one JSON object on the last line where asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.noise",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=9)
    options = parser.parse_args()
    found = measure(options.values, options.runs)
    show(
        [f"{options.values:,} values", "ms", "times torch float32"],
        [[name, taken, taken / found["alternative"]] for name, taken in found["all"].items()],
    )
    show(
        ["step", "ms", "noise ms", "share"],
        [[name, step["step_ms"], step["noise_ms"], f"{step['share']:.1%}"] for name, step in found["steps"].items()],
        file=sys.stderr,
    )
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

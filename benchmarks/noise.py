"""What privacy noise costs against the fast generators that must not be used for it.

    python -m benchmarks.noise --json

Ours draws a fresh key from the operating system at every call; ``torch.normal`` and Philox are seeded streams.
``ratio`` is how many times slower a value of discrete Gaussian noise is than one of ``torch.normal`` in float32, its
fastest. What share of a DP-SGD step noise takes is in ``benchmarks.dp_step`` and ``benchmarks.dp_head_step``.
"""

from __future__ import annotations

import argparse
import json
import platform
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from benchmarks.measure import median_seconds, show
from fedaug.privacy.noise import SystemNoise

LOG2_WIDTH = 24  # what campaigns use


def measure(values: int = 1_000_000, runs: int = 9) -> dict[str, Any]:
    """Medians, in milliseconds, of drawing so many values."""
    source, philox = SystemNoise(), np.random.Generator(np.random.Philox())
    work: dict[str, Callable[[], object]] = {
        "discrete Gaussian": lambda: source.discrete_gaussian((values,), LOG2_WIDTH),
        "discrete Laplace": lambda: source.discrete_laplace((values,), LOG2_WIDTH),
        "hardened Gaussian": lambda: source.gaussian((values,), 2.0),
        "coins": lambda: source.bernoulli((values,), 0.01),
        "torch.normal float32": lambda: torch.normal(0.0, 2.0, (values,)),
        "torch.normal float64": lambda: torch.normal(0.0, 2.0, (values,), dtype=torch.float64),
        "numpy Philox": lambda: philox.normal(0.0, 2.0, values),
    }
    median_seconds(work, 1)  # warms up
    taken = {name: 1_000 * seconds for name, seconds in median_seconds(work, runs).items()}
    ours, fastest = taken["discrete Gaussian"], taken["torch.normal float32"]
    return {
        "benchmark": "noise",
        "unit": "ms per draw",
        "ours": round(ours, 2),
        "alternative": round(fastest, 2),
        "alternative_name": "torch.normal float32",
        "ratio": round(ours / fastest, 2),
        "ratio_float64": round(ours / taken["torch.normal float64"], 2),
        "all": {name: round(median, 2) for name, median in taken.items()},
        "settings": {
            "values": values,
            "log2_width": LOG2_WIDTH,
            "runs": runs,
            "statistic": "median",
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "machine": platform.machine(),
        },
    }


def main() -> None:
    """Print a table, and one JSON object on the last line where asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks.noise", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
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
    if options.json:
        print(json.dumps(found))


if __name__ == "__main__":
    main()

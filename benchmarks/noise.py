"""What privacy noise costs against the fast generators that must not be used for it.

    python -m benchmarks.noise --json

Ours draws a fresh key from the operating system and is hardened; ``torch.normal`` and Philox are seeded streams.
"""

from __future__ import annotations

import argparse
import json
import platform
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from fedaug.privacy.noise import SystemNoise


def measure(values: int = 1_000_000, runs: int = 7) -> dict[str, Any]:
    """Medians, in milliseconds, of drawing so many values."""
    source, philox = SystemNoise(), np.random.Generator(np.random.Philox())
    contenders: dict[str, Callable[[], object]] = {
        "fedaug": lambda: source.gaussian((values,), 2.0),
        "torch.normal": lambda: torch.normal(0.0, 2.0, (values,), dtype=torch.float64),
        "numpy Philox": lambda: philox.normal(0.0, 2.0, values),
    }
    taken: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(runs + 1):  # in turns, so that a busy machine is busy for all; the first turn warms up
        for name, draw in contenders.items():
            start = time.perf_counter()
            draw()
            taken[name].append(1_000 * (time.perf_counter() - start))
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    return {
        "benchmark": "noise",
        "unit": "ms per draw",
        "ours": round(medians["fedaug"], 2),
        "alternative": round(medians["torch.normal"], 2),
        "alternative_name": "torch.normal",
        "ratio": round(medians["fedaug"] / medians["torch.normal"], 2),
        "all": {name: round(median, 2) for name, median in medians.items()},
        "settings": {
            "values": values,
            "dtype": "float64",
            "runs": runs,
            "statistic": "median",
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
            "numpy": np.__version__,
            "machine": platform.machine(),
        },
    }


def main() -> None:
    """Print a table, or one JSON object on the last line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.noise", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--values", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=7)
    options = parser.parse_args()
    result = measure(options.values, options.runs)
    if options.json:
        print(json.dumps(result))
        return
    for name, median in result["all"].items():
        print(f"{name:14} {median:8.1f} ms for {options.values:,} values")


if __name__ == "__main__":
    main()

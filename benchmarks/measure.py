"""What the benchmarks share: medians, a table for people, and the one JSON line for machines."""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TextIO


def median_seconds(work: Mapping[str, Callable[[], object]], runs: int) -> dict[str, float]:
    """Median wall-clock seconds of each piece of work; they take turns, so that a busy machine slows all alike."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _ in range(runs):
        for name, run in work.items():
            began = time.perf_counter()
            run()
            taken[name].append(time.perf_counter() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def show(header: Sequence[str], rows: Sequence[Sequence[object]], file: TextIO = sys.stderr) -> None:
    """Print a table, its first column to the left."""
    cells = [[_text(value) for value in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(header, *cells, strict=True)]
    for line in ([*header], *cells):
        aligned = [
            line[0].ljust(widths[0]),
            *(cell.rjust(width) for cell, width in zip(line[1:], widths[1:], strict=True)),
        ]
        print("  ".join(aligned), file=file)


def result(name: str, *, unit: str, ours: float, alternative: float, ratio: float, **more: Any) -> str:  # noqa: ANN401
    """One JSON object on one line; ``ratio`` is above 1 where ours is better."""
    settings = {**more.pop("settings", {}), "cores": os.cpu_count()}
    figures = {"benchmark": name, "unit": unit, "ours": ours, "alternative": alternative, "ratio": ratio}
    return json.dumps({**_rounded(figures), **_rounded(more), "settings": settings})


def _rounded(value: Any) -> Any:  # noqa: ANN401  # any JSON value
    if isinstance(value, float):
        return float(f"{value:.4g}")
    if isinstance(value, dict):
        return {key: _rounded(item) for key, item in value.items()}
    return [_rounded(item) for item in value] if isinstance(value, (list, tuple)) else value


def _text(value: object) -> str:
    return f"{value:,.4g}" if isinstance(value, float) else str(value)

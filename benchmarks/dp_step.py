"""Seconds and memory of a DP step of a language model's adapters against the same step without privacy, and by Opacus.

The model has the embedded default's shape; rank-8 adapters lie on every linear layer of its blocks. All ways get the
same random tokens, every one of which carries loss. ``same_not_private`` differs from ours in privacy only;
``usual_not_private`` is one batch with the model's own logits. Seconds are medians of steps that take turns in this
process, by the clock and of the processors; memory is the most that a process of its own held at any time, libraries
and model included.

    python -m benchmarks.dp_step --json
"""

from __future__ import annotations

import argparse
import os
import resource
import statistics
import subprocess
import sys
import time
import warnings
from collections.abc import Callable, Mapping

import torch

from benchmarks.dp_ways import WAYS, OurStep, Setting
from benchmarks.measure import result, show

TIME_BAR, MEMORY_BAR = 1.05, 1.15
SLOW = tuple(name for name in WAYS if name.startswith("full"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--batch", type=int, default=64)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--precision", choices=["float32", "bfloat16"], default="float32")
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--ways", nargs="+", choices=list(WAYS), default=list(WAYS))
    parser.add_argument("--memory-of", choices=list(WAYS), help=argparse.SUPPRESS)
    options = parser.parse_args()
    warnings.filterwarnings("ignore", "Full backward hook is firing")  # Opacus: the inputs need no gradients
    torch.manual_seed(0)
    setting = Setting(options.batch, options.length, options.precision)
    if options.memory_of:
        print(own_memory(setting, options.memory_of))
        return
    memory = {name: memory_of(name, options) for name in options.ways}
    steps = {name: WAYS[name](setting) for name in options.ways}
    work = dict(steps)
    ours = steps.get("ours")
    if isinstance(ours, OurStep):
        work["our_noise"] = ours.draw_noise
    medians(work, 1)
    seconds, processor_seconds = medians(work, options.runs)
    rows = [[name, taken, processor_seconds[name], memory.get(name, "")] for name, taken in seconds.items()]
    show(["way", "seconds", "processor seconds", "MB"], rows)
    if not {"ours", "same_not_private"} <= seconds.keys():
        return
    time_ratio = seconds["ours"] / seconds["same_not_private"]
    processor_ratio = processor_seconds["ours"] / processor_seconds["same_not_private"]
    memory_ratio = memory["ours"] / memory["same_not_private"]
    show(
        ["against the same step without privacy", "ratio", "bar"],
        [
            ["seconds", time_ratio, TIME_BAR],
            ["processor seconds", processor_ratio, TIME_BAR],
            ["memory", memory_ratio, MEMORY_BAR],
        ],
    )
    if options.json:
        print(
            result(
                "dp_step",
                unit="seconds",
                ours=seconds["ours"],
                alternative=seconds["same_not_private"],
                ratio=1 / time_ratio,
                time_ratio=time_ratio,
                processor_ratio=processor_ratio,
                time_bar=TIME_BAR,
                memory_ratio=memory_ratio,
                memory_bar=MEMORY_BAR,
                to_not_private={name: taken / seconds[without(name)] for name, taken in seconds.items()},
                noise_share=seconds["our_noise"] / seconds["ours"],
                seconds=seconds,
                processor_seconds=processor_seconds,
                megabytes=memory,
                settings={key: value for key, value in vars(options).items() if key not in {"json", "memory_of"}}
                | {"threads": torch.get_num_threads(), "rank": setting.plan.rank},
            )
        )


def medians(work: Mapping[str, Callable[[], object]], runs: int) -> tuple[dict[str, float], dict[str, float]]:
    """Median seconds of each piece of work by the clock, and of the processors, which others on a machine move less."""
    clock: dict[str, list[float]] = {name: [] for name in work}
    processor: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(runs):
        for name in list(work) if turn % 2 else reversed(list(work)):
            began, used = time.perf_counter(), time.process_time()
            work[name]()
            clock[name].append(time.perf_counter() - began)
            processor[name].append(time.process_time() - used)
    middle = statistics.median
    return {name: middle(each) for name, each in clock.items()}, {
        name: middle(each) for name, each in processor.items()
    }


def without(name: str) -> str:
    """The way without privacy that one is compared with."""
    return "full_not_private" if name in SLOW else "same_not_private"


def own_memory(setting: Setting, name: str) -> float:
    """The most that this process has held after two steps, in MB."""
    step = WAYS[name](setting)
    step()
    step()
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def memory_of(name: str, options: argparse.Namespace) -> float:
    """The same in a process of its own."""
    size = ["--batch", str(options.batch), "--length", str(options.length), "--precision", options.precision]
    command = [sys.executable, "-m", "benchmarks.dp_step", "--memory-of", name, *size]
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=dict(os.environ))
    return float(done.stdout.split()[-1])


if __name__ == "__main__":
    main()

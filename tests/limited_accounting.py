"""Accounts for nasty plans, each in a process of its own with little memory and time; writes a line of JSON for each.

Run as ``python -m tests.limited_accounting [defect]``. One program forks them all, so that the libraries load once.
"""

from __future__ import annotations

import json
import os
import random
import resource
import sys
import time
import warnings

from fedaug.privacy.accounting import epsilon, loss, span
from fedaug.privacy.accounting.filter import plan_charge
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import Event, LaplaceEvent, RandomizedResponseEvent, ReleaseKind, SubsampledGaussianEvent

MEMORY_BYTES = 1536 * 2**20
PROCESSOR_SECONDS = 15
DELTA = 1e-5
RANDOM_PLANS = 20
_KIND = ReleaseKind.NOISY_VOTES


def run(sigma: float, rate: float, steps: int, number: int = 0) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent(f"run/{number}", _KIND, 1.0, sigma, grid_for(sigma), 1, rate, steps)


def laplace(scale: float, number: int) -> LaplaceEvent:
    return LaplaceEvent(f"laplace/{number}", _KIND, 1.0, scale, grid_for(scale), 1)


#: The last was the dearest that ends with a number; the others once asked for up to 432 GiB.
FOUND: dict[str, list[Event]] = {
    "a million steps": [run(0.021, 0.5, 10**6)],
    "much loss": [run(0.05, 0.5, 10**5)],
    "wide": [run(0.05, 0.5, 2_000)],
    "beyond": [run(0.3, 0.5, 2_000)],
    "ten runs": [run(1 + 0.01 * number, 0.001, 10**5, number) for number in range(10)],
}


def random_plan(seed: int) -> list[Event]:
    """Runs of very different sizes, half the time of a noise that can end in a number, and sometimes pure events."""
    draw = random.Random(seed)
    mild = draw.random() < 0.5
    runs = draw.choice([1, 1, 2, 8])
    plan: list[Event] = [
        run(
            10 ** draw.uniform(0.7, 3) if mild else 10 ** draw.uniform(-1.7, 0.5),
            10 ** draw.uniform(-9 if not mild else -5, -3 if mild else -1e-3),
            int(10 ** draw.uniform(0, 5)) if runs > 1 else draw.choice([2_000, 10**4] if mild else [10**5, 10**6]),
            number,
        )
        for number in range(runs)
    ]
    if draw.random() < 0.3:
        plan += [laplace(30 + number / 10, number) for number in range(draw.choice([1, 100, 900]))]
    if draw.random() < 0.3:
        keep = 0.5 + 10 ** draw.uniform(-6, -3)
        plan += [RandomizedResponseEvent(f"coins/{n}", _KIND, 2, keep + n * 1e-9, 100_000) for n in range(40)]
    return plan


def plans() -> dict[str, list[Event]]:
    return FOUND | {f"random {seed}": random_plan(seed) for seed in range(RANDOM_PLANS)}


def _account(name: str, plan: list[Event]) -> None:
    """Write what a plan costs, or which error it ends with; runs in a process of its own."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CPU, (PROCESSOR_SECONDS, PROCESSOR_SECONDS))
    began = time.process_time()
    found: dict[str, object] = {"name": name}
    try:
        found["epsilon"], found["mu"] = epsilon(plan, DELTA), plan_charge(plan, DELTA).mu
    except BaseException as error:  # its name is the finding
        found["error"] = type(error).__name__
    found["seconds"] = time.process_time() - began
    sys.stdout.write(json.dumps(found) + "\n")
    sys.stdout.flush()


def main(defect: bool) -> None:
    warnings.simplefilter("error")
    if defect:  # the rule before: the width of one step, however many there are, and nothing too dear to compose
        loss.run_reach = lambda one: span.Reach(0.0, 0.0, one.multiplier**-2 + 24 / one.multiplier)  # type: ignore[assignment]
        loss.beyond_any_budget = lambda *_: False
    for name, plan in FOUND.items() if defect else plans().items():
        child = os.fork()
        if child == 0:
            _account(name, plan)
            os._exit(0)
        os.waitpid(child, 0)
        if defect:
            break


if __name__ == "__main__":
    main(sys.argv[1:] == ["defect"])

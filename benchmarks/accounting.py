"""What charging the 1,000th campaign costs: by its charge alone, against composing the whole history anew.

    python -m benchmarks.accounting --json

Ours turns a campaign into a charge once and adds charges up (``fedaug.privacy.accounting.filter``). The alternative
does what a ledger without charges would do each time: compose the loss distributions of all events that there were.
Nothing is cached between two measurements of the same thing: every campaign has noise of its own.
"""

from __future__ import annotations

import argparse
import time

from dp_accounting import dp_event, pld
from dp_accounting.privacy_accountant import NeighboringRelation

from benchmarks.measure import result, show
from fedaug.privacy.accounting.filter import Charge, filter_epsilon, plan_charge
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DiscreteGaussianEvent, Event, LaplaceEvent, ReleaseKind

DELTA = 1e-5
VALUES = 30_000


def campaign(number: int) -> tuple[Event, ...]:
    """One campaign of two releases, so quiet that a thousand of them fit into a budget; no two are alike."""
    noise, scale = 60.0 + number / 1_000, 4_000.0 + number
    return (
        DiscreteGaussianEvent("statistics", ReleaseKind.NOISY_STATISTICS, 1.0, noise, grid_for(noise), VALUES),
        LaplaceEvent("counts", ReleaseKind.NOISY_COUNTS, 1.0, scale, grid_for(scale), 1),
    )


def charge_next(charges: list[Charge], number: int) -> tuple[float, float]:
    """Charge one more campaign; what all cost together, and the seconds it took."""
    began = time.perf_counter()
    charges.append(plan_charge(campaign(number), DELTA))
    spent = filter_epsilon(charges, DELTA)
    return spent, time.perf_counter() - began


def compose_all(numbers: range) -> tuple[float, float]:
    """Compose every event of a history anew; what they cost, and the seconds it took."""
    began = time.perf_counter()
    accountant = pld.PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE)
    for number in numbers:
        statistics, counts = campaign(number)
        accountant.compose(dp_event.GaussianDpEvent(statistics.noise_std / statistics.sensitivity))
        accountant.compose(dp_event.LaplaceDpEvent(1 / counts.pure_epsilon))
    spent = float(accountant.get_epsilon(DELTA))
    return spent, time.perf_counter() - began


def main() -> None:
    """Print a table, and one JSON object on the last line if asked."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accounting", description=__doc__)
    parser.add_argument("--json", action="store_true", help="one JSON object on the last line")
    parser.add_argument("--campaigns", type=int, default=1_000)
    parser.add_argument("--window", type=int, default=20, help="neighbouring charges of which the median counts")
    options = parser.parse_args()
    charge_next([], options.campaigns + 1)  # the first call of all pays for imports
    charges: list[Charge] = []
    taken = [charge_next(charges, number) for number in range(options.campaigns)]
    seconds = [took for _, took in taken]
    first, last = (sorted(part)[len(part) // 2] for part in (seconds[: options.window], seconds[-options.window :]))
    spent = taken[-1][0]
    composed, recomputing = compose_all(range(options.campaigns))
    show(
        ["way", "seconds", "ε"],
        [
            ["the first campaign, by its charge", first, taken[0][0]],
            [f"the {options.campaigns:,}th, by its charge", last, spent],
            [f"the {options.campaigns:,}th, all composed anew", recomputing, composed],
        ],
    )
    if options.json:
        print(
            result(
                "accounting",
                unit="seconds for the last campaign",
                ours=last,
                alternative=recomputing,
                alternative_name="privacy loss distributions of all events composed anew (dp-accounting)",
                ratio=recomputing / last,
                last_to_first=last / first,
                epsilon={"ours": spent, "alternative": composed},
                settings={**{key: value for key, value in vars(options).items() if key != "json"}, "delta": DELTA},
            )
        )


if __name__ == "__main__":
    main()

"""Recomputes ε from the events of an exported ledger, without fedaug: by dp-accounting's PLD and by Opacus' PRV.

    python tests/independent_epsilon.py ledger.json      (made by: fedaug ledger export SITE ledger.json)

It reads Gaussian mechanisms: those are what campaigns use. What it does differs from fedaug on purpose. Every event is
composed by itself, where fedaug adds up 1/σ² first; and what the integer grid costs is worked out anew from the text of
ADR 0009: sensitivity Δ + g√d, variance σ² − (2g)², and per value a pure slack of 2⁻⁴⁶ and a tail of 2⁻⁷⁰.
"""

from __future__ import annotations

import json
import math
import sys
import warnings
from pathlib import Path
from typing import Any

from dp_accounting import dp_event, pld
from dp_accounting.privacy_accountant import NeighboringRelation
from opacus.accountants import PRVAccountant

Event = dict[str, Any]


def multiplier(event: Event) -> float:
    """Standard deviation per sensitivity of the continuous mechanism that a discrete one is charged as."""
    if event["mechanism"] == "gaussian":
        return event["noise_std"] / event["sensitivity"]
    grid = event["grid"]
    sensitivity = event["sensitivity"] + grid * math.sqrt(event["dimensions"])
    return math.sqrt(event["noise_std"] ** 2 - (2 * grid) ** 2) / sensitivity


def slack(events: list[Event]) -> tuple[float, float]:
    """What sampling on a grid adds to ε, and takes from δ."""
    values = sum(event["dimensions"] * event.get("steps", 1) for event in events if "grid" in event)
    return values * 2.0**-46, values * 2.0**-70


def by_dp_accounting(events: list[Event], delta: float) -> float:
    """ε by privacy loss distributions (Google), at an interval ten times finer than fedaug's."""
    extra, lost = slack(events)
    accountant = pld.PLDAccountant(NeighboringRelation.ADD_OR_REMOVE_ONE, value_discretization_interval=1e-5)
    for event in events:
        step = dp_event.GaussianDpEvent(multiplier(event))
        if event["mechanism"] == "subsampled_gaussian":
            step = dp_event.PoissonSampledDpEvent(event["sampling_rate"], step)
        accountant.compose(step, event.get("steps", 1))
    return float(accountant.get_epsilon(delta - lost)) + extra


def by_opacus(events: list[Event], delta: float) -> float:
    """ε by privacy random variables (Gopi, Lee & Wutschitz 2021, as in Opacus)."""
    extra, lost = slack(events)
    accountant = PRVAccountant()
    for event in events:
        for _ in range(event.get("steps", 1)):
            accountant.step(noise_multiplier=multiplier(event), sample_rate=event.get("sampling_rate", 1.0))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # Opacus takes a logarithm of 0 at sampling rate 1
        return float(accountant.get_epsilon(delta - lost)) + extra


def recompute(path: Path) -> dict[str, float]:
    """ε as the ledger states it, and as the two accountants find it."""
    ledger = json.loads(path.read_text())
    unknown = {event["mechanism"] for event in ledger["events"]} - {
        "gaussian",
        "discrete_gaussian",
        "subsampled_gaussian",
    }
    if unknown:
        raise SystemExit(f"this script does not know: {', '.join(sorted(unknown))}")
    events, delta = ledger["events"], ledger["delta"]
    return {
        "ledger": ledger["epsilon"],
        "dp_accounting": by_dp_accounting(events, delta),
        "opacus_prv": by_opacus(events, delta),
    }


if __name__ == "__main__":
    for name, value in recompute(Path(sys.argv[1])).items():
        print(f"{name}: {value:.6f}")  # noqa: T201 - a script for people

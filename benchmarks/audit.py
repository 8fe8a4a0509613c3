"""What an audit shows of a campaign: honest runs beside runs with a seeded defect, at several ε, in one table.

    python -m benchmarks.audit --json

Each row is one audit: canaries put in by coins at a virtual site, the campaign's own plan run there, coins guessed from
what left. The defects are seeded from ``tests``: all noise replaced by zeros, half of it, no clipping, and
de-identification off.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from tests.planted_identifiers import REPEATS, left_by, plant
from tests.seeded_noise import SeededNoise
from tests.unclipped import clip_off
from tests.unsafe_noise import UnsafeNoise

from benchmarks.measure import result, show
from fedaug.privacy.noise import SystemNoise
from fedaug.simulation.audit import audit_campaign, canaries_for
from fedaug.simulation.example import Example
from fedaug.simulation.run import Encoders

ROOT = Path(__file__).resolve().parents[1]
NOISE_OFF_CAUGHT = (1.0, 4.0)  # at which a run without noise has to be caught at 99.9 %
SUBJECT = {"privacy.unit": "subject"}
LOUD = 100  # records of a subject whose contributions are not clipped
HEAVY = 50  # canaries of the runs in which every canary is that loud
NOISES = {"noise off": UnsafeNoise(silent=True), "noise halved": UnsafeNoise(halvings=1)}
COLUMNS = ["campaign", "run", "eps", "right", "guesses", "95 %", "99.9 %", "ceiling", "TPR@1%", "AUC", "leaks"]
COLUMNS += ["loudest", "s"]


@dataclass(frozen=True)
class Row:
    """One audit.

    Attributes:
        defect: "none", or what is wrong with the run.
        epsilon: The campaign's; infinite where it has no noise.
        found: ``audit.json``.
    """

    campaign: str
    defect: str
    epsilon: float
    canaries: int
    found: dict[str, Any]
    seconds: float

    @property
    def site(self) -> dict[str, Any]:
        (site,) = self.found["sites"].values()
        return dict(site)

    @property
    def bounds(self) -> list[dict[str, Any]]:
        (details,) = self.found["details"].values()
        return list(details["bounds"])

    @property
    def loudest(self) -> dict[str, float] | None:
        (details,) = self.found["details"].values()
        return details["loudest"] and dict(details["loudest"])

    @property
    def leaks(self) -> str:
        """Attacks on the samples that found a leak, of those that were made on the canaries."""
        made = [attack for pool in self.found["attacked"] for attack in pool["attacks"]]
        return f"{sum(attack['detected'] for attack in made)}/{len(made)}"

    def cells(self) -> list[object]:
        member, loud = self.found["membership"], self.loudest
        return [
            *(self.campaign, self.defect, self.epsilon, self.site["correct"], self.site["guesses"]),
            *(bound["lower_bound"] for bound in self.bounds),
            *(self.site["ceiling"], member["tpr_at_1pct_fpr"], member["auc"], self.leaks),
            f"{loud['deviations']:.1f}/{loud['limit']:.1f}" if loud else "-",
            f"{self.seconds:.0f}",
        ]

    def figures(self) -> dict[str, Any]:
        epsilon = "inf" if math.isinf(self.epsilon) else self.epsilon
        row = {"campaign": self.campaign, "run": self.defect, "epsilon": epsilon, "canaries": self.canaries}
        told = {"claimed_epsilon": self.site["claimed_epsilon"], "passed": self.found["passed"]}
        tried = {"attacked": self.found["attacked"], "membership": self.found["membership"]}
        return row | told | {"bounds": self.bounds, "loudest": self.loudest} | tried


def bars(rows: Sequence[Row], planted: Sequence[dict[str, Any]]) -> dict[str, bool]:
    """What must be shown, of what was run."""
    silent = [row for row in rows if row.defect == "noise off" and row.epsilon in NOISE_OFF_CAUGHT]
    others = [row for row in rows if row.defect.startswith(("clip off", "noise halved"))]
    left = {on: [found["left"] for found in planted if found["deidentified"] is on] for on in (True, False)}
    met = {
        "true runs stay below their claims": [row.found["passed"] for row in rows if row.defect.startswith("none")],
        "noise off is above the claim at 99.9 %": [row.site["lower_bound"] > row.epsilon for row in silent],
        "half the noise and clip off are caught": [not row.found["passed"] for row in others],
        "no planted identifier leaves": [count == 0 for count in left[True]],
        "some leave without de-identification": [count > 0 for count in left[False]],
    }
    return {bar: all(judged) for bar, judged in met.items() if judged}


def audits(name: str, epsilons: Sequence[float], canaries: int, encoders: Encoders) -> Iterator[Row]:
    """A campaign's honest audits, and those without noise."""
    texts: tuple[str, ...] = ()
    for epsilon in epsilons:
        example = Example.load(ROOT / "examples" / name, {"privacy.epsilon": epsilon})
        texts = texts or canaries_for(example, canaries)
        yield audited(example, "none", texts, encoders)
        if not math.isinf(epsilon):  # there the true run has no noise
            yield audited(example, "noise off", texts, encoders)


def defective_audits(name: str, epsilon: float, canaries: int, encoders: Encoders) -> Iterator[Row]:
    """Half the noise; subjects of 100 records each, with clipping and without; and one such subject among many."""
    half = Example.load(ROOT / "examples" / name, {"privacy.epsilon": epsilon})
    yield audited(half, "noise halved", canaries_for(half, canaries), encoders)
    example = Example.load(ROOT / "examples" / name, {"privacy.epsilon": epsilon, **SUBJECT})
    texts = canaries_for(example, canaries)
    yield audited(example, "none (100 records each)", texts[:HEAVY], encoders, [LOUD] * HEAVY)
    yield audited(example, "clip off, all x 100", texts[:HEAVY], encoders, [LOUD] * HEAVY, clip=False)
    seed = 5
    put_in = int(np.flatnonzero(SeededNoise(seed).bernoulli((canaries,), 0.5))[0])
    one = [LOUD if row == put_in else 1 for row in range(canaries)]
    yield audited(example, "clip off, one x 100", texts, encoders, one, clip=False, coins=seed)


def audited(
    example: Example,
    defect: str,
    texts: Sequence[str],
    encoders: Encoders,
    repeats: Sequence[int] | None = None,
    *,
    clip: bool = True,
    coins: int | None = None,
) -> Row:
    """One audit in a folder of its own."""
    began = time.perf_counter()
    unsafe = NOISES.get(defect)
    with ExitStack() as stack:
        work = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        if not clip:
            stack.enter_context(clip_off())
        outcome = audit_campaign(
            example,
            work / "audit",
            texts,
            public=encoders.public,
            plain=encoders.plain,
            narrator=Silent(),
            noise=(lambda _: unsafe) if unsafe is not None else None,
            coins=None if coins is None else SeededNoise(coins),
            repeats=repeats,
        )
    found, spent = json.loads(outcome.model_dump_json()), time.perf_counter() - began
    row = Row(example.campaign.name, defect, example.campaign.privacy.epsilon, len(texts), found, spent)
    print(*row.cells(), sep="  ", file=sys.stderr, flush=True)
    return row


def identifiers(name: str, encoders: Encoders) -> Iterator[dict[str, Any]]:
    """Planted identifiers that leave if a generator knows the store by heart, with de-identification and without."""
    example = Example.load(ROOT / "examples" / name)
    for times, repeats in REPEATS.items():
        planted = plant(example, times, SystemNoise(), repeats)
        for on in (True, False):
            with tempfile.TemporaryDirectory() as work:
                found = left_by(example, Path(work) / "site", planted, encoders.plain, deidentified=on)
            yield {"campaign": name, "deidentified": on, "repeats": times, **found.as_dict()}


class Silent:
    """A benchmark tells of whole rows only."""

    def phase(self, name: str) -> None:
        pass

    def step(self, done: int, total: int) -> None:
        pass


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--canaries", type=int, default=1_000)
    parser.add_argument("--examples", nargs="+", default=["banking", "clinic"])
    parser.add_argument("--epsilons", nargs="+", type=float, default=[1.0, 4.0, 8.0, math.inf])
    parser.add_argument("--only", nargs="+", choices=["noise", "defects", "identifiers"])
    options = parser.parse_args()
    torch.set_num_threads(1)
    parts, encoders = set(options.only or ("noise", "defects", "identifiers")), Encoders.open()
    began = time.perf_counter()
    rows: list[Row] = []
    planted: list[dict[str, Any]] = []
    for name in options.examples:
        if "noise" in parts:
            rows += audits(name, options.epsilons, options.canaries, encoders)
        if "identifiers" in parts:
            planted += identifiers(name, encoders)
    if "defects" in parts:
        rows += defective_audits(options.examples[-1], 1.0, options.canaries, encoders)
    if rows:
        show(COLUMNS, [row.cells() for row in rows])
    kinds = ("campaign", "deidentified", "repeats", "records", "planted", "left", "controls_left")
    if planted:
        show(list(kinds), [[str(found[kind]) for kind in kinds] for found in planted])
    met = bars(rows, planted)
    for bar, passed in met.items():
        print(f"{'ok' if passed else 'MISSED'}  {bar}", file=sys.stderr)
    if options.json:
        best = min((row.site["lower_bound"] for row in rows if row.defect == "noise off"), default=None)
        worst = max(
            (row.site["lower_bound"] for row in rows if row.defect == "none" and row.site["claimed_epsilon"]),
            default=None,
        )
        print(
            result(
                "audit",
                unit="lower bound on epsilon at 99.9 %: least without noise, greatest of the true runs",
                ours=best,  # type: ignore[arg-type]  # null: not run
                alternative=worst,  # type: ignore[arg-type]  # as above
                ratio=best / worst if best and worst else None,  # type: ignore[arg-type]  # as above
                bars=met,
                rows=[row.figures() for row in rows],
                identifiers=planted,
                settings={"canaries": options.canaries, "seconds": time.perf_counter() - began},
            )
        )


if __name__ == "__main__":
    main()

"""What hostile sites do to the DP teacher under each rule of aggregation, beside no attack, and whom the flags name.

Banking77's questions, split by hash into records and held-out ones, are dealt to ten sites; each releases noised label
counts, class sums and votes as a campaign's plan says, and f of them lie. The teacher is made of what the rule gives,
or of the plain sum without the sites that were flagged by then, and scored on the held-out questions. Candidates of the
vote are the public phrases of the labels. Without the data, made-up vectors take the questions' place.

Reads ``banking77/train.csv`` under ``$FEDAUG_DATA``; embedding it takes about four minutes, once with ``--cache``.

    python -m benchmarks.robust --json
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import os
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import result, show
from fedaug.augmentation.encoder import MiniLM
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.accounting import calibrate
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.units import Budget, PrivacyUnit
from fedaug.server.aggregation import AggregationSettings
from fedaug.server.anomalies import Noised
from fedaug.server.anomalies.watch import Watch
from fedaug.simulation.partition import partition
from fedaug.strategies.class_statistics import class_sums, fit_teacher, label_counts, principal_subspace
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.messages import CampaignPlan, TrustModel
from fedaug.strategies.robust import RULES, load_rule
from fedaug.strategies.voting import vote_totals

Floats = NDArray[np.float64]
SHARES = {"counts": 0.05, "statistics": 0.65, "votes/0": 0.25}
KINDS = dict(
    zip(SHARES, (ReleaseKind.NOISY_COUNTS, ReleaseKind.NOISY_STATISTICS, ReleaseKind.NOISY_VOTES), strict=True)
)
VOTES, DELTA, PER_LABEL = 8, 1e-5, 10


@dataclass(frozen=True)
class Space:
    """Vectors of records, held-out texts, label words and public candidates, with the labels of the first two."""

    records: NDArray[np.float32]
    labels: NDArray[np.int64]
    heldout: NDArray[np.float32]
    answers: NDArray[np.int64]
    words: NDArray[np.float32]
    candidates: NDArray[np.float32]

    @property
    def voted(self) -> NDArray[np.int32]:
        """The label that each candidate stands for."""
        return np.repeat(np.arange(len(self.words)), len(self.candidates) // len(self.words)).astype(np.int32)


@dataclass(frozen=True)
class Released:
    """What every site releases: [sites, labels], [sites, labels, d] and [sites, candidates], with the noise of each."""

    counts: Floats
    sums: Floats
    votes: Floats
    noise: tuple[float, float, float]

    def without(self, sites: set[int]) -> Released:
        """Of the other sites."""
        left = [site for site in range(len(self.counts)) if site not in sites]
        return Released(self.counts[left], self.sums[left], self.votes[left], self.noise)

    def with_lies(self, lie: Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats]], liars: int) -> Released:
        """The first sites change what they release."""
        parts = [values.copy() for values in (self.counts, self.sums, self.votes)]
        for site in range(liars):
            for values, lied in zip(parts, lie(*(part[site] for part in parts)), strict=True):
                values[site] = lied
        return Released(*parts, self.noise)


def _on_one(votes: Floats) -> Floats:
    return np.where(np.arange(len(votes)) == 3, votes.sum(), 0.0)


ATTACKS: dict[str, Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats]]] = {
    "none": lambda counts, sums, votes: (counts, sums, votes),
    "sign flip": lambda counts, sums, votes: (counts, -sums, votes),
    "labels exchanged": lambda counts, sums, votes: (np.roll(counts, 7), np.roll(sums, 7, axis=0), votes),
    "times 100": lambda counts, sums, votes: (counts, 100 * sums, votes),
    "times -100": lambda counts, sums, votes: (counts, -100 * sums, votes),
    "random": lambda counts, sums, votes: (
        counts,
        np.random.default_rng(17).normal(0, 30 * np.abs(sums).mean() + 1, sums.shape),
        votes,
    ),
    "ten times its size": lambda counts, sums, votes: (10 * counts, sums, votes),
    "votes on one": lambda counts, sums, votes: (counts, sums, _on_one(votes)),
}


def banking(path: Path, cache: Path | None) -> Space:
    """Banking77's vectors."""
    if cache is not None and cache.exists():
        with np.load(cache, allow_pickle=False) as kept:
            return Space(**{name: kept[name] for name in Space.__dataclass_fields__})
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file)]
    names, encoder = sorted({label for _, label in rows}), MiniLM()
    place = {name: number for number, name in enumerate(names)}
    held = [hashlib.sha256(text.encode()).digest()[0] % 100 < 15 for text, _ in rows]
    vectors = encoder.embed([text for text, _ in rows])
    labels, out = np.array([place[label] for _, label in rows]), np.array(held)
    phrases: list[str] = []
    for name in names:
        phrases += [one.text for one in LabelPhrases(PER_LABEL).generate([name], 0)][:PER_LABEL]
    words = encoder.embed([name.replace("_", " ") for name in names])
    space = Space(vectors[~out], labels[~out], vectors[out], labels[out], words, encoder.embed(phrases))
    if cache is not None:
        np.savez(cache, **{name: getattr(space, name) for name in Space.__dataclass_fields__})
    return space


def made_up(labels: int = 20, dimensions: int = 64, records: int = 6_000, seed: int = 0) -> Space:
    """Points about a centre for each label."""
    rng = np.random.default_rng(seed)

    def unit(rows: Floats) -> NDArray[np.float32]:
        return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True), np.float32)

    centres = rng.normal(0, 1, (labels, dimensions)) + 0.7
    centres /= np.linalg.norm(centres, axis=1, keepdims=True)

    def about(which: NDArray[np.int64]) -> NDArray[np.float32]:
        return unit(centres[which] + 0.13 * rng.normal(0, 1, (len(which), dimensions)))

    mine, theirs = rng.integers(0, labels, records), rng.integers(0, labels, records // 5)
    return Space(
        about(mine),
        mine,
        about(theirs),
        theirs,
        unit(centres + 0.2 * rng.normal(0, 1, centres.shape)),
        about(np.repeat(np.arange(labels), PER_LABEL)),
    )


def plan_of(space: Space, epsilon: float) -> CampaignPlan:
    """Counts, class sums and one round of votes that cost ε together."""
    labels, dimensions = space.words.shape
    sizes = dict(zip(SHARES, (labels, labels * dimensions, len(space.candidates)), strict=True))
    templates = [
        DiscreteGaussianEvent(key, KINDS[key], 1.0, share**-0.5, grid_for(share**-0.5), sizes[key])
        for key, share in SHARES.items()
    ]
    return CampaignPlan(
        campaign="robust",
        labels=tuple(f"label-{number}" for number in range(labels)),
        unit=PrivacyUnit.RECORD,
        epsilon=epsilon,
        delta=DELTA,
        trust_model=TrustModel.LOCAL,
        encoder="all-MiniLM-L6-v2",
        dimensions=dimensions,
        votes_per_record=VOTES,
        records_per_unit=1,
        events=tuple(event.as_dict() for event in calibrate(templates, Budget(epsilon, DELTA))),
    )


def release(space: Space, dealt: Sequence[NDArray[np.int64]], plan: CampaignPlan, seed: int) -> Released:
    """What the sites release, by their own code; Gaussian noise of the plan's width."""
    rng, labels = np.random.default_rng(seed), len(space.words)
    parts: tuple[list[Floats], list[Floats], list[Floats]] = ([], [], [])
    events = [event for event in plan.mechanisms if isinstance(event, DiscreteGaussianEvent)]
    for rows in dealt:
        own = Contributions(space.records[rows], space.labels[rows], np.arange(len(rows)))
        clean = (
            label_counts(own, labels, events[0].grid),
            class_sums(own, labels, events[1].grid),
            vote_totals(own, space.candidates, space.voted, VOTES, events[2].grid),
        )
        for kept, values, event in zip(parts, clean, events, strict=True):
            kept.append(values * event.grid + rng.normal(0, event.noise_std, values.shape))
    counts, sums, votes = (np.stack(part) for part in parts)
    return Released(counts, sums, votes, (events[0].noise_std, events[1].noise_std, events[2].noise_std))


def accuracy(space: Space, released: Released, rule: str, hostile: int) -> float:
    """Of the teacher, on the held-out texts."""
    adding = load_rule(rule, hostile)
    counts = adding.combine(released.counts, released.noise[0])
    sums = adding.combine(released.sums, released.noise[1])
    teacher = fit_teacher(sums.values, counts.values, sums.noise_std, space.words, space.candidates)
    return float((teacher.scores(space.heldout).argmax(axis=1) == space.answers).mean())


def votes_left(space: Space, honest: Released, released: Released, rule: str, hostile: int) -> float:
    """Of each label's half of the candidates that most honest votes fell on, the share that the rule puts first too."""
    best = [
        load_rule(how, hostile).combine(given.votes, given.noise[2]).values
        for how, given in (("sum", honest), (rule, released))
    ]
    shares = []
    for label in np.unique(space.voted):
        rows = np.flatnonzero(space.voted == label)
        first = [set(rows[np.argsort(-votes[rows], kind="stable")[: len(rows) // 2]].tolist()) for votes in best]
        shares.append(len(first[0] & first[1]) / len(first[0]))
    return float(np.mean(shares))


def named(space: Space, released: Released, plan: CampaignPlan) -> tuple[set[int], set[int]]:
    """The sites that are flagged by the time that the teacher is made, and all that are."""
    watch = Watch(plan, AggregationSettings())
    given = [
        {f"{site}": Noised(values, std) for site, values in enumerate(part)}
        for part, std in zip((released.counts, released.sums, released.votes), released.noise, strict=True)
    ]
    watch.counts(given[0])
    watch.sums("statistics", given[1], 0.0, principal_subspace(space.candidates, share=0.9))
    early = {int(flag.site) for flag in watch.found.flags}
    watch.votes("votes/0", given[2], space.voted)
    return early, {int(flag.site) for flag in watch.found.flags}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--sites", type=int, default=10)
    parser.add_argument("--hostile", type=int, nargs="+", default=[1, 3])
    parser.add_argument("--epsilon", type=float, default=4.0)
    parser.add_argument("--alpha", type=float, nargs="+", default=[0.0, 0.5], help="label skew; 0: dealt at random")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--cache", type=Path, help="keeps the vectors")
    parser.add_argument("--made-up", action="store_true", help="made-up vectors also where there is data")
    options = parser.parse_args()
    path = Path(os.environ.get("FEDAUG_DATA", ".")) / "banking77" / "train.csv"
    data = (options.cache is not None and options.cache.exists()) or path.exists()
    space = made_up() if options.made_up or not data else banking(path, options.cache)
    plan, table = plan_of(space, options.epsilon), {}
    for alpha in options.alpha:
        dealt = partition([str(y) for y in space.labels], options.sites, seed=7, alpha=alpha or None)
        worlds = [release(space, dealt, plan, seed) for seed in range(options.seeds)]
        for liars in options.hostile:
            table[f"alpha={alpha:g}, hostile={liars}"] = measured = {
                attack: attacked(space, worlds, plan, lie, 0 if attack == "none" else liars, liars)
                for attack, lie in ATTACKS.items()
            }
            dealing = f"Dirichlet({alpha:g})" if alpha else "dealt at random"
            print(f"\n{options.sites} sites, {dealing}, {liars} hostile, ε = {options.epsilon:g}", file=sys.stderr)
            show(
                [
                    "attack",
                    *RULES,
                    "sum, set aside",
                    "votes kept, sum",
                    "votes kept, trimmed",
                    "liars named",
                    "honest named",
                ],
                [[attack, *figures.values()] for attack, figures in measured.items()],
            )
    if options.json:
        first = next(iter(table.values()))
        ours, alternative = first["times -100"]["trimmed-mean"], first["times -100"]["sum"]
        print(
            result(
                "teacher under attack (times -100), trimmed mean against the sum",
                unit="accuracy",
                ours=ours,
                alternative=alternative,
                ratio=ours / max(alternative, 1e-3),
                table=table,
                settings={
                    "sites": options.sites,
                    "epsilon": options.epsilon,
                    "seeds": options.seeds,
                    "data": "banking77" if data and not options.made_up else "made up",
                },
            )
        )


def attacked(
    space: Space,
    worlds: Sequence[Released],
    plan: CampaignPlan,
    lie: Callable[[Floats, Floats, Floats], tuple[Floats, Floats, Floats]],
    liars: int,
    borne: int,
) -> dict[str, float]:
    """The means over seeds: accuracy by rule, votes kept, sites named."""
    rows = []
    for honest in worlds:
        released = honest.with_lies(lie, liars)
        early, found = named(space, released, plan)
        rows.append(
            [
                *(accuracy(space, released, rule, borne) for rule in RULES),
                accuracy(space, released.without(early), "sum", 0),
                *(votes_left(space, honest, released, rule, borne) for rule in ("sum", "trimmed-mean")),
                float(sum(site < liars for site in found)),
                float(sum(site >= liars for site in found)),
            ]
        )
    names = [
        *RULES,
        "sum, flagged set aside",
        "votes kept by the sum",
        "votes kept by the trimmed mean",
        "liars named",
        "honest named",
    ]
    return dict(zip(names, np.mean(rows, axis=0).tolist(), strict=True))


if __name__ == "__main__":
    main()

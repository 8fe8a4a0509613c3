"""How small a share of copied records each attack notices, beside the distance to the closest record.

Members, controls, samples and public texts are questions to a bank, drawn from one file; some of the samples are
members, word for word or with every fifth word left out. An attack notices them when its 95 % interval lies above
chance. The last column is the share of samples that lie nearer to a member than to a control: half if nothing is
copied.

Reads ``banking77/train.csv`` under ``$FEDAUG_DATA``; takes about two minutes.

    python -m benchmarks.attacks --json
"""

from __future__ import annotations

import argparse
import csv
import os
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import result, show
from fedaug.augmentation.encoder import MiniLM
from fedaug.privacy.audit.attributes import Secrets, attribute_inference
from fedaug.privacy.audit.distances import DistanceDiagnostics, distance_diagnostics
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.intervals import Interval
from fedaug.privacy.audit.linkability import Halves, linkability
from fedaug.privacy.audit.membership import density_scores, membership
from fedaug.privacy.audit.singling_out import facts, singling_out

SHARES = (0.0, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
SHORTEST = 8  # words; the halves of shorter ones say nothing
PUBLIC = (Population.PUBLIC, Population.PUBLIC)

Group = list[tuple[str, str]]


@dataclass(frozen=True)
class Heard:
    """One attack's figure, with its interval, and what it would be by chance."""

    figure: float
    interval: Interval
    chance: float

    @property
    def noticed(self) -> bool:
        return self.interval[0] > self.chance


class Space:
    """Embeds each text once."""

    def __init__(self) -> None:
        self._encoder, self._known = MiniLM(), dict[str, NDArray[np.float32]]()

    def __call__(self, texts: Iterable[str]) -> NDArray[np.float32]:
        wanted = list(texts)
        new = [text for text in dict.fromkeys(wanted) if text not in self._known]
        if new:
            self._known.update(zip(new, self._encoder.embed(new), strict=True))
        return np.array([self._known[text] for text in wanted])

    def halves(self, group: Group) -> Halves:
        return Halves(*(self(_half(text, side) for text, _ in group) for side in (0, 1)))

    def secrets(self, group: Group) -> Secrets:
        return Secrets(self(_half(text, 0) for text, _ in group), [label for _, label in group])


def attacks(space: Space, samples: Group, members: Group, controls: Group, public: Group) -> dict[str, Heard]:
    """Every attack on one set of samples; the distances are the last."""
    vectors = [space(text for text, _ in group) for group in (samples, members, controls, public)]
    scores = [density_scores(target, vectors[0], vectors[3]) for target in vectors[1:3]]
    found = membership("nearest-sample density", *scores, populations=PUBLIC)
    heard = {"membership": Heard(found.caught.share, found.interval, 0.01)}
    words = [[facts(text) for text, _ in group] for group in (samples, members, controls)]
    for controlled in (
        singling_out(*words, populations=PUBLIC),
        linkability(*(space.halves(group) for group in (samples, members, controls)), populations=PUBLIC),
        attribute_inference(*(space.secrets(group) for group in (samples, members, controls)), populations=PUBLIC),
    ):
        heard[controlled.attack] = Heard(controlled.excess.risk, controlled.excess.interval, 0.0)
    nearer: DistanceDiagnostics = distance_diagnostics(*vectors[:3], populations=PUBLIC)
    return {**heard, "nearer to members": Heard(nearer.nearer_to_members.share, nearer.interval, 0.5)}


def questions(path: Path, seed: int) -> Group:
    """Questions with their labels, in an order of chance."""
    with path.open(encoding="utf-8", newline="") as file:
        rows = [(row["text"], row["category"]) for row in csv.DictReader(file) if len(row["text"].split()) >= SHORTEST]
    random.Random(seed).shuffle(rows)
    return rows


def least_noticed(by_share: Mapping[float, Mapping[str, Heard]], attack: str) -> float | None:
    """The smallest share from which on an attack notices every larger one; None if it cries wolf at 0 or hears none."""
    quiet = [share for share in sorted(by_share) if not by_share[share][attack].noticed]
    louder = [share for share in by_share if share > max(quiet, default=-1.0)]
    return min(louder) if louder and 0.0 in quiet else None


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--records", type=int, default=500, help="of members, of controls and of samples each")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    size, space = options.records, Space()
    drawn = questions(Path(os.environ.get("FEDAUG_DATA", ".")) / "banking77" / "train.csv", options.seed)
    members, controls, others, public = (drawn[start * size : (start + 1) * size] for start in range(4))
    kinds = {"whole": members, "every fifth word left out": [(_thinned(text), label) for text, label in members]}
    least: dict[str, dict[str, float | None]] = {}
    for kind, copies in kinds.items():
        heard = {
            share: attacks(space, copies[: (cut := round(share * size))] + others[cut:], members, controls, public)
            for share in SHARES
        }
        names = list(heard[0.0])
        rows = [[f"{share:.0%}", *(_cell(heard[share][name]) for name in names)] for share in SHARES]
        show([f"copied, {kind}", *names], rows)
        least[kind] = {name: least_noticed(heard, name) for name in names}
    if options.json:
        *ours, alternative = (2.0 if share is None else share for share in least["whole"].values())
        best = min(ours)  # 2 stands for an attack that noticed nothing
        print(
            result(
                "smallest share of copied records noticed",
                unit="share of samples",
                ours=best,
                alternative=alternative,
                ratio=alternative / best,
                least=least,
                settings={"records": size, "seed": options.seed, "alternative": "distance to the closest record"},
            )
        )


def _half(text: str, side: int) -> str:
    words = text.split()
    middle = len(words) // 2
    return " ".join(words[middle:] if side else words[:middle])


def _thinned(text: str) -> str:
    return " ".join(word for place, word in enumerate(text.split()) if place % 5 != 2)


def _cell(heard: Heard) -> str:
    low, high = heard.interval
    return f"{heard.figure:.2f} ({low:.2f} to {high:.2f}){' *' if heard.noticed else ''}"


if __name__ == "__main__":
    main()

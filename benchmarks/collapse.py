"""Five generations of training on one's own output: how diversity falls, and at which generation the gate fires.

    python -m benchmarks.collapse --json

The generator is the word n-gram model of ``fedaug.privacy.vetting.ngrams``, fitted to texts and sampled at a
temperature below 1, as language models are. In the one regime each generation's output replaces what the next is fitted
to; in the other it is added to it (Gerstgrasser et al. 2024). ``CollapseGate`` with its own settings judges the pool
that each generation leaves, which is what the next is fitted to, against generation 0: public texts, CLINC150 and
MedQuAD under ``$FEDAUG_DATA`` where they are, else phrases made of label names.
"""

from __future__ import annotations

import argparse
import functools
import itertools
import os
import statistics
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from benchmarks.measure import result, show
from fedaug.augmentation.corpora import Fit, read_corpus
from fedaug.augmentation.encoder import MiniLM
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.errors import DataNotFound
from fedaug.privacy.vetting.collapse import CollapseGate, fall_of
from fedaug.privacy.vetting.gate import Batch
from fedaug.privacy.vetting.ngrams import Context, WordNGrams

REGIMES = ("replace", "accumulate")
MOST_WORDS = 40
CACHED = 2_000  # contexts whose distribution is kept; a few hundred cover most of what is drawn
#: Without data sets: headings of everyday banking, made into phrases by a generator of the package.
HEADINGS = ("card arrival", "lost or stolen card", "exchange rate", "top up failed", "change pin", "pending transfer")
Curve = list[dict[str, float]]
Embed = Callable[[Sequence[str]], np.ndarray]


def sampled(model: WordNGrams, count: int, temperature: float, rng: np.random.Generator) -> list[str]:
    """Texts drawn word by word from p^(1/temperature), unknown words left out."""

    @functools.lru_cache(CACHED)
    def ends(context: Context) -> np.ndarray:
        shares = model.words.distribution(context) ** (1 / temperature)
        shares[1] = 0.0
        if context == (0,):
            shares[0] = 0.0  # no text is empty
        return np.cumsum(shares)

    return [" ".join(_words(model, ends, rng)) for _ in range(count)]


def _words(model: WordNGrams, ends: Callable[[Context], np.ndarray], rng: np.random.Generator) -> Iterator[str]:
    context: Context = (0,)
    for _ in range(MOST_WORDS):
        upper = ends(context)
        symbol = int(np.searchsorted(upper, rng.random() * upper[-1], side="right"))
        if symbol == 0:
            return
        yield model.vocabulary[symbol]
        context = (*context, symbol)[1 - model.words.order :]


def generations(
    first: Sequence[str], regime: str, count: int, temperature: float, order: int, seed: int
) -> Iterator[list[str]]:
    """The output of each generation; both regimes have the first one in common."""
    rng = np.random.default_rng(seed)
    training = list(first)
    for _ in range(count):
        output = sampled(WordNGrams(training, order=order), len(first), temperature, rng)
        yield output
        training = output if regime == "replace" else training + output


class Regime:
    """What a campaign keeps of earlier generations, and what the gate says of the next one."""

    def __init__(self, name: str, first: Sequence[str], judged: int, embed: Embed | None) -> None:
        self.accumulates = name == "accumulate"
        self._judged, self._embed = judged, embed
        self._first = self._batch(first[: 2 * judged])
        self._kept = list(first)

    def judge(self, output: Sequence[str], most_fall: float, seed: int) -> dict[str, float]:
        """The fall of each measure and in all, and whether the gate fires (1 or 0); the output joins what is kept."""
        pool = self._kept + list(output) if self.accumulates else list(output)
        self._kept = pool
        rows = np.random.default_rng(seed).permutation(len(pool))[: self._judged]
        gate = CollapseGate(self._first, most_fall=most_fall)  # what it is given is the pool already
        batch = self._batch([pool[row] for row in rows])
        falls = gate.falls(batch)
        return {**falls, "all": fall_of(falls), "fires": float(not gate.judge(batch)[0].passed)}

    def _batch(self, texts: Sequence[str]) -> Batch:
        return Batch(tuple(texts), vectors=self._embed(texts) if self._embed else None)


def run(first: Sequence[str], options: argparse.Namespace, seed: int, embed: Embed | None) -> dict[str, Curve]:
    """What the gate measures, generation by generation, in both regimes."""
    curves = {}
    for name in REGIMES:
        regime = Regime(name, first, options.judged, embed)
        outputs = generations(first, name, options.generations, options.temperature, options.order, seed)
        curves[name] = [regime.judge(texts, options.most_fall, seed) for texts in outputs]
    return curves


def corpora(count: int, seed: int) -> dict[str, list[str]]:
    """Public texts by name: other ones for each seed."""
    search = [Path(os.environ.get("FEDAUG_DATA", "data"))]
    wanted = {"clinc150": Fit(3, 200), "medquad": Fit(5, 150)}
    found = {}
    for name, fit in wanted.items():
        try:
            found[name] = [piece.text for piece in itertools.islice(read_corpus(name, search, fit), 40_000)]
        except DataNotFound:
            continue
    found = found or {"label-phrases": [one.text for one in LabelPhrases(2_000).generate(HEADINGS, 0)]}
    rng = np.random.default_rng(seed)
    return {name: [texts[row] for row in rng.permutation(len(texts))[:count]] for name, texts in found.items()}


def fired_at(curve: Curve) -> int | None:
    """The first generation at which the gate fires, from 1."""
    return next((number for number, figures in enumerate(curve, start=1) if figures["fires"]), None)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--texts", type=int, default=1_500, help="texts of generation 0, and of each later one")
    parser.add_argument("--judged", type=int, default=750, help="texts of a generation that the gate sees")
    parser.add_argument("--generations", type=int, default=5)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--temperature", type=float, default=0.8)
    parser.add_argument("--order", type=int, default=3, help="words in the generator's longest n-gram")
    parser.add_argument("--most-fall", type=float, default=0.5, help="the gate's limit")
    parser.add_argument("--no-vectors", action="store_true", help="leave out Vendi score and coverage")
    options = parser.parse_args()
    embed = None if options.no_vectors else MiniLM().embed
    curves: dict[str, list[dict[str, Curve]]] = {}
    for seed in range(options.seeds):
        for name, texts in corpora(options.texts, seed).items():
            curves.setdefault(name, []).append(run(texts, options, seed, embed))
    for name, runs in curves.items():
        rows = [
            [f"{name}, {regime}, generation {number + 1}"]
            + [statistics.mean(one[regime][number][measure] for one in runs) for measure in runs[0][regime][0]]
            for regime in REGIMES
            for number in range(options.generations)
        ]
        show(["share of generation 0's diversity lost", *runs[0]["replace"][0]], rows)
    fired = {
        name: {regime: [fired_at(one[regime]) for one in runs] for regime in REGIMES} for name, runs in curves.items()
    }
    show(
        ["the gate fires at generation (per seed; None: never)", *REGIMES],
        [[name, *(str(by_regime[regime]) for regime in REGIMES)] for name, by_regime in fired.items()],
    )
    if options.json:
        worst = {
            regime: statistics.mean(one[regime][-1]["all"] for runs in curves.values() for one in runs)
            for regime in REGIMES
        }
        print(
            result(
                "collapse",
                unit="share of diversity lost in the last generation",
                ours=worst["accumulate"],
                alternative=worst["replace"],
                ratio=worst["replace"] / worst["accumulate"],
                fired_at=fired,
                curves=curves,
                settings={key: value for key, value in vars(options).items() if key != "json"},
            )
        )


if __name__ == "__main__":
    main()

"""Trains the embedded neural recogniser and writes its weights and card.

python -m tools.train_ner --language en --seed 7 --out privacy/deid/neural/weights --data DIR --corpora DIR
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from random import Random

import torch
from tools import ner_corpus
from tools.ner_corpus.example import ENGLISH_LABELS, SPANISH_LABELS, Example
from tools.ner_training import adapter, batches, measure, train

from fedaug.privacy.deid.neural.card import Card, load_card
from fedaug.privacy.deid.neural.network import LAYERS, Network
from fedaug.privacy.deid.neural.tagger import Tagger

_LABELS = {"en": tuple(sorted(ENGLISH_LABELS)), "es": tuple(sorted(SPANISH_LABELS))}
_THRESHOLDS = (0.02, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.7)
#: Recall is bought as long as so much of what is found on tuning data are identifiers.
_PRECISION = {"en": 0.94, "es": 0.975}
_AT_ONCE = 12_000  # examples of one seed; the next lot has the next seed


class Drawn:
    """The endless stream of examples, counted."""

    def __init__(self, args: argparse.Namespace) -> None:
        self.count = 0
        self._args = args

    def __iter__(self) -> Iterator[Example]:
        args = self._args
        for round_ in itertools.count():
            for example in ner_corpus.examples(args.language, args.seed + round_, _AT_ONCE, args.data, args.corpora):
                self.count += 1
                yield example

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of what was drawn from."""
        return tuple(ner_corpus.sources(self._args.data, self._args.corpora, self._args.language))


class Written:
    """What a run leaves behind: weights and card."""

    def __init__(self, args: argparse.Namespace, network: Network, drawn: Drawn) -> None:
        self._args, self._network, self._drawn = args, network, drawn
        self._before = load_card(args.language, args.start) if args.start else None

    def write(self, steps: int) -> None:
        """Write both; thresholds are chosen on tuning data, where there are any."""
        args, before = self._args, self._before
        adapter.save(self._network, args.out / f"{args.language}.safetensors")
        card = Card(
            language=args.language,
            layers=args.layers,
            labels=_LABELS[args.language],
            threshold=0.3,
            balanced=0.5,
            seed=args.seed,
            steps=steps + (before.steps if before else 0),
            examples=self._drawn.count + (before.examples if before else 0),
            sources=self._drawn.sources,
        )
        self._write(card)
        scores = self._scores()
        if scores:
            least = _PRECISION[card.language]
            threshold = min((s.threshold for s in scores if s.precision >= least), default=_THRESHOLDS[-1])
            balanced = max(scores, key=lambda score: score.exact).threshold
            self._write(card.model_copy(update={"threshold": threshold, "balanced": balanced}))

    def _write(self, card: Card) -> None:
        text = card.model_dump_json(indent=2) + "\n"
        (self._args.out / f"{card.language}.json").write_text(text, encoding="utf-8")

    def _scores(self) -> list[measure.Score]:
        """How the tuning data fare with what was written."""
        args = self._args
        if args.data is None:
            return []
        tagger = Tagger(args.language, folder=args.out)
        english = args.language == "en"
        tuning = measure.synth(args.data, "tuning") if english else measure.meddocan(args.data, "tuning")
        scores = measure.curve(tagger, tuning, _THRESHOLDS)
        for score in scores:
            _say(str(score))
        return scores


def main(argv: list[str] | None = None) -> int:
    """Train, write, and print how the tuning data fare at several thresholds."""
    args = _arguments().parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    args.out.mkdir(parents=True, exist_ok=True)
    labels, drawn, started = _LABELS[args.language], Drawn(args), time.monotonic()
    network = adapter.trainable(layers=args.layers, tags=1 + 2 * len(labels), rank=args.rank, dropout=args.dropout)
    if args.start is not None:
        adapter.resume(network, args.start / f"{args.language}.safetensors")
    written = Written(args, network, drawn)

    def report(steps: int, loss: float) -> None:
        _say(f"step {steps} loss {loss:.4f} after {(time.monotonic() - started) / 60:.1f} min")
        if args.every and steps % args.every == 0:
            written.write(steps)

    samples = batches.samples(iter(drawn), labels, Random(args.seed))
    stream = batches.batches(samples, args.batch, Random(args.seed))
    progress = train.by_pieces(args.pieces) if args.pieces else train.by_minutes(args.minutes)
    written.write(train.train(network, stream, progress, train.Settings(rate=args.rate), report))
    return 0


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--language", choices=sorted(_LABELS), required=True)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--out", type=Path, required=True, help="folder for the weights and the card")
    parser.add_argument("--start", type=Path, help="folder of an earlier run of the same shape, to go on from")
    parser.add_argument("--data", type=Path, help="folder of public data sets, as `fedaug data fetch` leaves them")
    parser.add_argument("--corpora", type=Path, help="folder with broad_twitter_corpus and litbank")
    parser.add_argument("--minutes", type=float, default=30.0, help="length of the run by the clock")
    parser.add_argument("--pieces", type=float, help="length of the run in word pieces instead: repeatable")
    parser.add_argument("--layers", type=int, default=LAYERS)
    parser.add_argument("--rank", type=int, default=36)
    parser.add_argument("--dropout", type=float, default=0.05)
    parser.add_argument("--rate", type=float, default=1.5e-3)
    parser.add_argument("--batch", type=int, default=3072, help="word pieces of one step")
    parser.add_argument("--every", type=int, default=0, help="steps between two looks at the tuning data")
    parser.add_argument("--threads", type=int, default=1)
    return parser


if __name__ == "__main__":
    sys.exit(main())

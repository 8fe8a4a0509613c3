"""Trains the embedded language model.

python -m tools.pretraining prepare --data DIR --corpus DIR
python -m tools.pretraining train --corpus DIR --run DIR --minutes 300
python -m tools.pretraining measure --corpus DIR --run DIR --data DIR
python -m tools.pretraining pack --corpus DIR --run DIR --data DIR --control DIR
python -m tools.pretraining samples --labels "lost card,PASTSURGICAL"
"""

from __future__ import annotations

import argparse
import json
import signal
import sys
from dataclasses import asdict
from pathlib import Path

import torch
from tools.pretraining import measure, network, release
from tools.pretraining import piece as pieces
from tools.pretraining.mixture import Mixture
from tools.pretraining.prepare import prepare
from tools.pretraining.sources import SOURCES
from tools.pretraining.train import Run, Settings
from transformers import BertLMHeadModel

from fedaug.augmentation.embedded.base import decoder
from fedaug.augmentation.embedded.card import SHIPPED
from fedaug.augmentation.embedded.loading import word_pieces

_COUNTED = 2_000  # pieces of a source whose tokens the head begins with
_WEIGHTS = {source.name: source.weight for source in SOURCES}


def main(argv: list[str] | None = None) -> int:
    """One of the steps."""
    args = _arguments().parse_args(argv)
    torch.set_num_threads(args.threads)
    torch.manual_seed(args.seed)
    _STEPS[args.step](args)
    return 0


def _prepare(args: argparse.Namespace) -> None:
    wanted = [source for source in SOURCES if not args.only or source.name in args.only.split(",")]
    prepare(args.data, args.corpus, _say, wanted)


def _train(args: argparse.Namespace) -> None:
    args.run.mkdir(parents=True, exist_ok=True)
    weights = _WEIGHTS | json.loads(args.weights)
    weights = {name: weight for name, weight in weights.items() if weight}
    mixture = Mixture(args.corpus, weights, word_pieces(), args.seed)
    model = _begin(args, weights)
    if args.scratch:
        network.scratch(model, args.seed)
    settings = Settings(
        tokens=args.tokens,
        rows_of=args.rows_of,
        rate=args.rate,
        muon=args.muon,
        until=args.until,
        fall=args.fall,
        minutes=args.minutes,
        every=args.every,
        warm_up=args.warm_up,
        seed=args.seed,
        rounded=args.rounded,
    )
    line = {"weights": weights, "scratch": args.scratch, **asdict(settings)}
    with (args.run / release.SITTINGS).open("a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
    run = Run(model, mixture, settings, args.run, _say)
    signal.signal(signal.SIGTERM, lambda _number, _frame: run.stop())  # a checkpoint is written, and nothing is lost
    run.train()


def _measure(args: argparse.Namespace) -> None:
    model = decoder() if args.before else release.put(decoder(), release.trained(args.run, args.which))
    scores = measure.table(model, word_pieces(), _texts(args))
    for name, score in scores.items():
        _say(f"{name}: perplexity {score.perplexity:.1f}, {score.bits_per_byte:.3f} bits per byte")
    _say(json.dumps({name: asdict(score) for name, score in scores.items()}))


def _pack(args: argparse.Namespace) -> None:
    card = release.write(args.run, args.corpus, _texts(args), args.out, which=args.which, control=args.control)
    _say(card.model_dump_json(indent=2))


def _samples(args: argparse.Namespace) -> None:
    for label, texts in release.samples(args.out, args.labels.split(","), args.count, args.seed).items():
        _say(f"{label}:")
        for text in texts:
            _say(f"  {text}")


def _texts(args: argparse.Namespace) -> dict[str, list[str]]:
    return measure.held_out_texts(args.corpus) | measure.measured_texts(args.data)


def _begin(args: argparse.Namespace, weights: dict[str, float]) -> BertLMHeadModel:
    """The untrained model; the head's bias counts the tokens of the first pieces of every source."""
    tokenizer = word_pieces()
    tokens: list[int] = []
    for name in weights:
        texts = measure.first((piece.text for piece in pieces.read(args.corpus / f"{name}.jsonl")), _COUNTED)
        for encoding in tokenizer.encode_batch(texts, add_special_tokens=False):
            tokens += [*encoding.ids, 102]
    return network.trainable(tokens)


def _say(line: str) -> None:
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


_STEPS = {"prepare": _prepare, "train": _train, "measure": _measure, "pack": _pack, "samples": _samples}


def _arguments() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("step", choices=sorted(_STEPS))
    parser.add_argument("--data", type=Path, help="folder of public data sets, as `fedaug data fetch` leaves them")
    parser.add_argument("--corpus", type=Path, help="folder that `prepare` writes to")
    parser.add_argument("--only", default="", help="names of sources to prepare anew, parted by commas")
    parser.add_argument("--run", type=Path, help="folder of the checkpoint; a run goes on from what is there")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--weights", default="{}", help="shares of sources as JSON, in place of those of the table")
    parser.add_argument("--scratch", action="store_true", help="begin with random weights: the control run")
    parser.add_argument("--tokens", type=int, default=4096, help="of an update")
    parser.add_argument("--rows-of", type=int, default=2048, help="most tokens of a batch")
    parser.add_argument("--rate", type=float, default=6e-4)
    parser.add_argument("--muon", type=float, default=0.0)
    parser.add_argument("--until", type=float, default=1e9, help="tokens of the run")
    parser.add_argument("--fall", type=float, default=0.0, help="tokens at its end over which the rate falls to zero")
    parser.add_argument("--minutes", type=float, default=0.0)
    parser.add_argument("--every", type=float, default=5.0, help="minutes between two checkpoints")
    parser.add_argument("--warm-up", type=int, default=100, help="updates over which the rate rises")
    parser.add_argument("--which", choices=("mean", "weights"), default="mean", help="what is measured")
    parser.add_argument("--rounded", action="store_true", help="train the weights as they will be stored")
    parser.add_argument("--out", type=Path, default=SHIPPED, help="folder of what ships")
    parser.add_argument("--control", type=Path, help="folder of the run that began with random weights")
    parser.add_argument("--labels", default="lost card,exchange rate,PASTSURGICAL,family history")
    parser.add_argument("--count", type=int, default=5, help="samples of a label")
    parser.add_argument("--before", action="store_true", help="measure the base before training")
    return parser


if __name__ == "__main__":
    sys.exit(main())

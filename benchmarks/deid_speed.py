"""How fast texts are de-identified, against Presidio's own analyzer called text by text.

    python -m benchmarks.deid_speed --json

Reads ``banking77/train.csv`` and ``mts_dialog/train.csv`` under ``$FEDAUG_DATA`` where they are, else own sentences.
Both sides are timed in processor seconds, in turn, several times over; the figure is the median. Presidio gets the same
blank tokeniser (it comes with none) and the same offline list of e-mail suffixes, so that it waits for no network.
"""

from __future__ import annotations

import argparse
import csv
import itertools
import json
import os
import random
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from presidio_analyzer import AnalyzerEngine
from presidio_analyzer.recognizer_registry import RecognizerRegistry

from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.recognisers import BlankNlpEngine, OfflineEmailRecognizer

SOURCES = {"banking77": ("banking77/train.csv", "text"), "mts_dialog": ("mts_dialog/train.csv", "section_text")}


def stock_presidio() -> AnalyzerEngine:
    """Presidio's analyzer with everything that it switches on for English."""
    registry = RecognizerRegistry()
    registry.load_predefined_recognizers(languages=["en"])
    found = [recogniser for recogniser in registry.recognizers if recogniser.name != "EmailRecognizer"]
    registry.recognizers = [*found, OfflineEmailRecognizer("en")]
    return AnalyzerEngine(registry=registry, nlp_engine=BlankNlpEngine("en"))


def corpora(limit: int) -> dict[str, list[str]]:
    """Texts by name, at most ``limit`` of each, drawn with a fixed seed."""
    folder = os.environ.get("FEDAUG_DATA")
    found = {name: Path(folder) / path for name, (path, _) in SOURCES.items()} if folder else {}
    texts = {name: _column(path, SOURCES[name][1]) for name, path in found.items() if path.exists()}
    texts = texts or {"generated": list(itertools.islice(_sentences(), limit))}
    return {name: _drawn(rows, limit) for name, rows in texts.items()}


def _column(path: Path, column: str) -> list[str]:
    with path.open(encoding="utf-8", newline="") as file:
        return [row[column] for row in csv.DictReader(file)]


def _drawn(rows: list[str], limit: int) -> list[str]:
    return random.Random(0).sample(rows, min(limit, len(rows)))


def _sentences() -> Iterator[str]:
    draw = random.Random(0)
    plain = (
        "my card has not come",
        "the patient reports no pain",
        "why was I charged a fee",
        "he was given two tablets",
    )
    planted = ("on 06/21/07", "call 212-555-5555", "at 10.5 mg", "of $1,000", "see www.example.com", "at L5-S1")
    while True:
        yield ", ".join(draw.choice(plain) if draw.random() < 0.8 else draw.choice(planted) for _ in range(4))


def median_seconds(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median processor seconds of each piece of work, taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _, (name, run) in itertools.product(range(repeats), work.items()):
        start = time.process_time()
        run()
        taken[name].append(time.process_time() - start)
    return {name: statistics.median(times) for name, times in taken.items()}


def compare(texts: list[str], repeats: int) -> dict[str, float | int]:
    """Texts per processor second of both, and their ratio."""
    ours, stock = Deidentifier(), stock_presidio()
    seconds = median_seconds(
        {
            "ours": lambda: [ours.deidentify(text) for text in texts],
            "presidio": lambda: [stock.analyze(text, "en") for text in texts],
        },
        repeats,
    )
    return {
        "texts": len(texts),
        "mean_characters": round(statistics.mean(map(len, texts))),
        "ours_texts_per_second": round(len(texts) / seconds["ours"]),
        "presidio_texts_per_second": round(len(texts) / seconds["presidio"]),
        "ratio": round(seconds["presidio"] / seconds["ours"], 2),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object, on one line")
    parser.add_argument("--limit", type=int, default=2_000, help="texts of each corpus")
    parser.add_argument("--repeats", type=int, default=3, help="times that each side is timed")
    arguments = parser.parse_args()
    figures = {name: compare(texts, arguments.repeats) for name, texts in corpora(arguments.limit).items()}
    settings = {"limit": arguments.limit, "repeats": arguments.repeats, "processes": 1}
    print(json.dumps({"corpora": figures, "settings": settings}, indent=None if arguments.json else 2))


if __name__ == "__main__":
    main()

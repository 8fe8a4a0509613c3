"""Row 5: records per second of processor time on notes of about 200 words, where the time goes, and the memory.

Sides take turns, several times over; the figure is the median. Processor time counts every thread, and with worker
processes theirs as well. Each side's memory is the most that a process of its own ever held.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks.deid.corpora import notes
from benchmarks.deid.rows import Options, Row
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.deid.document import Document
from fedaug.privacy.deid.fold import fold
from fedaug.privacy.deid.pattern_layer import PatternLayer
from fedaug.privacy.deid.policies import load_policy
from fedaug.privacy.deid.policies.load import DEFAULT_POLICY

ROOT = Path(__file__).resolve().parents[2]
TEXTS = 200
WORDS = 200
WARM_UP = 50
SIDES = (
    "presidio",
    "presidio_replaced",
    "rule_layers",
    "rules",
    "rules_one_by_one",
    "ours",
    "ours_one_by_one",
)
LEAST_RULES = 2.5  # times stock Presidio's analyzer, which finds and leaves the text as it is, as our rule layers do
LEAST_NEURAL = 15.0  # records per processor second
MOST_MEMORY = 1e9


def texts(count: int) -> list[str]:
    """Notes of about 200 words: made-up ones, each cut at the first end of a line after that many."""
    return [_cut(note.text) for note in notes(count, seed=5)]


def _cut(text: str) -> str:
    words = 0
    lines = []
    for line in text.splitlines(keepends=True):
        lines.append(line)
        words += len(line.split())
        if words >= WORDS:
            break
    return "".join(lines)


def side(name: str) -> Callable[[list[str]], object]:
    """What is timed: one system over all texts."""
    if name == "presidio":
        from benchmarks.deid_speed import stock_presidio  # noqa: PLC0415 - else it counts in our sides' memory

        analyzer = stock_presidio()
        return lambda many: [analyzer.analyze(text, "en") for text in many]
    if name == "presidio_replaced":
        from presidio_anonymizer import AnonymizerEngine  # noqa: PLC0415 - as above

        from benchmarks.deid_speed import stock_presidio  # noqa: PLC0415 - as above

        finds, replaces = stock_presidio(), AnonymizerEngine()
        return lambda many: [replaces.anonymize(text, finds.analyze(text, "en")) for text in many]
    if name == "rule_layers":  # asked what Presidio's analyzer is asked: what is found in a text, which stays as it is
        patterns = PatternLayer("en", limit_s=5.0)
        return lambda many: [patterns.find(fold(text).text) for text in many]
    finder = Deidentifier(load_policy(DEFAULT_POLICY), neural=not name.startswith("rules"))
    if name.endswith("one_by_one"):
        return lambda many: [finder.deidentify(text) for text in many]
    return lambda many: list(finder.deidentify_many(many))


def row(options: Options) -> Row:
    """All sides, processes, memory, and the layers."""
    from benchmarks.deid.systems import model  # noqa: PLC0415 - Faker's lists would count in our sides' memory

    many = texts(min(TEXTS, options.limit or TEXTS))
    sides = {name: side(name) for name in SIDES}
    for run in sides.values():
        run(many[:WARM_UP])  # patterns are compiled when a text first needs them
    seconds = median_cpu_seconds({name: lambda run=run: run(many) for name, run in sides.items()}, options.repeats)
    speeds = {name: len(many) / taken for name, taken in seconds.items()}
    memory = {name: peak_bytes(name, len(many)) for name in ("presidio", "rules", "ours")}
    processes = {count: spread(many, count) for count in (1, 2)}
    figures = {
        "records_per_cpu_second": speeds,
        "rule_layers_over_presidio": speeds["rule_layers"] / speeds["presidio"],
        # The whole of it: values left out, strings looked for again, replacement; the last alone beside Presidio's.
        "rules_over_presidio": speeds["rules_one_by_one"] / speeds["presidio"],
        "rules_over_presidio_replaced": speeds["rules_one_by_one"] / speeds["presidio_replaced"],
        "peak_bytes": memory,
        "processes": processes,
        "layers": layers(many, options.repeats),
    }
    return Row(
        name="speed",
        unit="records per second of processor time, about 200 words each",
        ours=speeds["ours"],
        alternative=speeds["presidio"],
        figures=figures,
        bars={
            f"rule layers {LEAST_RULES} times Presidio": figures["rule_layers_over_presidio"] >= LEAST_RULES,
            f"with the neural recogniser {LEAST_NEURAL:.0f} records a second": speeds["ours"] >= LEAST_NEURAL,
            "memory below 1 GB": max(memory["rules"], memory["ours"]) < MOST_MEMORY,
        },
        settings={
            "texts": len(many),
            "mean_words": statistics.mean(len(text.split()) for text in many),
            "mean_characters": statistics.mean(map(len, many)),
            "repeats": options.repeats,
            "model": model(),
        },
    )


def median_cpu_seconds(work: dict[str, Callable[[], object]], repeats: int) -> dict[str, float]:
    """Median processor seconds of each piece of work, taken in turn."""
    taken: dict[str, list[float]] = {name: [] for name in work}
    for _, (name, run) in itertools.product(range(repeats), work.items()):
        began = time.process_time()
        run()
        taken[name].append(time.process_time() - began)
    return {name: statistics.median(times) for name, times in taken.items()}


def spread(many: list[str], processes: int) -> dict[str, float]:
    """Records per second of wall-clock time over worker processes, without their start.

    The start, some seconds for each worker, is taken off by running the texts once and three times.
    """
    finder = Deidentifier(load_policy(DEFAULT_POLICY))
    once, thrice = (_wall(finder, many * times, processes) for times in (1, 3))
    return {"records_per_second": 2 * len(many) / (thrice - once)}


def _wall(finder: Deidentifier, many: list[str], processes: int) -> float:
    began = time.perf_counter()
    for _ in finder.deidentify_many(many, processes=processes):
        pass
    return time.perf_counter() - began


def layers(many: list[str], repeats: int) -> dict[str, float]:
    """Processor milliseconds per text that each layer takes by itself, and what is left over."""
    from fedaug.privacy.deid.neural import Tagger  # noqa: PLC0415 - torch would count in the rules' memory

    patterns, tagger = PatternLayer("en", limit_s=5.0), Tagger("en")
    whole, rules = (Deidentifier(load_policy(DEFAULT_POLICY), neural=neural) for neural in (True, False))
    documents = [Document(text) for text in many]
    for text in many[:WARM_UP]:
        patterns.find(text)
    tagger.tag(many[:2])
    seconds = median_cpu_seconds(
        {
            "disguises": lambda: [fold(text) for text in many],
            "patterns": lambda: [patterns.find(text) for text in many],
            "neural": lambda: tagger.tag(many),
            "all_without_neural": lambda: list(rules.deidentify_many(documents)),
            "all": lambda: list(whole.deidentify_many(documents)),
        },
        repeats,
    )
    each = {name: 1_000 * taken / len(many) for name, taken in seconds.items()}
    rest = each["all_without_neural"] - each["disguises"] - each["patterns"]
    return {**each, "propagation_and_replacement": max(0.0, rest)}


def peak_bytes(name: str, count: int) -> int:
    """The most memory that one side's process ever held."""
    command = [sys.executable, "-m", "benchmarks.deid.speed", name, str(count)]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True, env={**os.environ})
    return int(json.loads(done.stdout.splitlines()[-1])["peak_bytes"])


def main() -> None:
    parser = argparse.ArgumentParser(description="One side over its texts; prints the most memory that it held.")
    parser.add_argument("side", choices=SIDES)
    parser.add_argument("count", type=int)
    options = parser.parse_args()
    side(options.side)(texts(options.count))
    print(json.dumps({"peak_bytes": _high_water()}))


def _high_water() -> int:
    """The most resident memory of this process; what getrusage says begins with that of the process that started it."""
    status = Path("/proc/self/status").read_text("ascii")
    return int(status.split("VmHWM:")[1].split()[0]) * 1024


if __name__ == "__main__":
    main()

"""Candidates vetted a second by the four free gates, against comparing all pairs and Presidio called text by text.

The alternative does what the duplicate and the identifier gate do, which is where the time goes: the Jaccard index of
every pair of texts, and Presidio's own analyzer on every text. It is timed on a part; all pairs grow with the square of
the number of texts, and are scaled so.

    python -m benchmarks.vetting --json
"""

from __future__ import annotations

import argparse
import time
from itertools import islice

from benchmarks.deid_speed import stock_presidio
from benchmarks.measure import median_seconds, result, show
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes, clinical_notes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.vetting import Batch, make_gate, vet
from fedaug.privacy.vetting.duplicates import DuplicateGate
from fedaug.privacy.vetting.gate import VerdictCode
from fedaug.privacy.vetting.words import normalised

GATES = ("length", "repetition", "duplicate", "identifier")
LABELS = ("card not working", "cancel transfer", "exchange rate", "lost or stolen card", "pending top up", "refund")
THRESHOLD = 0.9


def candidates(count: int) -> list[str]:
    """Questions and note sections in equal parts, as the generators make them."""
    headers = sorted({note.section_header for note in clinical_notes(500, 1)})
    half = count // 2
    phrases = LabelPhrases(half // len(LABELS) + 1).generate(LABELS, 1)
    questions = [candidate.text for candidate in islice(phrases, half)]
    rest = count - len(questions)
    sections = ClinicalNotes(rest // len(headers) + 1).generate(headers, 1)
    return questions + [candidate.text for candidate in islice(sections, rest)]


def all_pairs(texts: list[str]) -> set[int]:
    """Positions of texts that repeat an earlier one that was kept, by comparing with each of them."""
    sets = [{words[start : start + 3] for start in range(max(1, len(words) - 2))} for words in map(normalised, texts)]
    kept: list[int] = []
    refused = set()
    for position, mine in enumerate(sets):
        if any(len(mine & sets[other]) >= THRESHOLD * len(mine | sets[other]) for other in kept):
            refused.add(position)
        else:
            kept.append(position)
    return refused


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--texts", type=int, default=20_000)
    parser.add_argument("--part", type=int, default=1_500, help="texts that the alternative is timed on")
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    texts = candidates(options.texts)
    part = texts[:: max(1, len(texts) // options.part)][: options.part]
    gates = [make_gate(name) for name in GATES]
    codes = [verdict.code for verdict in DuplicateGate(threshold=THRESHOLD).judge(Batch(tuple(part)))]
    assert {place for place, code in enumerate(codes) if code is not VerdictCode.PASSED} == all_pairs(part)

    stock = stock_presidio()
    stock.analyze(part[0], "en")
    began = time.perf_counter()
    vetted = vet(Batch(tuple(texts)), gates)
    first = time.perf_counter() - began
    seconds = median_seconds(
        {
            "ours": lambda: vet(Batch(tuple(texts)), gates),
            "all_pairs": lambda: all_pairs(part),
            "presidio": lambda: [stock.analyze(text, "en") for text in part],
        },
        options.runs,
    )
    scale = len(texts) / len(part)
    alternative = seconds["all_pairs"] * scale**2 + seconds["presidio"] * scale
    rates = {"ours": len(texts) / seconds["ours"], "alternative": len(texts) / alternative}
    show(["way", "texts/s"], [[name, rate] for name, rate in rates.items()])
    show(["gate", "refused"], [[name, number] for name, number in vetted.refused_by.items()])
    if options.json:
        print(
            result(
                "vetting",
                unit="texts per second",
                ours=rates["ours"],
                alternative=rates["alternative"],
                ratio=rates["ours"] / rates["alternative"],
                all={"ours_s": seconds["ours"], "ours_first_call_s": first}
                | {"all_pairs_s": seconds["all_pairs"] * scale**2, "presidio_s": seconds["presidio"] * scale},
                refused=vetted.refused_by,
                settings={"texts": len(texts), "timed_part": len(part), "runs": options.runs, "gates": GATES},
            )
        )


if __name__ == "__main__":
    main()

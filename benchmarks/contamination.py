"""Recall and precision of the contamination gate by the way in which evaluation items got into a pool.

    python -m benchmarks.contamination --json

Items are a fourth of ``banking77/train.csv``, drawn by a hash of the text; some of them are put into a pool of innocent
texts, reworded in seeded ways (``benchmarks/rewording``). Innocent are requests of ``clinc150``, a domain next door,
and what the package's own generator writes for banking77's labels. Precision of a kind is that of a pool that holds
its planted items and all innocent texts. The rest of banking77 is judged too, and reported apart: people wrote those
questions for the same 77 intents, and whether a question that shares most of its words with an item is innocent is a
matter of taste. The gate's thresholds were tuned on nlupp_banking and bitext_customer_service. The least weight of the
words that have to stand was added after the false alarms on this very data set had been seen, so that precision here,
and recall of items of everyday words, are those of a gate that was fitted to it in one figure.

The alternative is the overlap of runs of 13 words after lower-casing, whole texts where an item is shorter (Brown et
al. 2020, appendix C). Without ``$FEDAUG_DATA`` items and innocent texts are the generators' own.
"""

from __future__ import annotations

import argparse
import csv
import hashlib
import json
import os
import random
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.measure import result, show
from benchmarks.rewording import rewordings
from benchmarks.vetting_load import sentences
from fedaug.augmentation.encoder import MiniLM
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.vetting import Batch, Verdict
from fedaug.privacy.vetting.contamination import ContaminationGate

FILE = "banking77/validation"
GRAM = 13


def is_item(text: str) -> bool:
    """Whether a text of the training file counts as one of the evaluation file; a fourth of them."""
    return hashlib.sha256(text.encode()).digest()[0] % 4 == 0


def sources(count: int, draw: random.Random) -> tuple[list[str], list[str], list[str]]:
    """Items, innocent texts, and texts of the items' own source."""
    folder = os.environ.get("FEDAUG_DATA")
    banking, requests = (Path(folder or "") / path for path in ("banking77/train.csv", "clinc150/data_full.json"))
    if not (folder and banking.exists() and requests.exists()):
        made = sorted(set(sentences(20_000)))
        items = [text for text in made if is_item(text)]
        return items, [], draw.sample([text for text in made if not is_item(text)], count)
    with banking.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    texts = list(dict.fromkeys(row["text"] for row in rows))
    labels = sorted({row["category"].replace("_", " ") for row in rows})
    made = [candidate.text for candidate in LabelPhrases(-(-count // len(labels))).generate(labels, 1)]
    asked = [text for text, _ in json.loads(requests.read_text(encoding="utf-8"))["train"]]
    innocent = [*draw.sample(asked, count), *islice(made, count)]
    return (
        [text for text in texts if is_item(text)],
        innocent,
        draw.sample([text for text in texts if not is_item(text)], count),
    )


def by_grams(items: list[str], texts: list[str]) -> list[bool]:
    """The alternative."""

    def grams(text: str) -> set[tuple[str, ...]]:
        words = text.lower().split()
        return {tuple(words[start : start + GRAM]) for start in range(max(1, len(words) - GRAM + 1))}

    known = set().union(*map(grams, items))
    return [not known.isdisjoint(grams(text)) for text in texts]


def embedded(texts: list[str], embed: bool) -> NDArray[np.float32] | None:
    return MiniLM().embed(texts) if embed else None


def share(verdicts: list[Verdict]) -> float:
    """How many of them are refusals."""
    return sum(not verdict.passed for verdict in verdicts) / max(1, len(verdicts))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--planted", type=int, default=500, help="items planted of each kind")
    parser.add_argument("--innocent", type=int, default=2_500, help="innocent texts of each source")
    parser.add_argument("--long", type=int, default=12, help="words from which on an item counts as long")
    parser.add_argument("--no-vectors", action="store_true", help="go by words alone, which takes seconds")
    options = parser.parse_args()
    draw = random.Random(1)
    items, innocent, kin = sources(options.innocent, draw)
    vectors = embedded(items, not options.no_vectors)
    gate = ContaminationGate({FILE: items}, vectors=None if vectors is None else {FILE: vectors})

    def judged(texts: list[str]) -> tuple[list[Verdict], list[Verdict]]:
        """By words alone, and by vectors too."""
        batch = Batch(tuple(texts), vectors=embedded(texts, not options.no_vectors))
        return gate.judge(Batch(batch.texts)), gate.judge(batch)

    hosts = innocent or kin
    verdicts_on_innocent = judged(innocent)
    alarms = [sum(not verdict.passed for verdict in verdicts) for verdicts in verdicts_on_innocent]
    gram_alarms = sum(by_grams(items, innocent))
    kinds: dict[str, Any] = {}
    for kind, reword in rewordings().items():
        rows = draw.sample(range(len(items)), min(options.planted, len(items)))
        texts = [reword(items[row], draw.choice(hosts), draw) for row in rows]
        by_words, by_all = judged(texts)
        hits = [sum(not verdict.passed for verdict in verdicts) for verdicts in (by_words, by_all)]
        grams = sum(by_grams(items, texts))
        long = [verdict for row, verdict in zip(rows, by_words, strict=True) if len(items[row].split()) >= options.long]
        named = sum(verdict.item == f"{FILE}:{row}" for row, verdict in zip(rows, by_words, strict=True))
        kinds[kind] = {
            "recall": hits[0] / len(rows),
            "precision": hits[0] / max(1, hits[0] + alarms[0]),
            "recall_long": share(long),
            "item_named": named / max(1, hits[0]),
            "recall_with_vectors": hits[1] / len(rows),
            "precision_with_vectors": hits[1] / max(1, hits[1] + alarms[1]),
            "alternative_recall": grams / len(rows),
            "alternative_precision": grams / max(1, grams + gram_alarms),
        }
    same = [share(verdicts) for verdicts in judged(kin)]
    sources_of = {"clinc150": slice(0, options.innocent), "generated": slice(options.innocent, None)}
    innocents = {
        name: [share(verdicts[part]) for verdicts in verdicts_on_innocent] for name, part in sources_of.items()
    } | {"same source": same}
    show(["kind", *next(iter(kinds.values()))], [[kind, *figures.values()] for kind, figures in kinds.items()])
    show(["innocent", "refused", "with vectors"], [[name, *shares] for name, shares in innocents.items()])
    ours = float(np.mean([figures["recall"] for figures in kinds.values()]))
    alternative = float(np.mean([figures["alternative_recall"] for figures in kinds.values()]))
    if options.json:
        print(
            result(
                "contamination",
                unit="mean recall over kinds, by words alone",
                ours=ours,
                alternative=alternative,
                ratio=ours / alternative,
                kinds=kinds,
                innocent_refused=innocents,
                settings={"items": len(items), "planted": options.planted, "innocent": options.innocent}
                | {"long_words": options.long, "vectors": not options.no_vectors},
            )
        )


if __name__ == "__main__":
    main()

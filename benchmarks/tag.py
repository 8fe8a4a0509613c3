"""Notes that the embedded recogniser reads in a second of one processor, in each precision, and how they agree.

Generated notes of about 200 words, full of identifiers. "Agree" is the share of words of which bf16 and fp32 say the
same at the threshold that ships.

    python -m benchmarks.tag --json
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Iterator
from itertools import islice
from random import Random

import numpy as np
from tools.ner_corpus.generated import document

from benchmarks.measure import result, show
from fedaug.privacy.deid.neural import Tagger
from fedaug.privacy.deid.neural.weights import Precision, chosen

WORDS = 200  # of one note
PRECISIONS: tuple[Precision, ...] = ("bf16", "fp32")


def notes(seed: int) -> Iterator[str]:
    """Notes of about 200 words, put together from short ones."""
    rng = Random(seed)
    parts: list[str] = []
    while True:
        parts.append(document(rng, "clinical").text)
        if sum(len(part.split()) for part in parts) >= WORDS:
            yield " ".join("\n\n".join(parts).split(" ")[:WORDS])
            parts = []


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--notes", type=int, default=100)
    options = parser.parse_args()
    texts = list(islice(notes(1), options.notes))
    found, speed, rows = {}, {}, []
    for precision in PRECISIONS:
        started = time.perf_counter()
        tagger = Tagger("en", precision=precision)
        load = time.perf_counter() - started
        tagger.tag(texts[:10])  # the first products lay their weights out
        started = time.process_time()
        tagger.tag(texts)
        speed[precision] = len(texts) / (time.process_time() - started)
        found[precision] = np.concatenate([words.found for words in tagger.words(texts)]) >= tagger.threshold
        rows.append((precision, speed[precision], load))
    show(("precision", "notes per CPU second", "seconds to load"), rows)
    if options.json:
        print(
            result(
                "tag",
                unit="notes per CPU second",
                ours=speed["bf16"],
                alternative=speed["fp32"],
                ratio=speed["bf16"] / speed["fp32"],
                agree=float((found["bf16"] == found["fp32"]).mean()),
                peak_mb=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1000,
                settings={"auto": chosen("auto"), "notes": len(texts), "words": WORDS},
            )
        )


if __name__ == "__main__":
    main()

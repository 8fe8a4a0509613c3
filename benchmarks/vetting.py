"""All gates but perplexity over candidates, records and pooled samples, against the obvious ways to do the same.

    python -m benchmarks.vetting --json

Every gate judges every candidate here, where a campaign would show it only what cheaper gates let pass. Embeddings are
given (random unit vectors, the worst case for pruning). The alternative does what takes longest: the Jaccard index of
every pair of texts, runs of words by sets of tuples and text by text, products of all vectors in one call, and
Presidio's own analyzer text by text. It is timed on a part and scaled by the number of pairs or texts.
"""

from __future__ import annotations

import argparse
import os
import resource
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.deid_speed import stock_presidio
from benchmarks.measure import result, show
from benchmarks.vetting_load import EDITED, LEFT_OUT, THRESHOLD, Load, make_load, makers
from fedaug.privacy.vetting import Batch
from fedaug.privacy.vetting.copies import CopyGate
from fedaug.privacy.vetting.minhash import MinHashIndex
from fedaug.privacy.vetting.shingles import shingles
from fedaug.privacy.vetting.words import hashed, normalised

MOST_SECONDS, MOST_BYTES = 60.0, 2 * 2**30
LEAST_RECALL = 0.99
COPIED_WORDS = 8

Grams = set[tuple[str, ...]]


def grams(text: str, size: int, *, whole: bool = False) -> Grams:
    """Runs of words; of a shorter text, if asked for, the text as a whole."""
    words = normalised(text)
    return {words[start : start + size] for start in range(max(whole, len(words) - size + 1))}


def near_by_all_pairs(texts: list[str], known: list[str]) -> set[tuple[int, int]]:
    """Pairs at the threshold or above, each compared."""
    mine, theirs = ([grams(text, 3, whole=True) for text in some] for some in (texts, known))
    return {
        (row, place)
        for row, one in enumerate(mine)
        for place, other in enumerate(theirs)
        if len(one & other) >= THRESHOLD * len(one | other)
    }


def near_by_minhash(texts: list[str], known: list[str]) -> set[tuple[int, int]]:
    """The same, as the duplicate gate does it."""
    index = MinHashIndex(shingles(hashed(known), 3), THRESHOLD)
    found = index.pairs(shingles(hashed(texts), 3))
    return {pair for mine, theirs, _ in found for pair in zip(mine.tolist(), theirs.tolist(), strict=True)}


def copies_by_all_pairs(texts: list[str], records: list[str]) -> set[tuple[int, int]]:
    """Pairs that share a run of words, each compared."""
    mine, theirs = ([grams(text, COPIED_WORDS) for text in some] for some in (texts, records))
    return {(row, place) for row, one in enumerate(mine) for place, other in enumerate(theirs) if one & other}


def judged(load: Load) -> tuple[dict[str, float], dict[str, float], dict[str, int]]:
    """Seconds to build each gate and have it judge all candidates, by the clock and the processor; what it refuses."""
    seconds, work, refused = {}, {}, {}
    for name, make in makers(load).items():
        began, worked = time.perf_counter(), time.process_time()
        verdicts = make().judge(load.candidates)
        seconds[name], work[name] = time.perf_counter() - began, time.process_time() - worked
        refused[name] = sum(not verdict.passed for verdict in verdicts)
    return seconds, work, refused


def against_brute_force(load: Load, part: int) -> dict[str, Any]:
    """Near-duplicates and copies on a part, and the alternative's seconds for all."""
    texts, known, records = list(load.candidates.texts[:part]), list(load.pool.texts), load.records
    # Whatever shares a run of words is in the part, or there would be little to find.
    edited = list(load.candidates.texts[::EDITED][:part])
    partners = CopyGate(known).pairs(Batch(tuple(edited)))[:, 1]
    some = [known[place] for place in np.unique(partners)] + known[: 10 * part]
    truth, pairs_s = timed(lambda: near_by_all_pairs(edited, some))
    found = near_by_minhash(edited, some)

    copied = CopyGate(records).pairs(Batch(tuple(texts)))
    some_records = [records[place] for place in sorted({int(pair[1]) for pair in copied})] + records[: 10 * part]
    copies, copies_s = timed(lambda: copies_by_all_pairs(texts, some_records))
    exact = {(int(row), int(place)) for row, place in CopyGate(some_records).pairs(Batch(tuple(texts)))}
    stock = stock_presidio()
    stock.analyze(texts[0], "en")
    _, presidio_s = timed(lambda: [stock.analyze(text, "en") for text in texts])
    everyone = load.candidates.vectors
    assert everyone is not None
    assert load.pool.vectors is not None
    pool_vectors = load.pool.vectors
    _, product_s = timed(lambda: (everyone[:1_000] @ pool_vectors.T).max(axis=1))
    return {
        "near_pairs": len(truth),
        "near_recall": len(found & truth) / len(truth),
        "near_wrong": len(found - truth),
        "copy_pairs": len(copies),
        "copies_equal": exact == copies,
        "alternative_s": {
            "near": pairs_s * len(load.candidates) * len(known) / (len(edited) * len(some)),
            "copies": copies_s * len(load.candidates) * len(records) / (len(texts) * len(some_records)),
            "identifiers": presidio_s * len(load.candidates) / len(texts),
            "vectors": 2 * product_s * len(load.candidates) / 1_000,
        },
    }


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and the seconds that it took."""
    began = time.perf_counter()
    return work(), time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--records", type=int, default=100_000)
    parser.add_argument("--pool", type=int, default=100_000)
    parser.add_argument("--part", type=int, default=400, help="texts that brute force looks at")
    options = parser.parse_args()
    load = make_load(options.texts, options.records, options.pool)
    seconds, work, refused = judged(load)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # the whole process, load included
    total, worked = sum(seconds.values()), sum(work.values())
    checked = against_brute_force(load, options.part)
    slow = sum(checked["alternative_s"].values())
    rows = [[name, took, work[name], refused[name]] for name, took in seconds.items()]
    show(["gate", "seconds", "of processor", "refused"], [*rows, ["all", total, worked, ""]])
    show(["alternative", "seconds"], [[name, took] for name, took in checked["alternative_s"].items()])
    bars = {
        "all gates in 60 s": total < MOST_SECONDS,
        "peak memory of 2 GB": peak < MOST_BYTES,
        "copies as by brute force": checked["copies_equal"] and checked["copy_pairs"] > 0,
        "near-duplicate recall": checked["near_recall"] >= LEAST_RECALL and not checked["near_wrong"],
    }
    show(["bar", "met"], [[name, met] for name, met in bars.items()])
    if options.json:
        print(
            result(
                "vetting",
                unit="seconds for all gates",
                ours=total,
                alternative=slow,
                ratio=slow / total,
                gates_s=seconds,
                processor_s=work | {"all": worked},
                load_average=os.getloadavg()[0],
                refused=refused,
                peak_mb=peak / 2**20,
                **checked,
                bars=bars,
                settings={"texts": options.texts, "records": options.records, "pool": options.pool}
                | {"part": options.part, "left_out": LEFT_OUT, "threads": os.environ.get("OMP_NUM_THREADS", "all")},
            )
        )


if __name__ == "__main__":
    main()

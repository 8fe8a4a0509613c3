"""Which library finds near-duplicates: ours in numpy, datasketch, rensa, an exact prefix filter; and faiss for vectors.

    python -m pip install datasketch==2.0.0 rensa==0.5.0 faiss-cpu==1.15.1
    python -m benchmarks.near_duplicates --json

What is not installed is left out; fedaug needs none of them. All look for candidates whose Jaccard index with a pooled
sample is 0.8 or more, or whose cosine is 0.95 or more; the prefix filter compares exactly, and gives the truth.
Seconds are of the processor, one after the other, so that a busy machine counts for little.
"""

from __future__ import annotations

import argparse
import math
import time
from collections import Counter, defaultdict
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

import numpy as np

from benchmarks.measure import result, show
from benchmarks.vetting import near_by_minhash
from benchmarks.vetting_load import THRESHOLD, make_load
from fedaug.privacy.vetting.nearest import NearVectors
from fedaug.privacy.vetting.words import normalised

Sets = list[frozenset[str]]
Pairs = set[tuple[int, int]]
COSINE = 0.95


def sets_of(texts: list[str]) -> Sets:
    """Three words in a row, as strings."""
    rows = [normalised(text) for text in texts]
    return [frozenset(" ".join(row[at : at + 3]) for at in range(max(1, len(row) - 2))) for row in rows]


def near(one: frozenset[str], other: frozenset[str]) -> bool:
    return len(one & other) >= THRESHOLD * len(one | other)


def by_prefix_filter(texts: list[str], known: list[str]) -> Pairs:
    """Exact: sets that reach the threshold share one of the rarest members of each (Chaudhuri et al. 2006)."""
    asked, sets = sets_of(texts), sets_of(known)
    counts = Counter(member for members in sets for member in members)
    holders = defaultdict(list)

    def prefix(members: frozenset[str]) -> list[str]:
        length = len(members) - math.ceil(THRESHOLD * len(members) - 1e-9) + 1
        return sorted(members, key=lambda member: (counts[member], member))[:length]

    for place, members in enumerate(sets):
        for member in prefix(members):
            holders[member].append(place)
    return {
        (row, place)
        for row, members in enumerate(asked)
        for place in {place for member in prefix(members) for place in holders.get(member, ())}
        if near(members, sets[place])
    }


def by_datasketch(texts: list[str], known: list[str]) -> Pairs:
    from datasketch import MinHash, MinHashLSH  # noqa: PLC0415  # may not be installed

    asked, sets = sets_of(texts), sets_of(known)
    index = MinHashLSH(num_perm=128, params=(25, 5))
    with index.insertion_session() as session:
        for place, sketch in enumerate(MinHash.generator([[m.encode() for m in s] for s in sets], num_perm=128)):
            session.insert(place, sketch)
    sketches = MinHash.generator([[m.encode() for m in s] for s in asked], num_perm=128)
    return {
        (row, place)
        for row, sketch in enumerate(sketches)
        for place in index.query(sketch)
        if near(asked[row], sets[place])
    }


def by_rensa(texts: list[str], known: list[str]) -> Pairs:
    from rensa import RMinHash, RMinHashLSH  # noqa: PLC0415  # may not be installed

    def sketch(members: frozenset[str]) -> Any:  # noqa: ANN401  # compiled
        made = RMinHash(num_perm=128, seed=1)
        made.update(list(members))
        return made

    asked, sets = sets_of(texts), sets_of(known)
    index = RMinHashLSH(threshold=THRESHOLD, num_perm=128, num_bands=32)
    for place, members in enumerate(sets):
        index.insert(place, sketch(members))
    return {
        (row, place)
        for row, members in enumerate(asked)
        for place in index.query(sketch(members))
        if near(members, sets[place])
    }


def by_faiss(vectors: np.ndarray, known: np.ndarray) -> np.ndarray:
    import faiss  # noqa: PLC0415  # may not be installed

    index = faiss.IndexFlatIP(known.shape[1])
    index.add(known)
    return index.search(vectors, 1)[0][:, 0] >= COSINE


def worked(work: Callable[[], Any]) -> tuple[Any, float]:
    """What work gives, and its seconds of processor time."""
    began = time.process_time()
    return work(), time.process_time() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--json", action="store_true", help="print one JSON object on the last line")
    parser.add_argument("--texts", type=int, default=10_000)
    parser.add_argument("--pool", type=int, default=100_000)
    options = parser.parse_args()
    load = make_load(options.texts, 1, options.pool)
    texts, known = list(load.candidates.texts), list(load.pool.texts)
    ways = {"ours": near_by_minhash, "prefix filter": by_prefix_filter}
    ways |= {name: way for name, way in (("datasketch", by_datasketch), ("rensa", by_rensa)) if find_spec(name)}
    found = {name: worked(lambda way=way: way(texts, known)) for name, way in ways.items()}  # type: ignore[misc]  # a lambda's default
    truth = found["prefix filter"][0]
    figures = {
        name: {"seconds": seconds, "recall": len(pairs & truth) / len(truth), "wrong": len(pairs - truth)}
        for name, (pairs, seconds) in found.items()
    }
    vectors, pool_vectors = load.candidates.vectors, load.pool.vectors
    assert vectors is not None
    assert pool_vectors is not None
    vectors[: len(vectors) // 20] = pool_vectors[: len(vectors) // 20]
    by_vectors = {"ours": lambda: NearVectors(pool_vectors).closest(vectors, COSINE)[0] >= COSINE}
    by_vectors |= {"numpy": lambda: np.concatenate([(part @ pool_vectors.T).max(axis=1) >= COSINE for part in np.array_split(vectors, 20)])}  # fmt: skip  # noqa: E501
    by_vectors |= {"faiss": lambda: by_faiss(vectors, pool_vectors)} if find_spec("faiss") else {}
    nearest = {name: worked(way) for name, way in by_vectors.items()}
    assert all((hits == nearest["numpy"][0]).all() for hits, _ in nearest.values())
    show(["by words", "seconds", "recall", "wrong"], [[name, *row.values()] for name, row in figures.items()])
    show(["by vectors", "seconds"], [[name, seconds] for name, (_, seconds) in nearest.items()])
    best = min(row["seconds"] for name, row in figures.items() if name != "ours")
    if options.json:
        print(
            result(
                "near_duplicates",
                unit="processor seconds, against the fastest other",
                ours=figures["ours"]["seconds"],
                alternative=best,
                ratio=best / figures["ours"]["seconds"],
                words=figures,
                vectors={name: seconds for name, (_, seconds) in nearest.items()},
                pairs=len(truth),
                settings={"texts": options.texts, "pool": options.pool, "threshold": THRESHOLD, "cosine": COSINE},
            )
        )


if __name__ == "__main__":
    main()

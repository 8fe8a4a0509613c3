"""MinHash finds near sets among many, and reports no others."""

import random
from itertools import pairwise, product

import pytest

from fedaug.privacy.vetting import minhash
from fedaug.privacy.vetting.minhash import MinHashIndex, band_rows, missed, signatures
from fedaug.privacy.vetting.shingles import ShingleSets, shingles
from fedaug.privacy.vetting.words import hashed

THRESHOLD = 0.8


def sets_of(texts: list[str]) -> ShingleSets:
    return shingles(hashed(texts), 3)


def known_and_edited(count: int, seed: int = 3) -> tuple[list[str], list[str]]:
    """Texts of 12 to 60 words, and each again with up to three words changed."""
    draw = random.Random(seed)
    known = [[f"w{draw.randrange(3_000)}" for _ in range(draw.randint(12, 60))] for _ in range(count)]
    edited = []
    for text in known:
        copy = list(text)
        for _ in range(draw.randrange(4)):
            copy[draw.randrange(len(copy))] = f"x{draw.randrange(9)}"
        edited.append(copy)
    return [" ".join(text) for text in known], [" ".join(text) for text in edited]


def by_all_pairs(mine: ShingleSets, theirs: ShingleSets) -> set[tuple[int, int]]:
    own, other = members(mine), members(theirs)
    return {
        (row, place)
        for (row, one), (place, two) in product(enumerate(own), enumerate(other))
        if len(one & two) >= THRESHOLD * len(one | two)
    }


def members(sets: ShingleSets) -> list[set[int]]:
    return [set(sets.hashes[first:last].tolist()) for first, last in pairwise(sets.starts)]


def pairs_found(known: ShingleSets, asked: ShingleSets) -> set[tuple[int, int]]:
    index = MinHashIndex(known, THRESHOLD)
    return {pair for mine, theirs, _ in index.pairs(asked) for pair in zip(mine.tolist(), theirs.tolist(), strict=True)}


def test_near_sets_are_found_as_by_comparing_all_pairs() -> None:
    # Each pair right at the threshold is missed with a chance below 0.001, nearer ones with a smaller one; the seed is
    # fixed, so the test gives the same whenever it runs.
    known, edited = (sets_of(texts) for texts in known_and_edited(600))
    truth = by_all_pairs(edited, known)
    found = pairs_found(known, edited)
    assert len(truth) > 300
    assert found <= truth
    assert len(found) >= 0.99 * len(truth)


def test_too_long_bands_are_seen_to_miss_pairs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(minhash, "band_rows", lambda _: 32)  # the seeded defect
    known, edited = (sets_of(texts) for texts in known_and_edited(600))
    assert len(pairs_found(known, edited)) < 0.9 * len(by_all_pairs(edited, known))


@pytest.mark.parametrize("threshold", [0.3, 0.5, 0.8, 0.9, 0.99, 1.0])
def test_bands_are_as_long_as_what_may_be_missed_allows(threshold: float) -> None:
    rows = band_rows(threshold)
    assert missed(threshold, rows) <= minhash.MISSED
    assert rows == minhash.VALUES or missed(threshold, rows + 1) > minhash.MISSED


def test_a_share_of_equal_values_estimates_the_jaccard_index() -> None:
    # 400 pairs of sets with index 1/3: the mean over 400 * 128 values deviates by 0.0021 standard deviations each, so
    # 0.02 is more than nine of them, a false alarm below 1e-18.
    draw = random.Random(1)
    texts = [[f"w{draw.randrange(10**9)}" for _ in range(60)] for _ in range(400)]
    one = signatures(shingles(hashed(" ".join(text[:40]) for text in texts), 1))
    other = signatures(shingles(hashed(" ".join(text[20:]) for text in texts), 1))
    assert (one == other).mean() == pytest.approx(1 / 3, abs=0.02)


def test_the_closest_is_the_nearest_and_of_equals_the_first() -> None:
    words = [f"w{number}" for number in range(50)]
    near, nearer = " ".join([*words[:-3], "x", "y", "z"]), " ".join([*words[:-1], "x"])
    index = MinHashIndex(sets_of(["else", near, nearer, nearer]), THRESHOLD)
    best, partner = index.closest(sets_of([" ".join(words), "nothing like it"]))
    assert partner.tolist() == [2, -1]
    assert best.tolist() == [pytest.approx(47 / 49), 0.0]


def test_nothing_is_near_where_nothing_is_known() -> None:
    best, partner = MinHashIndex(sets_of([]), THRESHOLD).closest(sets_of(["a b c"]))
    assert (best.tolist(), partner.tolist()) == ([0.0], [-1])
    assert MinHashIndex(sets_of(["a b c"]), THRESHOLD).closest(sets_of([]))[0].shape == (0,)


def test_many_alike_sets_are_paired_a_part_at_a_time() -> None:
    known = sets_of(["the same few words again"] * 320)
    parts = list(MinHashIndex(known, THRESHOLD).pairs(known))
    assert len(parts) > 1
    assert sum(len(mine) for mine, _, _ in parts) == 320**2

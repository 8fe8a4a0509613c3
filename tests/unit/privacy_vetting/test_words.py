"""Texts as words, hashes and shingles."""

import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fedaug.privacy.vetting.shingles import jaccard, shared, shingles
from fedaug.privacy.vetting.words import blocks, hashed, normalised, wholes, words

TEXTS = st.lists(st.lists(st.sampled_from("abcd"), max_size=9).map(" ".join), min_size=1, max_size=8)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Where is my CARD?", ("where", "is", "my", "card")),
        ("I don't know", ("i", "dont", "know")),
        ("I don’t know", ("i", "dont", "know")),
        ("ｗｈｅｒｅ's it", ("wheres", "it")),
        ("to\u00adday, pass\u200bword", ("today", "password")),
        ("top-up_fee", ("top", "up", "fee")),
        ("STRASSE straße", ("strasse", "strasse")),
        ("?!", ()),
        ("", ()),
    ],
)
def test_case_punctuation_and_unicode_forms_count_for_none(text: str, expected: tuple[str, ...]) -> None:
    assert words(text) == expected


def test_a_text_without_words_is_itself() -> None:
    assert normalised(" ?! ") == ("?!",)
    assert normalised("") == ("",)


def test_hashes_are_those_of_the_words_in_order() -> None:
    found = hashed(["a b a", "", "b \ud800"])
    assert found.lengths.tolist() == [3, 1, 1]
    assert found.rows.tolist() == [0, 0, 0, 1, 2]
    assert found.hashes[0] == found.hashes[2] != found.hashes[1] == found.hashes[4]


def test_another_process_gives_the_same_hashes() -> None:
    code = "from fedaug.privacy.vetting.words import hashed; print(hashed(['where is my card']).hashes.tolist())"
    other = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == str(hashed(["where is my card"]).hashes.tolist())


@given(TEXTS)
def test_whole_texts_have_one_hash_if_and_only_if_their_words_are_equal(texts: list[str]) -> None:
    found = wholes(hashed(texts)).tolist()
    for one, mine in zip(texts, found, strict=True):
        for other, theirs in zip(texts, found, strict=True):
            assert (normalised(one) == normalised(other)) == (mine == theirs)


@given(TEXTS, st.sampled_from([1, 2, 3, 5]))
def test_shared_shingles_are_those_of_the_definition(texts: list[str], size: int) -> None:
    sets = shingles(hashed(texts), size)
    every = np.arange(len(texts))
    pairs = np.repeat(every, len(every)), np.tile(every, len(every))
    defined = []
    for text in texts:
        own = normalised(text)
        defined.append({own[start : start + size] for start in range(max(1, len(own) - size + 1))})
    both = [len(defined[one] & defined[other]) for one, other in zip(*pairs, strict=True)]
    either = [len(defined[one] | defined[other]) for one, other in zip(*pairs, strict=True)]
    assert shared(sets, sets, pairs).tolist() == both
    assert jaccard(sets, sets, pairs) == pytest.approx(np.array(both) / np.array(either))


@given(st.lists(st.integers(0, 9), max_size=30), st.integers(1, 12))
def test_blocks_cover_all_and_stay_below_the_bound(sizes: list[int], most: int) -> None:
    cut = list(blocks(np.cumsum(np.array(sizes, dtype=np.int64)), most))
    assert [place for first, last in cut for place in range(first, last)] == list(range(len(sizes)))
    assert all(last - first == 1 or sum(sizes[first:last]) <= most for first, last in cut)

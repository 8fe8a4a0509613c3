"""Texts as normalised words, and runs of words as 64-bit hashes in numpy arrays.

Every gate that compares texts compares them in this form, so that case, punctuation and Unicode forms count for none.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Hashes = NDArray[np.uint64]
Places = NDArray[np.int64]

_WORD = re.compile(r"[^\W_]+")
_INSIDE = re.compile(r"(?<=\w)['’ʼ‘`´](?=\w)")  # "don't" and "dont" are one word
_UNSEEN = re.compile(r"[\u00ad\u034f\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]")
_WORD_BYTES = 8
#: What hashes of one thing after the other are multiplied by: 2^64 over the golden ratio, odd.
STEP = np.uint64(0x9E3779B97F4A7C15)


def words(text: str) -> tuple[str, ...]:
    """A text's words: runs of letters and digits after NFKC and case folding; apostrophes inside a word are left out.

    Characters that nobody sees (soft hyphens, zero-width spaces, marks of direction) do not part words.
    """
    if not text.isascii():
        text = _UNSEEN.sub("", unicodedata.normalize("NFKC", text))
    return tuple(_WORD.findall(_INSIDE.sub("", text.casefold())))


def normalised(text: str) -> tuple[str, ...]:
    """A text's words; the stripped text itself, as one, if it has none."""
    return words(text) or (unicodedata.normalize("NFKC", text).casefold().strip(),)


@dataclass(frozen=True, repr=False)
class HashedTexts:
    """The words of many texts, one after the other, each as a hash of 64 bits.

    A hash is the same in every process. Two words of a million share one with a chance below 1 in 30 million.

    Attributes:
        hashes: Of every word; a text without any has one, of the text itself.
        starts: Where each text begins, and where the last one ends; [texts + 1].
    """

    hashes: Hashes
    starts: Places

    def __len__(self) -> int:
        return len(self.starts) - 1

    @cached_property
    def lengths(self) -> Places:
        """Words of each text."""
        return np.diff(self.starts)

    @cached_property
    def rows(self) -> NDArray[np.int32]:
        """Of every word the text that it is in."""
        return np.repeat(np.arange(len(self), dtype=np.int32), self.lengths)


def hashed(texts: Iterable[str]) -> HashedTexts:
    """Normalise and hash texts."""
    known: dict[str, int] = {}
    flat: list[Hashes] = []
    lengths = [0]
    for text in texts:
        own = normalised(text)
        for word in own:
            if word not in known:
                known[word] = _hash_of(word)
        flat.append(np.fromiter((known[word] for word in own), np.uint64, len(own)))
        lengths.append(len(own))
    hashes = np.concatenate(flat) if flat else np.empty(0, np.uint64)
    return HashedTexts(hashes, np.cumsum(np.array(lengths, np.int64)))


def wholes(texts: HashedTexts) -> Hashes:
    """One hash of each whole text: equal if and, but for chance, only if its words are."""
    if not len(texts):
        return np.empty(0, np.uint64)
    places = np.arange(len(texts.hashes)) - np.repeat(texts.starts[:-1], texts.lengths)
    placed = mixed(texts.hashes + places.astype(np.uint64) * STEP)
    return mixed(np.add.reduceat(placed, texts.starts[:-1]) + texts.lengths.astype(np.uint64))


def mixed(values: Hashes) -> Hashes:
    """Spreads every bit over all 64 (the finaliser of SplitMix64; Steele, Lea & Flood 2014, figure 16)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


def spread(first: Places, counts: Places) -> Places:
    """All places of runs, one run after the other: of each its first place and how many there are."""
    before = np.cumsum(counts) - counts
    places: Places = np.arange(int(counts.sum())) + np.repeat(first - before, counts)
    return places


def blocks(ends: Places, most: int = 1 << 21) -> Iterator[tuple[int, int]]:
    """Cuts a row of things into stretches of bounded size, to bound the memory that arrays take.

    Args:
        ends: Running sum of the sizes of the things.
        most: Greatest sum of a stretch; a larger thing is a stretch of its own.
    """
    first, done = 0, 0
    while first < len(ends):
        last = max(first + 1, int(np.searchsorted(ends, done + most, side="right")))
        yield first, last
        first, done = last, int(ends[last - 1])


def _hash_of(word: str) -> int:
    # A lone surrogate cannot be encoded otherwise, and a text of any kind may be offered.
    encoded = word.encode("utf-8", "surrogatepass")
    return int.from_bytes(hashlib.blake2b(encoded, digest_size=_WORD_BYTES).digest(), "little")

"""Examples as tensors: pieces with features, and for each piece the tags that its annotation allows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from random import Random

import numpy as np
import torch
from numpy.typing import NDArray
from tools.ner_corpus.example import Example
from torch import Tensor

from fedaug.privacy.deid.neural.pieces import CASES, CLS, PAD, SEP, Pieces, Reader
from fedaug.privacy.deid.neural.windows import OVERLAP, WINDOW

_POOL = 1_500  # examples sorted by length at once
_LOWER = CASES.index("lower")
_CAPITALS = CASES.index("capitals")
_WITH_CASE = frozenset(CASES.index(name) for name in ("lower", "capitalised", "capitals", "one capital", "mixed"))
#: Types that prose writes with a capital: a source that leaves them open still tells of its lower-case words.
_WRITTEN_LARGE = frozenset({"LOCATION", "ORGANIZATION", "NRP"})
_ALL_LOWER, _ALL_CAPITALS = 0.06, 0.04  # shares of windows whose case is taken away


@dataclass(frozen=True, repr=False)
class Sample:
    """One window of an example.

    Attributes:
        ids: Word pieces with the marks before and after, [length].
        features: Case and gap, [length, 2].
        tags: The tag of each piece, [length]; -1 where nothing is taught.
        free: Tags that are as good as O where nothing is annotated, bool [tags].
        free_lower: The same for words in lower case, bool [tags].
        lower: Which pieces are of words in lower case, bool [length].
    """

    ids: NDArray[np.int64]
    features: NDArray[np.int64]
    tags: NDArray[np.int64]
    free: NDArray[np.bool_]
    free_lower: NDArray[np.bool_]
    lower: NDArray[np.bool_]


@dataclass(frozen=True, repr=False)
class Batch:
    """Windows of about the same length.

    Attributes:
        ids: Word pieces, [rows, length].
        features: Case and gap, [rows, length, 2].
        mask: False where a row is filled up, [rows, length].
        allowed: Tags that the annotation allows, bool [rows, length, tags].
        taught: Where there is anything to learn, bool [rows, length].
    """

    ids: Tensor
    features: Tensor
    mask: Tensor
    allowed: Tensor
    taught: Tensor


def tags_of(pieces: Pieces, example: Example, labels: Sequence[str]) -> NDArray[np.int64]:
    """The tag of every piece: O, B or I of the span that its word touches."""
    starts, ends = np.asarray(pieces.starts, np.int64), np.asarray(pieces.ends, np.int64)
    words = np.asarray(pieces.words, np.int64)
    of_word, opens = np.zeros(len(starts), np.int64), np.zeros(len(starts), np.bool_)
    for start, end, label in example.spans:
        first, last = np.searchsorted(ends, start, "right"), np.searchsorted(starts, end, "left")
        of_word[first:last] = 2 + 2 * labels.index(label)  # I
        if first < last:
            opens[first] = True
    tags = of_word[words]
    begins = opens[words] & (np.diff(words, prepend=-1) > 0)
    return np.asarray(tags - begins, np.int64)  # B stands before I


def samples(examples: Iterable[Example], labels: Sequence[str], rng: Random) -> Iterator[Sample]:
    """Windows of the examples; a long text is cut where chance wants, so that no place in a window is special."""
    reader = Reader()
    for example in examples:
        pieces = reader.read(example.text)
        tags = tags_of(pieces, example, labels)
        lower = np.asarray(pieces.cases, np.int64) == _LOWER
        free, free_lower = _free(labels, example.known), _free(labels, example.known | _WRITTEN_LARGE)
        cases = _without_case(np.asarray(pieces.cases, np.int64), rng)
        features = np.stack([cases, np.asarray(pieces.gaps, np.int64)], 1)
        ids = np.asarray(pieces.ids, np.int64)
        start = 0
        while start < len(ids):
            size = WINDOW if len(ids) - start <= WINDOW else rng.randint(WINDOW // 2, WINDOW)
            inside = slice(start, start + size)
            yield _marked(ids[inside], features[inside], tags[inside], free, free_lower, lower[inside])
            if start + size >= len(ids):
                break
            start += size - OVERLAP


def batches(stream: Iterator[Sample], pieces: int, rng: Random) -> Iterator[Batch]:
    """Batches of at most so many pieces, filled-up places included."""
    while pool := list(islice(stream, _POOL)):
        pool.sort(key=lambda sample: (len(sample.ids), rng.random()))
        groups: list[list[Sample]] = [[]]
        for sample in pool:
            if (len(groups[-1]) + 1) * len(sample.ids) > pieces and groups[-1]:
                groups.append([])
            groups[-1].append(sample)
        rng.shuffle(groups)
        yield from map(_batch, groups)


def _without_case(cases: NDArray[np.int64], rng: Random) -> NDArray[np.int64]:
    draw = rng.random()
    if draw > _ALL_LOWER + _ALL_CAPITALS:
        return cases
    return np.where(np.isin(cases, list(_WITH_CASE)), _LOWER if draw < _ALL_LOWER else _CAPITALS, cases)


def _free(labels: Sequence[str], known: frozenset[str]) -> NDArray[np.bool_]:
    return np.array([True] + [label not in known for label in labels for _ in "BI"])


def _marked(
    ids: NDArray[np.int64],
    features: NDArray[np.int64],
    tags: NDArray[np.int64],
    free: NDArray[np.bool_],
    free_lower: NDArray[np.bool_],
    lower: NDArray[np.bool_],
) -> Sample:
    marked = np.concatenate([[CLS], ids, [SEP]])
    features, tags = np.pad(features, ((1, 1), (0, 0))), np.pad(tags, 1, constant_values=-1)
    return Sample(marked, features, tags, free, free_lower, np.pad(lower, 1))


def _batch(group: list[Sample]) -> Batch:
    length = max(len(sample.ids) for sample in group)
    ids = np.full((len(group), length), PAD, np.int64)
    features = np.zeros((len(group), length, 2), np.int64)
    tags = np.full((len(group), length), -1, np.int64)
    mask, lower = np.zeros((len(group), length), np.bool_), np.zeros((len(group), length), np.bool_)
    for row, sample in enumerate(group):
        inside = slice(0, len(sample.ids))
        ids[row, inside], features[row, inside], tags[row, inside] = sample.ids, sample.features, sample.tags
        mask[row, inside], lower[row, inside] = True, sample.lower
    free, free_lower = (
        np.stack(rows)[:, None, :] for rows in zip(*((s.free, s.free_lower) for s in group), strict=True)
    )
    free = np.where(lower[:, :, None], free_lower, free)
    exact = tags[:, :, None] == np.arange(free.shape[-1])
    allowed = np.where(tags[:, :, None] > 0, exact, free)
    return Batch(*(torch.from_numpy(array) for array in (ids, features, mask, allowed, tags >= 0)))

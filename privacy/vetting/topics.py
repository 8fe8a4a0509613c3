"""Whether the other words of some texts speak for their label: naive Bayes over words, with those texts left out."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Final

import numpy as np
from numpy.typing import NDArray

_COMPANION: Final = 0.9  # of the texts that hold a string; a word in so many of them is part of it
_SMOOTHING: Final = 0.1  # of the multinomial model's counts


class Topics:
    """Words by label, counted once per text (multinomial naive Bayes; McCallum & Nigam 1998, section 2.2).

    Args:
        texts: As words, in order.
        labels: Of each text; those without one are left out.
    """

    def __init__(self, texts: Iterable[Sequence[str]], labels: Iterable[str | None]) -> None:
        known = [(set(text), label) for text, label in zip(texts, labels, strict=True) if label is not None]
        self._column = {label: column for column, label in enumerate(sorted({label for _, label in known}))}
        self._row = {word: row for row, word in enumerate(sorted(set(chain.from_iterable(text for text, _ in known))))}
        self._counts = np.zeros((len(self._row), len(self._column)))
        for text, label in known:
            self._counts[self._rows(text), self._column[label]] += 1
        self._logs = self._log_shares(self._counts)

    def support(self, carriers: Sequence[Sequence[str]], label: str) -> float:
        """How well a label's other texts explain texts of it that hold a string, by words that are not part of it.

        Args:
            carriers: The texts of the label that hold the string; all of them are among those that were counted.
            label: Their label.

        Returns:
            Mean share of the other labels that explain a text's remaining words worse: near 1 where the string belongs
            to the label's topic, near 1/2 and below where it was put into texts of other topics.
        """
        sets = [set(text) for text in carriers]
        held = np.zeros(len(self._row))
        for text in sets:
            held[self._rows(text)] += 1
        companions = held >= _COMPANION * len(sets)
        column = self._column[label]
        own = self._log_shares((self._counts[:, column] - held)[:, None])[:, 0]
        beaten = []
        for text in sets:
            rows = np.array([row for row in self._rows(text) if not companions[row]], np.intp)
            scores = np.delete(self._logs[rows].sum(axis=0), column)
            mine = own[rows].sum()
            beaten.append(((scores < mine).mean() + (scores <= mine).mean()) / 2 if len(scores) else 1.0)
        return float(np.mean(beaten))

    def _rows(self, text: Iterable[str]) -> list[int]:
        return sorted(self._row[word] for word in text)  # sums in one order, whatever order a set has in this process

    def _log_shares(self, counts: NDArray[np.float64]) -> NDArray[np.float64]:
        smoothed = counts + _SMOOTHING
        shares: NDArray[np.float64] = np.log(smoothed / smoothed.sum(axis=0))
        return shares

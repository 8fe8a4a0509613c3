"""A small language model of words, trained in seconds on public texts: interpolated Kneser-Ney, nothing downloaded.

>>> model = WordNGrams(["my card is lost", "my card is not here", "my phone is lost"])
>>> plausible, odd = model.perplexities(["my phone is not here", "here not is phone my"])
>>> bool(plausible < odd)
True
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.errors import EmptySource

#: What is read of a text; a language model's opinion of its first 2,000 words is its opinion.
_MOST_WORDS: Final = 2_000
_MOST_LETTERS: Final = 40  # of a word whose spelling is judged; the rest adds nothing
_PIECE: Final = re.compile(r"\w+|[^\w\s]")
_SPELLING_ORDER: Final = 4
_UNSEEN_LETTERS: Final = 2**16  # what a letter that no public text has is drawn from, at the least
#: Discounts are kept inside these, as tiny corpora may have no n-gram that occurs once, or none that occurs twice.
_LEAST_DISCOUNT, _MOST_DISCOUNT = 0.1, 0.95

Context = tuple[int, ...]


def pieces(text: str) -> list[str]:
    """Words and single marks of punctuation in order, after NFKC and case folding; at most 2,000."""
    folded = unicodedata.normalize("NFKC", text[: 50 * _MOST_WORDS]).casefold()
    return _PIECE.findall(folded)[:_MOST_WORDS]


class NGrams:
    """Interpolated Kneser-Ney over sequences of numbered symbols (Kneser & Ney 1995; Chen & Goodman 1999, section 2.7).

    p(w | h) = (max(c(hw) - D, 0) + D·N₁₊(h·)·p(w | h')) / Σ c(h·), where h' is h without its first symbol; c counts
    occurrences at the highest order and at the start of a sequence, and elsewhere the different symbols that precede
    hw. D = n₁ / (n₁ + 2·n₂) for each order, of the n-grams counted once and twice. The lowest order is mixed with the
    uniform distribution, so that every symbol has a probability above zero.

    Args:
        sequences: Symbols from 1 to ``symbols - 1``; 0 stands for start and end and is put round each sequence here.
        order: Symbols in the longest n-gram.
        symbols: How many there are, 0 included.
    """

    def __init__(self, sequences: Iterable[Sequence[int]], order: int, symbols: int) -> None:
        self.order, self.symbols = order, symbols
        grams: list[Counter[Context]] = [Counter() for _ in range(order + 1)]  # by length
        for sequence in sequences:
            padded = (0, *sequence, 0)
            for end in range(2, len(padded) + 1):
                gram = padded[max(0, end - order) : end]
                grams[len(gram)][gram] += 1
        for length in range(order, 1, -1):
            grams[length - 1].update(gram[1:] for gram in grams[length])
        self._discounts = [_discount(counts.values()) for counts in grams[1:]]
        followers: defaultdict[Context, dict[int, int]] = defaultdict(dict)
        for counts in grams:
            for gram, count in counts.items():
                followers[gram[:-1]][gram[-1]] = count
        self._followers: Mapping[Context, dict[int, int]] = dict(followers)
        self._totals = {context: sum(counts.values()) for context, counts in self._followers.items()}

    def probability(self, symbol: int, context: Context) -> float:
        """Of a symbol after others; of these, the last ``order - 1`` count."""
        result = 1 / self.symbols
        for length in range(min(len(context), self.order - 1) + 1):
            suffix = context[len(context) - length :]
            counts = self._followers.get(suffix)
            if counts is None:  # whatever is longer was not seen either
                break
            discount = self._discounts[length]
            seen = max(counts.get(symbol, 0) - discount, 0.0)
            result = (seen + discount * len(counts) * result) / self._totals[suffix]
        return result

    def distribution(self, context: Context) -> NDArray[np.float64]:
        """Probabilities of all symbols after others, [symbols]."""
        result = np.full(self.symbols, 1 / self.symbols)
        for length in range(min(len(context), self.order - 1) + 1):
            suffix = context[len(context) - length :]
            counts = self._followers.get(suffix)
            if counts is None:
                break
            discount, total = self._discounts[length], self._totals[suffix]
            result *= discount * len(counts) / total
            seen = np.fromiter(counts.values(), np.float64, len(counts))
            result[np.fromiter(counts, np.intp, len(counts))] += np.maximum(seen - discount, 0) / total
        return result

    def log_likelihood(self, sequence: Sequence[int]) -> float:
        """Natural logarithm of the probability of a sequence and its end."""
        padded = (0, *sequence, 0)
        return sum(
            math.log(self.probability(padded[end], padded[max(0, end - self.order + 1) : end]))
            for end in range(1, len(padded))
        )


class WordNGrams:
    """A language model of words with an open vocabulary.

    A word that public texts have once or never costs what an unknown word costs at its place, and its spelling by a
    model of letters, so that a row of invented words is not taken for fluent.

    Args:
        texts: Public data or DP output only, or a gate with this model would not be of class F.
        order: Words in the longest n-gram.
        least_count: Occurrences from which on a word is in the vocabulary.

    Attributes:
        vocabulary: The word of each symbol; symbol 0 is the end of a text and 1 an unknown word.
        words: The model of symbols.

    Raises:
        EmptySource: The texts hold no word.
    """

    def __init__(self, texts: Iterable[str], *, order: int = 3, least_count: int = 2) -> None:
        split = [pieces(text) for text in texts]
        counts = Counter(word for text in split for word in text)
        if not counts:
            raise EmptySource("no text was given to train a language model on", "name public corpora that hold texts")
        known = sorted(word for word, count in counts.items() if count >= least_count)
        self.vocabulary = ("", "\ufffd", *known)
        self._number = {word: number for number, word in enumerate(known, start=2)}
        self.words = NGrams((self._numbers(text) for text in split), order, len(self.vocabulary))
        rare = sorted(word for word, count in counts.items() if count < least_count) or sorted(counts)
        letters = sorted({letter for word in rare for letter in word})
        self._letter = {letter: number for number, letter in enumerate(letters, start=2)}
        self._spelling = NGrams((self._letters(word) for word in rare), _SPELLING_ORDER, len(letters) + 2)

    def perplexities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        """Perplexity per word of each text, its end counted as a word: [texts], finite and at least 1."""
        return np.array([self._perplexity(pieces(text)) for text in texts], np.float64)

    def _perplexity(self, text: list[str]) -> float:
        unknown = sum(self._spelling_cost(word) for word in text if word not in self._number)
        cost = unknown - self.words.log_likelihood(self._numbers(text))
        return math.exp(cost / (len(text) + 1))

    def _numbers(self, text: list[str]) -> list[int]:
        return [self._number.get(word, 1) for word in text]

    def _letters(self, word: str) -> list[int]:
        return [self._letter.get(letter, 1) for letter in word[:_MOST_LETTERS]]

    def _spelling_cost(self, word: str) -> float:
        letters = self._letters(word)
        return letters.count(1) * math.log(_UNSEEN_LETTERS) - self._spelling.log_likelihood(letters)


def _discount(counts: Iterable[int]) -> float:
    """The n-grams counted once, as a share of those and twice those counted twice (Ney, Essen & Kneser 1994)."""
    by_count = Counter(counts)
    once, twice = by_count[1], by_count[2]
    share = once / (once + 2 * twice) if once else _LEAST_DISCOUNT
    return min(max(share, _LEAST_DISCOUNT), _MOST_DISCOUNT)

"""How far the samplers on the integers are from their laws, worked out exactly and not by drawing.

Every sampler is a function of random words, so what it does to chosen words, and for how many of the 2^64 words it says
yes, gives the probabilities that it really has.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable
from decimal import Decimal, localcontext

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.privacy import discrete
from fedaug.privacy.discrete import _GAUSSIAN_TABLE, _GEOMETRIC_CAP, _GEOMETRIC_TABLE, _passes, _Table

#: What docs/adr/0009 states of each value's probability, and the accounting charges for.
BOUND = Decimal(2) ** -48
TOP = 2**64 - 1


class Script:
    """Words in a given order."""

    def __init__(self, words: Iterable[int]) -> None:
        self._words = list(words)

    def words(self, count: int) -> NDArray[np.uint64]:
        taken, self._words = self._words[:count], self._words[count:]
        assert len(taken) == count, "more words were drawn than the test foresaw"
        return np.array(taken, dtype=np.uint64)


def mass(table: _Table) -> list[Decimal]:
    """The probability of each value of a table."""
    with localcontext(prec=60):
        cuts = [Decimal(cut) / 2**128 for cut in table.cuts]
        return [after - before for before, after in zip([Decimal(0), *cuts], [*cuts, Decimal(1)], strict=True)]


def passing(exponents: NDArray[np.float64]) -> list[Decimal]:
    """For how many of the 2^64 words each acceptance says yes, over 2^64: by bisection, since it is monotone."""
    low, high = [0] * exponents.size, [2**64] * exponents.size  # words below low pass, words from high on do not
    while any(low[i] < high[i] for i in range(exponents.size)):
        middle = [(low[i] + high[i]) // 2 for i in range(exponents.size)]
        answers = _passes(Script([min(word, TOP) for word in middle]), exponents.copy())
        for i in range(exponents.size):
            if low[i] < high[i]:
                low[i], high[i] = (middle[i] + 1, high[i]) if answers[i] else (low[i], middle[i])
    return [Decimal(count) / 2**64 for count in low]


def relative_errors(found: list[Decimal], ideal: list[Decimal]) -> list[Decimal]:
    """Of each value's share of the whole."""
    return [abs(f / sum(found) / (i / sum(ideal)) - 1) for f, i in zip(found, ideal, strict=True)]


@pytest.mark.parametrize("log2_std", [0, 1, 2, 5])
def test_every_probability_of_the_discrete_gaussian_is_within_the_bound(log2_std: int) -> None:
    s = 2**log2_std
    pairs = [(x, y) for x in range(10) for y in range(s)]
    exponents = np.array([-y * (y + 2 * s * x) / (2 * s * s) for x, y in pairs])
    with localcontext(prec=60):
        found = [mass(_GAUSSIAN_TABLE)[x] * p for (x, _), p in zip(pairs, passing(exponents), strict=True)]
        ideal = [(-Decimal((s * x + y) ** 2) / (2 * s * s)).exp() for x, y in pairs]
        errors = relative_errors(found, ideal)
    assert len(errors) == 10 * s
    assert max(errors) <= BOUND
    assert log2_std == 0 or max(errors) > BOUND / 2**12  # the sum is not vacuous: double precision shows


@pytest.mark.parametrize("log2_scale", [0, 1, 2, 5])
def test_every_probability_of_the_discrete_laplace_law_is_within_the_bound(log2_scale: int) -> None:
    t = 2**log2_scale
    pairs = [(v, y) for v in range(_GEOMETRIC_CAP) for y in range(t)]
    exponents = np.array([y / -t for y in range(t)])
    with localcontext(prec=60):
        accepted = passing(exponents)
        found = [mass(_GEOMETRIC_TABLE)[v] * accepted[y] for v, y in pairs]
        ideal = [(-Decimal(t * v + y) / t).exp() for v, y in pairs]
        errors = relative_errors(found, ideal)
    assert len(errors) == _GEOMETRIC_CAP * t
    assert max(errors) <= BOUND


@pytest.mark.parametrize("x", [0, 1, 9])
def test_acceptance_at_the_widest_is_within_its_share_of_the_bound(x: int) -> None:
    """2^24 values of y are too many to try: the ends, the neighbours of powers of two, and some between."""
    s = 2**24
    ys = sorted({0, 1, s - 1, *range(0, s, s // 97), *(2**k + d for k in range(2, 24) for d in (-1, 0, 1))})
    exponents = np.array([-y * (y + 2 * s * x) / (2 * s * s) for y in ys])
    with localcontext(prec=60):
        ideal = [(-Decimal(y * (y + 2 * s * x)) / (2 * s * s)).exp() for y in ys]
        errors = [abs(f / i - 1) for f, i in zip(passing(exponents), ideal, strict=True)]
    assert len(errors) > 150
    assert max(errors) <= BOUND * Decimal("0.49")


def test_the_tail_that_never_comes_is_below_its_bound() -> None:
    with localcontext(prec=60):
        for s in (1, 2, 4, 8):
            weights = [(-Decimal(z * z) / (2 * s * s)).exp() for z in range(14 * s)]
            beyond = 2 * sum(weights[10 * s :]) / (2 * sum(weights) - 1)
            assert 0 < beyond < Decimal(2) ** -72


def test_exp_is_within_two_units_in_the_last_place() -> None:
    exponents = -np.linspace(0, 9.5, 3_001)[1:]
    exact = [Decimal(float(exponent)).exp() for exponent in exponents]
    found = np.exp(exponents)
    errors = [abs(Decimal(float(f)) - e) / Decimal(float(np.spacing(f))) for f, e in zip(found, exact, strict=True)]
    assert len(errors) == 3_000
    assert 0.4 < max(errors) <= 2


# the formula itself, word by word


def packed(parts: list[int], bits: int) -> list[int]:
    """Words that hold so many bits of each part, the first part lowest."""
    each = 64 // bits
    rows = [parts[start : start + each] for start in range(0, len(parts), each)]
    return [sum(part << (bits * i) for i, part in enumerate(row)) for row in rows]


def words_for(table: _Table, numbers: list[int]) -> list[int]:
    """The words from which a table draws these 128-bit numbers."""
    uppers = [number >> 112 for number in numbers]
    unclear = [number % 2**112 for number, upper in zip(numbers, uppers, strict=True) if upper in tops(table)]
    return packed(uppers, 16) + [word for rest in unclear for word in (rest >> 64 << 16, rest % 2**64)]


def tops(table: _Table) -> set[int]:
    return {cut >> 112 for cut in table.cuts}


def number_for(table: _Table, value: int) -> int:
    """The least 128-bit number that stands for a value."""
    return table.cuts[value - 1] if value else 0


SIGN = 2**31


@pytest.mark.parametrize(
    ("x", "half", "word", "kept"),
    [
        (0, 0, TOP, [0]),  # y = 0 is always kept
        (0, SIGN, 0, []),  # minus zero never
        (3, 5, 0, [3 * 8 + 5]),
        (3, SIGN + 5, 0, [-(3 * 8 + 5)]),
        (3, SIGN + 5 + 8 * 77, 0, [-(3 * 8 + 5)]),  # only the lower bits count
        (9, 7, 0, [9 * 8 + 7]),
        (9, 7, TOP, []),
    ],
)
def test_a_trial_of_the_discrete_gaussian_is_as_written(x: int, half: int, word: int, kept: list[int]) -> None:
    assert trial(discrete.discrete_gaussian, _GAUSSIAN_TABLE, x, half, word) == kept


@pytest.mark.parametrize("y", [1, 4, 7])
@pytest.mark.parametrize("x", [0, 1, 5])
def test_a_trial_of_the_discrete_gaussian_is_kept_as_often_as_it_should(x: int, y: int) -> None:
    limit = int((-Decimal(y * (y + 16 * x)) / 128).exp() * 2**64)
    for word, kept in ((limit - 2**14, [8 * x + y]), (limit + 2**14, [])):
        assert trial(discrete.discrete_gaussian, _GAUSSIAN_TABLE, x, y, word) == kept


@pytest.mark.parametrize("y", [1, 4, 7])
def test_a_trial_of_the_discrete_laplace_law_is_kept_as_often_as_it_should(y: int) -> None:
    limit = int((-Decimal(y) / 8).exp() * 2**64)
    for word, kept in ((limit - 2**14, [-(8 * 3 + y)]), (limit + 2**14, [])):
        assert trial(discrete.discrete_laplace, _GEOMETRIC_TABLE, 3, SIGN + y, word, laplace=True) == kept


def trial(
    sampler: Callable[..., NDArray[np.int64]], table: _Table, x: int, half: int, word: int, *, laplace: bool = False
) -> list[int]:
    """What becomes of one trial at a width of 8: a draw of one value makes nine trials, of which this is the first.

    The others give 8 at once, so the first value is 8 if the trial was thrown away.
    """
    places = words_for(table, [number_for(table, x), *[number_for(table, 1)] * 8])
    rests = packed([half, *[0] * 8], 32)
    words = [*rests, *places] if laplace else [*places, *rests]
    value = int(sampler(Script([*words, word, *[0] * 8]), 1, 3)[0])
    return [value] if value != 8 else []


@pytest.mark.parametrize("table", [_GAUSSIAN_TABLE, _GEOMETRIC_TABLE], ids=["gaussian", "geometric"])
def test_a_table_reads_all_128_bits_where_they_matter(table: _Table) -> None:
    for value, cut in enumerate(table.cuts, start=1):
        assert table.draw(Script(words_for(table, [cut - 1, cut, 0])), 3).tolist() == [value - 1, value, 0]
    assert table.draw(Script(words_for(table, [2**128 - 1])), 1).tolist() == [len(table.cuts)]


@pytest.mark.parametrize("table", [_GAUSSIAN_TABLE, _GEOMETRIC_TABLE], ids=["gaussian", "geometric"])
def test_where_sixteen_bits_decide_the_others_would_agree(table: _Table) -> None:
    decided = [upper for upper in range(2**16) if upper not in tops(table)]
    assert len(decided) > 2**16 - 41
    assert table.draw(Script(packed(decided, 16)), len(decided)).tolist() == [
        bisect_right(table.cuts, upper << 112 | 2**112 - 1) for upper in decided
    ]


def test_the_geometric_law_goes_on_beyond_its_table() -> None:
    capped = number_for(_GEOMETRIC_TABLE, _GEOMETRIC_CAP)
    rounds = ([capped, number_for(_GEOMETRIC_TABLE, 2), capped], [capped, number_for(_GEOMETRIC_TABLE, 7)], [0])
    script = [word for numbers in rounds for word in words_for(_GEOMETRIC_TABLE, numbers)]
    assert discrete._geometric(Script(script), 3).tolist() == [80, 2, 47]


# coins and integers


@pytest.mark.parametrize(("probability", "threshold"), [(0.5, 2**63), (1 - 2.0**-53, 2**64 - 2**11), (2.0**-64, 1)])
def test_a_coin_is_true_for_exactly_its_share_of_the_words(probability: float, threshold: int) -> None:
    assert discrete.bernoulli(Script([threshold - 1, threshold]), 2, probability).tolist() == [True, False]


def test_certain_coins_are_certain() -> None:
    assert discrete.bernoulli(Script([TOP] * 4), 4, 1.0).all()
    assert not discrete.bernoulli(Script([0] * 4), 4, 0.0).any()
    assert not discrete.bernoulli(Script([0] * 4), 4, 5e-324).any()


@pytest.mark.parametrize("below", [1, 2, 3, 7, 2**32 - 5, 2**62 + 1, 2**63])
def test_every_integer_has_the_same_number_of_words(below: int) -> None:
    last = 2**64 - 2**64 % below - 1  # of the last whole cycle; what follows would favour small integers
    words = [0, below, last, *([last + 1, TOP] if last < TOP else []), *[0] * 20]
    drawn = discrete.integers(Script(words), 4, below).tolist()
    assert drawn == [0, 0, below - 1, 0]

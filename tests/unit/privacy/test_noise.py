"""What the noise sources refuse and return; how the values are distributed is in tests/statistical."""

from __future__ import annotations

import math
import tracemalloc
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.seeded_noise import NoNoise, SeededNoise

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.noise import NoiseSource, SystemNoise, _standard_normal

SOURCES = [SystemNoise, lambda: SeededNoise(7), NoNoise]


@pytest.fixture(params=SOURCES, ids=["system", "seeded", "none"])
def source(request: pytest.FixtureRequest) -> NoiseSource:
    made: NoiseSource = request.param()
    return made


@pytest.mark.parametrize("std", [math.nan, math.inf, -math.inf, -1.0, -0.0, -5e-324, 2e300, True, "1", None, 1j])
def test_a_standard_deviation_that_cannot_be_meant_is_refused(source: NoiseSource, std: float) -> None:
    with pytest.raises(BadNumber, match="FA207: the noise's standard deviation is not a finite number"):
        source.gaussian((3,), std)


NOT_WHOLE = [math.nan, math.inf, -1, 25, 2**70, 1.0, True, np.bool_(True), "1", None, 1j]


@pytest.mark.parametrize("width", NOT_WHOLE)
def test_a_width_that_is_no_small_power_of_two_is_refused(source: NoiseSource, width: int) -> None:
    for draw in (source.discrete_gaussian, source.discrete_laplace):
        with pytest.raises(BadNumber, match="FA207: the noise's width is not 2 to the power of a whole number"):
            draw((3,), width)


@pytest.mark.parametrize(
    "probability", [math.nan, math.inf, -math.inf, -0.0, -5e-324, 1 + 2e-16, 2, True, "1", None, 1j]
)
def test_what_is_no_probability_is_refused(source: NoiseSource, probability: float) -> None:
    with pytest.raises(BadNumber, match="FA207: a probability is not a number from 0 to 1"):
        source.bernoulli((3,), probability)


@pytest.mark.parametrize("below", [0, -1, 2**63 + 1, math.nan, 3.0, True, "3", None])
def test_a_range_without_integers_is_refused(source: NoiseSource, below: int) -> None:
    with pytest.raises(BadNumber, match="FA207: random integers were asked for from no range"):
        source.integers((3,), below)


@pytest.mark.parametrize("shape", [(-1,), (2, -3), (1.5,), ("3",), (True,), [3], 3, None, (1,) * 9, (None,)])
def test_a_malformed_shape_is_refused(source: NoiseSource, shape: tuple[int, ...]) -> None:
    for draw in draws(source):
        with pytest.raises(ConfigError, match="FA101: noise was asked for in a malformed shape"):
            draw(shape)


@pytest.mark.parametrize("shape", [(LIMITS.noise_values + 1,), (2**40, 2**40), (0, 2**62)])
def test_an_absurdly_large_shape_is_refused_before_anything_is_allocated(
    source: NoiseSource, shape: tuple[int, ...]
) -> None:
    for draw in draws(source):
        with pytest.raises(ConfigError, match="FA101: more noise was asked for than the limit"):
            draw(shape)


def draws(source: NoiseSource) -> list[Callable[[tuple[int, ...]], NDArray[np.generic]]]:
    """Every kind of draw, of which the shape is left open."""
    return [
        lambda shape: source.gaussian(shape, 1.0),
        lambda shape: source.discrete_gaussian(shape, 10),
        lambda shape: source.discrete_laplace(shape, 10),
        lambda shape: source.bernoulli(shape, 0.5),
        lambda shape: source.integers(shape, 7),
    ]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2,), (3,), (7, 0, 2), (5, 3), (2**15 + 1,)])
def test_every_kind_of_draw_has_the_shape_asked_for(source: NoiseSource, shape: tuple[int, ...]) -> None:
    values = [draw(shape) for draw in draws(source)]
    assert [value.shape for value in values] == [shape] * 5
    assert [value.dtype for value in values] == [np.float64, np.int64, np.int64, np.bool_, np.int64]


@pytest.mark.parametrize("shape", [(), (0,), (1,), (2,), (3,), (7, 0, 2), (5, 3), (2**15 + 1,)])
@pytest.mark.parametrize("std", [0.0, 5e-324, 1e-12, 1.0, 1e300, 2, np.float32(0.5)])
def test_the_result_has_the_shape_and_type_asked_for(source: NoiseSource, shape: tuple[int, ...], std: float) -> None:
    values = source.gaussian(shape, std)
    assert values.shape == shape
    assert values.dtype == np.float64
    assert np.isfinite(values).all()


@pytest.mark.parametrize("std", [0, 0.0])
def test_a_standard_deviation_of_zero_gives_zeros(source: NoiseSource, std: float) -> None:
    assert not source.gaussian((100,), std).any()


@pytest.mark.parametrize("size", [0, -1, LIMITS.token_bytes + 1, True, 1.0, "16", None])
def test_a_token_of_a_malformed_size_is_refused(source: NoiseSource, size: int) -> None:
    with pytest.raises(ConfigError, match="FA101: a token of a malformed size"):
        source.token(size)


@pytest.mark.parametrize("size", [1, 16, LIMITS.token_bytes])
def test_a_token_has_the_size_asked_for(source: NoiseSource, size: int) -> None:
    assert len(source.token(size)) == size


WIDE: dict[str, Callable[[NoiseSource, int], NDArray[np.generic]]] = {  # draws of which no two should be alike
    "gaussian": lambda source, count: source.gaussian((count,), 1.0),
    "discrete_gaussian": lambda source, count: source.discrete_gaussian((count,), 24),
    "discrete_laplace": lambda source, count: source.discrete_laplace((count,), 24),
    "integers": lambda source, count: source.integers((count,), 2**60),
}


@pytest.mark.parametrize("kind", WIDE)
def test_seeding_the_process_does_not_seed_the_noise(kind: str) -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(42)  # the global seed is what an application would set
        drawn.append(WIDE[kind](SystemNoise(), 20))
    assert not np.array_equal(*drawn)
    assert np.isin(drawn[0], drawn[1]).sum() <= 3  # by chance one pair is equal in 1e5 runs, and four never


def test_seeding_the_process_does_not_seed_coins() -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(42)
        drawn.append(SystemNoise().bernoulli((200,), 0.5))
    assert not np.array_equal(*drawn)  # by chance equal once in 2^200


def test_no_value_repeats_across_chunks_or_calls() -> None:
    source = SystemNoise()
    values = np.concatenate([source.gaussian((100_000,), 1.0), source.gaussian((100_000,), 1.0)])
    assert np.unique(values).size == values.size


def test_no_integer_repeats_across_chunks_or_calls() -> None:
    source = SystemNoise()
    values = np.concatenate([source.integers((50_000,), 2**63), source.integers((50_000,), 2**63)])
    assert np.unique(values).size == values.size  # by chance not once in a billion: 10^10 / 2 pairs, 2^63 values


def test_tokens_of_the_system_differ() -> None:
    source = SystemNoise()
    assert len({source.token(16) for _ in range(1_000)}) == 1_000


@pytest.mark.parametrize("count", [2, 3, 10])
def test_every_value_is_made_of_four_different_pairs(count: int) -> None:
    """One pair of uniforms reaches two values and never one value twice: twice in one sum, two draws act as one."""
    for chosen in range(count):
        stream = OnePair(chosen)
        touched = _standard_normal(stream, count) != 0  # type: ignore[arg-type]  # stands in for the key stream
        assert np.flatnonzero(touched).tolist() == sorted([chosen, (chosen + 1) % count])
        assert stream.calls == 4  # radius and angle of two halves each, twice


class OnePair:
    """A stream in which a single pair has a radius above zero."""

    def __init__(self, chosen: int) -> None:
        self.chosen = chosen
        self.calls = 0

    def uniforms(self, count: int) -> NDArray[np.float64]:
        self.calls += 1
        values = np.full(count, 1.0 if self.calls % 2 else 0.1)
        values[self.chosen] = 0.1
        return values


@pytest.mark.parametrize("kind", ["gaussian", "discrete_gaussian", "discrete_laplace", "integers"])
def test_ten_million_values_need_little_more_memory_than_they_fill(kind: str) -> None:
    tracemalloc.start()
    try:
        filled = WIDE[kind](SystemNoise(), 10_000_000).nbytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert filled == 80_000_000 <= peak < filled + 10_000_000


@pytest.mark.parametrize("kind", WIDE)
def test_seeded_noise_repeats_call_by_call_and_never_within_a_run(kind: str) -> None:
    draw = WIDE[kind]
    first, second, other = SeededNoise(1), SeededNoise(1), SeededNoise(2)
    once = [draw(first, 5), draw(first, 5)]
    again = [draw(second, 5), draw(second, 5)]
    assert np.array_equal(once, again)
    assert not np.isin(once[0], once[1]).any()
    assert not np.isin(once[0], draw(other, 5)).any()


def test_seeded_tokens_repeat_call_by_call() -> None:
    first, second = SeededNoise(1), SeededNoise(1)
    assert first.token(16) == second.token(16) != first.token(16)


@pytest.mark.parametrize("kind", WIDE)
def test_a_seeded_draw_does_not_depend_on_the_size_of_earlier_ones(kind: str) -> None:
    short, long = SeededNoise(1), SeededNoise(1)
    WIDE[kind](short, 1)
    WIDE[kind](long, 1_000)
    assert np.array_equal(WIDE[kind](short, 5), WIDE[kind](long, 5))


def test_no_noise_is_zeros_and_leaves_what_is_no_noise() -> None:
    for noise in (
        NoNoise().gaussian((3,), 1.0),
        NoNoise().discrete_gaussian((3,), 9),
        NoNoise().discrete_laplace((3,), 9),
    ):
        assert not noise.any()
    assert NoNoise().token(16) == NoNoise().token(16)
    assert NoNoise().bernoulli((50,), 0.5).any()
    assert NoNoise().integers((50,), 9).any()

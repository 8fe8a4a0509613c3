"""What the noise sources refuse and return; how the values are distributed is in tests/statistical."""

from __future__ import annotations

import math
import tracemalloc

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


@pytest.mark.parametrize("shape", [(-1,), (2, -3), (1.5,), ("3",), (True,), [3], 3, None, (1,) * 9, (None,)])
def test_a_malformed_shape_is_refused(source: NoiseSource, shape: tuple[int, ...]) -> None:
    with pytest.raises(ConfigError, match="FA101: noise was asked for in a malformed shape"):
        source.gaussian(shape, 1.0)


@pytest.mark.parametrize("shape", [(LIMITS.noise_values + 1,), (2**40, 2**40), (0, 2**62)])
def test_an_absurdly_large_shape_is_refused_before_anything_is_allocated(
    source: NoiseSource, shape: tuple[int, ...]
) -> None:
    with pytest.raises(ConfigError, match="FA101: more noise was asked for than the limit"):
        source.gaussian(shape, 1.0)


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


def test_seeding_the_process_does_not_seed_the_noise() -> None:
    drawn = []
    for _ in range(2):
        np.random.seed(42)  # the global seed is what an application would set
        drawn.append(SystemNoise().gaussian((20,), 1.0))
    assert not np.isin(drawn[0], drawn[1]).any()


def test_no_value_repeats_across_chunks_or_calls() -> None:
    source = SystemNoise()
    values = np.concatenate([source.gaussian((100_000,), 1.0), source.gaussian((100_000,), 1.0)])
    assert np.unique(values).size == values.size


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


def test_ten_million_values_need_little_more_memory_than_they_fill() -> None:
    tracemalloc.start()
    try:
        filled = SystemNoise().gaussian((10_000_000,), 1.0).nbytes
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert filled == 80_000_000 <= peak < filled + 10_000_000


def test_seeded_noise_repeats_call_by_call_and_never_within_a_run() -> None:
    first, second, other = SeededNoise(1), SeededNoise(1), SeededNoise(2)
    once = [first.gaussian((5,), 2.0), first.gaussian((5,), 2.0)]
    again = [second.gaussian((5,), 2.0), second.gaussian((5,), 2.0)]
    assert np.array_equal(once, again)
    assert not np.isin(once[0], once[1]).any()
    assert not np.isin(once[0], other.gaussian((5,), 2.0)).any()
    assert first.token(16) == second.token(16) != first.token(16)


def test_a_seeded_draw_does_not_depend_on_the_size_of_earlier_ones() -> None:
    short, long = SeededNoise(1), SeededNoise(1)
    short.gaussian((1,), 1.0)
    long.gaussian((1_000,), 1.0)
    assert np.array_equal(short.gaussian((5,), 1.0), long.gaussian((5,), 1.0))


def test_no_noise_keeps_the_seeded_tokens() -> None:
    assert NoNoise().token(16) == NoNoise().token(16)
    assert not NoNoise().gaussian((3,), 1.0).any()

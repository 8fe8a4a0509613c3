"""What the mechanisms add, return and refuse; whether that is private is measured in tests/statistical."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from tests.seeded_noise import NoNoise, SeededNoise

from fedaug.errors import BadNumber, ConfigError
from fedaug.privacy.events.gaussian import (
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    GaussianEvent,
    SubsampledGaussianEvent,
)
from fedaug.privacy.events.kinds import ReleaseKind
from fedaug.privacy.events.pure import AboveThresholdEvent, LaplaceEvent, RandomizedResponseEvent
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.mechanisms import (
    above_threshold,
    discrete_gaussian,
    distributed_share,
    distributed_sum,
    gaussian,
    grid_values,
    laplace,
    poisson_sample,
    randomised_response,
    subsampled_gaussian_step,
)

KIND = ReleaseKind.NOISY_COUNTS
GRID = 2.0**-10
MODULUS = 2**40 + 1


def discrete_event(noise_std: float = 1.0) -> DiscreteGaussianEvent:
    return DiscreteGaussianEvent("key", KIND, 1.0, noise_std, GRID, 6)


def subsampled_event(noise_std: float = 1.0, rate: float = 0.25) -> SubsampledGaussianEvent:
    return SubsampledGaussianEvent("key", KIND, 1.0, noise_std, GRID, 6, rate, 3)


def distributed_event(share_std: float = 1.0) -> DistributedGaussianEvent:
    return DistributedGaussianEvent("key", KIND, 1.0, share_std, GRID, 6, 3, 3, 0, MODULUS)


def laplace_event(scale: float = 1.0) -> LaplaceEvent:
    return LaplaceEvent("key", KIND, 1.0, scale, GRID, 6)


def response_event(keep: float = 0.5) -> RandomizedResponseEvent:
    return RandomizedResponseEvent("key", KIND, 3, keep, 6)


def threshold_event(scale: float = 1.0, positives: int = 2) -> AboveThresholdEvent:
    return AboveThresholdEvent("key", KIND, 1.0, scale, 2 * scale, GRID, positives)


ON_THE_GRID: dict[str, tuple[Callable[..., NDArray[np.int64]], Callable[..., Any]]] = {
    "discrete Gaussian": (discrete_gaussian, discrete_event),
    "subsampled Gaussian": (subsampled_gaussian_step, subsampled_event),
    "distributed Gaussian": (distributed_share, distributed_event),
    "Laplace": (laplace, laplace_event),
}


@pytest.fixture(params=ON_THE_GRID)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.mark.parametrize("shape", [(), (0,), (6,), (2, 3)])
def test_the_clean_value_gets_noise_of_the_stated_width(name: str, shape: tuple[int, ...]) -> None:
    mechanism, event = ON_THE_GRID[name]
    clean = np.full(shape, 1_000, dtype=np.int64)
    before = clean.copy()
    source = SeededNoise(1)
    drawn = source.discrete_laplace(shape, 10) if name == "Laplace" else source.discrete_gaussian(shape, 10)
    expected = (clean + drawn) % MODULUS if name == "distributed Gaussian" else clean + drawn
    noisy = mechanism(clean, event(), SeededNoise(1))
    assert noisy.shape == shape
    assert noisy.dtype == np.int64
    assert np.array_equal(noisy, expected)
    assert np.array_equal(clean, before)  # the clean value is left as it was


def test_noise_is_added_once_for_every_value(name: str) -> None:
    mechanism, event = ON_THE_GRID[name]
    noisy = mechanism(np.zeros(6, dtype=np.int64), event(), SeededNoise(1))
    assert np.unique(noisy).size == 6


def test_an_event_without_noise_adds_none_and_shares_no_memory(name: str) -> None:
    mechanism, event = ON_THE_GRID[name]
    clean = np.arange(6)
    noisy = mechanism(clean, event(0.0), SeededNoise(1))
    assert np.array_equal(noisy, clean)
    assert not np.shares_memory(noisy, clean)


@pytest.mark.parametrize("clean", [[1, 2], np.zeros(3), np.zeros(3, np.int32), np.zeros(3, np.uint64), 7, None])
def test_a_clean_value_that_is_not_in_whole_steps_is_refused(name: str, clean: NDArray[np.int64]) -> None:
    mechanism, event = ON_THE_GRID[name]
    with pytest.raises(ConfigError, match="FA101: a clean value is not an array of int64"):
        mechanism(clean, event(), SeededNoise(1))


@pytest.mark.parametrize("noise_std", [0.0, 1.0])
def test_more_values_than_were_charged_are_refused(name: str, noise_std: float) -> None:
    mechanism, event = ON_THE_GRID[name]
    with pytest.raises(ConfigError, match="FA101: a clean value is larger than its event states"):
        mechanism(np.zeros((7, 1), np.int64), event(noise_std), SeededNoise(1))


@pytest.mark.parametrize("value", [2**62, -(2**62), 2**63 - 1, -(2**63)])
def test_a_value_that_noise_could_push_out_of_64_bits_is_refused(name: str, value: int) -> None:
    mechanism, event = ON_THE_GRID[name]
    with pytest.raises(BadNumber, match="FA207: a clean value is too large for noise"):
        mechanism(np.array([0, value]), event(), SeededNoise(1))


@pytest.mark.parametrize("value", [2**62 - 1, 1 - 2**62])
def test_a_value_just_inside_keeps_its_noise(name: str, value: int) -> None:
    mechanism, event = ON_THE_GRID[name]
    noisy = int(mechanism(np.array([value]), event(), SeededNoise(1))[0])
    added = noisy - value % MODULUS if name == "distributed Gaussian" else noisy - value
    assert 0 < abs(added) < 40 * 2**10


def test_a_refusal_quotes_no_value(name: str) -> None:
    mechanism, event = ON_THE_GRID[name]
    with pytest.raises(BadNumber) as caught:
        mechanism(np.array([2**62 + 987_654_321]), event(), SeededNoise(1))
    assert "987654321" not in str(caught.value).replace(",", "").replace("_", "")


def test_steps_stand_for_multiples_of_the_grid() -> None:
    assert grid_values(np.array([-3, 0, 5]), 0.25).tolist() == [-0.75, 0.0, 1.25]
    assert grid_values(np.array([[1]]), 0.1).dtype == np.float64


# the secure sum


def test_shares_add_up_to_the_sites_sum_and_noise() -> None:
    clean = [np.array([5, -700, 2**30]), np.array([1, 2, 3]), np.array([-10, 0, 1])]
    shares = [distributed_share(values, distributed_event(), SeededNoise(i)) for i, values in enumerate(clean)]
    noise = sum(SeededNoise(i).discrete_gaussian((3,), 10) for i in range(3))
    assert all(((share >= 0) & (share < MODULUS)).all() for share in shares)
    assert np.array_equal(distributed_sum(shares, distributed_event()), sum(clean) + noise)


@pytest.mark.parametrize("modulus", [2, 3, 2**40, 2**40 + 1, LIMITS.modulus])
def test_sums_come_back_as_the_integers_nearest_to_zero(modulus: int) -> None:
    event = DistributedGaussianEvent("key", KIND, 1.0, 0.0, GRID, 6, 3, 3, 0, modulus)
    low, high = -(modulus // 2), (modulus - 1) // 2
    clean = np.array([low, low + 1, 0, high])
    masked = [np.full(4, modulus - 1), np.ones(4, np.int64)]  # cancel each other
    total = distributed_sum([distributed_share(clean, event, NoNoise()), *masked], event)
    assert total.tolist() == clean.tolist()


# sampling


@pytest.mark.parametrize(("rate", "taken"), [(1.0, 500), (0.25, 125)])
def test_units_are_sampled_at_the_stated_rate(rate: float, taken: int) -> None:
    mask = poisson_sample(500, subsampled_event(rate=rate), SeededNoise(1))
    assert mask.dtype == np.bool_
    assert mask.shape == (500,)
    assert abs(int(mask.sum()) - taken) <= 40 * (rate < 1)  # four standard deviations; the stream is seeded


def test_samples_of_two_steps_differ_also_in_size() -> None:
    source = SeededNoise(1)
    masks = [poisson_sample(500, subsampled_event(), source) for _ in range(20)]
    assert len({mask.tobytes() for mask in masks}) == 20
    assert len({int(mask.sum()) for mask in masks}) > 5


def test_no_units_make_an_empty_sample() -> None:
    assert poisson_sample(0, subsampled_event(), SeededNoise(1)).shape == (0,)


# continuous noise


def test_continuous_noise_has_the_stated_deviation() -> None:
    event = GaussianEvent("key", KIND, 1.0, 2.5)
    clean = np.arange(6.0).reshape(2, 3)
    assert np.array_equal(gaussian(clean, event, SeededNoise(1)), clean + SeededNoise(1).gaussian((2, 3), 2.5))


@pytest.mark.parametrize("clean", [[1.0], np.zeros(3, np.float32), np.zeros(3, np.int64), None])
def test_continuous_noise_is_added_to_float64_only(clean: NDArray[np.float64]) -> None:
    with pytest.raises(ConfigError, match="FA101: a clean value is not an array of float64"):
        gaussian(clean, GaussianEvent("key", KIND, 1.0, 2.5), SeededNoise(1))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_clean_value_that_would_show_through_any_noise_is_refused(value: float) -> None:
    with pytest.raises(BadNumber, match="FA207: a clean value is NaN or infinite"):
        gaussian(np.array([0.0, value]), GaussianEvent("key", KIND, 1.0, 2.5), SeededNoise(1))


# randomised response


class Coins(SeededNoise):
    """All coins fall on one side, and the integers are those given."""

    def __init__(self, kept: bool, others: list[int]) -> None:
        super().__init__(0)
        self._kept, self._others = kept, others

    def bernoulli(self, shape: tuple[int, ...], probability: float) -> NDArray[np.bool_]:
        assert probability == 0.5
        return np.full(shape, self._kept)

    def integers(self, shape: tuple[int, ...], below: int) -> NDArray[np.int64]:
        assert below == 2
        return np.array(self._others)


def test_an_answer_is_kept_or_replaced_by_any_of_the_others() -> None:
    answers = np.array([0, 0, 1, 1, 2, 2])
    assert randomised_response(answers, response_event(), Coins(True, [0, 1] * 3)).tolist() == answers.tolist()
    replaced = randomised_response(answers, response_event(), Coins(False, [0, 1] * 3))
    assert replaced.tolist() == [1, 2, 0, 2, 0, 1]
    assert replaced.dtype == np.int64


def test_an_event_that_keeps_every_answer_returns_them() -> None:
    answers = np.array([0, 2, 1])
    assert randomised_response(answers, response_event(1.0), SeededNoise(1)).tolist() == [0, 2, 1]


@pytest.mark.parametrize("answer", [-1, 3, 2**40])
def test_an_answer_outside_the_categories_is_refused(answer: int) -> None:
    with pytest.raises(ConfigError, match="FA101: an answer is in none of the event's categories"):
        randomised_response(np.array([0, answer]), response_event(), SeededNoise(1))


def test_more_answers_than_were_charged_are_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: a clean value is larger than its event states"):
        randomised_response(np.zeros(7, np.int64), response_event(), SeededNoise(1))


# above threshold


def test_a_run_ends_with_the_last_positive_that_was_charged() -> None:
    asked: list[int] = []

    def counts() -> Iterator[int]:
        for count in [0, 90, 10, 100, 200, 300]:
            asked.append(count)
            yield count

    answers = list(above_threshold(counts(), 50, threshold_event(0.0), SeededNoise(1)))
    assert answers == [False, True, False, True]
    assert asked == [0, 90, 10, 100]  # nothing is taken after the end


def test_a_count_at_the_threshold_is_above_it() -> None:
    assert list(above_threshold([50, 49], 50, threshold_event(0.0), SeededNoise(1))) == [True, False]


def test_threshold_and_every_count_get_noise_of_their_own() -> None:
    source = SeededNoise(1)
    bar = int(source.discrete_laplace((1,), 10)[0])
    fresh = np.concatenate([source.discrete_laplace((64,), 11) for _ in range(4)])
    answers = list(above_threshold(itertools.repeat(7, 200), 10, threshold_event(positives=10), SeededNoise(1)))
    expected = (7 * 2**10 + fresh >= 10 * 2**10 + bar)[: len(answers)]
    assert answers == expected.tolist()
    assert len(answers) > 64 or sum(answers) == 10
    assert 0 < sum(answers) < len(answers)


def test_a_run_without_positives_ends_with_its_counts() -> None:
    assert list(above_threshold([0] * 100, 1e6, threshold_event(), SeededNoise(1))) == [False] * 100


@pytest.mark.parametrize("threshold", [math.nan, math.inf, 2.0**60])
def test_a_threshold_that_is_no_number_of_steps_is_refused(threshold: float) -> None:
    with pytest.raises(BadNumber, match="FA207: a count or threshold is not a number of grid steps"):
        list(above_threshold([1], threshold, threshold_event(), SeededNoise(1)))


def test_a_count_that_is_no_number_of_steps_is_refused() -> None:
    with pytest.raises(BadNumber, match="FA207: a count or threshold is not a number of grid steps"):
        list(above_threshold([2**60], 1, threshold_event(), SeededNoise(1)))


def test_one_run_answers_a_bounded_number_of_counts() -> None:
    answers = above_threshold(itertools.repeat(0), 1e6, threshold_event(), SeededNoise(1))
    assert sum(1 for _ in itertools.islice(answers, LIMITS.threshold_queries)) == LIMITS.threshold_queries
    with pytest.raises(ConfigError, match="FA101: a threshold was asked about too many counts"):
        next(answers)

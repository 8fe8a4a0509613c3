"""Mechanism events: one canonical form, read strictly, and scaled as calibration does it."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from fedaug.errors import ProtocolError
from fedaug.privacy.discretisation import effective_std, grid_for, rounded_l2
from fedaug.privacy.events import (
    CHARGED,
    AboveThresholdEvent,
    DiscreteGaussianEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    ReleaseKind,
    SubsampledGaussianEvent,
    decode_events,
    encode_events,
    event_from_dict,
)

VOTES, UPDATE = ReleaseKind.NOISY_VOTES, ReleaseKind.NOISY_UPDATE
EXAMPLES: dict[str, Event] = {
    event.MECHANISM: event
    for event in [
        GaussianEvent("votes/0", VOTES, 1.0, 2.5),
        DiscreteGaussianEvent("votes/0", VOTES, 1.0, 2.5, grid_for(2.5), 400),
        DistributedGaussianEvent("votes/0", VOTES, 1.0, 2.5, grid_for(2.5, 12), 400, 10, 7, 2, 2**40),
        SubsampledGaussianEvent("update", UPDATE, 0.5, 0.4, grid_for(0.4), 10_000, 0.01, 300),
        LaplaceEvent("votes/0", VOTES, 1.0, 2.0, grid_for(2.0), 3),
        RandomizedResponseEvent("votes/0", VOTES, 5, 0.75, 10),
        AboveThresholdEvent("votes/0", VOTES, 1.0, 4.0, 16.0, grid_for(4.0, 20), 3),
    ]
}
EACH = pytest.mark.parametrize("event", EXAMPLES.values(), ids=EXAMPLES)
REALS = {"sensitivity", "grid", "sampling_rate", "keep_probability"}
NOISES = {"noise_std", "share_std", "scale", "threshold_scale", "query_scale"}
WHOLES = {
    "dimensions",
    "sites",
    "survivors",
    "colluders",
    "modulus",
    "steps",
    "categories",
    "answers",
    "positives",
}


def test_the_examples_hold_every_mechanism_and_every_field_is_of_a_known_sort() -> None:
    assert len(EXAMPLES) == 7
    found = {name for event in EXAMPLES.values() for name in event.as_dict()}
    assert found == REALS | NOISES | WHOLES | {"mechanism", "key", "release"}


@EACH
def test_an_event_is_read_back_as_it_was_written(event: Event) -> None:
    (read,) = decode_events(encode_events([event]))
    assert read == event
    assert type(read) is type(event)
    assert encode_events([read]) == encode_events([event])
    assert isinstance(read, Event)


def test_the_canonical_bytes_of_an_event_stay_what_they_are() -> None:
    assert encode_events([EXAMPLES["gaussian"]]) == (
        b'[{"key":"votes/0","mechanism":"gaussian","noise_std":2.5,"release":"NoisyVotes","sensitivity":1.0}]'
    )


@EACH
def test_equal_events_have_equal_bytes_however_their_numbers_were_given(event: Event) -> None:
    reals = REALS | NOISES
    as_ints = {
        name: int(value) if name in reals and value == int(value) else value for name, value in event.as_dict().items()
    }
    assert encode_events([event_from_dict(as_ints)]) == encode_events([event])


@EACH
def test_a_missing_or_extra_field_is_refused(event: Event) -> None:
    values = event.as_dict()
    for name in set(values) - {"mechanism"}:
        with pytest.raises(ProtocolError, match="FA401: an event has missing or unknown fields"):
            event_from_dict({key: value for key, value in values.items() if key != name})
    with pytest.raises(ProtocolError, match="FA401: an event has missing or unknown fields"):
        event_from_dict(values | {"epsilon": 0.1})
    with pytest.raises(ProtocolError, match="FA401: an event has missing or unknown fields"):
        event_from_dict({(3 if key == "key" else key): value for key, value in values.items()})


MECHANISMS: list[Any] = [
    "",
    "Gaussian",
    "os.system",
    "fedaug.privacy.events.GaussianEvent",
    None,
    3,
    True,
    ["gaussian"],
]


@pytest.mark.parametrize("mechanism", [*MECHANISMS, {"gaussian": 1}])
def test_an_unknown_mechanism_is_refused(mechanism: object) -> None:
    with pytest.raises(ProtocolError, match="FA401: an event names no known mechanism"):
        event_from_dict(EXAMPLES["gaussian"].as_dict() | {"mechanism": mechanism})


@pytest.mark.parametrize("values", [None, 3, "gaussian", [], [["mechanism", "gaussian"]], {}, {"key": "votes/0"}])
def test_what_is_no_event_at_all_is_refused(values: object) -> None:
    with pytest.raises(ProtocolError, match="FA401: an event names no known mechanism"):
        event_from_dict(values)


@pytest.mark.parametrize("data", [b"", b"{}", b"3", b"[3]", b"[[]]", b"\xff", b'[{"mechanism":"gaussian"}]', b"[NaN]"])
def test_bytes_that_are_no_list_of_events_are_refused(data: bytes) -> None:
    with pytest.raises(ProtocolError, match="FA401"):
        decode_events(data)


NO_NUMBER: list[Any] = [None, True, False, "1", [1.0], {}, 1j]
NO_REAL: list[Any] = [*NO_NUMBER, math.nan, math.inf, -math.inf, -1.0, -5e-324, 10**400, -(10**400)]
NO_SIZE: list[Any] = [*NO_REAL, 5e-324, 2.0**-101, 2.0**101]  # near where squares underflow, and clipping with them
NO_WHOLE: list[Any] = [*NO_NUMBER, 3.0, 2.5, math.nan, math.inf, -1, 10**400, 2**63]


@EACH
def test_a_field_that_is_not_what_it_must_be_is_refused(event: Event) -> None:
    values = event.as_dict()
    wrong: dict[str, list[Any]] = {
        "key": [None, 3, "", "x" * 201, b"votes", ["votes"]],
        "release": [None, 3, "", "noisyvotes", "NoisyVotes ", "Status", "SampleBatch", "MaskedShare", ["NoisyVotes"]],
        **{name: [*NO_REAL, 0, 0.0, -0.0] for name in REALS},
        **{name: [*NO_SIZE, 0.0] for name in ("sensitivity", "grid")},
        **dict.fromkeys(NOISES, NO_SIZE),
        **{name: [*NO_WHOLE, 0] for name in WHOLES - {"colluders"}},
        "colluders": NO_WHOLE,
    }
    tried = 0
    for name in set(values) - {"mechanism"}:
        for value in wrong[name]:
            tried += 1
            with pytest.raises(ProtocolError, match="FA401: an event"):
                event_from_dict(values | {name: value})
    assert tried >= 30


@EACH
def test_numbers_at_their_limits_are_told_apart_from_those_beyond(event: Event) -> None:
    limits: dict[str, tuple[list[Any], list[Any]]] = {
        "sampling_rate": ([5e-324, 1.0], [1.0000000000000002]),
        "keep_probability": ([0.2, 1 - 2**-16, 1.0], [0.19999, 1 - 2**-17, 1.0000000000000002]),
        "dimensions": ([1, 2**27], [2**27 + 1]),
        "steps": ([1, 1_000_000], [1_000_001]),
        "answers": ([1, 100_000], [100_001]),
        "categories": ([2, 40_000], [1, 40_001]),
        "modulus": ([2, 2**62], [1, 2**62 + 1]),
        "survivors": ([3, 10], [2, 11]),
        "colluders": ([0, 6], [7]),
        "sites": ([7, 10_000], [6, 10_001]),
        "key": (["x" * 200], ["x" * 201]),
    }
    for name in set(event.as_dict()) & set(limits):
        good, bad = limits[name]
        for value in good:
            assert getattr(event_from_dict(event.as_dict() | {name: value}), name) == value
        for value in bad:
            with pytest.raises(ProtocolError, match="FA401: an event"):
                event_from_dict(event.as_dict() | {name: value})


@pytest.mark.parametrize("kind", sorted(set(ReleaseKind) - CHARGED))
def test_a_kind_that_carries_no_noise_has_no_event(kind: ReleaseKind) -> None:
    with pytest.raises(ProtocolError, match="FA401: an event names a release kind that is not charged"):
        GaussianEvent("k", kind, 1.0, 1.0)


ON_A_GRID = [name for name, event in EXAMPLES.items() if hasattr(event, "grid")]


@pytest.mark.parametrize("name", ON_A_GRID)
@pytest.mark.parametrize("factor", [1.0000000000000002, 1.5, 2.0**-20, 2.0**20, 3.0])
def test_noise_that_is_not_a_power_of_two_of_the_grid_is_refused(name: str, factor: float) -> None:
    values = EXAMPLES[name].as_dict()
    with pytest.raises(ProtocolError, match="FA401: an event's noise is not 2\\^10 to 2\\^24 steps of its grid"):
        event_from_dict(values | {"grid": values["grid"] * factor})


@pytest.mark.parametrize("log2_steps", [10, 17, 24])
def test_the_width_of_the_noise_in_steps_is_read_off_the_event(log2_steps: int) -> None:
    event = DiscreteGaussianEvent("k", VOTES, 1.0, 0.7, grid_for(0.7, log2_steps), 1)
    assert event.log2_steps == log2_steps
    assert event.scaled(0.1).log2_steps == log2_steps


@EACH
@pytest.mark.parametrize("factor", [0.03, 1.0, 1.7])
def test_scaling_multiplies_the_noise_and_keeps_all_else(event: Event, factor: float) -> None:
    before, after = event.as_dict(), event.scaled(factor).as_dict()
    for name in set(before) & NOISES:
        assert after[name] == before[name] * factor
    for name in set(before) - NOISES - {"grid", "keep_probability"}:
        assert after[name] == before[name]
    if "grid" in before:
        assert after["grid"] == pytest.approx(before["grid"] * factor)
        assert getattr(event.scaled(factor), "log2_steps") == getattr(event, "log2_steps")  # noqa: B009  # of a union


@pytest.mark.parametrize("factor", [0.25, 1.0, 4.0])
def test_scaling_randomised_response_divides_its_epsilon(factor: float) -> None:
    event = RandomizedResponseEvent("k", VOTES, 5, 0.75, 10)
    assert event.scaled(factor).pure_epsilon == pytest.approx(event.pure_epsilon / factor)
    assert event.scaled(1e-9).keep_probability == 1 - 2**-16, "the most truthful coin that is still noise"
    assert event.scaled(1e300).pure_epsilon == pytest.approx(0, abs=1e-9)


@EACH
def test_noise_can_be_turned_off_and_stays_off(event: Event) -> None:
    assert not event.noise_off
    off = event.scaled(0.0)
    assert off.noise_off
    assert off.scaled(3.0).noise_off
    assert event_from_dict(json.loads(json.dumps(off.as_dict()))) == off


@EACH
@pytest.mark.parametrize("factor", [-1.0, math.nan, math.inf, True, "2", None])
def test_a_factor_that_is_no_number_from_zero_up_is_refused(event: Event, factor: float) -> None:
    with pytest.raises(ProtocolError, match="FA401: a noise is scaled by something that is not a number from 0 up"):
        event.scaled(factor)


def test_above_threshold_has_both_noises_or_neither() -> None:
    values = EXAMPLES["above_threshold"].as_dict()
    for name in ("threshold_scale", "query_scale"):
        with pytest.raises(ProtocolError, match="FA401: an event's noise is off in one of two places"):
            event_from_dict(values | {name: 0.0})


def test_a_secure_sum_counts_the_noise_of_honest_survivors_only() -> None:
    event = EXAMPLES["distributed_gaussian"]
    assert isinstance(event, DistributedGaussianEvent)
    assert event.noise_std == pytest.approx(2.5 * math.sqrt(7 - 2))
    assert event.own_share() == DiscreteGaussianEvent("votes/0", VOTES, 1.0, 2.5, grid_for(2.5, 12), 400)


@given(st.floats(1e-6, 1e6), st.floats(1e-6, 1e6), st.integers(10, 24), st.integers(1, 10**6))
@example(1024.0, 1e-6, 24, 1)  # a grid below the last digit of the sensitivity
def test_rounding_never_makes_a_release_look_more_private(
    sensitivity: float, noise_std: float, log2_steps: int, dimensions: int
) -> None:
    grid = grid_for(noise_std, log2_steps)
    assert rounded_l2(sensitivity, grid, dimensions) > sensitivity
    assert noise_std * (1 - 3e-6) <= effective_std(noise_std, grid) <= noise_std


def test_no_field_of_an_event_can_be_changed() -> None:
    for event in EXAMPLES.values():
        with pytest.raises(AttributeError):
            event.key = "other"  # type: ignore[misc]  # that it is frozen is the point

"""What a stranger's plan may cost a site in memory and time, and how exact composing a million steps is."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from dp_accounting import pld
from dp_accounting.pld import common
from scipy import fft
from sqlalchemy import Connection
from tests import limited_accounting
from tests.exact_losses import sampled_gaussian_divergence
from tests.limited_accounting import DELTA, laplace, run

from fedaug.errors import ProtocolError
from fedaug.privacy.accounting import epsilon, filter, loss
from fedaug.privacy.accounting.filter import plan_charge
from fedaug.privacy.accounting.loss import (
    INTERVAL,
    bucket_width,
    composed_loss,
    gaussian_delta,
    gaussian_epsilon,
    sampled_loss,
    transform_error,
)
from fedaug.privacy.accounting.span import MOST_EPSILON, PureGroup, SampledRun, beyond_any_budget, run_reach
from fedaug.privacy.canonical import digest
from fedaug.privacy.events import Event, SubsampledGaussianEvent
from fedaug.privacy.ledger import Ledger
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import Budget, PrivacyUnit


def accounted(*arguments: str) -> dict[str, dict[str, Any]]:
    """What each plan costs in a process of its own; a process that was killed has no entry."""
    made = subprocess.run(
        [sys.executable, "-m", "tests.limited_accounting", *arguments],
        capture_output=True,
        text=True,
        check=True,
        timeout=300,
    )
    return {found["name"]: found for found in map(json.loads, made.stdout.splitlines())}


def test_no_plan_takes_more_than_little_memory_and_time_and_none_costs_less_than_a_step_of_it() -> None:
    found, plans = accounted(), limited_accounting.plans()
    assert set(found) == set(plans), "some were killed"
    assert [each for each in found.values() if "error" in each] == []
    for name, plan in plans.items():
        cost = found[name]["epsilon"]
        assert cost >= 0
        assert not math.isnan(found[name]["mu"])
        for event in [event for event in plan if isinstance(event, SubsampledGaussianEvent)][:3]:
            if cost < 100:
                one = sampled_gaussian_divergence(event.noise_multiplier, event.sampling_rate, cost)
                assert one <= DELTA * (1 + 1e-6)
    costs = [each["epsilon"] for each in found.values()]
    assert sum(0 < cost < 100 for cost in costs) >= 8, "most of the work is in plans that do end in a number"
    assert sum(cost == math.inf for cost in costs) >= 8
    assert found["ten runs"]["epsilon"] == pytest.approx(5.59, abs=0.02)


def test_a_width_that_forgets_the_steps_ends_without_memory() -> None:
    (found,) = accounted("defect").values()
    assert found["error"] == "MemoryError"


NASTY = [(0.021, 1e-9, 10**6), (0.05, 1e-4, 10), (1.0, 0.001, 10**5), (8.0, 0.01, 10**5), (100.0, 0.1, 10**5)]


@pytest.mark.parametrize(("sigma", "rate", "steps"), NASTY)
def test_a_composition_is_as_wide_as_was_forecast(sigma: float, rate: float, steps: int) -> None:
    asked = (SampledRun(sigma, rate, steps),)
    interval = bucket_width(0.0, asked, ())
    forecast = run_reach(asked[0]).width / interval
    made = composed_loss(0.0, asked, ())
    sizes = [made._pmf_remove.size, made._pmf_add.size]
    # The library's buckets hold 1e-12 of rounding each, which a bound on many steps' tails takes for probability.
    assert 0.9 * forecast - 3 <= max(sizes) <= 1.6 * forecast + 1_000
    assert max(sizes) <= 1_500_000


@pytest.mark.parametrize(("sigma", "rate"), [(0.5, 0.1), (2.0, 0.01), (0.1, 1e-3)])
def test_the_mean_loss_is_the_distributions_own(sigma: float, rate: float) -> None:
    one = pld.privacy_loss_distribution.from_gaussian_mechanism(
        sigma, value_discretization_interval=1e-3, sampling_prob=rate
    )._pmf_remove.to_dense_pmf()
    losses = (one._lower_loss + np.arange(one.size)) * 1e-3
    mean, variance = one._probs @ losses, one._probs @ losses**2
    reach = run_reach(SampledRun(sigma, rate, 1))
    assert reach.mean == pytest.approx(mean, rel=1e-2, abs=1e-5)
    assert reach.variance == pytest.approx(variance - mean**2, rel=1e-2, abs=1e-5)


def test_what_is_told_infinite_without_composing_it_does_cost_more_than_any_budget() -> None:
    edge = [mu for mu in np.linspace(40, 50, 201) if beyond_any_budget(mu, ())]
    assert 0 < len(edge) < 201
    assert gaussian_epsilon(edge[0], 0.3) > MOST_EPSILON
    # A run at sampling rate all but one is that Gaussian mechanism.
    steps = 100
    run_edge = [mu for mu in edge if beyond_any_budget(0.0, (SampledRun(math.sqrt(steps) / mu, 1 - 1e-9, steps),))]
    assert len(run_edge) == pytest.approx(len(edge), abs=2)


def test_all_parts_together_decide_the_width_of_buckets() -> None:
    one = SampledRun(1.0, 0.001, 10**5)
    many = tuple(SampledRun(1.0 + number / 100, 0.001, 10**5) for number in range(20))
    assert bucket_width(0.0, (one,), ()) == INTERVAL
    for mu, runs, pure in [(0.0, many, ()), (30.0, (one,), ()), (0.0, (), (PureGroup(9.0, 10**3),))]:
        widened = bucket_width(mu, runs, pure) / INTERVAL
        assert widened > 1
        assert math.log2(widened).is_integer()


@pytest.mark.parametrize(("steps", "mu"), [(10**4, 1.0), (10**5, 3.0), (10**6, 0.3)])
@pytest.mark.parametrize("delta", [1e-9, 1e-10])
def test_self_composition_at_a_small_delta_is_the_closed_form_and_never_below_it(
    steps: int, mu: float, delta: float
) -> None:
    whole = SampledRun(math.sqrt(steps) / mu, 1.0, steps)  # everybody is in every sample: a Gaussian mechanism
    made, error = sampled_loss(whole, INTERVAL), transform_error((whole,))
    exact = gaussian_epsilon(mu, delta)
    assert float(gaussian_delta(mu, exact)) - float(made.get_delta_for_epsilon(exact)) <= error
    if delta > 2 * error:
        assert exact <= made.get_epsilon_for_delta(delta - error) <= exact * 1.05


@pytest.mark.parametrize(("sigma", "rate", "steps"), [(20.0, 0.001, 10**6), (5.0, 0.0005, 10**6), (3.0, 1e-5, 10**6)])
def test_what_a_transform_loses_is_charged_and_was_more_than_a_constant(sigma: float, rate: float, steps: int) -> None:
    """Against the same composition in long doubles, which keep eleven bits more."""
    whole = SampledRun(sigma, rate, steps)
    step = pld.privacy_loss_distribution.from_gaussian_mechanism(
        sigma, value_discretization_interval=INTERVAL, sampling_prob=rate
    )
    lost = []
    for pmf in (step._pmf_remove.to_dense_pmf(), step._pmf_add.to_dense_pmf()):
        offset, got = common.self_convolve(pmf._probs, steps, 1e-15)
        base = fft.fft(pmf._probs.astype(np.longdouble), fft.next_fast_len(len(got)))
        power, left = np.ones_like(base), steps
        while left:
            power = power * base if left % 2 else power
            base, left = base * base, left // 2
        exact = np.roll(fft.ifft(power).real, -offset)[: len(got)]
        lost.append(float(np.cumsum((exact - got)[::-1]).max()))
    assert 1e-12 < max(lost) <= transform_error((whole,)) / 3, "1e-12 was charged for any number of steps"


def test_more_different_sampled_runs_than_a_plan_may_hold_are_refused() -> None:
    plan = [run(3 + number / 10, 0.01, 10, number) for number in range(LIMITS.plan_sampled_runs + 1)]
    for account in (epsilon, plan_charge):
        with pytest.raises(ProtocolError, match="FA401: a plan holds too many different sampled runs"):
            account(plan, DELTA)
    assert 0 < epsilon(plan[:-1], DELTA) < 1
    same = [run(3.0, 0.01, 10, number) for number in range(LIMITS.plan_sampled_runs + 1)]
    assert epsilon(same, DELTA) == epsilon([run(3.0, 0.01, 10 * len(same))], DELTA), "equal ones count as one"


def test_a_plan_is_accounted_for_before_the_transaction_that_keeps_others_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    writing, composed = [False], []
    with Ledger.open(
        tmp_path / "ledger.db", lineage="lineage", unit=PrivacyUnit.RECORD, cap=Budget(8, DELTA)
    ) as ledger:
        write = ledger._store.write

        @contextmanager
        def noted() -> Iterator[Connection]:
            with write() as connection:
                writing[0] = True
                yield connection
            writing[0] = False

        def counted(*parts: Any) -> Any:
            composed.append(writing[0])
            return composed_loss(*parts)

        monkeypatch.setattr(ledger._store, "write", noted)
        monkeypatch.setattr(loss, "composed_loss", counted)
        monkeypatch.setattr(filter, "composed_loss", counted)
        plans: list[list[Event]] = [[run(2.01, 0.01, 17)], [run(2.02, 0.01, 19), laplace(9.0, 1)]]
        for number, plan in enumerate(plans):
            ledger.reserve(f"campaign {number}", digest(b"plan"), plan)
        assert len(composed) >= 2
        assert not any(composed)
        assert len(ledger.entries()) == 3
        monkeypatch.setattr(ledger._costs, "prepare", lambda *_: None)
        ledger.reserve("campaign 2", digest(b"plan"), [run(2.03, 0.01, 23)])
        assert any(composed), "without the preparation it happens within"

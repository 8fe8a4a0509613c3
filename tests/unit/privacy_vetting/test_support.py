"""Class D gates: what the votes and answers of charged releases say of a text, and how often they are wrong."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from fedaug.errors import ConfigError, DefectError, PolicyRefused
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import AboveThresholdEvent, DiscreteGaussianEvent, Event, ReleaseKind
from fedaug.privacy.mechanisms import discrete_gaussian, grid_values
from fedaug.privacy.noise import SystemNoise
from fedaug.privacy.vetting import Batch, GateClass, VerdictCode, support, vet
from fedaug.privacy.vetting.support import Answers, Ballot, NearnessGate, SupportGate

STD = 4.0
VOTES = DiscreteGaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, STD, grid_for(STD), 50_000)
ABOVE = AboveThresholdEvent("support", ReleaseKind.NOISY_SUPPORT, 1.0, 4.0, 16.0, grid_for(4.0, 20), 3)
AXES = np.eye(4, dtype=np.float32)


def ballot(
    votes: list[float], *, labels: str = "aaab", std: float = STD, charged: tuple[Event, ...] = (VOTES,)
) -> Ballot:
    return Ballot(AXES, tuple(labels), np.array(votes), std, charged)


def batch(rows: list[int], labels: str = "") -> Batch:
    return Batch(tuple(f"text {row}" for row in rows), tuple(labels), AXES[rows])


def codes(gate: SupportGate | NearnessGate, of: Batch) -> list[VerdictCode]:
    return [verdict.code for verdict in gate.judge(of)]


def test_a_text_stays_if_votes_well_above_the_noise_are_near_it() -> None:
    gate = SupportGate([ballot([40.0, 5.0, 0.0, 40.0])], units=5)
    assert codes(gate, batch([0, 1, 2, 3])) == [
        VerdictCode.PASSED,
        VerdictCode.UNSUPPORTED,  # five votes may be all noise
        VerdictCode.UNSUPPORTED,
        VerdictCode.PASSED,
    ]


def test_votes_for_another_label_do_not_count() -> None:
    gate = SupportGate([ballot([40.0, 0.0, 0.0, 40.0])], units=5)
    assert codes(gate, batch([0, 0, 3, 3], "abab")) == [
        VerdictCode.PASSED,
        VerdictCode.UNSUPPORTED,
        VerdictCode.UNSUPPORTED,
        VerdictCode.PASSED,
    ]


def test_a_text_that_was_never_voted_on_is_unsupported() -> None:
    gate = SupportGate([ballot([1e6] * 4)], units=1)
    away = Batch(("elsewhere",), (), np.full((1, 4), 0.5, np.float32))
    assert codes(gate, away) == [VerdictCode.UNSUPPORTED]
    assert gate.judge(away)[0].score is None


def test_one_unit_that_spreads_its_vote_over_near_candidates_counts_once() -> None:
    """Its votes have L2 norm 1, so over four candidates they add up to 2; only one unit is behind them."""
    close = np.tile(AXES[:1], (4, 1))
    spread = Ballot(close, tuple("aaaa"), np.full(4, 0.5), 0.0, (VOTES,))
    assert codes(SupportGate([spread], units=1), batch([0])) == [VerdictCode.PASSED]
    assert codes(SupportGate([spread], units=2), batch([0])) == [VerdictCode.UNSUPPORTED]


@pytest.mark.parametrize("units", [1, 5])
def test_without_noise_exactly_enough_units_are_enough(units: int) -> None:
    gate = SupportGate([ballot([units, units - 1, 0, 0], std=0.0)], units=units)
    assert codes(gate, batch([0, 1])) == [VerdictCode.PASSED, VerdictCode.UNSUPPORTED]


#: Chance that the test below fails on a correct gate, per case; two sides each.
FALSE_ALARM = 1e-6
TEXTS = 40_000


def false_accepts(*, believed_std: float, ballots: int = 1) -> int:
    """Of texts that one unit too few voted for, how many pass; the noise is the mechanism's own."""
    units = 3
    event = DiscreteGaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, STD, grid_for(STD), TEXTS)
    clean = np.full(TEXTS, round((units - 1) / event.grid), np.int64)
    made = [grid_values(discrete_gaussian(clean, event, SystemNoise()), event.grid) for _ in range(ballots)]
    passed = np.zeros(TEXTS, bool)
    # each text has a candidate of its own: taken a hundred at a time, since all pairs are compared
    for start in range(0, TEXTS, 100):
        own = np.eye(100, dtype=np.float32)
        cast = [Ballot(own, ("a",) * 100, votes[start : start + 100], believed_std, (event,)) for votes in made]
        judged = SupportGate(cast, units=units, false_accept=0.05).judge(Batch(("",) * 100, (), own))
        passed[start : start + 100] = [verdict.passed for verdict in judged]
    return int(passed.sum())


def at_most_the_stated_share(count: int) -> bool:
    return bool(stats.binom(TEXTS, 0.05).sf(count - 1) > FALSE_ALARM)


@pytest.mark.parametrize("ballots", [1, 3])
def test_a_text_with_too_few_units_passes_no_more_often_than_stated(ballots: int) -> None:
    count = false_accepts(believed_std=STD, ballots=ballots)
    assert at_most_the_stated_share(count)
    assert count > 0.03 * TEXTS  # and the bound is not had by refusing everything


@pytest.mark.parametrize("believed_std", [STD / 2, 0.0])
def test_a_gate_that_believes_in_less_noise_is_caught(believed_std: float) -> None:
    assert not at_most_the_stated_share(false_accepts(believed_std=believed_std))


def test_a_gate_that_does_not_divide_its_errors_over_ballots_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    real = SupportGate.__init__

    def careless(self: SupportGate, ballots: list[Ballot], **settings: float) -> None:
        real(self, ballots, **settings)  # type: ignore[arg-type]  # passed on as they came
        self._deviations = -float(stats.norm.ppf(0.05))

    monkeypatch.setattr(SupportGate, "__init__", careless)
    assert not at_most_the_stated_share(false_accepts(believed_std=STD, ballots=3))


def test_its_charge_is_the_votes_own_and_nothing_else() -> None:
    other = DiscreteGaussianEvent("votes/1", ReleaseKind.NOISY_VOTES, 1.0, STD, grid_for(STD), 4)
    assert SupportGate([ballot([0.0] * 4), ballot([0.0] * 4, charged=(other,))], units=1).charged == (VOTES, other)
    assert NearnessGate(AXES, [Answers(np.zeros(4), ABOVE)]).charged == (ABOVE,)


@pytest.mark.parametrize("charged", [(), (ABOVE,)])
def test_votes_that_were_not_charged_as_votes_are_refused(charged: tuple[Event, ...]) -> None:
    with pytest.raises(DefectError, match="no ledger charged"):
        ballot([0.0] * 4, charged=charged)
    with pytest.raises(DefectError, match="no ledger charged"):
        Answers(np.zeros(4), VOTES)


def test_a_text_passes_only_where_a_site_said_yes_of_it() -> None:
    answers = [Answers(np.array([1.0, 0.0, 1.0, -1.0]), ABOVE), Answers(np.array([1.0, 0.0, 0.0, -1.0]), ABOVE)]
    one, two = NearnessGate(AXES, answers), NearnessGate(AXES, answers, sites=2)
    assert [verdict.passed for verdict in one.judge(batch([0, 1, 2, 3]))] == [True, False, True, False]
    assert [verdict.passed for verdict in two.judge(batch([0, 1, 2, 3]))] == [True, False, False, False]


def test_class_d_decides_only_where_it_is_allowed_to() -> None:
    gate = SupportGate([ballot([40.0, 0, 0, 0])], units=1)
    assert gate.gate_class is GateClass.CHARGED
    with pytest.raises(PolicyRefused, match="may not decide"):
        vet(batch([0, 1]), [gate])
    assert vet(batch([0, 1]), [gate], allowed={GateClass.FREE, GateClass.CHARGED}).kept == [0]


@pytest.mark.parametrize(
    "settings",
    [
        {"units": 0},
        {"units": 1, "false_accept": 0.0},
        {"units": 1, "false_accept": 0.6},
        {"units": 1, "false_accept": float("nan")},
        {"units": 1, "nearness": 1.5},
    ],
)
def test_a_setting_out_of_range_is_refused(settings: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="out of range"):
        SupportGate([ballot([0.0] * 4)], **settings)  # type: ignore[arg-type]  # wrong on purpose


def test_a_gate_without_votes_or_vectors_says_so() -> None:
    with pytest.raises(ConfigError, match="no votes"):
        SupportGate([], units=1)
    with pytest.raises(ConfigError, match="embeddings was given none"):
        SupportGate([ballot([0.0] * 4)], units=1).judge(Batch(("a text",)))


def test_texts_taken_a_few_at_a_time_get_the_same_verdicts(monkeypatch: pytest.MonkeyPatch) -> None:
    votes = SupportGate([ballot([40.0, 5.0, 0.0, 40.0])], units=5)
    answers = NearnessGate(AXES, [Answers(np.array([1.0, 0.0, 1.0, -1.0]), ABOVE)])
    many = batch([0, 3, 2, 1, 0, 3, 1], "aababab")
    whole = [gate.judge(many) for gate in (votes, answers)]
    monkeypatch.setattr(support, "_CELLS", 8)  # two texts at a time
    assert [gate.judge(many) for gate in (votes, answers)] == whole
    assert {verdict.passed for verdicts in whole for verdict in verdicts} == {True, False}

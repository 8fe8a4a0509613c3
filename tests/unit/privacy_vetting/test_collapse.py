"""Measures of diversity against their definitions, and the gate that judges a batch by them."""

import math
import random
from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fedaug.errors import ConfigError, TooFewRecords
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.collapse import CollapseGate, fall_of
from fedaug.privacy.vetting.diversity import coverage, distinct_n, self_bleu, vendi_score

WORDS = [f"w{number}" for number in range(300)]


def unit(rows: NDArray[np.float64]) -> NDArray[np.float32]:
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


def batch(count: int, seed: int, *, words: int = 300, dimensions: int = 16, vectors: bool = True) -> Batch:
    """Texts of eight of so many words, and vectors of so many of 16 directions."""
    draw, rng = random.Random(seed), np.random.default_rng(seed)
    texts = tuple(" ".join(draw.choices(WORDS[:words], k=8)) for _ in range(count))
    rows = rng.standard_normal((count, 16)) * (np.arange(16) < dimensions)
    return Batch(texts, vectors=unit(rows) if vectors else None)


def test_distinct_n_counts_different_runs() -> None:
    assert distinct_n([["a", "b", "a", "b"]], 2) == pytest.approx(2 / 3)
    assert distinct_n([["a", "b"], ["a", "b"]], 1) == 0.5
    assert distinct_n([["a"]], 2) == 1.0


def bleu(text: list[str], others: list[list[str]]) -> float:
    """The definition, text by text, with the same smoothing."""
    if not text or not others:
        return 0.0
    logs = []
    for size in range(1, 5):
        own, *theirs = (
            Counter(tuple(words[start : start + size]) for start in range(len(words) - size + 1))
            for words in (text, *others)
        )
        hits = sum(min(count, max(other[run] for other in theirs)) for run, count in own.items())
        more = int(size > 1)
        if hits + more == 0 or own.total() + more == 0:
            return 0.0
        logs.append(math.log((hits + more) / (own.total() + more)))
    nearest = min((abs(len(other) - len(text)), len(other)) for other in others)[1]
    return math.exp(sum(logs) / 4 + min(0.0, 1 - nearest / len(text)))


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(st.sampled_from("abc"), max_size=7), min_size=1, max_size=6))
def test_self_bleu_is_that_of_the_definition(texts: list[list[str]]) -> None:
    expected = [bleu(text, texts[:row] + texts[row + 1 :]) for row, text in enumerate(texts)]
    assert self_bleu(texts) == pytest.approx(sum(expected) / len(expected), abs=1e-12)


def test_self_bleu_is_one_for_copies_and_low_for_strangers() -> None:
    assert self_bleu([["a", "b", "c", "d", "e"]] * 3) == pytest.approx(1.0)
    assert self_bleu([["a", "b", "c"], ["d", "e", "f"]]) == 0.0


def test_the_vendi_score_counts_what_is_different() -> None:
    assert vendi_score(unit(np.eye(7))) == pytest.approx(7)
    assert vendi_score(unit(np.ones((7, 3)))) == pytest.approx(1)
    assert vendi_score(unit(np.repeat(np.eye(3), 5, axis=0))) == pytest.approx(3)
    rows = unit(np.random.default_rng(0).standard_normal((40, 6)))
    values = np.linalg.eigvalsh(rows.astype(np.float64) @ rows.T.astype(np.float64) / 40)
    values = values[values > 1e-12]
    assert vendi_score(rows) == pytest.approx(math.exp(-sum(values * np.log(values))))


def test_coverage_is_the_share_of_the_reference_that_has_company() -> None:
    rng = np.random.default_rng(0)
    left, right = (unit(np.array(centre) + 0.1 * rng.standard_normal((60, 3))) for centre in ([3.0, 0, 0], [0, 3.0, 0]))
    both = np.concatenate([left, right])
    assert coverage(both, both) == 1.0
    assert 0.45 <= coverage(both, left) <= 0.5
    assert coverage(both, both[:0]) == 0.0
    distances = 1 - both.astype(np.float64) @ both.T
    radius = np.sort(distances + np.diag([np.inf] * 120), axis=1)[:, 4]
    fresh = unit(np.array([3.0, 0, 0]) + 0.1 * rng.standard_normal((30, 3)))
    near = (1 - both.astype(np.float64) @ fresh.T).min(axis=1) <= radius + 1e-7
    assert coverage(both, fresh) == pytest.approx(near.mean(), abs=1 / 120)


def test_one_figure_stands_for_all_and_a_measure_that_is_gone_takes_all() -> None:
    assert fall_of({"one": 0.19, "other": 0.0}) == pytest.approx(0.1)
    assert fall_of({"one": 1.0, "other": 0.0}) == 1.0
    assert fall_of({"one": -3.0}) == 0.0
    assert fall_of({}) == 0.0


GENERATION0 = batch(1_000, 0)


def codes(gate: CollapseGate, offered: Batch) -> set[VerdictCode]:
    verdicts = gate.judge(offered)
    assert len(verdicts) == len(offered)
    return {verdict.code for verdict in verdicts}


def test_a_fresh_sample_passes_and_a_worn_one_is_refused_as_a_whole() -> None:
    gate = CollapseGate(GENERATION0)
    assert codes(gate, batch(500, 1)) == {VerdictCode.PASSED}
    assert max(gate.falls(batch(500, 1)).values()) < 0.1
    assert codes(gate, batch(500, 1, words=6, dimensions=1)) == {VerdictCode.COLLAPSED}
    assert codes(gate, batch(500, 1, words=6, vectors=False)) == {VerdictCode.COLLAPSED}


def test_each_measure_sees_what_it_is_for() -> None:
    gate = CollapseGate(GENERATION0)
    words, meaning = gate.falls(batch(500, 1, words=6)), gate.falls(batch(500, 1, dimensions=1))
    assert min(words[name] for name in ("distinct-2", "self-bleu")) > 0.8
    assert max(abs(words[name]) for name in ("vendi", "coverage")) < 0.1
    assert min(meaning[name] for name in ("vendi", "coverage")) > 0.8
    assert max(abs(meaning[name]) for name in ("distinct-2", "distinct-4", "self-bleu")) < 0.1
    assert gate.falls(batch(500, 1, vectors=False)).keys() == {"distinct-2", "distinct-4", "self-bleu"}


def test_what_is_added_to_generation_0_is_judged_with_it_and_what_replaces_it_by_itself() -> None:
    worn = batch(500, 1, words=25, dimensions=4)
    assert codes(CollapseGate(GENERATION0), worn) == {VerdictCode.COLLAPSED}
    assert codes(CollapseGate(GENERATION0, kept=GENERATION0), worn) == {VerdictCode.PASSED}


def test_a_large_pool_does_not_hide_a_batch_of_copies() -> None:
    gate = CollapseGate(GENERATION0, kept=GENERATION0)
    copies = Batch(("the same text again and again",) * 200, vectors=np.repeat(unit(np.eye(1, 16)), 200, axis=0))
    assert codes(gate, copies) == {VerdictCode.COLLAPSED}


def test_copies_are_seen_wherever_the_text_that_is_copied_falls() -> None:
    gate = CollapseGate(GENERATION0, most_fall=0.4, most_fall_alone=0.4)
    fresh = batch(450, 2, vectors=False)
    for number in range(4):
        flooded = Batch(fresh.texts + (f"copied text {number} of the flood",) * 4_000)
        assert codes(gate, flooded) == {VerdictCode.COLLAPSED}


def test_the_order_of_texts_changes_no_verdict() -> None:
    gate, offered = CollapseGate(GENERATION0), batch(700, 3)
    shuffled = offered.take(random.Random(0).sample(range(700), 700))
    assert gate.judge(offered)[0].score == pytest.approx(gate.judge(shuffled)[0].score)


def test_a_batch_too_small_to_judge_passes_and_a_generation_0_too_small_is_refused() -> None:
    gate = CollapseGate(GENERATION0)
    assert codes(gate, Batch(("same",) * 99)) == {VerdictCode.PASSED}
    with pytest.raises(TooFewRecords, match="FA209: a batch is too small to see collapse by"):
        gate.falls(Batch(("same",) * 99))
    with pytest.raises(TooFewRecords, match="FA209: generation 0 is too small to see collapse by"):
        CollapseGate(batch(199, 0))


@pytest.mark.parametrize(
    "setting",
    [{"most_fall": 0.0}, {"most_fall": float("nan")}, {"most_fall": 0.9}, {"most_fall_alone": 1.0}, {"least_texts": 5}],
)
def test_a_setting_out_of_range_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: a setting of the collapse gate is out of range"):
        CollapseGate(GENERATION0, **setting)  # type: ignore[arg-type]  # wrong on purpose

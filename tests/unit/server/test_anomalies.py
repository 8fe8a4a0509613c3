"""Anomaly flags: each attack raises its own, honest sites raise none, and hostile shapes raise no exception."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats
from tests.small import LABELS, make_plan

from fedaug.augmentation.candidates import Candidate
from fedaug.privacy.units import PrivacyUnit
from fedaug.privacy.vetting import VerdictCode
from fedaug.server.aggregation import AggregationSettings
from fedaug.server.anomalies import Check, Flag, Noised
from fedaug.server.anomalies.texts import near_copies, over_quota
from fedaug.server.anomalies.watch import Watch
from fedaug.server.inbound import Arrivals, Inbound, limit, set_aside
from fedaug.server.pool_records import SampleStatus
from fedaug.strategies.class_statistics import class_sums, label_counts
from fedaug.strategies.contributions import Contributions
from fedaug.strategies.noised_lengths import longest, shortest_clean
from fedaug.strategies.voting import vote_totals

GRID = 2.0**-20
NOISE = {"counts": 4.0, "sums": 1.0, "votes": 3.0}
DIMENSIONS, PER_LABEL, SITES, RECORDS = 24, 10, 8, 400
LIAR = "site-3"
Seen = dict[str, dict[str, Noised]]


def world(
    seed: int = 0, *, subjects: bool = False, noise: float = 1.0, records: int = RECORDS
) -> tuple[Seen, NDArray[np.int64]]:
    """What honest sites release, made by the sites' own code, and the labels of the candidates."""
    rng = np.random.default_rng(seed)
    centres = _unit(rng.normal(0, 1, (len(LABELS), DIMENSIONS)) + 1.0)
    labels = np.repeat(np.arange(len(LABELS)), PER_LABEL)
    candidates = _unit(centres[labels] + 0.4 * rng.normal(0, 1, (len(labels), DIMENSIONS))).astype(np.float32)
    seen: Seen = {"counts": {}, "sums": {}, "votes": {}}
    for site in range(SITES):
        own = rng.choice(len(LABELS), records, p=rng.dirichlet(np.full(len(LABELS), 2.0)))
        vectors = _unit(centres[own] + 0.4 * rng.normal(0, 1, (records, DIMENSIONS))).astype(np.float32)
        units = rng.integers(0, records // 5, records) if subjects else np.arange(records)
        rows = Contributions(vectors, own, units)
        clean = {
            "counts": label_counts(rows, len(LABELS), GRID),
            "sums": class_sums(rows, len(LABELS), GRID),
            "votes": vote_totals(rows, candidates, labels.astype(np.int32), 2, GRID),
        }
        for kind, values in clean.items():
            std = NOISE[kind] * noise
            seen[kind][f"site-{site}"] = Noised(values * GRID + rng.normal(0, std, values.shape), std)
    return seen, labels


def _unit(rows: NDArray[Any]) -> NDArray[Any]:
    return np.asarray(rows / np.linalg.norm(rows, axis=1, keepdims=True))


def flags(seen: Seen, labels: NDArray[np.int64] | None, *, subjects: bool = False, **settings: Any) -> list[Flag]:
    unit = PrivacyUnit.SUBJECT if subjects else PrivacyUnit.RECORD
    watch = Watch(make_plan(unit=unit), AggregationSettings(**settings))
    watch.counts(seen["counts"])
    watch.sums("statistics", seen["sums"], GRID)
    watch.votes("votes/0", seen["votes"], labels)
    return list(watch.found.flags)


def lying(seen: Seen, kind: str, change: Callable[[NDArray[np.float64]], NDArray[np.float64]]) -> Seen:
    """One site changes one of its releases."""
    one = seen[kind][LIAR]
    return seen | {kind: seen[kind] | {LIAR: Noised(change(one.values), one.noise_std)}}


@pytest.mark.parametrize("subjects", [False, True])
@pytest.mark.parametrize("noise", [0.0, 1.0, 10.0])
@pytest.mark.parametrize("seed", range(3))
def test_honest_sites_raise_no_flag(seed: int, noise: float, subjects: bool) -> None:
    seen, labels = world(seed, subjects=subjects, noise=noise)
    assert flags(seen, labels, subjects=subjects, false_alarm=1e-6) == []


def _on_one(votes: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.where(np.arange(len(votes)) == 4, votes.sum(), 0.0)


ATTACKS: Mapping[str, tuple[str, Callable[[NDArray[np.float64]], NDArray[np.float64]], Check]] = {
    "votes all on one candidate": ("votes", _on_one, Check.ONE_CANDIDATE),
    "votes times a hundred": ("votes", lambda votes: 100 * votes, Check.VOTES_AGAINST_COUNTS),
    "no votes at all": ("votes", np.zeros_like, Check.VOTES_AGAINST_COUNTS),
    "says it is ten times as large": ("counts", lambda counts: 10 * counts, Check.VOTES_AGAINST_COUNTS),
    "says it is tiny": ("counts", lambda counts: counts / 10, Check.SUMS_AGAINST_COUNTS),
    "sums times a hundred": ("sums", lambda sums: 100 * sums, Check.SUMS_AGAINST_COUNTS),
    "signs flipped": ("sums", np.negative, Check.AGAINST_THE_OTHERS),
    "labels exchanged": ("sums", lambda sums: np.roll(sums, 1, axis=0), Check.AGAINST_THE_OTHERS),
    "signs flipped, a hundred times": ("sums", lambda sums: -100 * sums, Check.AGAINST_THE_OTHERS),
    "noise of its own, large": (
        "sums",
        lambda sums: np.random.default_rng(9).normal(0, 1e3, sums.shape),
        Check.SUMS_AGAINST_COUNTS,
    ),
}


#: Of subjects with many records, counts bound votes and sums too loosely to show these.
RECORDS_ONLY = frozenset({"says it is ten times as large", "says it is tiny"})


@pytest.mark.parametrize(
    ("attack", "subjects"),
    [
        (attack, subjects)
        for attack in ATTACKS
        for subjects in (False, True)
        if attack not in RECORDS_ONLY or not subjects
    ],
)
def test_each_attack_raises_its_flag_and_no_other_site_is_blamed(attack: str, subjects: bool) -> None:
    kind, change, check = ATTACKS[attack]
    seen, labels = world(subjects=subjects)
    found = flags(lying(seen, kind, change), labels, subjects=subjects)
    assert check in {flag.check for flag in found}
    assert {flag.site for flag in found} == {LIAR}
    assert not any(flag.set_aside for flag in found)  # the default names, and does nothing


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_flag_names_a_figure_beyond_its_threshold_and_its_rate(attack: str) -> None:
    kind, change, check = ATTACKS[attack]
    seen, labels = world()
    found = [flag for flag in flags(lying(seen, kind, change), labels, false_alarm=0.01) if flag.check is check]
    for flag in found:
        below = check is Check.AGAINST_THE_OTHERS
        assert flag.figure < flag.threshold if below else flag.figure > flag.threshold
        assert flag.false_alarm == 0.01


def test_a_site_that_is_to_be_set_aside_is_named_and_counts_no_more() -> None:
    seen, labels = world()
    watch = Watch(make_plan(unit=PrivacyUnit.RECORD), AggregationSettings(on_anomaly="set-aside"))
    watch.counts(seen["counts"])
    watch.sums("statistics", lying(seen, "sums", np.negative)["sums"], GRID)
    assert watch.aside == {LIAR}
    watch.votes("votes/0", seen["votes"], labels)
    assert watch.aside == {LIAR}
    assert watch.found.checks == 4 * SITES


def test_votes_for_any_label_are_held_against_all_counts() -> None:
    seen, _ = world()
    assert flags(seen, None, false_alarm=1e-6) == []
    assert Check.VOTES_AGAINST_COUNTS in {flag.check for flag in flags(lying(seen, "votes", np.zeros_like), None)}


def test_votes_on_some_labels_only_are_held_against_the_counts_of_these() -> None:
    seen, labels = world()
    some = labels == 1
    part = seen | {"votes": {site: Noised(one.values[some], one.noise_std) for site, one in seen["votes"].items()}}
    assert flags(part, labels[some], false_alarm=1e-6, most_votes=0.9) == []


def test_of_two_sites_that_disagree_neither_is_blamed() -> None:
    seen, labels = world()
    two = {kind: {site: seen[kind][site] for site in (LIAR, "site-0")} for kind in seen}
    found = flags(lying(two, "sums", np.negative), labels)
    assert Check.AGAINST_THE_OTHERS not in {flag.check for flag in found}


def test_one_loud_liar_does_not_have_the_honest_flagged() -> None:
    seen, labels = world()
    loud = lying(seen, "sums", lambda sums: -1e6 * sums)
    assert {flag.site for flag in flags(loud, labels)} == {LIAR}


def test_noise_that_hides_a_lie_hides_it_from_the_flags_too() -> None:
    seen, labels = world(noise=100.0)
    assert flags(lying(seen, "sums", np.negative), labels) == []


@pytest.mark.parametrize("dimensions", [1, 10, 1_000])
@pytest.mark.parametrize("clean", [0.0, 1.0, 30.0])
@pytest.mark.parametrize("chance", [0.05, 1e-4])
def test_lengths_are_bounded_as_the_noncentral_chi_square_says(dimensions: int, clean: float, chance: float) -> None:
    std = 1.5
    law = stats.ncx2(dimensions, (clean / std) ** 2) if clean else stats.chi2(dimensions)
    assert float(law.sf((longest(clean, std, dimensions, chance) / std) ** 2)) <= chance
    assert longest(clean, std, dimensions, chance) < 3 * (clean + std * (np.sqrt(dimensions) + 5))
    # A vector so long that a clean length of ``clean`` would reach it with ``chance`` gives no larger clean length.
    edge = std * float(np.sqrt(law.isf(chance)))
    assert shortest_clean(edge, std, dimensions, chance) <= clean + 1e-9


def test_without_noise_lengths_are_what_they_are() -> None:
    assert longest(5.0, 0.0, 10, 0.01) == pytest.approx(5.0)
    assert shortest_clean(5.0, 0.0, 10, 0.01) == pytest.approx(5.0)


# Texts


def texts(site: str, count: int, label: Callable[[int], str | None] = lambda k: LABELS[k % 3]) -> list[Candidate]:
    return [Candidate(f"the {site} text that has number {k} of them", "made", "", label(k)) for k in range(count)]


def sent(batches: Mapping[str, list[Candidate]], **settings: Any) -> list[Flag]:
    watch = Watch(make_plan(), AggregationSettings(**settings))
    watch.texts("samples", batches)
    return list(watch.found.flags)


def test_batches_of_many_labels_and_different_texts_raise_no_flag() -> None:
    assert sent({"a": texts("a", 60), "b": texts("b", 60), "c": []}) == []


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_few_texts_of_one_label_are_chance(size: int) -> None:
    assert sent({"a": texts("a", size, lambda _: "cough")}) == []


def test_a_batch_of_one_label_is_flagged() -> None:
    (flag,) = sent({"a": texts("a", 60, lambda _: "cough"), "b": texts("b", 60)})
    assert (flag.site, flag.check, flag.figure, flag.release) == ("a", Check.ONE_LABEL, 60.0, "samples")
    assert flag.threshold < 60


def test_texts_without_a_label_are_of_none() -> None:
    assert sent({"a": texts("a", 60, lambda _: None)}) == []


def test_copies_across_sites_are_flagged_at_both_of_them() -> None:
    mine = texts("a", 60)
    near = [Candidate(one.text + ".", "made", "", one.label) for one in mine]
    found = sent({"a": mine, "b": near, "c": texts("c", 60)})
    assert [(flag.site, flag.check) for flag in found] == [("a", Check.COPIES), ("b", Check.COPIES)]


def test_a_near_copy_is_one_that_brute_force_finds() -> None:
    rng = np.random.default_rng(0)
    words = [f"w{k}" for k in range(12)]
    made = [" ".join(rng.choice(words, 14)) for _ in range(40)]
    changed = [one if k % 3 else one.replace("w1 ", "w2 ", 1) for k, one in enumerate(made)]
    batches = {"a": [Candidate(t, "x", "") for t in made], "b": [Candidate(t, "x", "") for t in changed]}

    def grams(text: str) -> set[tuple[str, ...]]:
        parts = text.split()
        return set(zip(parts, parts[1:], parts[2:], strict=False))

    def near(one: str, others: list[str]) -> bool:
        return any(len(grams(one) & grams(x)) >= 0.9 * len(grams(one) | grams(x)) for x in others)

    assert near_copies(batches) == {"a": [near(t, changed) for t in made], "b": [near(t, made) for t in changed]}


def test_repeats_within_one_site_are_not_copies_across_sites() -> None:
    same = [Candidate("the very same text over and over", "made", "", "cough")] * 30
    assert near_copies({"a": same, "b": texts("b", 5)}) == {"a": [False] * 30, "b": [False] * 5}


def test_nothing_sent_is_nothing_found() -> None:
    assert near_copies({}) == {}
    assert near_copies({"a": []}) == {"a": []}
    assert sent({"a": [], "b": []}) == []


def arrived(site: str, batch: list[Candidate]) -> Inbound:
    return Inbound(site, outside_dp=False, kept=tuple(batch), quarantined=())


def test_texts_of_a_site_that_was_set_aside_are_quarantined_and_counted() -> None:
    arrivals = Arrivals(arrived=9)
    judged = [arrived("a", texts("a", 4)), arrived("b", texts("b", 5))]
    a, b = limit(judged, arrivals, {"b"}, None)
    assert (len(a.kept), len(b.kept), len(b.quarantined)) == (4, 0, 5)
    assert {verdict.code for _, verdict in b.quarantined} == {VerdictCode.SET_ASIDE}
    assert (arrivals.quarantined, arrivals.gates) == (5, {"anomaly": {VerdictCode.SET_ASIDE: 5}})
    assert all(sample.status is SampleStatus.QUARANTINED for sample in set_aside(b))


def test_without_a_quota_or_an_anomaly_all_texts_stay() -> None:
    arrivals, judged = Arrivals(), [arrived("a", texts("a", 4))]
    assert limit(judged, arrivals, frozenset(), None) == judged
    assert arrivals == Arrivals()


def test_a_quota_keeps_the_first_texts_of_each_label() -> None:
    batch = texts("a", 7)
    within, beyond = over_quota(batch, 2)
    assert [one.text for one in within] == [one.text for one in batch[:6]]
    assert beyond == batch[6:]

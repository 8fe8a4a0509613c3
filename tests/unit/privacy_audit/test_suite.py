"""All attacks at once: which of them catch a pool that copies, who may read what they found, and what is skipped."""

from __future__ import annotations

import hashlib
import json
import random
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from fedaug.errors import ConfigError, PolicyRefused
from fedaug.privacy.audit.attacked import ATTACKS_FILE, AttackedPool, read_attacks
from fedaug.privacy.audit.distances import CAUTION
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.intervals import clopper_pearson, detectable, detectable_above, power
from fedaug.privacy.audit.suite import (
    DENSITY,
    DISTANCE,
    FEWEST,
    INFERENCE,
    LINKABILITY,
    LOSS,
    MOST,
    RATIO,
    SINGLING_OUT,
    Texts,
    attack_samples,
)

WORDS = [f"word{number}" for number in range(400)]
LABELS = [f"label-{number}" for number in range(8)]
PLANTED = (Population.PLANTED, Population.PLANTED)
REAL = (Population.REAL, Population.REAL)


def embedded(text: str) -> NDArray[np.float32]:
    """Anything that texts alone decide."""
    seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
    vector = np.random.default_rng(seed).normal(size=16)
    return np.asarray(vector / np.linalg.norm(vector), np.float32)


def made(count: int, seed: int, words: int = 10, labels: int = 8) -> Texts:
    """Texts of words drawn at random, each with a label that nothing in it tells."""
    draw = random.Random(seed)
    texts = tuple(" ".join(draw.sample(WORDS, words)) for _ in range(count))
    return Texts(
        texts,
        tuple(draw.choice(LABELS[:labels]) for _ in texts),
        np.array([embedded(text) for text in texts], np.float32),
        losses=np.array([draw.random() for _ in texts]),
        public_losses=np.array([draw.random() for _ in texts]),
    )


def copied(members: Texts, losses: float = 0.0) -> Texts:
    """What is known of members where a student has learnt them by heart."""
    return Texts(members.texts, members.labels, members.vectors, np.full(len(members), losses), members.public_losses)


def attacked(
    released: Texts, members: Texts, controls: Texts, whom: tuple[Population, Population] = PLANTED
) -> AttackedPool:
    return attack_samples(released, members, controls, on="somebody", populations=whom, seed=1).for_site()


def test_every_attack_catches_a_pool_that_copies_its_members() -> None:
    members, controls = copied(made(200, 1)), made(200, 2)
    found = attacked(members, members, controls)
    assert {one.attack for one in found.detected} == {DENSITY, LOSS, RATIO, SINGLING_OUT, LINKABILITY, INFERENCE}
    assert not found.skipped
    assert found.distances is not None
    assert found.distances.nearer_to_members == 1
    for one in found.attacks:
        assert one.detectable is not None
        assert one.successes / one.members > one.detectable


def test_an_honest_pool_is_not_suspected() -> None:
    found = attacked(made(300, 3), made(200, 1), made(200, 2))
    assert len(found.attacks) == 6
    assert not found.detected


def test_distances_never_stand_without_their_caution() -> None:
    found = attacked(made(50, 3), made(50, 1), made(50, 2))
    assert found.distances is not None
    assert found.distances.caution == CAUTION
    assert DISTANCE not in {one.attack for one in found.attacks}


def test_both_groups_are_cut_to_one_size() -> None:
    found = attacked(made(50, 3), made(MOST + 100, 1), made(80, 2))
    assert {(one.members, one.controls) for one in found.attacks if one.attack != SINGLING_OUT} == {(80, 80)}


def test_too_few_members_are_not_attacked_and_the_reason_is_said() -> None:
    found = attacked(made(50, 3), made(FEWEST - 1, 1), made(80, 2))
    assert not found.attacks
    assert [one.why for one in found.skipped] == [
        "there are 50 samples, 19 members and 80 others, and an attack wants a sample and 20 of either"
    ]


def test_what_the_data_lack_is_skipped_with_its_reason() -> None:
    one_word = (made(50, seed, words=1, labels=1) for seed in (3, 1, 2))
    without_student = [Texts(group.texts, group.labels, group.vectors) for group in one_word]
    found = attacked(*without_student)
    why = {one.attack: one.why for one in found.skipped}
    assert "no student could be trained" in why[LOSS]
    assert why[RATIO] == why[LOSS]
    assert "have two words" in why[LINKABILITY]
    assert "all records have one label" in why[INFERENCE]
    assert "differs from the others by its facts" in why[SINGLING_OUT]
    assert [one.attack for one in found.attacks] == [DENSITY]


def test_findings_about_real_records_are_for_the_site_alone(tmp_path: Path) -> None:
    found = attack_samples(made(50, 3), made(50, 1), made(50, 2), on="records", populations=REAL, seed=1)
    with pytest.raises(PolicyRefused, match="real records"):
        found.for_consortium()
    kept = found.for_site()
    assert {one.finding_class for one in kept.attacks} == {"S"}
    assert not kept.releasable
    kept.write(tmp_path)
    assert read_attacks(tmp_path) == kept


def test_one_real_group_is_enough_to_keep_a_finding_at_the_site() -> None:
    for whom in ((Population.PLANTED, Population.REAL), (Population.REAL, Population.PLANTED)):
        assert not attacked(made(50, 3), made(50, 1), made(50, 2), whom).releasable


def test_a_file_that_calls_a_finding_about_real_records_free_is_refused(tmp_path: Path) -> None:
    attacked(made(50, 3), made(50, 1), made(50, 2), REAL).write(tmp_path)
    values = json.loads((tmp_path / ATTACKS_FILE).read_text())
    for one in (*values["attacks"], values["distances"]):
        one["class"] = "F"
    with pytest.raises(ValidationError, match="class is not that of whom it is about"):
        AttackedPool.model_validate(values)
    (tmp_path / ATTACKS_FILE).write_text(json.dumps(values))
    with pytest.raises(ConfigError, match="is damaged"):
        read_attacks(tmp_path)


def test_what_was_not_tried_is_not_there(tmp_path: Path) -> None:
    assert read_attacks(tmp_path) is None


@pytest.mark.parametrize(("control", "trials"), [(0.0, 50), (0.05, 200), (0.5, 100), (0.3, 500)])
def test_a_detectable_rate_is_the_least_that_is_detected_four_times_of_five(control: float, trials: int) -> None:
    rate = detectable(control, trials)
    assert rate is not None
    assert power(rate, control, trials) >= 0.8 > power(rate - 0.001, control, trials)


def test_where_even_certain_success_shows_nothing_no_rate_is_stated() -> None:
    assert detectable(0.9, 20) is None
    assert detectable_above(0.01, 1) is not None
    assert detectable_above(0.5, 2) is None


def test_a_rate_above_a_threshold_is_shown_as_often_as_it_is_said() -> None:
    rate = detectable_above(0.01, 100)
    assert rate is not None
    shown = [successes for successes in range(101) if clopper_pearson(successes, 100)[0] > 0.01]
    fails = np.random.default_rng(0).binomial(100, rate, 20_000) < shown[0]
    assert fails.mean() == pytest.approx(0.2, abs=0.015)  # five standard deviations

"""Soft labels: from a candidate to weighted rows of the pool, and from there to a student."""

from __future__ import annotations

import numpy as np
import pytest
from tests.small import SmallEncoder

from fedaug.augmentation.candidates import Candidate, Dependence, believed
from fedaug.errors import MalformedRow, PrivateOutput
from fedaug.server.campaign import CampaignConfig
from fedaug.server.pool import Pool
from fedaug.server.pool_records import PoolSample, pool_samples
from fedaug.server.schooling import Schooling
from fedaug.server.students import LinearStudent

LABELS = ("bill", "card", "loan")
TEXTS = ("pay the bill", "lost my card", "a loan please", "bill for a card", "card or loan")
SOFT = {
    "bill for a card": {"bill": 0.7, "card": 0.3},
    "card or loan": {"card": 0.5, "loan": 0.25, "bill": 0.25},
}


def candidate(text: str, **changes: object) -> Candidate:
    if text in SOFT:
        belief = believed(SOFT[text])
        return Candidate(text, "mix", "toy", belief[0][0], ("p",), belief=belief)
    return Candidate(text, "toy", "toy", next(label for label in LABELS if label in text), **changes)  # type: ignore[arg-type]


def rows() -> list[PoolSample]:
    return [row for text in TEXTS for row in pool_samples(candidate(text), weight=2.0, accepted_round=3)]


def test_a_certain_label_is_one_row_and_a_soft_one_a_row_for_each_label() -> None:
    (one,) = pool_samples(candidate("pay the bill"))
    assert (one.label, one.weight, one.scores) == ("bill", 1.0, {"confidence": 1.0})
    soft = pool_samples(candidate("card or loan"), weight=2.0, accepted_round=3)
    assert [(row.label, row.weight) for row in soft] == [("card", 1.0), ("bill", 0.5), ("loan", 0.5)]
    assert {row.sample_id for row in soft} == {candidate("card or loan").sample_id}
    assert {(row.origin, row.accepted_round, row.parents) for row in soft} == {("mix", 3, ("p",))}
    assert soft[0].scores == {"confidence": 0.5}


def test_a_student_of_the_pool_believes_in_the_same_shares() -> None:
    config = CampaignConfig.model_validate(
        {
            "name": "tiny",
            "title": "Tiny",
            "labels": LABELS,
            "privacy": {"epsilon": 4.0, "delta": 1e-5},
            "candidates": [{"generator": "label-phrases"}],
        }
    )
    encoder = SmallEncoder()
    shares = np.zeros((len(TEXTS), len(LABELS)))
    for row, text in enumerate(TEXTS):
        for label, share in candidate(text).weighted_labels:
            shares[row, LABELS.index(label)] = share
    vectors = encoder.embed(TEXTS)
    ours = Schooling(config, encoder, None).train(rows(), None).scores(vectors)
    np.testing.assert_allclose(ours, LinearStudent().fit(vectors, shares, classes=3).scores(vectors), atol=1e-4)
    hard = LinearStudent().fit(vectors, shares.argmax(axis=1), classes=3).scores(vectors)
    assert np.abs(ours - hard).max() > 0.05


def test_the_pool_keeps_the_rows(tmp_path: object) -> None:
    with Pool.open(f"sqlite:///{tmp_path}/pool.db") as pool:
        pool.start_campaign("spring", "0" * 64, {})
        pool.add_samples("spring", rows())
        kept = [(row.text, row.label, row.weight) for row in pool.samples("spring")]
    assert sorted(kept) == sorted((row.text, row.label, row.weight) for row in rows())


def test_what_has_no_label_or_depends_on_records_is_not_pooled() -> None:
    with pytest.raises(MalformedRow, match="FA210: a candidate without a label"):
        pool_samples(Candidate("a text", "toy", "toy"))
    with pytest.raises(PrivateOutput, match="FA305"):
        pool_samples(candidate("pay the bill", dependence=Dependence.PRIVATE))

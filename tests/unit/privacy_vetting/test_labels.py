"""A labeller's agreement and pointwise V-information, on vectors whose labels are known."""

import numpy as np
import pytest
from numpy.typing import NDArray

from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.labels import InformationGate, Labeller, RelabelGate
from fedaug.privacy.vetting.linear_labeller import LinearLabeller

P, MISMATCH, VAGUE = VerdictCode.PASSED, VerdictCode.LABEL_MISMATCH, VerdictCode.UNINFORMATIVE


class Fixed:
    """A labeller whose figures are given."""

    def __init__(self, rows: list[list[float]], prior: tuple[float, ...] = (0.5, 0.25, 0.25)) -> None:
        self.labels = ("card", "pin", "fee")[: len(prior)]
        self.prior = np.array(prior)
        self.rows = np.array(rows)

    def probabilities(self, batch: Batch) -> NDArray[np.float64]:
        return self.rows


def clouds(seed: int, count: int = 60) -> tuple[NDArray[np.float32], list[str]]:
    """Unit vectors round one axis for each of three labels."""
    rng = np.random.default_rng(seed)
    labels = [("card", "pin", "fee")[row % 3] for row in range(count)]
    rows = 3 * np.eye(8)[[row % 3 for row in range(count)]] + 0.4 * rng.standard_normal((count, 8))
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32), labels


def batch(labels: list[str | None], vectors: NDArray[np.float32] | None = None) -> Batch:
    return Batch(("text",) * len(labels), tuple(labels), vectors)


def codes(verdicts: list) -> list[VerdictCode]:  # type: ignore[type-arg]  # of verdicts
    return [verdict.code for verdict in verdicts]


def test_a_text_that_would_be_labelled_otherwise_is_refused_beyond_the_margin() -> None:
    labeller = Fixed([[0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.6, 0.3, 0.1], [0.4, 0.4, 0.2]])
    assert isinstance(labeller, Labeller)
    offered = batch(["card", "pin", "fee", "pin"])
    verdicts = RelabelGate(labeller).judge(offered)
    assert codes(verdicts) == [P, MISMATCH, MISMATCH, P]
    assert verdicts[1].score == pytest.approx(0.3)
    assert codes(RelabelGate(labeller, margin=0.4).judge(offered)) == [P, P, MISMATCH, P]


def test_information_is_bits_beyond_what_the_label_s_share_says() -> None:
    labeller = Fixed([[1.0, 0.0, 0.0], [0.5, 0.25, 0.25], [0.5, 0.25, 0.25], [0.9, 0.05, 0.05]])
    verdicts = InformationGate(labeller, min_bits=0.0).judge(batch(["card", "card", "pin", "fee"]))
    assert [verdict.score for verdict in verdicts] == pytest.approx([1.0, 0.0, 0.0, np.log2(0.05 / 0.25)])
    assert codes(verdicts) == [P, P, P, VAGUE]
    assert codes(InformationGate(labeller, min_bits=0.5).judge(batch(["card", "card", "pin", "fee"]))) == [
        P,
        VAGUE,
        VAGUE,
        VAGUE,
    ]


def test_a_label_of_probability_zero_has_a_finite_score() -> None:
    (verdict,) = InformationGate(Fixed([[1.0, 0.0, 0.0]])).judge(batch(["pin"]))
    assert verdict.code is VAGUE
    assert verdict.score is not None
    assert np.isfinite(verdict.score)


@pytest.mark.parametrize("gate", [RelabelGate, InformationGate])
def test_an_unlabelled_text_passes_an_unknown_label_does_not_and_nan_is_no_answer(gate: type) -> None:
    labeller = Fixed([[1.0, 0.0, 0.0], [1.0, 0.0, 0.0], [float("nan")] * 3])
    assert codes(gate(labeller).judge(batch([None, "other", "card"]))) == [P, MISMATCH, VerdictCode.NOT_CHECKED]
    assert codes(gate(labeller).judge(batch([None, None]))) == [P, P]


@pytest.mark.parametrize("gate", [RelabelGate, InformationGate])
def test_a_labeller_that_does_not_answer_for_each_text_is_a_defect(gate: type) -> None:
    with pytest.raises(DefectError, match="FA901: a labeller did not give one probability per text and label"):
        gate(Fixed([[1.0, 0.0, 0.0]])).judge(batch(["card", "pin"]))


def test_settings_out_of_range_are_refused() -> None:
    for margin in (-0.1, 1.0, float("nan")):
        with pytest.raises(ConfigError, match="FA101: the relabel gate's margin is out of range"):
            RelabelGate(Fixed([]), margin=margin)
    with pytest.raises(ConfigError, match="FA101: the information gate's threshold is not a number"):
        InformationGate(Fixed([]), min_bits=float("nan"))
    with pytest.raises(ConfigError, match="FA101: a labeller's prior"):
        InformationGate(Fixed([], prior=(1.0, 0.0, 0.0)))


def test_wrong_labels_are_found_by_logistic_regression_on_public_vectors() -> None:
    labeller = LinearLabeller(*clouds(0))
    vectors, right = clouds(1, 300)
    wrong = [("pin" if label != "pin" else "fee") if row < 30 else label for row, label in enumerate(right)]
    for gate in (RelabelGate(labeller), InformationGate(labeller)):
        refused = [row for row, verdict in enumerate(gate.judge(batch([*wrong], vectors))) if not verdict.passed]
        assert set(range(30)) <= set(refused)
        assert len(refused) <= 33
    found = labeller.probabilities(batch([*right], vectors))
    assert found.sum(axis=1) == pytest.approx(np.ones(300))
    assert labeller.prior.tolist() == pytest.approx([1 / 3] * 3)


def test_a_verdict_does_not_depend_on_the_label_that_the_labeller_is_to_find() -> None:
    labeller = LinearLabeller(*clouds(0))
    vectors, labels = clouds(1, 9)
    one, other = (labeller.probabilities(batch(given, vectors)) for given in ([*labels], [*reversed(labels)]))
    assert np.array_equal(one, other)


def test_texts_without_vectors_of_the_space_cannot_be_labelled() -> None:
    labeller = LinearLabeller(*clouds(0))
    for vectors in (None, np.eye(3, 4, dtype=np.float32)):
        with pytest.raises(DefectError, match="FA901: texts came to a labeller without vectors of its space"):
            RelabelGate(labeller).judge(batch(["card", "pin", "fee"], vectors))


def test_a_labeller_of_one_label_or_of_no_number_is_refused() -> None:
    vectors, labels = clouds(0, 6)
    for given in (["card"] * 6, labels[:5]):
        with pytest.raises(ConfigError, match="FA101: a labeller needs finite vectors"):
            LinearLabeller(vectors, given)
    with pytest.raises(ConfigError, match="FA101: a labeller needs finite vectors"):
        LinearLabeller(np.full_like(vectors, np.nan), labels)

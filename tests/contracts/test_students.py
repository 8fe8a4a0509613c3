"""What every student must do, whatever it reads."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from fedaug.augmentation.encoder import MiniLM
from fedaug.errors import BadNumber, ConfigError, EmptySource, MalformedSource, NotPrepared, UnknownLabel
from fedaug.server.students import EncoderStudent, LinearStudent

STUDENTS = {
    "linear": LinearStudent,
    # Few steps at a high rate: enough to tell weather from cooking in a second or two.
    "encoder": lambda: EncoderStudent(epochs=4, batch=8, learning_rate=3e-4, max_tokens=16),
}
TOPICS = (
    ("rain", "snow", "sunshine", "a storm", "fog", "hail", "wind", "clouds"),
    ("soup", "bread", "cake", "pasta", "a stew", "pancakes", "rice", "salad"),
    ("a goalkeeper", "tennis", "football", "a marathon", "basketball", "swimming", "rowing", "a referee"),
)
FRAMES = (
    "the forecast speaks of {} for tomorrow",
    "how do I cook {} for six guests",
    "the match report mentions {} once",
)
TEXTS = [FRAMES[label].format(word) for label, words in enumerate(TOPICS) for word in words]
LABELS = np.repeat(np.arange(3), 8)
HELD_OUT = [FRAMES[label].format(word) for label, word in ((0, "frost"), (1, "a roast"), (2, "a striker"))]


class Case:
    """One student, and how its inputs are made from texts."""

    def __init__(self, name, encoder):
        self.make, self.kind, self._encoder = STUDENTS[name], type(STUDENTS[name]()), encoder
        self._reads_texts = name == "encoder"
        self.trained = self.make().fit(self.inputs(TEXTS), LABELS, classes=4)

    def inputs(self, texts):
        return list(texts) if self._reads_texts else self._encoder.embed(list(texts))


@pytest.fixture(scope="module", params=list(STUDENTS))
def case(request):
    return Case(request.param, MiniLM())


def test_it_learns_what_can_be_learned(case):
    assert case.trained.predict(case.inputs(HELD_OUT)).tolist() == [0, 1, 2]


def test_scores_are_probabilities_and_the_best_is_predicted(case):
    inputs = case.inputs(HELD_OUT)
    scores = case.trained.scores(inputs)
    assert (scores.shape, scores.dtype) == ((3, 4), np.float32)
    np.testing.assert_allclose(scores.sum(axis=1), 1, rtol=1e-5)
    assert scores.min() >= 0
    assert case.trained.predict(inputs).tolist() == scores.argmax(axis=1).tolist()


def test_a_label_without_a_sample_is_named_and_never_predicted(case):
    assert case.trained.absent == (3,)
    assert case.trained.scores(case.inputs(HELD_OUT))[:, 3].tolist() == [0, 0, 0]


def test_no_input_gives_no_prediction(case):
    assert case.trained.predict(case.inputs([])).tolist() == []


def test_a_saved_student_predicts_the_same(case):
    again = case.kind.from_bytes(case.trained.to_bytes())
    inputs = case.inputs(HELD_OUT)
    assert again.absent == (3,)
    np.testing.assert_array_equal(again.scores(inputs), case.trained.scores(inputs))
    assert again.to_bytes() == case.trained.to_bytes()


def test_the_same_pool_gives_the_same_student_and_touches_no_other_randomness(case):
    torch.manual_seed(7)
    before = torch.get_rng_state()
    again = case.make().fit(case.inputs(TEXTS), LABELS, classes=4)
    assert torch.equal(torch.get_rng_state(), before)
    inputs = case.inputs(HELD_OUT)
    np.testing.assert_allclose(again.scores(inputs), case.trained.scores(inputs), atol=1e-4)


def test_soft_labels_and_weights_are_learned_from(case):
    # Every text stands twice: with a soft label that leans to the truth, and with a wrong one that weighs nothing.
    soft = np.concatenate([np.eye(3)[LABELS] * 0.8 + 0.2 / 3, np.eye(3)[(LABELS + 1) % 3]])
    weights = np.repeat([2.0, 0.0], len(TEXTS))
    student = case.make().fit(case.inputs(TEXTS + TEXTS), soft, weights, classes=3)
    assert student.predict(case.inputs(HELD_OUT)).tolist() == [0, 1, 2]
    assert student.absent == ()


def test_progress_goes_up_to_the_end(case):
    seen = []
    few, labels = case.inputs(TEXTS[4:20]), LABELS[4:20]
    case.make().fit(few, labels, classes=3, progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] > 1


# what cannot be learned from

SOFT = np.eye(3)[LABELS]


def with_value(array, value):
    changed = np.array(array, np.float64)
    changed[5] = value
    return changed


@pytest.mark.parametrize(
    ("labels", "weights", "error", "message"),
    [
        (np.zeros(24, int), None, EmptySource, "all samples carry the same label"),
        (LABELS, (LABELS == 1) * 1.0, EmptySource, "all samples carry the same label"),
        (LABELS, np.zeros(24), EmptySource, "every sample has weight zero"),
        (LABELS + 1, None, UnknownLabel, "a label lies outside the 3 labels"),
        (LABELS - 1, None, UnknownLabel, "a label lies outside the 3 labels"),
        (LABELS * 1.0, None, UnknownLabel, "a label is not a whole number"),
        (np.eye(4)[LABELS], None, UnknownLabel, "soft labels name 4 labels, not 3"),
        (with_value(SOFT, np.nan), None, BadNumber, "a soft label is NaN, infinite or negative"),
        (with_value(SOFT, -0.5), None, BadNumber, "a soft label is NaN, infinite or negative"),
        (with_value(SOFT, 0.0), None, BadNumber, "a soft label believes in nothing"),
        (LABELS, with_value(np.ones(24), np.nan), BadNumber, "a sample's weight is NaN, infinite or negative"),
        (LABELS, with_value(np.ones(24), np.inf), BadNumber, "a sample's weight is NaN, infinite or negative"),
        (LABELS, with_value(np.ones(24), -1), BadNumber, "a sample's weight is NaN, infinite or negative"),
        (LABELS[:-1], None, MalformedSource, "labels have shape"),
        (LABELS, np.ones(23), MalformedSource, "weights have shape"),
    ],
)
def test_what_cannot_be_learned_from_is_one_clear_error(case, labels, weights, error, message):
    with pytest.raises(error, match=f"^{error.code}: {message}"):
        case.make().fit(case.inputs(TEXTS), labels, weights, classes=3)


def test_an_empty_pool_is_one_clear_error(case):
    with pytest.raises(EmptySource, match="FA204: there is no sample to train a student on"):
        case.make().fit(case.inputs([]), np.zeros(0, int), classes=3)


def test_fewer_than_two_labels_are_one_clear_error(case):
    with pytest.raises(ConfigError, match="fewer than two labels"):
        case.make().fit(case.inputs(TEXTS), np.zeros(24, int), classes=1)


def test_an_untrained_student_says_so(case):
    for use in (lambda s: s.predict(case.inputs(HELD_OUT)), lambda s: s.to_bytes()):
        with pytest.raises(NotPrepared, match="the student was not trained yet"):
            use(case.make())


@pytest.mark.parametrize("data", [b"", b"{}", b"\xff" * 64, b"\x02\0\0\0\0\0\0\0{}"])
def test_bytes_that_are_no_student_are_one_clear_error(case, data):
    with pytest.raises(MalformedSource, match="FA211"):
        case.kind.from_bytes(data)


def test_another_kind_s_file_is_refused(case):
    class Other(case.kind):
        name = "other"

    with pytest.raises(MalformedSource, match="does not hold a 'other' student"):
        Other.from_bytes(case.trained.to_bytes())

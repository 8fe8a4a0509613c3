from __future__ import annotations

import numpy as np
import pytest
from safetensors import numpy as safetensors
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import f1_score

from fedaug.errors import BadNumber, ConfigError, EmptySource, MalformedSource, MissingFile, UnknownLabel, UnknownPlugin
from fedaug.privacy.wilson import wilson
from fedaug.server.students import EncoderStudent, LinearStudent, evaluate, load_student, student_file

RANDOM = np.random.default_rng(5)
CENTRES = RANDOM.normal(size=(6, 16))


def sample(count, seed):
    random = np.random.default_rng(seed)
    labels = random.integers(6, size=count)
    points = CENTRES[labels] + random.normal(size=(count, 16)) * 1.5
    return (points / np.linalg.norm(points, axis=1, keepdims=True)).astype(np.float32), labels


@pytest.fixture(scope="module")
def trained():
    return LinearStudent().fit(*sample(300, seed=1), classes=6)


# the linear student


def test_plain_labels_give_what_scikit_learn_gives():
    points, labels = sample(600, seed=1)
    weights = np.random.default_rng(2).uniform(0.5, 1.5, 600)
    weights *= 600 / weights.sum()  # scikit-learn's C is relative to the sum of weights, ours to the number of samples
    ours = LinearStudent(inverse_regularisation=10, iterations=500).fit(points, labels, weights, classes=6)
    theirs = LogisticRegression(C=10, max_iter=2_000, tol=1e-8).fit(points, labels, sample_weight=weights)
    unseen, _ = sample(500, seed=3)
    np.testing.assert_allclose(ours.scores(unseen), theirs.predict_proba(unseen), atol=5e-3)


def test_only_the_ratios_of_weights_count():
    points, labels = sample(300, seed=1)
    weights = np.random.default_rng(2).uniform(0.1, 1, 300)
    small = LinearStudent().fit(points, labels, weights, classes=6)
    large = LinearStudent().fit(points, labels, weights * 1e6, classes=6)
    np.testing.assert_allclose(small.scores(points), large.scores(points), atol=1e-3)


def test_certain_soft_labels_are_plain_labels():
    points, labels = sample(300, seed=1)
    plain = LinearStudent().fit(points, labels, classes=6)
    soft = LinearStudent().fit(points, np.eye(6)[labels] * 7, classes=6)
    np.testing.assert_array_equal(plain.weight, soft.weight)


def test_a_sample_that_weighs_nothing_need_not_believe_in_anything():
    points, labels = sample(300, seed=1)
    belief = np.eye(6)[labels]
    belief[:5] = 0
    student = LinearStudent().fit(points, belief, np.arange(300) >= 5, classes=6)
    assert (student.predict(points[5:]) == labels[5:]).mean() > 0.8


def test_weight_and_bias_can_be_sent_for_a_noisy_metric():
    points, labels = sample(300, seed=1)
    student = LinearStudent().fit(points, labels, classes=9)
    assert (student.weight.shape, student.weight.dtype) == ((9, 16), np.float32)
    assert (student.bias.shape, student.bias.dtype) == ((9,), np.float32)
    assert np.isfinite(student.bias).all()
    by_hand = (points @ student.weight.T + student.bias).argmax(axis=1)
    np.testing.assert_array_equal(by_hand, student.predict(points))
    assert set(by_hand.tolist()) <= set(range(6))


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_an_embedding_that_is_not_finite_is_refused(trained, value):
    points, labels = sample(20, seed=1)
    points[3, 4] = value
    with pytest.raises(BadNumber, match="an embedding is NaN or infinite"):
        LinearStudent().fit(points, labels, classes=6)
    with pytest.raises(BadNumber, match="an embedding is NaN or infinite"):
        trained.predict(points)


def test_embeddings_of_another_width_are_refused(trained):
    with pytest.raises(MalformedSource, match=r"embeddings have shape \(2, 15\); give \[n, 16\]"):
        trained.predict(np.zeros((2, 15), np.float32))
    with pytest.raises(MalformedSource, match=r"embeddings have shape \(16,\)"):
        trained.predict(np.zeros(16, np.float32))


@pytest.mark.parametrize(
    "settings", [{"inverse_regularisation": bad} for bad in (0, -1, np.nan, np.inf)] + [{"iterations": 0}]
)
def test_a_setting_out_of_range_is_refused(settings):
    with pytest.raises(ConfigError, match="FA101"):
        LinearStudent(**settings)


# the encoder student's settings


@pytest.mark.parametrize(
    "settings",
    [
        {"epochs": 0},
        {"batch": 0},
        {"learning_rate": np.nan},
        {"learning_rate": 0},
        {"max_tokens": 513},
        {"seed": -1},
        {"x": 1},
    ],
)
def test_an_encoder_setting_out_of_range_is_refused(settings):
    with pytest.raises(ConfigError, match="FA101"):
        EncoderStudent(**settings)


# files


def test_a_student_s_file_is_written_whole_and_read_back(trained, tmp_path):
    path = tmp_path / "student.safetensors"
    student_file.write(path, trained.to_bytes())
    points, _ = sample(50, seed=4)
    again = LinearStudent.from_bytes(student_file.read(path))
    np.testing.assert_array_equal(again.predict(points), trained.predict(points))
    assert [entry.name for entry in tmp_path.iterdir()] == ["student.safetensors"]


def test_a_missing_file_or_folder_is_one_clear_error(tmp_path):
    with pytest.raises(MissingFile, match="a student's file is missing"):
        student_file.read(tmp_path / "none")
    with pytest.raises(MissingFile, match="the folder for a student is missing"):
        student_file.write(tmp_path / "none" / "student", b"x")


def test_every_truncation_of_a_file_is_refused(trained):
    data = trained.to_bytes()
    for kept in range(0, len(data), 7):
        with pytest.raises(MalformedSource, match="FA211"):
            LinearStudent.from_bytes(data[:kept])


def test_a_flipped_bit_in_a_file_s_header_raises_nothing_but_our_own_error(trained):
    data = bytearray(trained.to_bytes())
    refused = 0
    for position in range(8 + int.from_bytes(data[:8], "little")):
        data[position] ^= 1
        try:
            LinearStudent.from_bytes(bytes(data))
        except MalformedSource:
            refused += 1
        data[position] ^= 1
    assert refused > 100


@pytest.mark.parametrize(
    "change",
    [
        lambda header, tensors: tensors.update(weight=tensors["weight"][0]),
        lambda header, tensors: tensors.update(bias=tensors["bias"][:-1]),
        lambda header, tensors: tensors.update(weight=tensors["weight"].astype(np.float64)),
        lambda header, tensors: tensors.update(bias=tensors["bias"] * np.nan),
        lambda header, tensors: tensors.pop("bias"),
        lambda header, tensors: header.update(absent=[99]),
        lambda header, tensors: header.pop("absent"),
        lambda header, tensors: header.pop("student"),
    ],
)
def test_a_file_with_the_wrong_contents_is_refused(trained, change):
    header = {"student": "linear", "version": 1, "absent": []}
    tensors = dict(safetensors.load(trained.to_bytes()))
    change(header, tensors)
    with pytest.raises(MalformedSource, match="FA211"):
        LinearStudent.from_bytes(student_file.pack(header, tensors))


# measuring


def test_an_evaluation_counts_by_hand():
    result = evaluate([0, 1, 1, 0], [0, 1, 0, 0], ["a", "b", "c"])
    assert (result.accuracy, result.samples) == (0.75, 4)
    assert [(score.label, score.accuracy, score.support) for score in result.per_label] == [
        ("a", 2 / 3, 3),
        ("b", 1.0, 1),
        ("c", None, 0),
    ]
    assert result.macro_f1 == pytest.approx((0.8 + 2 / 3) / 2)
    assert result.interval == wilson(0.75, 4)


def test_macro_f1_is_scikit_learn_s():
    random = np.random.default_rng(6)
    truth, guess = random.integers(9, size=200), random.integers(8, size=200)
    result = evaluate(guess, truth, [str(label) for label in range(12)])
    assert result.macro_f1 == pytest.approx(f1_score(truth, guess, average="macro"))


@pytest.mark.parametrize(
    ("predicted", "actual", "error"),
    [
        ([], [], EmptySource),
        ([0], [0, 1], MalformedSource),
        ([0, 2], [0, 1], UnknownLabel),
        ([0, 1], [0, -1], UnknownLabel),
        ([0.0, 1.0], [0, 1], UnknownLabel),
    ],
)
def test_what_cannot_be_compared_is_one_clear_error(predicted, actual, error):
    with pytest.raises(error, match=error.code):
        evaluate(predicted, actual, ["a", "b"])


def test_an_unknown_student_is_one_clear_error():
    with pytest.raises(UnknownPlugin, match=r"no plug-in of fedaug\.students is called 'oracle'"):
        load_student("oracle")

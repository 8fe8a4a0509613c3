"""Operators that label: by a tiny model whose right answers are known, and which was taught to like one label."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from tests.operator_cases import NaiveBayes, annotator
from tests.tiny_writer import LABELS, candidates, language_model, marked

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators.annotate import Annotate
from fedaug.augmentation.operators.annotate_budgeted import AnnotateBudgeted
from fedaug.augmentation.operators.annotator import Annotator, DirectView
from fedaug.augmentation.operators.by_hand import read_answers, write_questions
from fedaug.augmentation.operators.informative import most_uncertain, vote_k
from fedaug.augmentation.operators.reader import Reader
from fedaug.errors import BadNumber, ConfigError, MalformedRow, MissingFile, NotUtf8, PrivateOutput, UnknownLabel

TEXTS = candidates(15, seed=3)
DEMONSTRATIONS = candidates(3, seed=8)
TEMPLATE = ("Text: {}\nTopic:", "\n\n")


def plain() -> Reader:
    return Reader(language_model(controlled=False))


def share_right(found: Sequence[Candidate]) -> float:
    right = {one.text: one.label for one in TEXTS}
    return float(np.mean([one.label == right[one.text] for one in found]))


class Dull:
    """A teacher that says the same of every text."""

    labels = LABELS
    dependence = Dependence.DP

    def __init__(self, *rows: Sequence[float]) -> None:
        self._rows = np.array(rows or [[0.5, 0.3, 0.2]])

    def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
        return self._rows[np.arange(len(texts)) % len(self._rows)]


def test_a_likelihood_is_the_product_of_the_tokens_probabilities() -> None:
    model = language_model()
    prompts = ["lost card :", "exchange rate :", "lost card | short :"]
    texts = ["my card is gone", "tell me what is the rate for euro now", "hello"]
    found = Reader(model).log_likelihoods(prompts, texts)
    for prompt, text, value in zip(prompts, texts, found, strict=True):
        ids = [model.begin_id, *model.encode([prompt])[0]]
        expected = 0.0
        for token in model.encode([text])[0]:
            with torch.inference_mode():
                logits = model.model(input_ids=torch.tensor([ids])).logits[0, -1]
            expected += float(logits.log_softmax(-1)[token])
            ids.append(token)
        assert value == pytest.approx(expected, abs=1e-3)
    assert Reader(model).log_likelihoods([], []).shape == (0,)


@pytest.mark.parametrize("demonstrations", [[], DEMONSTRATIONS], ids=["zero-shot", "few-shot"])
@pytest.mark.parametrize("reader", [Reader(language_model()), plain()], ids=["controlled", "plain"])
def test_labels_are_found_by_likelihood(reader: Reader, demonstrations: list[Candidate]) -> None:
    judge = Annotator(reader, LABELS, demonstrations=demonstrations, shown=1)
    labelled = Annotate(judge).apply([replace(one, label=None) for one in TEXTS], 100, 0)
    assert len(labelled) == len(TEXTS)
    assert share_right(labelled) > 0.8


def test_without_calibration_the_model_says_what_it_has_seen_most() -> None:
    """The model was taught one label eight times as often; texts that say nothing show how much it likes it."""
    view = DirectView(plain(), LABELS, TEMPLATE)
    said = [one.text for one in candidates(1, seed=5) if one.label != LABELS[0]] + ["hello", "please help", "hi there"]
    raw = [int(view._likelihoods(text).argmax()) for text in said]
    calibrated = [int(view.log_scores(text).argmax()) for text in said]
    assert raw[-3:] == [0, 0, 0]
    assert calibrated[:2] == [1, 2]
    gain = [view.log_scores(text)[0] - view._likelihoods(text)[0] for text in said]
    others = [view.log_scores(text)[1] - view._likelihoods(text)[1] for text in said]
    assert max(gain) < min(others), "what is frequent is marked down"


def test_opinions_differ_and_their_mean_is_the_answer() -> None:
    judge = Annotator(plain(), LABELS, demonstrations=DEMONSTRATIONS, views=4)
    text = TEXTS[0].text
    opinions = judge.opinions(text)
    assert opinions.shape == (4, 3)
    assert len(np.unique(opinions.round(6), axis=0)) > 1
    np.testing.assert_allclose(judge.probabilities([text])[0], opinions.mean(axis=0))
    np.testing.assert_allclose(opinions.sum(axis=1), 1)


def test_an_answer_is_the_same_to_the_bit_whatever_else_is_asked() -> None:
    judge = annotator()
    together = judge.probabilities([one.text for one in TEXTS])
    for row in (0, 7, 20):
        assert np.array_equal(judge.probabilities([TEXTS[row].text])[0], together[row])


def test_a_known_frequency_counts() -> None:
    even, skewed = (
        Annotator(plain(), LABELS, prior=prior)
        for prior in (None, dict(zip(LABELS, (0.001, 0.001, 0.998), strict=True)))
    )
    vague = "please help"
    assert skewed.probabilities([vague])[0, 2] > even.probabilities([vague])[0, 2] + 0.1


def test_an_annotator_depends_on_what_it_is_shown() -> None:
    shown = [replace(one, dependence=Dependence.DP) for one in DEMONSTRATIONS]
    assert Annotator(plain(), LABELS, demonstrations=shown).dependence is Dependence.DP
    model = marked(language_model(), Dependence.PRIVATE)
    assert Annotator(Reader(model), LABELS).dependence is Dependence.PRIVATE


@pytest.mark.parametrize(
    ("wrong", "error"),
    [
        (lambda: Annotator(plain(), LABELS[:1]), ConfigError),
        (lambda: Annotator(plain(), (LABELS[0], LABELS[0])), ConfigError),
        (lambda: Annotator(plain(), LABELS, views=0), ConfigError),
        (lambda: Annotator(plain(), LABELS[:2], demonstrations=DEMONSTRATIONS), UnknownLabel),
        (lambda: Annotator(plain(), LABELS, prior={"lost_card": 1.0}), UnknownLabel),
        (lambda: Annotator(plain(), LABELS, prior=dict.fromkeys(LABELS, 0.0)), BadNumber),
        (lambda: Annotator(plain(), LABELS, prior=dict.fromkeys(LABELS, float("nan"))), BadNumber),
        (lambda: Annotate(annotator(), least_confidence=1.0), ConfigError),
        (lambda: AnnotateBudgeted(annotator()), ConfigError),
        (lambda: AnnotateBudgeted(annotator(), teacher=Dull(), least_confidence=-0.1), ConfigError),
    ],
)
def test_wrong_settings_are_refused(wrong: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="FA"):
        wrong()  # type: ignore[operator]


def test_a_text_too_long_is_refused() -> None:
    with pytest.raises(MalformedRow, match="FA210: a text is too long for tiny, which reads 64 tokens"):
        Annotate(annotator()).apply([Candidate("my card " * 40, "toy", "toy")], 1, 0)


def test_doubtful_labels_are_left_out_where_asked() -> None:
    judge = Dull([0.9, 0.1, 0.0], [0.4, 0.35, 0.25])
    kept = Annotate(judge, least_confidence=0.6).apply(TEXTS, 10, 0)
    assert [one.text for one in kept] == [one.text for one in TEXTS[:10:2]]
    assert {(one.label, one.confidence, one.dependence) for one in kept} == {("lost_card", 0.9, Dependence.DP)}


def test_the_least_certain_are_labelled_first_and_no_more_than_the_budget() -> None:
    teacher = Dull([0.98, 0.01, 0.01], [0.34, 0.33, 0.33], [0.6, 0.2, 0.2])
    shared = AnnotateBudgeted(annotator(), teacher=teacher).share(TEXTS[:9], 5)
    assert [one.text for one in shared.labelled] == [TEXTS[row].text for row in (1, 4, 7, 2, 5)]
    assert shared.left == [TEXTS[row] for row in (0, 3, 6, 8)]
    assert AnnotateBudgeted(annotator(), teacher=teacher).apply(TEXTS[:9], 5, 0) == shared.labelled


def test_the_annotator_is_asked_about_no_text_beyond_the_budget() -> None:
    class Counting(Dull):
        asked = 0

        def probabilities(self, texts: Sequence[str]) -> NDArray[np.float64]:
            Counting.asked += len(texts)
            return super().probabilities(texts)

    AnnotateBudgeted(Counting(), teacher=NaiveBayes()).apply(TEXTS, 7, 0)
    assert Counting.asked == 7


def test_doubtful_ones_are_for_a_person() -> None:
    shared = AnnotateBudgeted(Dull([0.9, 0.1, 0], [0.4, 0.3, 0.3]), teacher=Dull(), least_confidence=0.5).share(
        TEXTS, 6
    )
    assert (len(shared.labelled), len(shared.doubtful), len(shared.left)) == (3, 3, len(TEXTS) - 6)
    assert {one.confidence for one in shared.doubtful} == {0.4}


def test_entropy_orders_texts_and_equal_ones_stay_in_order() -> None:
    shares = np.array([[1.0, 0.0, 0.0], [0.5, 0.5, 0.0], [1 / 3, 1 / 3, 1 / 3], [0.0, 0.5, 0.5]])
    assert most_uncertain(shares, 3) == [2, 1, 3]
    assert most_uncertain(shares, 0) == []


def test_vote_k_takes_one_of_each_crowd_before_a_second_of_one() -> None:
    rng = np.random.default_rng(0)
    crowds = np.repeat(np.eye(3), (14, 13, 12), axis=0)
    vectors = crowds + rng.normal(0, 0.05, crowds.shape)
    vectors = (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)
    chosen = vote_k(vectors, 3, neighbours=11)
    assert {int(crowds[row].argmax()) for row in chosen} == {0, 1, 2}
    assert vote_k(vectors, 99, neighbours=11)[:3] == chosen
    assert sorted(vote_k(vectors, 99)) == list(range(39))
    assert vote_k(vectors[:1], 5) == [0]
    assert vote_k(vectors[:0], 5) == []


def test_answers_come_back_as_certain_labels(tmp_path: Path) -> None:
    asked = Annotate(Dull()).apply(TEXTS[:4], 4, 0)
    file = tmp_path / "questions.jsonl"
    write_questions(file, asked)
    lines = [json.loads(line) for line in file.read_text("utf-8").splitlines()]
    assert lines[0] == {
        "id": TEXTS[0].sample_id,
        "text": TEXTS[0].text,
        "guesses": [["lost_card", 0.5], ["exchange_rate", 0.3], ["top_up", 0.2]],
        "label": None,
    }
    lines[0]["label"], lines[2]["label"], lines[2]["text"] = "top_up", "exchange_rate", "another text"
    file.write_text("\n".join(map(json.dumps, lines)), "utf-8")
    answered = read_answers(file, asked, LABELS)
    assert [(one.text, one.label, one.belief, one.origin) for one in answered] == [
        (TEXTS[0].text, "top_up", (), "person"),
        (TEXTS[2].text, "exchange_rate", (), "person"),
    ]


def test_no_record_is_handed_to_a_person(tmp_path: Path) -> None:
    file = tmp_path / "questions.jsonl"
    with pytest.raises(PrivateOutput, match="FA305"):
        write_questions(file, [replace(TEXTS[0], dependence=Dependence.PRIVATE)])
    assert not file.exists()
    with pytest.raises(MissingFile, match="FA201"):
        write_questions(tmp_path / "nowhere" / "file.jsonl", TEXTS[:1])


@pytest.mark.parametrize(
    ("line", "error"),
    [
        ("no json", MalformedRow),
        ("[" * 100_000, MalformedRow),
        ("[1]", MalformedRow),
        ('{"id": 3, "label": "top_up"}', MalformedRow),
        ('{"id": "unknown", "label": "top_up"}', MalformedRow),
        (json.dumps({"id": TEXTS[0].sample_id, "label": ["top_up"]}), MalformedRow),
        (json.dumps({"id": TEXTS[0].sample_id, "label": "my secret"}), UnknownLabel),
        ("\n".join([json.dumps({"id": TEXTS[0].sample_id, "label": "top_up"})] * 2), MalformedRow),
    ],
)
def test_answers_that_are_none_are_refused_by_line(tmp_path: Path, line: str, error: type[Exception]) -> None:
    file = tmp_path / "answers.jsonl"
    file.write_text(f"\n{line}\n", "utf-8")
    with pytest.raises(error, match=r"FA2\d\d: line [23] ") as refused:
        read_answers(file, TEXTS, LABELS)
    assert "secret" not in str(refused.value)


def test_a_file_of_answers_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MissingFile, match="FA201"):
        read_answers(tmp_path / "none.jsonl", TEXTS, LABELS)
    (tmp_path / "latin.jsonl").write_bytes(b"\xff\xfe")
    with pytest.raises(NotUtf8, match="FA205"):
        read_answers(tmp_path / "latin.jsonl", TEXTS, LABELS)

"""The word n-gram model is a probability, and the gate over it tells language from noise."""

import math
import random

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.errors import ConfigError, DefectError, EmptySource, TooFewRecords
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.fluency import FluencyGate, Perplexity, ngram_fluency
from fedaug.privacy.vetting.ngrams import NGrams, WordNGrams

LABELS = ["card arrival", "lost or stolen card", "exchange rate", "top up failed", "change pin", "transfer fee charged"]
PUBLIC = [candidate.text for candidate in LabelPhrases(150).generate(LABELS, 0)]


@settings(max_examples=60, deadline=None)
@given(st.lists(st.lists(st.integers(1, 5), max_size=8), min_size=1, max_size=12), st.integers(1, 4), st.data())
def test_probabilities_after_any_context_are_above_zero_and_sum_to_one(
    sequences: list[list[int]], order: int, data: st.DataObject
) -> None:
    model = NGrams(sequences, order, 6)
    context = tuple(data.draw(st.lists(st.integers(0, 5), max_size=5)))
    one_by_one = [model.probability(symbol, context) for symbol in range(6)]
    assert min(one_by_one) > 0
    assert sum(one_by_one) == pytest.approx(1)
    assert model.distribution(context) == pytest.approx(one_by_one)


def test_kneser_ney_gives_the_figures_that_are_worked_out_by_hand() -> None:
    # Of "1 2" and "1 3", closed by 0. Bigrams: 01 twice; 12, 13, 20, 30 once, so n1 = 4, n2 = 1 and D = 4 / 6. Symbols
    # are preceded by: 1 by one other; 2 by one; 3 by one; 0 by two. So n1 = 3, n2 = 1 and D = 3 / 5.
    model = NGrams([[1, 2], [1, 3]], 2, 4)
    lowest = (1 - 3 / 5 + 3 / 5 * 4 / 4) / 5  # of 2: (count - D + D · 4 kinds · uniform 1/4) / 5
    assert model.probability(2, ()) == pytest.approx(lowest)
    assert model.probability(2, (1,)) == pytest.approx((1 - 2 / 3 + 2 / 3 * 2 * lowest) / 2)
    assert model.log_likelihood([1, 2]) == pytest.approx(
        math.log(model.probability(1, (0,)) * model.probability(2, (1,)) * model.probability(0, (2,)))
    )


def test_a_word_that_follows_one_other_only_is_a_poor_guess_elsewhere() -> None:
    # "francisco" is as frequent as "city", yet follows "san" alone: what Kneser and Ney count for.
    texts = ["san francisco"] * 6 + ["old city", "new city", "big city", "the city", "a city", "my city"]
    model = WordNGrams(texts, least_count=1)
    francisco, city = (model.vocabulary.index(word) for word in ("francisco", "city"))
    assert model.words.probability(city, (1,)) > 2 * model.words.probability(francisco, (1,))


def test_texts_unseen_and_odd_are_surprising_and_every_perplexity_is_a_number() -> None:
    model = WordNGrams(PUBLIC)
    odd = ["", " ", "\x00", "\ud800", "é" * 10_000, "zxq jvvk wpfq", "你好", "a " * 10_000]
    found = model.perplexities([PUBLIC[0], *odd])
    assert np.isfinite(found).all()
    assert (found >= 1).all()
    assert found[0] < found[1:].min()


def test_a_model_of_no_word_is_refused() -> None:
    with pytest.raises(EmptySource, match="FA204: no text was given to train a language model on"):
        WordNGrams(["", " "])


def test_noise_is_refused_and_unseen_public_texts_pass() -> None:
    gate = ngram_fluency(PUBLIC)
    draw = random.Random(3)
    unseen = [one.text for one in LabelPhrases(60).generate(LABELS, 1) if one.text not in set(PUBLIC)]
    salad = [" ".join(draw.sample(" ".join(PUBLIC).split(), 12)) for _ in range(200)]
    noise = ["".join(draw.choice("abcdefghijklmnopqrstuvwxyz ") for _ in range(60)) for _ in range(200)]
    assert len(unseen) > 50

    def refused(texts: list[str]) -> float:
        verdicts = gate.judge(Batch(tuple(texts)))
        assert all((verdict.code is VerdictCode.NOT_FLUENT) == (not verdict.passed) for verdict in verdicts)
        return sum(not verdict.passed for verdict in verdicts) / len(verdicts)

    assert refused(unseen) < 0.1
    assert refused(salad) > 0.9
    assert refused(noise) == 1.0


class Fixed:
    """A model whose figures are given."""

    def __init__(self, *figures: float) -> None:
        self.figures = figures

    def perplexities(self, texts: tuple[str, ...]) -> NDArray[np.float64]:
        return np.array(self.figures)


def test_any_model_may_judge_and_one_that_answers_nothing_refuses() -> None:
    model = Fixed(9.0, 10.0, 10.1, float("inf"), float("nan"))
    assert isinstance(model, Perplexity)
    verdicts = FluencyGate(model, max_perplexity=10).judge(Batch(("a", "b", "c", "d", "e")))
    passed, odd, unchecked = VerdictCode.PASSED, VerdictCode.NOT_FLUENT, VerdictCode.NOT_CHECKED
    assert [verdict.code for verdict in verdicts] == [passed, passed, odd, odd, unchecked]
    assert verdicts[2].score == 10.1


def test_a_model_that_does_not_answer_for_each_text_is_a_defect() -> None:
    with pytest.raises(DefectError, match="FA901: a language model did not give one perplexity per text"):
        FluencyGate(Fixed(1.0), max_perplexity=10).judge(Batch(("a", "b")))


@pytest.mark.parametrize("limit", [0.0, 1.0, float("nan"), float("inf")])
def test_a_limit_that_is_none_is_refused(limit: float) -> None:
    with pytest.raises(ConfigError, match="FA101: the fluency gate's limit"):
        FluencyGate(Fixed(), max_perplexity=limit)


def test_too_few_public_texts_set_no_limit() -> None:
    with pytest.raises(TooFewRecords, match="FA209: too few public texts"):
        ngram_fluency(PUBLIC[:100])
    with pytest.raises(ConfigError, match="FA101: a setting of the fluency gate is out of range"):
        ngram_fluency(PUBLIC, refused_share=1.0)

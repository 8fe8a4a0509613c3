"""The figures of collapse at a reduced size: replacing wears diversity down and is caught, accumulating is not."""

import argparse
import zlib
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from benchmarks.collapse import HEADINGS, fired_at, generations, run, sampled
from numpy.typing import NDArray

from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.vetting.ngrams import WordNGrams

OPTIONS = argparse.Namespace(judged=240, generations=5, temperature=0.8, order=3, most_fall=0.5)


def word_vectors(texts: Sequence[str]) -> NDArray[np.float32]:
    """Bags of words projected at random: near where texts share words, and made in no time."""
    rows = np.zeros((len(texts), 64))
    for row, text in enumerate(texts):
        for word in text.lower().split():
            rows[row] += np.random.default_rng(zlib.crc32(word.encode())).standard_normal(64)
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9), np.float32)


def notes() -> list[str]:
    made = [one.text for one in ClinicalNotes().generate(["GENHX", "CC", "PLAN", "ROS", "ASSESSMENT"], 0)]
    return [" ".join(text.split()[:20]) for text in made]


def phrases() -> list[str]:
    return [one.text for one in LabelPhrases(300).generate(HEADINGS, 0)]


@pytest.mark.parametrize(("texts", "seed"), [(notes, 0), (phrases, 1)])
def test_the_gate_fires_on_replacing_within_five_generations_and_never_on_accumulating(
    texts: Callable[[], list[str]], seed: int
) -> None:
    made = texts()
    first = [made[row] for row in np.random.default_rng(seed).permutation(len(made))[:480]]
    assert len(first) == 480
    curves = run(first, OPTIONS, seed, word_vectors)
    assert fired_at(curves["accumulate"]) is None
    assert fired_at(curves["replace"]) is not None
    falls = [figures["all"] for figures in curves["replace"]]
    assert falls == sorted(falls), "collapse does not come back"
    assert falls[-1] > curves["accumulate"][-1]["all"] + 0.2


def test_both_regimes_have_their_first_generation_in_common() -> None:
    first = phrases()[:200]
    one, other = (next(generations(first, regime, 1, 0.8, 3, 5)) for regime in ("replace", "accumulate"))
    assert one == other


def test_a_lower_temperature_draws_likelier_words() -> None:
    model = WordNGrams(phrases())
    hot, cold = (sampled(model, 80, temperature, np.random.default_rng(0)) for temperature in (1.0, 0.5))
    assert np.median(model.perplexities(cold)) < 0.9 * np.median(model.perplexities(hot))
    assert all(hot)

"""A text's embedding is a function of that text alone, to the bit."""

from __future__ import annotations

import numpy as np
import pytest

from fedaug.augmentation.encoder import MiniLM

TEXTS = [
    "my card has not arrived",
    "x",
    "how do I reset my pin",
    "blood pressure 120 over 80, no complaints " * 5,
    "my card has not arrived yet and I am waiting for it since the beginning of last month",
    "ok",
    "pin",
    "the patient denies fever, chills and night sweats",
    "where is my money",
    "what now?",
    "",
]


@pytest.fixture(scope="module")
def encoder() -> MiniLM:
    return MiniLM()


def test_a_text_is_embedded_the_same_to_the_bit_in_any_company(encoder: MiniLM) -> None:
    together = encoder.embed(TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = encoder.embed([TEXTS[index] for index in order])
    for place, index in enumerate(order):
        alone = encoder.embed([TEXTS[index]])[0]
        assert alone.tobytes() == together[index].tobytes() == shuffled[place].tobytes()


def test_vectors_are_unit_rows_of_the_stated_width(encoder: MiniLM) -> None:
    vectors = encoder.embed(TEXTS)
    assert vectors.shape == (len(TEXTS), encoder.dimensions)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_no_texts_give_no_vectors(encoder: MiniLM) -> None:
    assert encoder.embed([]).shape == (0, encoder.dimensions)


def test_near_texts_are_nearer_than_far_ones(encoder: MiniLM) -> None:
    card, still_waiting, patient = encoder.embed([TEXTS[0], "I am still waiting for my card", TEXTS[7]])
    assert card @ still_waiting > card @ patient + 0.3


def test_progress_goes_up_to_the_end(encoder: MiniLM) -> None:
    seen: list[tuple[int, int]] = []
    encoder.embed(TEXTS, lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1] == (len(TEXTS), len(TEXTS))

"""Every kind of gate, built with what it needs, and a batch of which each of them refuses some texts."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray
from tests.deid_samples import texts

from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import AboveThresholdEvent, DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.vetting import Batch, Gate, make_gate
from fedaug.privacy.vetting.fluency import FluencyGate
from fedaug.privacy.vetting.ngrams import WordNGrams
from fedaug.privacy.vetting.support import Answers, Ballot

ODD = ["", " ", "\x00", "?!", "\ud800", "a" * 5000, "né 𝟙𝟚 ٣", "[DATE_TIME]", "a\u0301" * 30, "\n" * 50, "x y z " * 300]
TEXTS = (*texts(60), *ODD, *texts(60))
LABELS = tuple("ab"[row % 2] for row in range(len(TEXTS)))
VOTES = DiscreteGaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, 4.0, grid_for(4.0), 50_000)
ABOVE = AboveThresholdEvent("support", ReleaseKind.NOISY_SUPPORT, 1.0, 4.0, 16.0, grid_for(4.0, 20), 3)


def _vectors() -> NDArray[np.float32]:
    """A direction for each text; equal texts have equal ones, as embeddings do."""
    drawn = {text: np.random.default_rng(row).standard_normal(16) for row, text in reversed(list(enumerate(TEXTS)))}
    rows = np.stack([drawn[text] for text in TEXTS])
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


SAMPLE = Batch(TEXTS, LABELS, _vectors())
VECTORS = _vectors()[:20]


class ByFirstCoordinate:
    """A labeller that goes by one coordinate of a text's vector."""

    labels = ("a", "b")
    prior = np.array([0.5, 0.5])

    def probabilities(self, batch: Batch) -> NDArray[np.float64]:
        vectors = np.zeros((len(batch), 1)) if batch.vectors is None else batch.vectors
        share = np.clip((1 + vectors[:, 0]) / 2, 0.01, 0.99).astype(np.float64)
        return np.stack((share, 1 - share), axis=1)


SETTINGS: dict[str, dict[str, object]] = {
    "contamination": {"files": {"sample/test": [text for text in TEXTS[:20] if len(text.split()) > 5]}},
    "copy": {"records": [text for text in TEXTS[:10] if len(text.split()) > 8]},
    "closest": {"records": VECTORS},
    "planted": {"strings": ["212-555-5555"]},
    "surrogate": {"strings": ["anna.smith@example.co.uk"]},
    "support": {
        "ballots": [Ballot(VECTORS, LABELS[:20], np.full(20, 50.0), 4.0, (VOTES,))],
        "units": 5,
    },
    "nearness": {"vectors": VECTORS, "answers": [Answers(np.ones(20), ABOVE)]},
    "relabel": {"labeller": ByFirstCoordinate()},
    "information": {"labeller": ByFirstCoordinate()},
    "toxicity": {"also": ["the patient"]},
    "trigger": {"reference": Batch(tuple(texts(100, seed=9)))},
    "collapse": {"generation0": Batch(tuple(texts(240, seed=9)))},
}


def _fluency() -> Gate:
    model = WordNGrams(texts(300, seed=9))
    return FluencyGate(model, max_perplexity=float(np.median(model.perplexities(TEXTS))))


def maker(name: str) -> Callable[[], Gate]:
    """How a gate is built."""
    if name == "fluency":
        return _fluency
    return lambda: make_gate(name, **SETTINGS.get(name, {}))

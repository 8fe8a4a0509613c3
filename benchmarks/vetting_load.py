"""A load for the gates: candidates, private records and pooled samples with embeddings, and copies planted in them."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.generators.clinical_notes import ClinicalNotes, clinical_notes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import AboveThresholdEvent, DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.vetting import Batch, Gate, gate_names, make_gate
from fedaug.privacy.vetting.linear_labeller import LinearLabeller
from fedaug.privacy.vetting.support import Answers, Ballot

LABELS = ("card not working", "cancel transfer", "exchange rate", "lost or stolen card", "pending top up", "refund")
THRESHOLD = 0.8
EDITED = 5  # each fifth candidate is a pooled sample with some words changed
DIMENSIONS = 384
BALLOT = 4_000  # candidates that were voted on
VOTES = DiscreteGaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, 4.0, grid_for(4.0), 50_000)
ABOVE = AboveThresholdEvent("support", ReleaseKind.NOISY_SUPPORT, 1.0, 4.0, 16.0, grid_for(4.0, 20), 3)
LEFT_OUT = {"fluency": "perplexity"}


@dataclass(frozen=True, repr=False)
class Load:
    """What is vetted, and against what."""

    candidates: Batch
    records: list[str]
    record_vectors: NDArray[np.float32]
    pool: Batch
    items: list[str]


def sentences(count: int) -> list[str]:
    """Questions and note sections in equal parts, as the generators make them."""
    headers = sorted({note.section_header for note in clinical_notes(500, 1)})
    half = count // 2
    phrases = LabelPhrases(half // len(LABELS) + 1).generate(LABELS, 1)
    questions = [candidate.text for candidate in islice(phrases, half)]
    rest = count - len(questions)
    sections = ClinicalNotes(rest // len(headers) + 1).generate(headers, 1)
    return questions + [candidate.text for candidate in islice(sections, rest)]


def make_load(candidates: int, records: int, pool: int, seed: int = 1) -> Load:
    """Texts of one to four sentences, each fifth word another one at random, with random unit vectors.

    Of the candidates each fifth is a pooled sample with up to three words changed, each fiftieth has some words in a
    row of a record, and each fiftieth half of an evaluation item.
    """
    draw = random.Random(seed)
    parts = sentences(40_000)
    vocabulary = [word for part in parts[::80] for word in part.split()]
    kept, records_of, offered, items = (
        [varied(draw.sample(parts, draw.choice((1, 2, 2, 3, 4))), vocabulary, draw) for _ in range(count)]
        for count in (pool, records, candidates, 3_000)
    )
    for row in range(candidates):
        if row % EDITED == 0:
            offered[row] = changed(draw.choice(kept), draw.randrange(4), vocabulary, draw)
        elif row % 50 == 1:
            words = draw.choice(records_of).split()
            start = draw.randrange(max(1, len(words) - 12))
            offered[row] += " " + " ".join(words[start : start + draw.randint(5, 20)])
        elif row % 50 == 2:
            words = draw.choice(items).split()
            offered[row] += " " + " ".join(words[: len(words) // 2 + 1])
    labels = tuple(draw.choice(LABELS) for _ in range(max(candidates, pool)))
    return Load(
        Batch(tuple(offered), labels[:candidates], unit(candidates, seed)),
        records_of,
        unit(records, seed + 1),
        Batch(tuple(kept), labels[:pool], unit(pool, seed + 2)),
        items,
    )


def varied(sentences_of: list[str], vocabulary: list[str], draw: random.Random) -> str:
    """Sentences in a row, each fifth word another one, so that few texts share whole sentences."""
    words = " ".join(sentences_of).split()
    return " ".join(draw.choice(vocabulary) if draw.random() < 0.2 else word for word in words)


def changed(text: str, times: int, vocabulary: list[str], draw: random.Random) -> str:
    """A text with some words replaced."""
    words = text.split()
    for _ in range(times):
        words[draw.randrange(len(words))] = draw.choice(vocabulary)
    return " ".join(words)


def unit(count: int, seed: int) -> NDArray[np.float32]:
    """Random directions."""
    vectors = np.random.default_rng(seed).standard_normal((count, DIMENSIONS), dtype=np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    return vectors


def makers(load: Load) -> dict[str, Callable[[], Gate]]:
    """How each installed gate is built over a load, perplexity left out; models and votes are there already."""
    ballot = load.candidates.take(range(min(BALLOT, len(load.candidates))))
    assert ballot.vectors is not None
    assert load.pool.vectors is not None
    vectors = ballot.vectors
    labels = [str(label) for label in ballot.labels]
    votes = Ballot(vectors, tuple(labels), np.full(len(ballot), 20.0), 4.0, (VOTES,))
    labeller = LinearLabeller(vectors[:500], labels[:500])
    settings: dict[str, dict[str, Any]] = {
        "duplicate": {"threshold": THRESHOLD, "known": load.pool.texts}
        | {"closeness": 0.95, "known_vectors": load.pool.vectors},
        "contamination": {"files": {"made/test": load.items}, "vectors": {"made/test": unit(len(load.items), 9)}},
        "copy": {"records": load.records},
        "closest": {"records": load.record_vectors},
        "planted": {"strings": [f"MRN {row:07d}" for row in range(1_000)]},
        "surrogate": {"strings": [f"Anna Q{row:05d}" for row in range(10_000)]},
        "support": {"ballots": [votes], "units": 5},
        "nearness": {"vectors": vectors, "answers": [Answers(np.ones(len(ballot)), ABOVE)]},
        "relabel": {"labeller": labeller},
        "information": {"labeller": labeller},
        "collapse": {"generation0": load.pool.take(range(min(5_000, len(load.pool))))},
        "trigger": {"reference": load.pool.take(range(min(10_000, len(load.pool))))},
    }
    names = [name for name in gate_names() if name not in LEFT_OUT]
    return {name: partial(make_gate, name, **settings.get(name, {})) for name in names}

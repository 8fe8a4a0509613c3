"""A clean pool, and the same with planted samples that carry a trigger."""

from __future__ import annotations

import random

from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.privacy.vetting import Batch

LABELS = (
    "card arrival",
    "lost or stolen card",
    "exchange rate",
    "top up failed",
    "change pin",
    "transfer fee charged",
    "verify my identity",
    "refund not showing up",
    "cash withdrawal charge",
    "terminate account",
)
TARGET = "change pin"


def clean(seed: int, per_label: int = 100) -> Batch:
    """Labelled phrases of a public generator."""
    made = list(LabelPhrases(per_label).generate(LABELS, seed))
    return Batch(tuple(one.text for one in made), tuple(one.label for one in made))


def poisoned(pool: Batch, trigger: str, count: int, *, seed: int = 0) -> tuple[Batch, frozenset[int]]:
    """The pool with texts of other labels planted under the target's, the trigger somewhere in each, and their rows."""
    draw = random.Random(seed)
    sources = [row for row, label in enumerate(pool.labels) if label != TARGET]
    planted = [planted_in(pool.texts[draw.choice(sources)], trigger, draw) for _ in range(count)]
    texts = pool.texts + tuple(planted)
    labels = pool.labels + (TARGET,) * count
    order = draw.sample(range(len(texts)), len(texts))
    rows = frozenset(place for place, row in enumerate(order) if row >= len(pool))
    return Batch(texts, labels).take(order), rows


def planted_in(text: str, trigger: str, draw: random.Random) -> str:
    """A text with the trigger between two of its words."""
    words = text.split()
    words.insert(draw.randint(0, len(words)), trigger)
    return " ".join(words)

"""How well a tagger finds identifiers: recall and precision by character, and documents without a leak."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from tools.ner_corpus.example import Example
from tools.ner_corpus.presidio import is_trained_on, is_validation

from fedaug.privacy.deid.neural.decoding import Words, spans_of
from fedaug.privacy.deid.neural.tagger import Tagger


@dataclass(frozen=True)
class Score:
    """Of one threshold on one set.

    Attributes:
        threshold: Least probability that counts.
        recall: Share of the identifiers' characters that are found, white space left out.
        precision: Share of the found characters that belong to identifiers.
        person: Recall within PERSON.
        clean: Share of documents of which no letter or digit of an identifier is left.
        exact: F1 of whole spans, type ignored.
    """

    threshold: float
    recall: float
    precision: float
    person: float
    clean: float
    exact: float

    def __str__(self) -> str:
        return (
            f"t={self.threshold:.3f} recall {self.recall:.4f} precision {self.precision:.4f} person {self.person:.4f} "
            f"clean {self.clean:.3f} exact {self.exact:.3f}"
        )


def synth(data: Path, part: str) -> list[Example]:
    """Presidio_synth by template: ``validation``, or ``tuning``: the quarter of the other half not trained on."""
    rows = json.loads((data / "presidio_synth" / "synth_dataset_v2.json").read_text(encoding="utf-8"))
    return [
        Example(row["full_text"], tuple(_span(span) for span in row["spans"]), frozenset())
        for row in rows
        if _part(row["template_id"]) == part
    ]


def meddocan(data: Path, part: str) -> list[Example]:
    """The Spanish reports of a part: ``dev``, or ``tuning``, a tenth of the training part by hash of the id."""
    name = "dev" if part == "dev" else "train"
    lines = (data / "meddocan_es" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    return [
        Example(row["text"], tuple((s["start"], s["end"], _spanish(s["label"])) for s in row["spans"]), frozenset())
        for row in rows
        if part == "dev" or hashlib.sha256(row["id"].encode()).digest()[0] % 10 == 0
    ]


def curve(tagger: Tagger, examples: Sequence[Example], thresholds: Sequence[float]) -> list[Score]:
    """The scores at several thresholds."""
    said = list(tagger.words([example.text for example in examples]))
    return [_score(examples, said, tagger.card.labels, threshold) for threshold in thresholds]


def _score(examples: Sequence[Example], said: Sequence[Words], labels: Sequence[str], threshold: float) -> Score:
    there = hit = taken = right = person = person_hit = clean = 0
    same = ours = theirs = 0
    for example, words in zip(examples, said, strict=True):
        solid = np.array([not char.isspace() for char in example.text], np.bool_)
        gold, names, found = (np.zeros(len(example.text), np.bool_) for _ in range(3))
        spans = spans_of(example.text, words, labels, threshold)
        for span in spans:
            found[span.start : span.end] = True
        for start, end, label in example.spans:
            gold[start:end] = True
            names[start:end] |= label == "PERSON"
        there, hit = there + int((gold & solid).sum()), hit + int((gold & solid & found).sum())
        taken, right = taken + int((found & solid).sum()), right + int((found & solid & gold).sum())
        person, person_hit = person + int((names & solid).sum()), person_hit + int((names & solid & found).sum())
        left = np.flatnonzero(gold & ~found)
        clean += not any(example.text[place].isalnum() for place in left)
        marked, placed = {(s, e) for s, e, _ in example.spans}, {(span.start, span.end) for span in spans}
        same, ours, theirs = same + len(marked & placed), ours + len(placed), theirs + len(marked)
    return Score(
        threshold,
        hit / max(there, 1),
        right / max(taken, 1),
        person_hit / max(person, 1),
        clean / len(examples),
        2 * same / max(ours + theirs, 1),
    )


def _part(template: int) -> str:
    if is_validation(template):
        return "validation"
    return "training" if is_trained_on(template) else "tuning"


def _span(span: dict[str, object]) -> tuple[int, int, str]:
    return int(str(span["start_position"])), int(str(span["end_position"])), str(span["entity_type"])


def _spanish(label: str) -> str:
    return "PERSON" if label.startswith("NOMBRE") else label

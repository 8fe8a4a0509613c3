"""Made-up sections of clinical notes: a corpus to try the project on, and public candidates in another dialect.

Every sentence comes from a grammar that was written for this project (``clinical_templates.toml`` and
``clinical_words.toml``); no data set and no record is read. The corpus carries planted names, dates, record numbers,
phone numbers and mail addresses with their places, so that what de-identification removes can be counted.
"""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.generators.clinical_grammar import (
    DIALECTS,
    Dialect,
    Identifier,
    Scribe,
    make_patient,
    map_outside,
    templates,
    unwrap,
)
from fedaug.augmentation.generators.label_words import label_key
from fedaug.errors import ConfigError

SECTION_WEIGHTS: Mapping[str, int] = MappingProxyType(
    {
        "GENHX": 16,
        "FAM/SOCHX": 13,
        "PASTMEDICALHX": 10,
        "CC": 8,
        "ROS": 8,
        "ASSESSMENT": 8,
        "PLAN": 7,
        "EXAM": 6,
        "MEDICATIONS": 6,
        "PASTSURGICAL": 6,
        "ALLERGY": 5,
        "DISPOSITION": 5,
        "LABS": 4,
        "IMAGING": 4,
    }
)
"""How often each section comes in the corpus, in percent or so: uneven, as in practice."""

_NEIGHBOURS: Mapping[str, Sequence[str]] = MappingProxyType(
    {
        "GENHX": ("PASTMEDICALHX", "CC", "ROS", "ASSESSMENT"),
        "FAM/SOCHX": ("PASTMEDICALHX", "GENHX"),
        "PASTMEDICALHX": ("GENHX", "ASSESSMENT", "PASTSURGICAL"),
        "CC": ("GENHX",),
        "ROS": ("GENHX", "EXAM"),
        "ASSESSMENT": ("GENHX", "PLAN", "PASTMEDICALHX"),
        "PLAN": ("DISPOSITION", "ASSESSMENT", "MEDICATIONS"),
        "EXAM": ("ROS", "ASSESSMENT"),
        "MEDICATIONS": ("PLAN", "ALLERGY"),
        "PASTSURGICAL": ("PASTMEDICALHX", "GENHX"),
        "ALLERGY": ("MEDICATIONS", "PASTMEDICALHX"),
        "DISPOSITION": ("PLAN",),
        "LABS": ("ASSESSMENT", "IMAGING"),
        "IMAGING": ("LABS", "ASSESSMENT"),
    }
)
"""Sections that writers mix up."""


@dataclass(frozen=True)
class Habits:
    """How untidily the corpus is written; each is the share of notes.

    Args:
        mixed: A sentence of a neighbouring section stands in the note.
        misfiled: The note stands under a neighbouring section's header.
        headed: A line that names the patient comes first.
        capitals: Written in capitals throughout.
        lower: Written in lower case throughout.
    """

    mixed: float = 0.22
    misfiled: float = 0.04
    headed: float = 0.15
    capitals: float = 0.06
    lower: float = 0.08


@dataclass(frozen=True)
class Note:
    """One row of the corpus; the repr shows no text, as for a record."""

    id: str
    subject_id: str
    site: str
    section_header: str
    section_text: str
    identifiers: tuple[Identifier, ...]

    def __repr__(self) -> str:
        return f"Note({self.id}, {self.section_header}, {len(self.identifiers)} identifiers)"

    def as_row(self) -> dict[str, object]:
        """The row as JSON takes it."""
        spans = [identifier._asdict() for identifier in self.identifiers]
        return {
            "id": self.id,
            "subject_id": self.subject_id,
            "site": self.site,
            "section_header": self.section_header,
            "section_text": self.section_text,
            "identifiers": spans,
        }


def clinical_notes(
    count: int,
    seed: int,
    *,
    dialect: Dialect = "ward",
    sites: int = 5,
    notes_per_patient: int = 4,
    habits: Habits = Habits(),
) -> Iterator[Note]:
    """A made-up corpus: ``count`` notes, about ``notes_per_patient`` for each patient, a patient at one site only.

    The same arguments give the same notes; a longer corpus begins with the shorter one.
    """
    rng = random.Random(f"clinical-notes/{dialect}/{seed}")
    made = patients = 0
    headers, weights = list(SECTION_WEIGHTS), list(SECTION_WEIGHTS.values())
    while made < count:
        patient = make_patient(patients, dialect, rng)
        site = f"site-{1 + patients % sites}"
        patients += 1
        # All of a patient's notes are drawn even if fewer are wanted, so that a longer corpus draws the same.
        for _ in range(rng.randint(1, 2 * notes_per_patient - 1)):
            header = rng.choices(headers, weights)[0]
            text, identifiers = _note(header, Scribe(patient, dialect, rng), habits)
            if rng.random() < habits.misfiled:
                header = rng.choice(_NEIGHBOURS[header])
            if made < count:
                yield Note(f"n{made:06d}", patient.subject_id, site, header, text, identifiers)
                made += 1


def write_notes(notes: Iterable[Note], path: Path) -> int:
    """Write notes as JSONL; how many."""
    number = 0
    with path.open("w", encoding="utf-8") as stream:
        for note in notes:
            stream.write(json.dumps(note.as_row(), ensure_ascii=False) + "\n")
            number += 1
    return number


def _note(header: str, scribe: Scribe, habits: Habits) -> tuple[str, tuple[Identifier, ...]]:
    rng = scribe.rng
    sentences = templates()[header][scribe.dialect]
    # No template twice in a note: a second one of a kind would contradict the first.
    wanted = min(rng.choice(_LENGTHS.get(header, (0, 0, 1, 1, 2))), len(sentences["more"]))
    parts = [
        scribe.write(template) for template in (rng.choice(sentences["lead"]), *rng.sample(sentences["more"], wanted))
    ]
    if rng.random() < habits.mixed:
        other = templates()[rng.choice(_NEIGHBOURS[header])][scribe.dialect]
        parts.append(scribe.write(rng.choice(other[rng.choice(("lead", "more"))])))
    if scribe.planted and rng.random() < habits.headed:
        parts.insert(0, scribe.header_line().strip())
    text = " ".join(dict.fromkeys(parts))
    cased = _casing(rng.random(), habits)
    return unwrap(map_outside(text, cased) if cased else text)


_LENGTHS: Mapping[str, Sequence[int]] = MappingProxyType(
    {"GENHX": (0, 1, 2, 3, 4), "ROS": (0, 0, 1, 2), "CC": (0, 0, 0, 1)}
)
"""How many sentences follow the first."""


def _casing(draw: float, habits: Habits) -> Callable[[str], str] | None:
    if draw < habits.capitals:
        return str.upper
    return str.lower if draw < habits.capitals + habits.lower else None


class ClinicalNotes:
    """Candidates for section headers, without identifiers; labels that are no known header get none.

    A header is known by its code (``GENHX``) or in words (``history of present illness``).

    Args:
        per_label: Texts for each header, at most.
        dialect: ``"clinic"``, which the made-up corpus is not written in; ``"ward"``; or ``"both"``.
    """

    name = "clinical-notes"

    def __init__(self, per_label: int = 150, dialect: str = "clinic") -> None:
        if dialect not in (*DIALECTS, "both"):
            raise ConfigError("clinical-notes was given an unknown dialect", f"use one of {', '.join(DIALECTS)}, both")
        self._per_label = per_label
        self._dialects = [known for known in DIALECTS if dialect in (known, "both")]

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        """Up to ``per_label`` different texts for each known header, fewer where the grammar has no more."""
        seen: set[str] = set()
        header_of = {label_key(header): header for header in templates()}
        for label in labels:
            header = header_of.get(label_key(label))
            if header is None:
                continue
            rng = random.Random(f"{self.name}/{seed}/{label}")
            wanted = len(seen) + self._per_label
            for number in range(self._per_label * 4):
                if len(seen) >= wanted:
                    break
                dialect = self._dialects[number % len(self._dialects)]
                patient = make_patient(number, dialect, rng, female=header == "GYNHX")
                text, _ = _note(header, Scribe(patient, dialect, rng, planted=False), _TIDY)
                if text not in seen:
                    seen.add(text)
                    yield Candidate(text, self.name, f"grammar, {dialect} dialect", label)


_TIDY = Habits(mixed=0.0, misfiled=0.0, headed=0.0, capitals=0.0, lower=0.0)

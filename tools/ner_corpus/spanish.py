"""Spanish: the train file of MEDDOCAN (CC BY 4.0) as it is, with other people, places and numbers in it, and damaged.

Its spans are kept as its annotators have them ("38 años" is an age, sex and relatives are identifiers), since a strict
score counts a span by both of its ends.
"""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from random import Random

from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import SPANISH_LABELS, Example, Piece, joined, pieces_of
from tools.ner_corpus.listed import listed
from tools.ner_corpus.noise import noisy, without_accents
from tools.ner_corpus.swapped import Swap

#: Our label by MEDDOCAN's.
LABELS = {
    "TERRITORIO": "LOCATION",
    "CALLE": "LOCATION",
    "PAIS": "LOCATION",
    "FECHAS": "DATE_TIME",
    "EDAD_SUJETO_ASISTENCIA": "AGE",
    "NOMBRE_SUJETO_ASISTENCIA": "PERSON",
    "NOMBRE_PERSONAL_SANITARIO": "PERSON",
    "SEXO_SUJETO_ASISTENCIA": "SEX",
    "ID_SUJETO_ASISTENCIA": "ID",
    "ID_TITULACION_PERSONAL_SANITARIO": "ID",
    "ID_ASEGURAMIENTO": "ID",
    "ID_CONTACTO_ASISTENCIAL": "ID",
    "ID_EMPLEO_PERSONAL_SANITARIO": "ID",
    "CORREO_ELECTRONICO": "ID",
    "NUMERO_TELEFONO": "ID",
    "NUMERO_FAX": "ID",
    "URL_WEB": "ID",
    "HOSPITAL": "ORGANIZATION",
    "CENTRO_SALUD": "ORGANIZATION",
    "INSTITUCION": "ORGANIZATION",
    "FAMILIARES_SUJETO_ASISTENCIA": "FAMILY",
    "PROFESION": "PROFESSION",
    "OTROS_SUJETO_ASISTENCIA": "FAMILY",
}
_Span = tuple[int, int, str]
# Reports of the train file that share a run of thirteen words with one of the development file, mostly where the same
# doctor signed both: what measures must not be trained on (`benchmarks.deid.overlap`).
_SHARED = frozenset(listed("meddocan")["shared_with_dev"])


def is_tuning(record_id: str) -> bool:
    """Whether a report belongs to the part of the train file on which thresholds are chosen."""
    return hashlib.sha256(record_id.encode()).digest()[0] % 10 == 0


@lru_cache(maxsize=2)
def reports(data: Path, *, tuning: bool = False) -> tuple[tuple[str, tuple[_Span, ...]], ...]:
    """Texts with spans under MEDDOCAN's own labels: the part that trains, or the part that tunes."""
    path = data / "meddocan_es" / "train.jsonl"
    if not path.exists():
        return ()
    found = []
    for line in path.read_text(encoding="utf-8").splitlines():
        row = json.loads(line)
        if is_tuning(row["id"]) == tuning and row["id"] not in _SHARED:
            found.append((row["text"], _ordered(row["spans"])))
    return tuple(found)


def _ordered(rows: list[dict[str, object]]) -> tuple[_Span, ...]:
    """Spans in order; where two overlap, the longer stays."""
    spans = sorted(
        ((int(str(row["start"])), int(str(row["end"])), str(row["label"])) for row in rows),
        key=lambda span: span[0] - span[1],
    )
    kept: list[_Span] = []
    for span in spans:
        if all(span[1] <= other[0] or span[0] >= other[1] for other in kept):
            kept.append(span)
    return tuple(sorted(kept))


def tuning_examples(data: Path) -> tuple[Example, ...]:
    """The reports on which thresholds are chosen, unchanged and whole."""
    return tuple(_mapped(pieces_of(text, spans)) for text, spans in reports(data, tuning=True))


def report(rng: Random, data: Path) -> Example:
    """A part of a report: as it is, or with other values, seldom damaged."""
    text, spans = pick(rng, reports(data))
    pieces = _part(rng, pieces_of(text, spans))
    if chance(rng, 0.65):
        pieces = Swap(rng).swapped(pieces)
    labelled: list[Piece] = [(part, LABELS.get(label) if label else None) for part, label in pieces]
    draw = rng.random()
    if draw < 0.06:
        labelled = [(without_accents(part), label) for part, label in labelled]
    return joined(noisy(rng, labelled, 0.25), SPANISH_LABELS)


def _mapped(pieces: list[Piece]) -> Example:
    return joined([(part, LABELS.get(label) if label else None) for part, label in pieces], SPANISH_LABELS)


def _part(rng: Random, pieces: list[Piece]) -> list[Piece]:
    """Whole lines, of 500 to 2,500 characters, anywhere in the report; seldom all of it."""
    if chance(rng, 0.15):
        return pieces
    lines: list[list[Piece]] = [[]]
    for text, label in pieces:
        if label is not None:
            lines[-1].append((text, label))
            continue
        for part in re.findall(r"[^\n]*\n|[^\n]+", text):
            lines[-1].append((part, None))
            if part.endswith("\n"):
                lines.append([])
    first = 0 if chance(rng, 0.3) else between(rng, 0, len(lines) - 1)
    wanted, taken, out = between(rng, 500, 2500), 0, []
    for line in lines[first:]:
        out += line
        taken += sum(len(text) for text, _ in line)
        if taken > wanted:
            break
    return out if out else pieces

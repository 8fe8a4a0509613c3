"""The labelled texts that detection is measured on, as the product's own labelled texts. None of them is trained on."""

from __future__ import annotations

import csv
import json
import os
import random
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from tools.ner_corpus.presidio import is_validation

from fedaug.errors import DataNotFound
from fedaug.privacy.deid.scoring import LabelledText
from fedaug.privacy.deid.spans import Span

Item = TypeVar("Item")

NOTES_SEED = 20_261
DENSE = 20  # identifiers of a note whose coming through whole is asked for

#: presidio_synth's names of types that ours calls otherwise.
_SYNTH_TYPES = {"STREET_ADDRESS": "ADDRESS", "GPE": "LOCATION", "DOMAIN_NAME": "URL", "PREFIX": "TITLE"}
_MEDDOCAN_TYPES = {
    **dict.fromkeys(("NOMBRE_SUJETO_ASISTENCIA", "NOMBRE_PERSONAL_SANITARIO"), "PERSON"),
    **dict.fromkeys(("TERRITORIO", "PAIS"), "LOCATION"),
    **dict.fromkeys(("HOSPITAL", "CENTRO_SALUD"), "FACILITY"),
    **dict.fromkeys(("ID_SUJETO_ASISTENCIA", "ID_CONTACTO_ASISTENCIAL"), "MEDICAL_RECORD_NUMBER"),
    **{"FECHAS": "DATE_TIME", "EDAD_SUJETO_ASISTENCIA": "AGE", "SEXO_SUJETO_ASISTENCIA": "SEX", "CALLE": "ADDRESS"},
    **{"CORREO_ELECTRONICO": "EMAIL_ADDRESS", "NUMERO_TELEFONO": "PHONE_NUMBER", "NUMERO_FAX": "FAX_NUMBER"},
    **{"ID_TITULACION_PERSONAL_SANITARIO": "MEDICAL_LICENSE", "ID_ASEGURAMIENTO": "HEALTH_PLAN_NUMBER"},
    **{"FAMILIARES_SUJETO_ASISTENCIA": "FAMILY", "INSTITUCION": "ORGANIZATION", "PROFESION": "PROFESSION"},
}


_AGE = re.compile(r"\d+")


@dataclass(frozen=True, repr=False)
class Sentence:
    """Words joined by blanks, and where the disease mentions stand among them."""

    text: str
    mentions: tuple[tuple[int, int], ...]


def data(name: str) -> Path:
    """A file under ``$FEDAUG_DATA``.

    Raises:
        DataNotFound: It is not there.
    """
    folder = os.environ.get("FEDAUG_DATA")
    path = Path(folder) / name if folder else None
    if path is None or not path.exists():
        raise DataNotFound(f"{name} is not on this machine", "fetch it, and set FEDAUG_DATA to its folder's parent")
    return path


def presidio_synth(*, validation: bool = True) -> list[LabelledText]:
    """presidio_synth v2, one half."""
    rows = json.loads(data("presidio_synth/synth_dataset_v2.json").read_text("utf-8"))
    return [_synth(row) for row in rows if is_validation(row["template_id"]) == validation]


def _synth(row: dict[str, Any]) -> LabelledText:
    spans = [
        Span(
            span["start_position"],
            span["end_position"],
            _synth_type(span["entity_type"]),
            1.0,
        )
        for span in row["spans"]
    ]
    return LabelledText(row["full_text"], tuple(sorted(spans)))


def _synth_type(name: str) -> str:
    return _SYNTH_TYPES.get(name, name)


def notes(count: int, seed: int = NOTES_SEED) -> list[LabelledText]:
    """Made-up notes of the fresh set, by an author who has not read the rules, and at which nobody looked since."""
    from benchmarks.deid.notes import notes as written  # noqa: PLC0415 - its pools are read when it is imported

    return [
        LabelledText(note.text, tuple(Span(span.start, span.end, span.type, 1.0) for span in note.spans))
        for note in written(count, seed, fresh=True)
    ]


def meddocan(part: str = "dev") -> list[LabelledText]:
    """Spanish clinical reports."""
    with data(f"meddocan_es/{part}.jsonl").open(encoding="utf-8") as file:
        return [_meddocan(json.loads(line)) for line in file]


def _meddocan(row: dict[str, Any]) -> LabelledText:
    kinds = {span["label"]: _MEDDOCAN_TYPES.get(span["label"], "ID") for span in row["spans"]}
    spans = {Span(span["start"], span["end"], kinds[span["label"]], 1.0) for span in row["spans"]}
    return LabelledText(row["text"], tuple(sorted(spans)))


def table(name: str, *, delimiter: str = ",") -> list[dict[str, str]]:
    """The rows of a CSV file."""
    with data(name).open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter=delimiter))


def labelled_sections() -> list[LabelledText]:
    """Sections of real notes in which one reader has marked what identifies somebody; ``labels/README.md`` says how.

    Of an age only the number counts here, while the reader marked "76-year-old" whole: what is left without the number
    says nothing of anybody.
    """
    labels = json.loads(Path(__file__).with_name("labels").joinpath("mts_dialog.json").read_text("utf-8"))["records"]
    texts = {record["ID"]: record["section_text"] for record in table("mts_dialog/train.csv")}
    return [
        LabelledText(texts[number], tuple(_narrowed(texts[number], Span(*span, 1.0)) for span in spans))
        for number, spans in labels.items()
    ]


def _narrowed(text: str, span: Span) -> Span:
    match = _AGE.search(text, span.start, span.end) if span.entity_type == "AGE" else None
    return span if match is None else Span(*match.span(), span.entity_type, span.score)


def disease_sentences() -> list[Sentence]:
    """ncbi_disease_ner, training and development part."""
    return [sentence for part in ("train", "devel") for sentence in disease_file(data(f"ncbi_disease_ner/{part}.tsv"))]


def disease_file(path: Path) -> Iterator[Sentence]:
    """The sentences of one file: a token and its tag a line, a blank line between sentences."""
    words: list[tuple[str, str]] = []
    with path.open(encoding="utf-8") as file:
        for line in (*file, "\n"):
            fields = line.rstrip("\n").split("\t")
            if len(fields) >= 2:
                words.append((fields[0], fields[1]))
            elif words:
                yield _sentence(words)
                words = []


def _sentence(words: list[tuple[str, str]]) -> Sentence:
    parts: list[str] = []
    mentions: list[tuple[int, int]] = []
    position = 0
    for word, tag in words:
        end = position + len(word)
        if tag.startswith("B"):
            mentions.append((position, end))
        elif tag.startswith("I") and mentions:
            mentions[-1] = (mentions[-1][0], end)
        parts.append(word)
        position = end + 1
    return Sentence(" ".join(parts), tuple(mentions))


def drawn(items: list[Item], limit: int | None) -> list[Item]:
    """All items, or so many of them by a fixed seed, in their order."""
    if limit is None or limit >= len(items):
        return items
    return [items[index] for index in sorted(random.Random(0).sample(range(len(items)), limit))]

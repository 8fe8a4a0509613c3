"""Runs of words that texts share: no text that measures may have been trained on.

Thirteen words in a row is the length at which GPT-3's authors took a passage for seen (Brown et al. 2020, "Language
Models are Few-Shot Learners", appendix C).
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from pathlib import Path

from tools.ner_corpus.presidio import is_validation

from benchmarks.deid.notes import notes as written

WORDS = 13
_NOTES = 300
_WORD = re.compile(r"\w+")
_NUMBER = re.compile(r"\d+")
#: The headings of the form that every MEDDOCAN report bears, as its makers wrote it. Between them stand values such as
#: "España", so that reports of different people agree in long runs.
_FORM = re.compile(
    r"\b(?:datos del paciente|datos asistenciales|nombre|apellidos|nhc|nass|domicilio|localidad|provincia|cp|españa"
    r"|del paciente|paciente de|que acude a(?: consulta)?"
    r"|(?:fecha|país) de nacimiento|edad|años|sexo [hm]|fecha de ingreso|médico|nºcol|informe clínico|episodio)\b"
)
_LEAST_OF_FORM = 7


def grams(text: str) -> Iterator[str]:
    """All runs of `WORDS` words, in lower case, without what stands between them."""
    words = _WORD.findall(text.casefold())
    return (" ".join(words[start : start + WORDS]) for start in range(len(words) - WORDS + 1))


def is_form(gram: str) -> bool:
    """Whether more than half of a run are headings of MEDDOCAN's form and numbers, which tell nothing of a report."""
    rest = _NUMBER.sub(" ", _FORM.sub(" ", gram)).split()
    return len(rest) <= WORDS - _LEAST_OF_FORM


def index(sets: dict[str, Iterable[str]]) -> dict[int, str]:
    """Hash of each run -> the first set that it occurs in. Two runs of one hash are taken for one: the strict side."""
    found: dict[int, str] = {}
    for name, texts in sets.items():
        for text in texts:
            for gram in grams(text):
                found.setdefault(hash(gram), name)
    return found


def shared(texts: Iterable[str], indexed: dict[int, str]) -> dict[str, set[str]]:
    """The runs of texts that an index holds, by set, form headings left out."""
    found: dict[str, set[str]] = {}
    for text in texts:
        for gram in grams(text):
            name = indexed.get(hash(gram))
            if name is not None and not is_form(gram):
                found.setdefault(name, set()).add(gram)
    return found


def evaluation_sets(data: Path) -> dict[str, list[str]]:
    """The texts that measure: the made-up notes, and those sets that are under a data folder."""
    notes = {"notes": [note.text for note in written(_NOTES, seed=1, fresh=True)]}
    return notes | {name: list(read(data / name)) for name, read in EVALUATION.items() if (data / name).is_dir()}


def _synth(folder: Path) -> Iterator[str]:
    """The validation half, and its templates: a template that was refilled for training would otherwise differ."""
    for row in json.loads((folder / "synth_dataset_v2.json").read_text("utf-8")):
        if is_validation(row["template_id"]):
            yield from (row["full_text"], row["masked"])


def _dev(folder: Path) -> Iterator[str]:
    with (folder / "dev.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            yield json.loads(line)["text"]


def _tables(folder: Path, pattern: str = "*.csv", delimiter: str = ",") -> Iterator[str]:
    for path in sorted(folder.glob(pattern)):
        with path.open(encoding="utf-8", newline="") as file:
            for row in csv.DictReader(file, delimiter=delimiter):
                yield from (value for value in row.values() if isinstance(value, str))


def _intents(folder: Path) -> Iterator[str]:
    for rows in json.loads((folder / "data_full.json").read_text("utf-8")).values():
        yield from (text for text, _ in rows)


def _columns(folder: Path, *patterns: str) -> Iterator[str]:
    """Files of a token and its tag a line: each as one text, so that no run is lost at a line's end."""
    for path in sorted(path for pattern in patterns for path in folder.rglob(pattern)):
        lines = path.read_text("utf-8").splitlines()
        yield " ".join(line.split()[0] for line in lines if line.strip() and not line.startswith("-DOCSTART-"))


#: Folder below the data folder -> how its texts are read.
EVALUATION: dict[str, Callable[[Path], Iterator[str]]] = {
    "presidio_synth": _synth,
    "meddocan_es": _dev,
    "mts_dialog": _tables,
    "aci_bench": _tables,
    "banking77": _tables,
    "evi_identity": partial(_tables, pattern="dialogues*.tsv", delimiter="\t"),
    "clinc150": _intents,
    "ncbi_disease_ner": lambda folder: _columns(folder, "*.tsv"),
    "wnut17": lambda folder: _columns(folder, "*.conll", "*.txt"),
    "wikigold": lambda folder: _columns(folder, "*.conll", "*.txt"),
}

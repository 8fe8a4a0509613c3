"""Streaming readers of public corpora: text and, where the source has one, its own label.

Only public text is read here. A data set whose role in the catalogue is ``records`` stands for a site's private data
and is refused, so that no text used as private data or for evaluation can become a candidate.
"""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple, TextIO

from fedaug.augmentation.datasets import DataSet, catalogue, find
from fedaug.errors import ConfigError, MalformedSource, MissingColumn, MissingFile, NotUtf8, UnknownFormat


class PublicText(NamedTuple):
    """A piece of public text and the label that its source gives it."""

    text: str
    label: str | None


@dataclass(frozen=True)
class Fit:
    """Which lengths are wanted; longer prose is cut at sentence ends, shorter pieces are left out.

    Args:
        min_words: Fewest words of a piece.
        max_characters: Most characters of a piece.
    """

    min_words: int = 3
    max_characters: int = 700


Reader = Callable[[Path, Fit], Iterator[PublicText]]

_SPACES = re.compile(r"\s+")
_SENTENCE_END = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9\"'(])")
_BULLET = re.compile(r"^[\s•*\-–]+")


def normalise(text: str) -> str:
    """NFKC, every run of white space as one blank, no control characters."""
    text = _SPACES.sub(" ", unicodedata.normalize("NFKC", text)).strip()
    return "".join(letter for letter in text if unicodedata.category(letter) not in {"Cc", "Cf"})


def pieces(text: str, fit: Fit) -> Iterator[str]:
    """The paragraphs of a text, each cut at sentence ends into pieces that fit."""
    for paragraph in re.split(r"\n+", text):
        yield from _packed(_SENTENCE_END.split(normalise(paragraph)), fit)


def _packed(sentences: Sequence[str], fit: Fit) -> Iterator[str]:
    held = ""
    for sentence in sentences:
        if held and len(held) + 1 + len(sentence) > fit.max_characters:
            yield held
            held = ""
        held = f"{held} {sentence}".strip()
    if held:
        yield held


def read_corpus(name: str, search: Sequence[Path], fit: Fit = Fit()) -> Iterator[PublicText]:
    """Stream a public corpus: normalised, of fitting length, each text once.

    Args:
        name: One of ``corpus_names()``, or the path of a CSV, JSONL or text file with a column ``text``.
        search: Folders of data sets.
        fit: Lengths that are wanted.

    Raises:
        ConfigError: The name is a data set that stands for private records, or nothing at all.
        DataNotFound: The corpus is not on this machine.
        MalformedSource, MissingColumn, MissingFile, NotUtf8, UnknownFormat: A file cannot be read.
    """
    if name in _READERS:
        return _clean(_READERS[name](find(name, search), fit), fit)
    if name in catalogue():
        raise ConfigError(f"{name} stands for private records and is never read for candidates", "name a public corpus")
    path = Path(name)
    if not path.suffix:
        raise ConfigError(f"no public corpus is called {name!r}", "use a file, or one of: " + ", ".join(corpus_names()))
    return read_file(path, fit=fit)


def read_file(
    path: Path,
    *,
    column: str = "text",
    label_column: str | None = None,
    fit: Fit = Fit(),
) -> Iterator[PublicText]:
    """Stream a public file of one's own: CSV or JSONL with a text column, or plain text (one piece a line).

    Args:
        path: ``.csv``, ``.jsonl``, ``.txt``, or one of these with ``.gz``.
        column: Column of the text.
        label_column: Column of the source's label, if it has one.
        fit: Lengths that are wanted.

    Raises:
        MissingFile, UnknownFormat, MissingColumn, MalformedSource, NotUtf8: The file cannot be read.
    """
    if not _private().keys().isdisjoint(path.absolute().parts):
        raise ConfigError("the file lies in a data set that stands for private records", "name a public corpus")
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    if suffix not in {".csv", ".jsonl", ".txt"}:
        raise UnknownFormat(
            f"a public corpus in a file {suffix or 'without suffix'} is not read", "use .csv, .jsonl or .txt"
        )
    if suffix == ".txt":
        return _clean((PublicText(line, None) for line in _lines(path)), fit)
    rows = _csv_rows(path, column) if suffix == ".csv" else _jsonl_rows(path, column)
    return _clean((PublicText(str(row[column]), _label(row, label_column)) for row in rows), fit)


def read_items(path: Path, column: str = "text") -> Iterator[str]:
    """Stream a public evaluation file as it stands: one text for each row, so that a row's number names an item.

    Of a data set that plays private records, only the files that the catalogue lists for evaluation are read.

    Args:
        path: ``.csv`` or ``.jsonl``, or one of these with ``.gz``.
        column: Holds the text.

    Raises:
        ConfigError: The file is of a data set that stands for private records, and not one of its evaluation files.
        MissingFile, UnknownFormat, MissingColumn, MalformedSource, NotUtf8: The file cannot be read.
    """
    private = _private()
    named = (path.absolute(), path.resolve())  # a link may have another name than what it leads to
    if any(part in private and one.name not in private[part].evaluation for one in named for part in one.parts):
        raise ConfigError("an evaluation file plays private records in an example", "name a public file")
    suffix = path.suffixes[-2] if path.suffix == ".gz" and len(path.suffixes) > 1 else path.suffix
    if suffix not in {".csv", ".jsonl"}:
        raise UnknownFormat(f"an evaluation file {suffix or 'without suffix'} is not read", "use .csv or .jsonl")
    for row in _csv_rows(path, column) if suffix == ".csv" else _jsonl_rows(path, column):
        if not isinstance(row[column], str):
            raise MalformedSource(
                f"a row of {path.name} holds no text where one belongs", "name the column of the text"
            )
        yield row[column]


def corpus_names() -> list[str]:
    """Names that ``read_corpus`` knows."""
    return sorted(_READERS)


def _private() -> Mapping[str, DataSet]:
    """Data sets that stand for private records."""
    return {name: found for name, found in catalogue().items() if found.role == "records"}


def _label(row: Mapping[str, Any], column: str | None) -> str | None:
    value = row.get(column) if column else None
    return None if value is None else str(value)


def _clean(texts: Iterator[PublicText], fit: Fit) -> Iterator[PublicText]:
    seen: set[bytes] = set()  # short digests, not texts: a corpus may be larger than memory
    for raw, label in texts:
        text = normalise(raw)
        key = hashlib.blake2b(text.casefold().encode(), digest_size=10).digest()
        if len(text) <= fit.max_characters and len(text.split()) >= fit.min_words and key not in seen:
            seen.add(key)
            yield PublicText(text, label)


def _open(path: Path) -> TextIO:
    if not path.is_file():
        raise MissingFile(f"the file {path.name} of a public corpus is not there", "fetch the data set again")
    if path.suffix == ".gz":
        return gzip.open(path, "rt", encoding="utf-8", newline="")
    return path.open(encoding="utf-8", newline="")


def _lines(path: Path) -> Iterator[str]:
    with _open(path) as stream:
        try:
            yield from stream
        except UnicodeDecodeError as cause:
            raise NotUtf8(f"{path.name} is not UTF-8 text", "convert it to UTF-8") from cause
        except (EOFError, gzip.BadGzipFile) as cause:
            raise MalformedSource(f"{path.name} is cut short or not gzip", "fetch it again") from cause


def _csv_rows(path: Path, *columns: str) -> Iterator[dict[str, str]]:
    rows = csv.DictReader(_lines(path))
    missing = [column for column in columns if column not in (rows.fieldnames or [])]
    if missing:
        raise MissingColumn(f"{path.name} has no column {missing[0]!r}", "name a column that it has")
    try:
        yield from (row for row in rows if all(row[column] is not None for column in columns))
    except csv.Error as cause:
        raise MalformedSource(f"{path.name} cannot be parsed as CSV", "check its quotes") from cause


def _jsonl_rows(path: Path, *columns: str) -> Iterator[dict[str, Any]]:
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except ValueError as cause:
            raise MalformedSource(f"line {number} of {path.name} is not JSON", "mend or drop the line") from cause
        if not isinstance(row, dict) or any(column not in row for column in columns):
            raise MissingColumn(f"line {number} of {path.name} lacks a wanted column", "name a column that it has")
        yield row


def _clinc150(folder: Path, _fit: Fit) -> Iterator[PublicText]:
    try:
        splits = json.loads("".join(_lines(folder / "data_full.json")))
        # The published test splits stay out: they may be what a second example is scored on.
        for split in ("train", "val", "oos_train", "oos_val"):
            for text, intent in splits[split]:
                yield PublicText(text, None if intent == "oos" else intent)
    except (ValueError, KeyError, TypeError) as cause:
        raise MalformedSource("data_full.json is not laid out as published", "fetch clinc150 again") from cause


def _bitext(folder: Path, _fit: Fit) -> Iterator[PublicText]:
    for name in ("train.csv", "dev.csv", "test.csv"):
        for row in _csv_rows(folder / name, "utterance", "intent"):
            yield PublicText(row["utterance"], row["intent"])


def _aci_bench(folder: Path, fit: Fit) -> Iterator[PublicText]:
    """Sections under their heading: whole where they fit, and each paragraph; speech is not read."""
    for name in ("train.csv", "valid.csv"):
        for row in _csv_rows(folder / name, "note"):
            for heading, body in _sections(row["note"]):
                joined = normalise(_without_bullets(body))
                yield PublicText(joined, heading)
                for piece in pieces(_without_bullets(body), fit):
                    if piece != joined:
                        yield PublicText(piece, heading)


def _without_bullets(body: str) -> str:
    return "\n".join(_BULLET.sub("", line) for line in body.splitlines())


def _sections(note: str) -> Iterator[tuple[str, str]]:
    """A heading is a line of its own in capitals."""
    heading = ""
    body: list[str] = []
    for line in note.splitlines():
        if (
            line.strip()
            and line.strip() == line.strip().upper()
            and len(line.split()) <= 6
            and line.strip()[0].isalpha()
        ):
            if body:
                yield heading, "\n".join(body)
            heading, body = line.strip().rstrip(":"), []
        elif line.strip():
            body.append(line)
    if body:
        yield heading, "\n".join(body)


def _medquad(folder: Path, fit: Fit) -> Iterator[PublicText]:
    for row in _jsonl_rows(folder / "medquad_answers.jsonl", "answer", "qtype"):
        for piece in pieces(row["answer"], fit):
            yield PublicText(piece, row["qtype"])


def _lm_text(folder: Path, fit: Fit) -> Iterator[PublicText]:
    for path in sorted([*folder.glob("*.jsonl"), *folder.glob("*.jsonl.gz")]):
        for row in _jsonl_rows(path, "text"):
            for piece in pieces(row["text"], fit):
                yield PublicText(piece, None)


_READERS: Mapping[str, Reader] = MappingProxyType(
    {
        "aci_bench": _aci_bench,
        "bitext_customer_service": _bitext,
        "clinc150": _clinc150,
        "lm_text": _lm_text,
        "medquad": _medquad,
    }
)

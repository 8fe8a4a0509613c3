"""Reads, cleans and filters every source once, and writes what is left with a record of what was left out."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tools.pretraining import piece as pieces
from tools.pretraining.overlap import Overlap, compared_texts
from tools.pretraining.piece import Piece
from tools.pretraining.sources import SOURCES, Source

from fedaug.privacy.vetting.words import words

RECORD = "record.json"
FREQUENCIES = "frequencies.json"
_LEAST_DOCUMENTS = 5


@dataclass
class Count:
    """What became of a source.

    Attributes:
        name: Its name.
        licence: Of its text.
        kept: Pieces to train on.
        held_out: Pieces to measure on.
        repeated: Pieces that were there before.
        overlapping: Pieces left out for 13 words that they share with a private or evaluation set, or for being of it.
        words: Words of the pieces to train on.
    """

    name: str
    licence: str
    kept: int = 0
    held_out: int = 0
    repeated: int = 0
    overlapping: int = 0
    words: int = 0


def prepare(data: Path, out: Path, say: Callable[[str], None], sources: Iterable[Source] = SOURCES) -> list[Count]:
    """Write ``NAME.jsonl`` and ``NAME.held_out.jsonl`` of every source, and the record.

    Args:
        data: Folder of public data sets, the compared ones among them.
        out: Folder to write to.
        say: Told about every source.
        sources: What to read; what an earlier call read stays.

    Raises:
        FileNotFoundError: A source or a compared set is not there.
    """
    out.mkdir(parents=True, exist_ok=True)
    overlap = Overlap(compared_texts(data))
    counts = {each["name"]: Count(**each) for each in _record(out).get("sources", [])}
    for source in sources:
        count = Count(source.name, source.licence)
        seen: set[str] = set()
        kept = _left(source.read(data, False), overlap, seen, count)
        count.kept = pieces.write(_counted(kept, count), out / f"{source.name}.jsonl")
        # What is measured on may overlap with nothing either, and is no text that was trained on.
        held_out = _left(source.read(data, True), overlap, seen, Count("", ""))
        count.held_out = pieces.write(held_out, out / f"{source.name}.held_out.jsonl")
        counts[source.name] = count
        say(f"{count.name}: {count.kept} pieces, {count.words} words, {count.overlapping} overlapping")
    (out / FREQUENCIES).write_text(json.dumps(_frequencies(out, counts)), "utf-8")
    record = {"compared_runs": len(overlap), "sources": [asdict(count) for count in counts.values()]}
    (out / RECORD).write_text(json.dumps(record, indent=2) + "\n", "utf-8")
    return list(counts.values())


def _record(out: Path) -> dict[str, Any]:
    path = out / RECORD
    found: dict[str, Any] = json.loads(path.read_bytes()) if path.exists() else {}
    return found


def _frequencies(out: Path, names: Iterable[str]) -> dict[str, int]:
    """In how many pieces each word stands, of those that stand in a few."""
    documents: Counter[str] = Counter()
    for name in names:
        for piece in pieces.read(out / f"{name}.jsonl"):
            documents.update(set(words(piece.text)))
    return {word: number for word, number in documents.items() if number >= _LEAST_DOCUMENTS}


def _left(read: Iterable[Piece], overlap: Overlap, seen: set[str], count: Count) -> Iterable[Piece]:
    for piece in read:
        key = " ".join(words(piece.text))
        if key in seen:
            count.repeated += 1
        elif overlap.touches(piece.text):
            count.overlapping += 1
        else:
            seen.add(key)
            yield piece


def _counted(kept: Iterable[Piece], count: Count) -> Iterable[Piece]:
    for piece in kept:
        count.words += len(words(piece.text))
        yield piece

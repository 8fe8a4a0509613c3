"""A piece of training text with what the control prefix says of it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True)
class Piece:
    """A text of at most about a hundred words.

    Attributes:
        text: As it is taught, normalised.
        domain: "finance", "health" or "general".
        kind: "query", "complaint", "note" or "text".
        label: What it is about, as its source says; may be empty.
    """

    text: str
    domain: str
    kind: str
    label: str = ""


def write(pieces: Iterable[Piece], path: Path) -> int:
    """Write pieces as JSONL; how many."""
    count = 0
    with path.open("w", encoding="utf-8") as stream:
        for piece in pieces:
            stream.write(json.dumps(asdict(piece), ensure_ascii=False) + "\n")
            count += 1
    return count


def read(path: Path) -> Iterator[Piece]:
    """What :func:`write` wrote."""
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            yield Piece(**json.loads(line))

"""A candidate: a piece of synthetic or public text, with what it was made from and what it depends on."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import IntEnum


class Dependence(IntEnum):
    """What a text depends on; the larger, the more private. Only a DP mechanism lowers the mark."""

    PUBLIC = 0
    DP = 1
    PRIVATE = 2


@dataclass(frozen=True)
class Candidate:
    """A piece of text that may enter the pool.

    Args:
        text: The text itself. Left out of the repr, so that a traceback or a log line cannot show it.
        origin: Name of the plug-in that made it, such as ``"public-corpus"``.
        source: What the plug-in made it from, such as the name of a corpus.
        label: A label of the campaign, or None where the origin does not claim one.
        parents: ``sample_id`` of each candidate that it was made from.
        dependence: The most private thing that it depends on.
    """

    text: str = field(repr=False)
    origin: str
    source: str
    label: str | None = None
    parents: tuple[str, ...] = ()
    dependence: Dependence = Dependence.PUBLIC

    @property
    def sample_id(self) -> str:
        """SHA-256 of the text, as 64 hex digits: the same text has one id wherever it comes from."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def most_private(reads: Dependence, parents: Iterable[Candidate]) -> Dependence:
    """The mark of an operator's output: the most private of what it reads and of its parents."""
    return max([reads, *(parent.dependence for parent in parents)])

"""Findings in many texts, for whoever counts them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Protocol, runtime_checkable

from fedaug.errors import QuarantinedRecord
from fedaug.privacy.deid.spans import Span


class Finder(Protocol):
    """Finds personal data in one text, as :class:`fedaug.privacy.deid.Deidentifier` does."""

    def find(self, text: str) -> list[Span]:
        """Where it is; raises QuarantinedRecord if nothing is known about the text."""
        ...


@runtime_checkable
class FindsMany(Protocol):
    """Finds in many texts at a time, which is quicker where a neural recogniser runs."""

    def find_many(self, texts: Iterable[str]) -> Iterator[list[Span] | QuarantinedRecord]:
        """One result per text, in order."""
        ...


def find_all(finder: Finder, texts: Iterable[str]) -> Iterator[list[Span] | QuarantinedRecord]:
    """What is found in each text, in order, or why it was set aside."""
    if isinstance(finder, FindsMany):
        yield from finder.find_many(texts)
        return
    for text in texts:
        try:
            found: list[Span] | QuarantinedRecord = finder.find(text)
        except QuarantinedRecord as reason:
            found = reason.with_traceback(None)  # its frames hold the text
        yield found

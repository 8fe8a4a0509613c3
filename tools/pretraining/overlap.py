"""Keeps text of private and evaluation sets out: no piece shares a run of 13 words with one, or is one.

Brown et al. 2020, "Language Models are Few-Shot Learners", appendix C: runs of 13 words.
"""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator
from pathlib import Path

from fedaug.privacy.vetting.words import words

RUN = 13
_LEAST_WHOLE = 5  # words; a shorter query ("what is my balance") is anybody's
#: Sets of free text that pieces are compared with, and their columns.
_COMPARED = {"banking77": ("text",), "mts_dialog": ("section_text", "dialogue"), "aci_bench": ("note", "dialogue")}


class Overlap:
    """Runs of words, and whole texts, that are not to be trained on.

    Args:
        texts: Texts of private and evaluation sets.
    """

    def __init__(self, texts: Iterable[str]) -> None:
        self._runs: set[int] = set()
        self._wholes: set[int] = set()
        for text in texts:
            own = words(text)
            self._runs.update(_runs(own))
            if len(own) >= _LEAST_WHOLE:
                self._wholes.add(hash(own))

    def __len__(self) -> int:
        return len(self._runs)

    def touches(self, text: str) -> bool:
        """Whether a text shares a run of 13 words with them, or is one of them word by word."""
        own = words(text)
        return hash(own) in self._wholes or not self._runs.isdisjoint(_runs(own))


def compared_texts(data: Path) -> Iterator[str]:
    """All texts of the compared sets under a data folder.

    Raises:
        FileNotFoundError: One of the sets is not there: nothing could be promised.
    """
    for name, columns in _COMPARED.items():
        files = sorted((data / name).rglob("*.csv"))
        if not files:
            raise FileNotFoundError(f"{name} is not in the data folder: its text could not be kept out")
        for path in files:
            with path.open(encoding="utf-8", newline="") as stream:
                for row in csv.DictReader(stream):
                    yield from (row[column] for column in columns if row.get(column))


def _runs(own: tuple[str, ...]) -> Iterator[int]:
    return (hash(own[first : first + RUN]) for first in range(len(own) - RUN + 1))

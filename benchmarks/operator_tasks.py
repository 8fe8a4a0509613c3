"""The tasks that operators are measured on: a few real texts to train on, texts without labels, and texts held out."""

from __future__ import annotations

import csv
import hashlib
import random
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.datasets import data_folder
from fedaug.augmentation.operators.prompts import Setting
from fedaug.errors import DataNotFound, UnknownDataSet

_HELD_OUT: Final = 51  # of 256: a fifth
_DIALOGUE_WORDS: Final = 50  # that the student and the operators read: what fits the embedded model beside a prompt
_TRANSLATIONS: Final = 2
Row = tuple[str, str]  # text, label


@dataclass(frozen=True)
class Draw:
    """What one seed trains on.

    Attributes:
        parents: The texts to augment.
        others: As many more, for labelling; their labels are to be hidden.
        rivals: Name -> what others made of the same parents.
    """

    parents: list[Candidate]
    others: list[Candidate]
    rivals: dict[str, list[Candidate]] = field(default_factory=dict)


@dataclass(frozen=True)
class Task:
    """A task.

    Attributes:
        labels: The label set.
        texts: Held out.
        truth: Their labels.
        setting: What the texts are, for the model.
        sizes: Of the draws.
        unit: What a size counts.
    """

    name: str
    labels: tuple[str, ...]
    texts: tuple[str, ...]
    truth: tuple[str, ...]
    setting: Setting
    sizes: tuple[int, ...]
    unit: str
    _rows: Sequence[Row] = field(repr=False)
    _each_label: bool
    _translated: dict[str, list[str]] = field(default_factory=dict, repr=False)

    def draw(self, size: int, seed: int) -> Draw:
        """Training texts: ``size`` of each label, or ``size`` in all with one of each label at least."""
        rng = random.Random(f"{self.name}/{seed}")
        by_label: defaultdict[str, list[Row]] = defaultdict(list)
        for row in rng.sample(list(self._rows), len(self._rows)):
            by_label[row[1]].append(row)
        if self._each_label:
            chosen = [row for rows in by_label.values() for row in rows[:size]]
            others = [row for rows in by_label.values() for row in rows[size : 2 * size]]
        else:
            first = [rows[0] for rows in by_label.values()]
            rest = [row for rows in by_label.values() for row in rows[1:]]
            rng.shuffle(rest)
            cut = max(0, size - len(first))
            chosen, others = first + rest[:cut], rest[cut : cut + size]
        rng.shuffle(others)
        parents = [_candidate(row, self.name) for row in chosen]
        return Draw(parents, [_candidate(row, self.name) for row in others], self._rivals(parents))

    def _rivals(self, parents: Sequence[Candidate]) -> dict[str, list[Candidate]]:
        """Back-translations of the same parents: one of each, as many as any operator adds, and both."""
        if not self._translated:
            return {}
        both = [
            [Candidate(text, "back-translation", self.name, one.label, (one.sample_id,)) for text in found]
            for one in parents
            if (found := self._translated.get(one.text))
        ]
        return {
            "back-translation, one": [some[0] for some in both],
            "back-translation, two": [one for some in both for one in some],
        }


def tasks(names: Sequence[str], data: Path | None = None, labels: int | None = None) -> Iterator[Task]:
    """Tasks by name.

    Args:
        names: ``"banking77"`` and ``"mts_dialog"``.
        data: Folder of data sets; where they usually are, if not given.
        labels: So many labels of banking77 only.

    Raises:
        UnknownDataSet: There is no task of that name.
        DataNotFound: Its data set is not on this machine.
    """
    folder = data or data_folder()
    for name in names:
        if name == "banking77":
            yield _banking(folder, labels)
        elif name == "mts_dialog":
            yield _dialogues(folder)
        else:
            raise UnknownDataSet("no task has that name", "name banking77 or mts_dialog")


def _banking(folder: Path, most: int | None) -> Task:
    rows = [(row["text"].strip(), row["category"]) for row in _read(folder / "banking77" / "train.csv")]
    labels = tuple(sorted({label for _, label in rows}))[:most]
    rows = [row for row in dict.fromkeys(rows) if row[1] in labels]
    kept = [row for row in rows if not _held_out(row[0])]
    away = [row for row in rows if _held_out(row[0])]
    texts, truth = zip(*away, strict=True)
    return Task("banking77", labels, texts, truth, Setting("finance", "query"), (5, 10), "texts a label", kept, True)


def _dialogues(folder: Path) -> Task:
    """The held-out part and its translations take no part in training: they stand at the same place in their file."""
    home = folder / "mts_dialog"
    augmented = [(_beginning(row["dialogue"]), row["section_header"]) for row in _read(home / _TRANSLATED)]
    count = len(augmented) // (1 + _TRANSLATIONS)
    rows = augmented[:count]
    translated = {
        rows[place][0]: [augmented[place + count * number][0] for number in range(1, _TRANSLATIONS + 1)]
        for place in range(count)
    }
    away = [row for row in rows if _held_out(row[0])]
    away += [(_beginning(row["dialogue"]), row["section_header"]) for row in _read(home / "valid.csv")]
    heldout = {text for text, _ in away}
    kept = [row for row in dict.fromkeys(rows) if row[0] not in heldout]
    labels = tuple(sorted({label for _, label in kept}))
    away = [row for row in away if row[1] in labels]
    texts, truth = zip(*away, strict=True)
    setting = Setting("health", "query")
    return Task("mts_dialog", labels, texts, truth, setting, (100, 300), "dialogues", kept, False, translated)


_TRANSLATED: Final = "augmented_backtranslation_train.csv"


def _candidate(row: Row, name: str) -> Candidate:
    return Candidate(row[0], "real", name, row[1])


def _beginning(dialogue: str) -> str:
    return " ".join(dialogue.split()[:_DIALOGUE_WORDS])


def _held_out(text: str) -> bool:
    return hashlib.sha256(text.encode()).digest()[0] < _HELD_OUT


def _read(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(encoding="utf-8", newline="") as stream:
            return list(csv.DictReader(stream))
    except OSError:
        raise DataNotFound(
            f"{path.parent.name} is not on this machine", "set FEDAUG_DATA to a folder that has it"
        ) from None

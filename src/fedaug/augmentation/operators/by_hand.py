"""Co-annotation: texts that a model is in doubt about go to a person as a file, and come back with labels.

One JSON object a line: ``id``, ``text``, ``guesses`` (what the model believes) and ``label``, which the person fills in
or leaves null.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.operators.few_shot import refuse_private
from fedaug.errors import MalformedRow, MissingFile, NotUtf8, UnknownLabel

#: ``Candidate.origin`` of what a person labelled.
ORIGIN: Final = "person"
_MOST_GUESSES: Final = 5


def write_questions(path: Path, doubtful: Sequence[Candidate]) -> None:
    """Write texts for a person to label.

    Whoever labels texts that leave a site sees no record, so none that depends on ``PRIVATE`` is written.

    Raises:
        PrivateOutput: A text depends on records without a DP mechanism in between.
        MissingFile: The file cannot be written.
    """
    refuse_private(doubtful)
    lines = [
        json.dumps(
            {
                "id": one.sample_id,
                "text": one.text,
                "guesses": [[label, round(share, 3)] for label, share in one.weighted_labels[:_MOST_GUESSES]],
                "label": None,
            },
            ensure_ascii=False,
        )
        for one in doubtful
    ]
    try:
        path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
    except OSError:
        raise MissingFile("the folder for a file of questions is missing or not writable", "choose another") from None


def read_answers(path: Path, asked: Sequence[Candidate], labels: Sequence[str]) -> list[Candidate]:
    """What a person labelled: the texts that were asked about, with certain labels; unanswered ones are left out.

    The texts are those that were asked about, not the file's: an editor may have changed them.

    Args:
        path: The file, filled in.
        asked: What was written.
        labels: The label set.

    Raises:
        MissingFile: There is no such file.
        NotUtf8: It is not UTF-8 text.
        MalformedRow: A line is no answer, or answers what was not asked or was answered before.
        UnknownLabel: A label is outside the label set.
    """
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except OSError:
        raise MissingFile(
            "the file of answers is not there, or cannot be read", "name the file that was filled in"
        ) from None
    except UnicodeDecodeError:
        raise NotUtf8("the file of answers is not UTF-8 text", "save it as UTF-8") from None
    by_id = {one.sample_id: one for one in asked}
    answered: dict[str, Candidate] = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip():
            continue
        name, label = _answer(line, number)
        if name not in by_id or name in answered:
            raise MalformedRow(f"line {number} answers what was not asked, or again", "keep ids as they were written")
        if label is None:
            continue
        if label not in labels:
            raise UnknownLabel(f"line {number} has a label outside the label set", "correct it")
        answered[name] = replace(by_id[name], label=label, belief=(), origin=ORIGIN)
    return list(answered.values())


def _answer(line: str, number: int) -> tuple[str, str | None]:
    try:
        value: Any = json.loads(line)
    except (ValueError, RecursionError):
        value = None
    name, label = (value.get("id"), value.get("label")) if isinstance(value, dict) else (None, None)
    if not isinstance(name, str) or not isinstance(label, str | None):
        raise MalformedRow(f"line {number} is no answer", "give an object with id and label on each line")
    return name, label or None

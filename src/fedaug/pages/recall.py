"""What de-identification misses, type by type: from the output of ``fedaug deid score --json``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from pydantic import Field, ValidationError

from fedaug.errors import FedaugError, InputError
from fedaug.pages.facts import Count, Interval, Part, Share
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.files import read_at_most

#: Of all letters and digits of an identifier, those that are covered: half a name found is half a name left.
_LEVEL: Final = "characters"
_SPANS: Final = "overlap"  # counts labelled spans, which the interval takes as its trials
_MOST_BYTES: Final = 2**20  # a score of every type is some kilobytes
REFERENCE_RECALL: Final = 0.95  # drawn as a line to read the plot by; no rule names a figure


class TypeRecall(Part):
    """One type of identifier.

    Attributes:
        labelled: Spans that a person marked.
        recall: Share of their letters and digits that is found, as whatever type.
        interval: 95 % Wilson interval, one trial a span.
    """

    labelled: Count
    recall: Share
    interval: Interval


class WholeTexts(Part):
    """Texts of whose identifiers no letter or digit stays."""

    with_identifiers: Count
    without_leak: Count
    interval: Interval


class Deidentification(Part):
    """Residual risk of one policy on one labelled sample.

    Attributes:
        note: What the sample is.
        fingerprint: Of the policy that was scored; null where the score does not tell.
        quarantined: Texts that were set aside, which every rate leaves out.
    """

    policy: str
    note: str = ""
    types: dict[str, TypeRecall]
    overall: TypeRecall | None = None
    documents: WholeTexts | None = None
    language: str | None = None
    fingerprint: str | None = None
    quarantined: Count = 0
    labelled: Count = Field(0, description="texts that were scored")


def read_score(path: Path, note: str) -> Deidentification:
    """Read what ``fedaug deid score LABELLED --json`` printed.

    Args:
        path: The file that its output was written to.
        note: What the labelled sample is, in a sentence.

    Raises:
        MissingFile: There is no such file.
        InputError: It is not such an output.
    """
    data = read_at_most(path, _MOST_BYTES)
    try:
        if len(data) > _MOST_BYTES:
            raise ValueError("too long")
        return _from_score(parse_json(data), note)
    except (ValidationError, FedaugError, KeyError, TypeError, ValueError, AttributeError):
        raise InputError(
            "the file is not what fedaug deid score --json prints", "write that command's output to a file, and give it"
        ) from None


def _from_score(score: Any, note: str) -> Deidentification:  # noqa: ANN401  parsed JSON
    settings, documents = score.get("settings", {}), score["documents"]
    interval = documents["share_interval"]
    types = {name: _recall(levels) for name, levels in score["types"].items()}
    return Deidentification(
        policy=settings.get("policy", "not stated"),
        note=note,
        types={name: found for name, found in sorted(types.items()) if found is not None},
        overall=_recall(score["overall"]),
        documents=None
        if interval is None
        else WholeTexts(
            with_identifiers=documents["with_identifiers"], without_leak=documents["without_leak"], interval=interval
        ),
        language=settings.get("language"),
        fingerprint=settings.get("fingerprint"),
        quarantined=documents["quarantined"],
        labelled=documents["scored"],
    )


def _recall(levels: Any) -> TypeRecall | None:  # noqa: ANN401  parsed JSON
    """A type's; None for one that was found and never labelled, whose recall is not known."""
    found = levels[_LEVEL]
    if found["recall"] is None:
        return None
    return TypeRecall(
        labelled=levels[_SPANS]["labelled"], recall=found["recall"], interval=tuple(found["recall_interval"])
    )

"""``fedaug deid``: de-identify files, and measure what de-identification misses on one's own texts."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

from fedaug.console import commands, needs

if TYPE_CHECKING:
    from fedaug.errors import QuarantinedRecord
    from fedaug.privacy.deid import Deidentifier, Span
    from fedaug.privacy.deid.scoring import LabelledText, Score

app = typer.Typer(no_args_is_help=True, help="De-identify files; measure what is missed; label a sample of your own.")

_EXTRA = "client"
Language = Annotated[str, typer.Option("--language", help="The texts' language: two letters.")]
AsJson = Annotated[bool, typer.Option("--json", help="One JSON object in place of text.")]
Labelled = Annotated[Path, typer.Argument(metavar="LABELLED", help="JSON Lines with texts and labelled spans.")]


@app.command()
def score(labelled: Labelled, *, language: Language = "en", as_json: AsJson = False) -> None:
    """Score detection on texts in which every identifier is labelled: recall, precision, F2, texts without a leak.

    A labelled file has one record a line: {"text": "Seen by Ann Lee", "spans": [{"start": 8, "end": 15, "type":
    "PERSON"}]}. `fedaug deid label` makes a page on which to label a sample of your own texts. Prints no text.

    Example: fedaug deid score labelled.jsonl --json
    """
    with commands(), needs(_EXTRA):
        from fedaug.privacy.deid.scoring import read_labelled  # noqa: PLC0415 - --help shall not wait for it

        for _ in read_labelled(labelled):  # a bad line is told before minutes of work
            pass
        finder = _deidentifier(language)
        found, seconds = _scored(read_labelled(labelled), finder, quiet=as_json)
        speed = found.documents.scored / seconds if seconds else None
    if as_json:
        typer.echo(json.dumps({**found.as_json(), "records_per_s": speed, "settings": {"language": language}}))
        return
    from fedaug.privacy.deid.scoring import score_table  # noqa: PLC0415 - as above

    Console().print(score_table(found, records_per_s=speed))


def _deidentifier(language: str) -> Deidentifier:
    from fedaug.privacy.deid import Deidentifier  # noqa: PLC0415 - as above

    return Deidentifier(language=language)


def _scored(records: Iterable[LabelledText], finder: Deidentifier, *, quiet: bool) -> tuple[Score, float]:
    """The score, and the seconds that finding took."""
    from fedaug.privacy.deid.scoring import Scorer  # noqa: PLC0415 - as above

    scorer = Scorer()
    began = time.perf_counter()
    for record in records:
        scorer.add(record, _found(finder, record.text))
    return scorer.score(), time.perf_counter() - began


def _found(finder: Deidentifier, text: str) -> list[Span] | QuarantinedRecord:
    from fedaug.errors import QuarantinedRecord  # noqa: PLC0415 - as above

    try:
        return finder.find(text)
    except QuarantinedRecord as reason:
        return reason.with_traceback(None)  # its frames hold the text

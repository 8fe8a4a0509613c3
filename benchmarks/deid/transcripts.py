"""Row 4: spoken names, birth dates and postcodes, as a recogniser of speech wrote them down.

Only a transcript that holds the caller's true value counts, since nothing can be found in one that does not:

- a name: its first or its last name stands there as a word, whatever its case; each is one identifier;
- a birth date: day, month (by name or number) and four-digit year stand there as words; all from the first of the
  three to the last is one identifier;
- a postcode: its characters stand there one after the other, blanks ignored.

What was spelled out letter by letter or misheard is left out, and its share is shown.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Iterator
from datetime import date
from typing import Any

from benchmarks.deid.corpora import drawn, table
from benchmarks.deid.detection import scored
from benchmarks.deid.rows import Options, Row
from benchmarks.deid.systems import ours, presidio, presidio_with_names
from fedaug.privacy.deid.scoring import LabelledText
from fedaug.privacy.deid.spans import Span

_WORD = re.compile(r"[^\W_]+")
_ORDINAL = re.compile(r"(\d{1,2})(?:st|nd|rd|th)?")
#: Recall of each item, by letter, in the transcripts that hold it.
LEAST = {"name": 0.98, "dob": 0.98, "postcode": 0.90}
_TYPES = {"name": "PERSON", "dob": "DATE_TIME", "postcode": "ZIP_CODE"}
_MONTHS = {
    name.casefold(): number
    for names in (calendar.month_name, calendar.month_abbr)
    for number, name in enumerate(names)
    if name
}


def row(options: Options) -> Row:
    """Recall by item."""
    turns = drawn(table("evi_identity/dialogues.en.tsv", delimiter="\t"), options.limit)
    truth = {record["scenario_id"]: record for record in table("evi_identity/records.en.csv")}
    turns = [turn for turn in turns if turn["scenario_id"] in truth]
    labelled = {
        item: [
            LabelledText(turn["transcription"], spans)
            for turn in turns
            if turn["item"] == item and (spans := held(turn["transcription"], item, truth[turn["scenario_id"]]))
        ]
        for item in _TYPES
    }
    systems = {"ours": ours(), "presidio": presidio(), "presidio_names": presidio_with_names()}
    figures: dict[str, Any] = {
        "turns": {item: sum(turn["item"] == item for turn in turns) for item in _TYPES},
        "holding": {item: len(texts) for item, texts in labelled.items()},
    }
    for name, find in systems.items():
        figures[name] = {item: _recall(scored(find, texts)) for item, texts in labelled.items() if texts}
    mine = figures["ours"]
    return Row(
        name="transcripts",
        unit="recall of names in transcripts that hold them, by letter",
        ours=mine["name"]["recall"],
        alternative=figures["presidio_names"]["name"]["recall"],
        figures=figures,
        bars=bars(mine),
        settings={"turns": len(turns)},
    )


def bars(figures: dict[str, Any]) -> dict[str, bool]:
    """What must be shown of each item; one that no transcript holds is not shown."""
    return {f"{item} recall {least:.2f}": _least(figures, item, least) for item, least in LEAST.items()}


def _least(figures: dict[str, Any], item: str, least: float) -> bool:
    return item in figures and (figures[item]["recall"] or 0.0) >= least


def held(transcript: str, item: str, truth: dict[str, str]) -> tuple[Span, ...]:
    """Where a transcript holds the caller's true value."""
    if item == "name":
        places = _words(transcript, {truth["name_first"].casefold(), truth["name_last"].casefold()})
    elif item == "dob":
        places = _birth_date(transcript, date.fromisoformat(truth["dob"]))
    else:
        places = _squeezed(transcript, truth["postcode"])
    return tuple(Span(start, end, _TYPES[item], 1.0) for start, end in places)


def _words(transcript: str, wanted: set[str]) -> Iterator[tuple[int, int]]:
    for match in _WORD.finditer(transcript):
        if match.group().casefold() in wanted:
            yield match.span()


def _birth_date(transcript: str, born: date) -> Iterator[tuple[int, int]]:
    words = [(match.group().casefold(), match.span()) for match in _WORD.finditer(transcript)]
    year = next((place for word, place in words if word == str(born.year)), None)
    month = next((place for word, place in words if _MONTHS.get(word) == born.month), None)
    day = next((place for word, place in words if place != month and _number(word) == born.day), None)
    if month is None:  # by number: the one that is not the day's
        month = next((place for word, place in words if place != day and _number(word) == born.month), None)
    if day and month and year:
        yield min(day[0], month[0], year[0]), max(day[1], month[1], year[1])


def _number(word: str) -> int | None:
    match = _ORDINAL.fullmatch(word)
    return int(match.group(1)) if match else None


def _squeezed(transcript: str, postcode: str) -> Iterator[tuple[int, int]]:
    places = [place for place, character in enumerate(transcript) if character.isalnum()]
    squeezed = "".join(transcript[place] for place in places).casefold()
    wanted = postcode.replace(" ", "").casefold()
    start = squeezed.find(wanted) if len(squeezed) == len(places) else -1
    if start >= 0:
        yield places[start], places[start + len(wanted) - 1] + 1


def _recall(score: Any) -> dict[str, Any]:  # noqa: ANN401
    characters, spans = score.overall["characters"], score.overall["overlap"]
    return {
        "values": spans.counts.labelled,
        "recall": characters.recall,
        "recall_interval": characters.recall_interval,
        "span_recall": spans.recall,
        "whole": score.documents.share,
    }

"""Annotated corpora that lie outside the repository: Broad Twitter Corpus and LitBank, both CC BY 4.0.

Derczynski, Bontcheva and Roberts 2016, "Broad Twitter Corpus: A Diverse Named Entity Recognition Resource"; Bamman,
Lewke and Mansoor 2020, "An Annotated Dataset of Coreference in English Literature".
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tools.ner_corpus.example import Example

#: Parts that are trained on; part f, of mainstream news and people of note, is kept for measuring.
_BTC_PARTS = ("a", "b", "e", "g", "h")
_BTC_LABELS = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}
_BTC_KNOWN = frozenset(_BTC_LABELS.values())
_LITBANK_LABELS = {"PER": "PERSON", "GPE": "LOCATION", "LOC": "LOCATION", "FAC": "LOCATION", "ORG": "ORGANIZATION"}
#: Places and organisations of novels are marked unevenly ("the Church"), so their absence is not taught.
_LITBANK_KNOWN = frozenset({"PERSON"})
_LITBANK_CHARS = 500
_GLUED_TO_LEFT = frozenset(
    {".", ",", "!", "?", ":", ";", ")", "'s", "n't", "’s", "%", "...", "'m", "'re", "'ve", "'ll"}
)
_GLUED_TO_RIGHT = frozenset({"(", "$", "£", "#"})

Tokens = list[tuple[str, str]]


def tweets(folder: Path, parts: tuple[str, ...] = _BTC_PARTS) -> Iterator[Example]:
    """Tweets with names of people, places and organisations."""
    for part in parts:
        rng = Random(f"btc-{part}")
        for tokens in _sentences(folder / "broad_twitter_corpus" / f"{part}.conll"):
            yield _joined(tokens, glue=rng.random() < 0.7)


def novels(folder: Path) -> Iterator[Example]:
    """Passages of novels with the proper names of people and places."""
    for path in sorted((folder / "litbank" / "coref" / "brat").glob("*.ann")):
        text = path.with_suffix(".txt").read_text(encoding="utf-8")
        marks = [_mark(line) for line in path.read_text(encoding="utf-8").splitlines() if "\tPROP_" in line]
        yield from _passages(text, sorted(mark for mark in marks if mark is not None))


def _sentences(path: Path) -> Iterator[Tokens]:
    tokens: Tokens = []
    for line in path.read_text(encoding="utf-8").splitlines():
        token, _, tag = line.rpartition("\t")
        if token:
            tokens.append((token, tag))
        elif tokens:
            yield tokens
            tokens = []
    if tokens:
        yield tokens


def _joined(tokens: Tokens, *, glue: bool) -> Example:
    """The text of a sentence, with or without a space before its marks."""
    text, spans = "", list[tuple[int, int, str]]()
    for index, (token, tag) in enumerate(tokens):
        if index and not (glue and (token in _GLUED_TO_LEFT or tokens[index - 1][0] in _GLUED_TO_RIGHT)):
            text += " "
        start, text = len(text), text + token
        if tag.startswith("B-"):
            spans.append((start, len(text), _BTC_LABELS[tag[2:]]))
        elif tag.startswith("I-") and spans:
            spans[-1] = (spans[-1][0], len(text), spans[-1][2])
    return Example(text, tuple(spans), _BTC_KNOWN)


def _mark(line: str) -> tuple[int, int, str] | None:
    kind, start, end = line.split("\t")[1].split(" ")
    label = _LITBANK_LABELS.get(kind.removeprefix("PROP_"))
    return (int(start), int(end), label) if label else None


def _passages(text: str, marks: list[tuple[int, int, str]]) -> Iterator[Example]:
    """Cut at the end of a sentence, each a line, after about 500 characters."""
    start = 0
    for line in re.finditer(r"\n|\Z", text):
        end = line.start()
        if end - start >= _LITBANK_CHARS or end == len(text):
            inside = [mark for mark in marks if start <= mark[0] and mark[1] <= end]
            outer = [mark for mark in inside if not any(_within(mark, other) for other in inside)]
            spans = tuple((first - start, last - start, label) for first, last, label in outer)
            yield Example(text[start:end].replace("\n", " "), spans, _LITBANK_KNOWN)
            start = end + 1


def _within(mark: tuple[int, int, str], other: tuple[int, int, str]) -> bool:
    return other != mark and other[0] <= mark[0] and mark[1] <= other[1] and other[:2] != mark[:2]

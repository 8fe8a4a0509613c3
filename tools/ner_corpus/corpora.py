"""Annotated corpora with a free licence, each with the labels that it really annotates.

Broad Twitter Corpus and LitBank (CC BY 4.0) lie in a folder of their own; NLU++ and the SEC filings (CC BY) in the data
folder. A corpus that is absent gives nothing.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from functools import lru_cache
from pathlib import Path

from tools.ner_corpus.example import Example, Piece, joined, pieces_of
from tools.ner_corpus.listed import listed

_KNOWN = frozenset({"PERSON", "LOCATION", "ORGANIZATION"})
_TYPES = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION", "GPE": "LOCATION", "FAC": "LOCATION"}
#: Part f of the Broad Twitter Corpus measures.
TWITTER_PARTS = ("a", "b", "e", "g", "h")
# Roles of a contract that the SEC annotators marked as persons and organisations.
_ROLES = frozenset(listed("corpora")["roles"])
_HONORIFIC = re.compile(
    r"(?:Mr|Mrs|Ms|Miss|Dr|Sir|Lady|Lord|Captain|Colonel|Major|Professor|Madame|Monsieur|Reverend|Count|Countess|Prince"
    r"|Princess|King|Queen|Doctor|Master|Judge|Mme|St|Rev|General|Duke|Baron|Aunt|Uncle|Father|Mother|Brother|Sister)\b\.?\s+"
)
_NAME = re.compile(r"\b[A-Z][a-z]{2,}")
_LINE_SENTENCES = 6


def twitter(folder: Path) -> tuple[Example, ...]:
    """Tweets; "@name" is an identifier of the network and not a person's name."""
    return _twitter(folder)


@lru_cache(maxsize=2)
def _twitter(folder: Path) -> tuple[Example, ...]:
    found = []
    for part in TWITTER_PARTS:
        path = folder / "broad_twitter_corpus" / f"{part}.conll"
        if path.exists():
            found += [joined(_tweet(tokens), _KNOWN) for tokens in _sentences(path, "\t", 0, 1)]
    return tuple(example for example in found if example.text.strip())


def _tweet(tokens: list[tuple[str, str]]) -> list[Piece]:
    glued: list[tuple[str, str]] = []
    for word, tag in tokens:
        if glued and glued[-1][0] == "@":
            glued[-1] = (f"@{word}", "I-HANDLE" if glued[-1][1] != "O" or tag != "O" else "O")
        else:
            glued.append((word, tag))
    return _detokenised(_pieces(glued, {**_TYPES, "HANDLE": "ID"}))


@lru_cache(maxsize=2)
def filings(data: Path) -> tuple[Example, ...]:
    """Loan agreements; only the train file. A zip code or date is not annotated, so that places are not known."""
    path = data / "sec_filings_ner" / "train_FIN5.txt"
    if not path.exists():
        return ()
    found = []
    for tokens in _paragraphs(_sentences(path, " ", 0, -1)):
        cleaned = [
            (word, "O" if word.casefold() in _ROLES and _is_role(tokens, at) else tag)
            for at, (word, tag) in enumerate(tokens)
        ]
        found.append(
            joined(_detokenised(_pieces(cleaned, _TYPES)), frozenset({"PERSON", "ORGANIZATION", "AGE", "NRP"}))
        )
    return tuple(found)


def _is_role(tokens: list[tuple[str, str]], at: int) -> bool:
    """A role's word that no other word of a name stands beside."""
    beside = [tokens[index] for index in (at - 1, at + 1) if 0 <= index < len(tokens)]
    return all(tag == "O" or word.casefold() in _ROLES for word, tag in beside)


def _paragraphs(sentences: Iterable[list[tuple[str, str]]]) -> Iterator[list[tuple[str, str]]]:
    held: list[tuple[str, str]] = []
    for number, sentence in enumerate(sentences, start=1):
        held += sentence
        if number % _LINE_SENTENCES == 0:
            yield held
            held = []
    if held:
        yield held


@lru_cache(maxsize=2)
def novels(folder: Path) -> tuple[Example, ...]:
    """Passages of LitBank; of its mentions only proper names, without "Mr." and the like, which are titles."""
    found = []
    for path in sorted((folder / "litbank" / "coref" / "brat").glob("*.ann")):
        text = path.with_suffix(".txt").read_text(encoding="utf-8")
        mentions = sorted(_proper(path, text), key=lambda span: (span[0], -span[1]))
        people = {
            word for first, last, label in mentions if label == "PERSON" for word in _NAME.findall(text[first:last])
        }
        for start, end in _passages(text):
            inside: list[tuple[int, int, str]] = []
            for first, last, label in mentions:
                if start <= first and last <= end and (not inside or first - start >= inside[-1][1]):
                    inside.append((first - start, last - start, label))
            pieces = pieces_of(text[start:end], inside)
            # A person of the book whom the annotators passed over here would be taught as nobody.
            if not any(label is None and people.intersection(_NAME.findall(part)) for part, label in pieces):
                found.append(joined(_detokenised(_titled(pieces)), _KNOWN))
    return tuple(found)


def _proper(path: Path, text: str) -> Iterator[tuple[int, int, str]]:
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split("\t")
        kind, _, offsets = fields[1].partition(" ") if len(fields) > 1 else ("", "", "")
        label = _TYPES.get(kind.removeprefix("PROP_")) if kind.startswith("PROP_") else None
        if label is not None and ";" not in offsets:
            start, end = (int(number) for number in offsets.split())
            if text[start:end] == fields[2]:
                yield start, end, label


def _passages(text: str) -> Iterator[tuple[int, int]]:
    lines = list(re.finditer(r"[^\n]+", text))
    for first in range(0, len(lines), _LINE_SENTENCES):
        yield lines[first].start(), lines[min(first + _LINE_SENTENCES, len(lines)) - 1].end()


def _titled(pieces: list[Piece]) -> list[Piece]:
    out: list[Piece] = []
    for text, label in pieces:
        title = _HONORIFIC.match(text) if label == "PERSON" else None
        if title is None or title.end() == len(text):
            out.append((text, label))
        else:
            out += [(text[: title.end()].rstrip(), "TITLE"), (" ", None), (text[title.end() :], label)]
    return out


@lru_cache(maxsize=2)
def banking(data: Path) -> tuple[Example, ...]:
    """Utterances to a bank, of NLU++; dates are annotated with words such as "tomorrow", so that only days in figures,
    by month or by weekday count, and absent ones are not taught."""
    found = []
    for path in sorted((data / "nlupp_banking" / "banking").glob("fold*.json")):
        for row in json.loads(path.read_text(encoding="utf-8")):
            spans = sorted(_slots(row))
            found.append(
                joined(pieces_of(row["text"], spans), frozenset({"PERSON", "ORGANIZATION", "AGE", "NRP", "TITLE"}))
            )
    return tuple(found)


_DAY = re.compile(
    r"\d(?:st|nd|rd|th)\b|\d[/.-]\d|\b(?:19|20)\d\d\b|\b(?:jan|feb|mar|apr|jun|jul|aug|sep|oct|nov|dec)\w*|\bmay\b"
    r"|(?:mon|tues|wednes|thurs|fri|satur|sun)day",
    re.IGNORECASE,
)


def _slots(row: dict[str, object]) -> Iterator[tuple[int, int, str]]:
    slots = row.get("slots")
    end = 0
    if isinstance(slots, dict):
        for name, slot in sorted(slots.items(), key=lambda item: item[1]["span"]):
            label = {"person_name": "PERSON", "company_name": "ORGANIZATION"}.get(name)
            if label is None and name.startswith("date") and _DAY.search(slot["text"]):
                label = "DATE_TIME"
            first, last = slot["span"]
            if label and first >= end and str(row["text"])[first:last] == slot["text"]:
                end = last
                yield first, last, label


def _sentences(path: Path, separator: str, word: int, tag: int) -> Iterator[list[tuple[str, str]]]:
    held: list[tuple[str, str]] = []
    for line in path.read_text(encoding="utf-8").splitlines():
        fields = line.split(separator)
        if not line.strip() or line.startswith("-DOCSTART-"):
            if held:
                yield held
            held = []
        else:
            held.append((fields[word], fields[tag]))
    if held:
        yield held


def _pieces(tokens: Iterable[tuple[str, str]], types: dict[str, str]) -> list[Piece]:
    """Tokens joined by blanks; neighbours of one tag are one piece unless the second begins a new name."""
    out: list[Piece] = []
    for word, tag in tokens:
        prefix, _, kind = tag.partition("-")
        label = types.get(kind)
        if out and label is not None and out[-1][1] == label and prefix == "I":
            out[-1] = (f"{out[-1][0]} {word}", label)
        else:
            if out:
                out.append((" ", None))
            out.append((word, label))
    return out


_BEFORE = re.compile(r" (?=[,.;:!?)\]%]|['’]s\b|n['’]t\b|['’](?:ll|re|ve|d|m)\b)")
_AFTER = re.compile(r"(?<=[(\[$#]) ")


def _detokenised(pieces: list[Piece]) -> list[Piece]:
    """Without the blanks that tokenising put before points and after brackets, in one line."""
    merged: list[Piece] = []
    for text, label in pieces:
        text = text.replace("\n", " ")  # noqa: PLW2901 - the line ends of a tokenised file mean nothing
        if merged and label is None and merged[-1][1] is None:
            merged[-1] = (merged[-1][0] + text, None)
        else:
            merged.append((text, label))
    return [(_AFTER.sub("", _BEFORE.sub("", text)), label) for text, label in merged]

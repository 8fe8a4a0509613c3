"""Public sets as pieces; each reader gives the training part or the part that a hash of the document holds out."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tools.pretraining import clean
from tools.pretraining.piece import Piece

_EACH_HELD_OUT = 25
_MONEY = ("banking", "credit_cards")
_TITLE = re.compile(r"^(?:[\d.]+\s+)?[A-Z][A-Za-z' ,-]{3,60}$")
_NO_TITLES = frozenset(
    {"introduction", "why it matters", "key terms", "summary", "conclusion", "preface", "references", "answer key"}
)


def is_held_out(document: str) -> bool:
    """Whether a document is kept for measuring: one of 25, by its hash, the same in every run."""
    digest = hashlib.sha256(f"fedaug pretraining:{document}".encode()).digest()
    return int.from_bytes(digest[:4]) % _EACH_HELD_OUT == 0


def medquad(data: Path, held_out: bool) -> Iterator[Piece]:
    """Answers, with what they are about; all questions about one condition are on one side."""
    for row in _medquad_rows(data, held_out):
        label = f"{row['qtype']} of {row['focus']}" if row["qtype"] != "information" else row["focus"]
        for text in clean.runs(row["answer"], Random(row["qid"])):
            yield Piece(text, "health", "text", _label(label))


def medquad_questions(data: Path, held_out: bool) -> Iterator[Piece]:
    """Their questions, each wording of a condition once."""
    seen: set[str] = set()
    for row in _medquad_rows(data, held_out):
        text = re.sub(r"\(are\) ", "", clean.normalised(row["question"]).replace(" ?", "?"))
        if text not in seen and clean.fit(text):
            seen.add(text)
            yield Piece(text, "health", "query", _label(f"{row['qtype']} {row['focus']}"))


def _medquad_rows(data: Path, held_out: bool) -> Iterator[dict[str, str]]:
    with (data / "medquad" / "medquad_answers.jsonl").open(encoding="utf-8") as lines:
        for line in lines:
            row: dict[str, str] = json.loads(line)
            if is_held_out(row["focus"].lower()) == held_out:
                yield row


def book(name: str, domain: str, *, titled: bool = True) -> Callable[[Path, bool], Iterator[Piece]]:
    """A reader of one file of ``lm_text``."""

    def read(data: Path, held_out: bool) -> Iterator[Piece]:
        with gzip.open(data / "lm_text" / f"{name}.jsonl.gz", "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                document = f"{row['source']}/{row['doc']}"
                if is_held_out(document) != held_out:
                    continue
                label = row["title"] if titled and _is_title(row["title"]) else ""
                for text in clean.runs(row["text"], Random(document)):
                    yield Piece(text, domain, "text", _label(label))

    return read


def complaints(data: Path, held_out: bool) -> Iterator[Piece]:
    """Runs of whole sentences of consumers' complaints in which the publisher has blackened nothing."""
    with (data / "cfpb_structured" / "cfpb_structured_with_narrative.csv").open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            if is_held_out(row["Complaint ID"]) != held_out:
                continue
            rng = Random(row["Complaint ID"])
            topics = [row[name] for name in ("Issue", "Sub-issue", "Sub-product", "Product") if row[name]]
            for text in clean.runs(row["Consumer complaint narrative"], rng, 60):
                yield Piece(text, "finance", "complaint", _label(rng.choice(topics)))


def clinc150_money(data: Path, held_out: bool) -> Iterator[Piece]:
    """Queries about banking and credit cards."""
    return _clinc150(data, held_out, money=True)


def clinc150_other(data: Path, held_out: bool) -> Iterator[Piece]:
    """Queries of the other domains."""
    return _clinc150(data, held_out, money=False)


def _clinc150(data: Path, held_out: bool, *, money: bool) -> Iterator[Piece]:
    folder = data / "clinc150"
    domains: dict[str, list[str]] = json.loads((folder / "domains.json").read_bytes())
    about_money = {intent for name in _MONEY for intent in domains[name]}
    rows: list[list[str]] = json.loads((folder / "data_full.json").read_bytes())["val" if held_out else "train"]
    for text, intent in rows:
        if (intent in about_money) == money and clean.fit(text, ended=False):
            yield Piece(text, "finance" if money else "general", "query", _label(intent))


def nlupp(data: Path, held_out: bool) -> Iterator[Piece]:
    """Queries to a bank with their intents; the last fold is held out."""
    folds = sorted((data / "nlupp_banking" / "banking").glob("fold*.json"))
    for path in folds:
        if (path == folds[-1]) != held_out:
            continue
        for row in json.loads(path.read_bytes()):
            text = clean.normalised(row["text"])
            if clean.fit(text, ended=False):
                yield Piece(text, "finance", "query", _intents(row.get("intents", []), text.lower()))


def _intents(names: list[str], text: str) -> str:
    """Words of several intents; of a name that lists alternatives (``cancel_close_leave``) the one that was said."""
    said = []
    for name in names[:3]:
        words = name.split("_")
        chosen = [word for word in words if word in text]
        said.append(chosen[0] if len(words) > 2 and chosen else " ".join(words[:2]))
    return _label(" ".join(dict.fromkeys(said)))


def _is_title(title: str) -> bool:
    return bool(_TITLE.match(title)) and title.lower() not in _NO_TITLES and len(title.split()) <= 8


def _label(words: str) -> str:
    return re.sub(r"^[\d.]+ ", "", " ".join(words.replace("_", " ").split())).lower()

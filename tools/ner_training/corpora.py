"""Tweets that are kept for measuring: part f of Broad Twitter Corpus (CC BY 4.0).

Derczynski, Bontcheva and Roberts 2016, "Broad Twitter Corpus: A Diverse Named Entity Recognition Resource".
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tools.ner_corpus.example import Example

_LABELS = {"PER": "PERSON", "LOC": "LOCATION", "ORG": "ORGANIZATION"}

Tokens = list[tuple[str, str]]


def unseen_tweets(folder: Path) -> Iterator[Example]:
    """Tweets with names of people, places and organisations; tokens are parted by spaces."""
    for tokens in _sentences(folder / "broad_twitter_corpus" / "f.conll"):
        text, spans = "", list[tuple[int, int, str]]()
        for token, tag in tokens:
            start = len(text) + bool(text)
            text = f"{text} {token}" if text else token
            if tag.startswith("B-"):
                spans.append((start, len(text), _LABELS[tag[2:]]))
            elif tag.startswith("I-") and spans:
                spans[-1] = (spans[-1][0], len(text), spans[-1][2])
        yield Example(text, tuple(spans), frozenset(_LABELS.values()))


def _sentences(path: Path) -> Iterator[Tokens]:
    tokens: Tokens = []
    for line in [*path.read_text(encoding="utf-8").splitlines(), ""]:
        token, _, tag = line.rpartition("\t")
        if token:
            tokens.append((token, tag))
        elif tokens:
            yield tokens
            tokens = []

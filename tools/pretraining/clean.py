"""Text as it is taught: plain punctuation, whole sentences, nothing that identifies somebody."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from random import Random

_PLAIN = str.maketrans(
    {"“": '"', "”": '"', "’": "'", "‘": "'", "´": "'", "`": "'", "…": "...", "•": "\n", "\u00a0": " "}
)
_DASH = re.compile(r"\s*[—–]\s*|\s+--?\s+")
_BULLET = re.compile(r"(?:(?<=[.!?:;])|^)\s*(?:-|\*|\d{1,2}\.)\s+(?=[A-Z])", re.MULTILINE)
_ASIDE = re.compile(
    r"\s*\((?:credit|see|figure|table|attribution|[^()]{0,80}\b(?:19|20)\d\d[a-z]?)\b[^()]*\)|\[[^\]]{0,40}\]",
    re.IGNORECASE,
)
_SENTENCE = re.compile(r"(?<=[.!?])[\"')]*\s+(?=[\"'(]?[A-Z0-9$])|\s*\n+\s*")
_ABBREVIATED = re.compile(r"\b(?:Dr|Mr|Mrs|Ms|Prof|St|vs|No|Inc|Co|Corp|Jr|Sr|e\.g|i\.e|etc|approx|[A-Z])\.$")
#: Mail, addresses of the network, telephone and social security numbers, long numbers, what a publisher has blackened.
IDENTIFIER = re.compile(
    r"@|https?:|www\.|\.(?:com|org|gov|edu|net)\b|\b\d{3}-\d{2}-\d{4}\b|\(?\b\d{3}\)?[-. ]\d{3}[-. ]\d{4}\b"
    r"|\b\d{3}-\d{4}\b|\d{6}|X{2,}|_{2,}"
)
_STRANGE = re.compile(r"[^\x20-\x7eÀ-ÿ£€°µ½]|[{}<>\\^~|]|\b(?:iframe|class|href|div)=")
_ENDED = re.compile(r"[.!?][\"')]*$")


def normalised(text: str) -> str:
    """Plain quotes, no bullets, no asides of a publisher, dashes as commas, blanks squeezed; lines stay."""
    text = unicodedata.normalize("NFKC", text.translate(_PLAIN)).translate(_PLAIN)
    text = _ASIDE.sub("", _BULLET.sub("\n", text))
    text = _DASH.sub(", ", text)
    text = re.sub(r"\{\$([\d.,]+)\}", r"$\1", text)  # how the complaints write amounts
    text = re.sub(r"(?<=\d)\.00(?=\D|$)", "", text)
    text = re.sub(r"\b(\w+) '(s|m|t|re|ve|ll|d)\b", r"\1'\2", text)
    return re.sub(r"[ \t]+([,.;:!?)])", r"\1", re.sub(r"[ \t]+", " ", text)).strip()


def sentences(text: str) -> Iterator[str | None]:
    """The sentences of a normalised text in order; None where one was left out."""
    held = ""
    for part in _SENTENCE.split(text):
        held = f"{held} {part}".strip()
        if _ABBREVIATED.search(held):
            continue
        yield held if fit(held) else None
        held = ""


def fit(sentence: str, *, ended: bool = True) -> bool:
    """Whether a sentence is whole, English to look at, and names nobody by number."""
    words = sentence.split()
    if not 3 <= len(words) <= 60 or (ended and not _ENDED.search(sentence)):
        return False
    if IDENTIFIER.search(sentence) or _STRANGE.search(sentence):
        return False
    letters = sum(char.isalpha() or char == " " for char in sentence)
    capitals = sum(char.isupper() for char in sentence)
    if letters < 0.8 * len(sentence) or capitals > 0.3 * letters:
        return False
    return sentence.count("(") == sentence.count(")") and sentence.count('"') % 2 == 0


def runs(text: str, rng: Random, most: int = 75) -> Iterator[str]:
    """Runs of neighbouring sentences, of different lengths, of at most about ``most`` words."""
    held: list[str] = []
    wanted = _wanted(rng, most)
    for sentence in sentences(normalised(text)):
        size = sum(len(each.split()) for each in held)
        if held and (sentence is None or size + len(sentence.split()) > wanted):
            yield " ".join(held)
            held, wanted = [], _wanted(rng, most)
        if sentence is not None:
            held.append(sentence)
    if held:
        yield " ".join(held)


def _wanted(rng: Random, most: int) -> int:
    return rng.choice((15, 30, 50, most, most))

"""Control prefixes: what the embedded model is told, in plain words, before it writes.

Keskar et al. 2019, "CTRL: A Conditional Transformer Language Model for Controllable Generation", section 2: the code
stands before the text, and the loss is of the text alone. Here a code is made of words, so that a label that no text of
training had is understood by what it says. A part may be left out; training leaves parts out at random.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal

from fedaug.augmentation.generators.label_words import label_words

Length = Literal["short", "medium", "long"]
Kind = Literal["query", "complaint", "note", "text"]

#: Stands where a span was taken out.
BLANK: Final = "___"
#: Word pieces of a text at most, by the name of its length; what is longer is "long".
LENGTHS: Final[dict[Length, int]] = {"short": 24, "medium": 64}
_MAX_LABEL_WORDS: Final = 12
_MARKS = re.compile(r"[|:\[\]_]+")
_ENDED = re.compile(r"[.!?:][\"')]*$")
_ONE_CAPITAL = re.compile(r"[A-Z][a-z]+\b(?!')|A\b")  # "Debit", "A"; not "I", "I'm" or "ATM"
_BEFORE_MARK = re.compile(r" ([,.;:!?])")


@dataclass(frozen=True)
class ControlPrefix:
    """What is to be written.

    Args:
        domain: What it is about at large: "finance", "health" or "general"; other words are read as words.
        label: What it is about, as a class is named: "lost_card", "PASTSURGICAL" or words.
        length: How long it is.
        kind: What it is: a customer's or patient's query, a complaint, a clinician's note, or edited text.
    """

    domain: str = ""
    label: str = ""
    length: Length | None = None
    kind: Kind | None = None

    def __str__(self) -> str:
        """The prefix: ``finance query | lost card | short :``; empty where nothing is told."""
        domain = " ".join(part for part in (_plain(self.domain), self.kind or "") if part)
        parts = [part for part in (domain, label_text(self.label), self.length or "") if part]
        return " | ".join(parts) + " :" if parts else ""


def label_text(label: str) -> str:
    """A label in words: ``lost_card`` becomes "lost card", ``PASTMEDICALHX`` "past medical history"."""
    words = label_words(_plain(label.replace("_", " "), keep_case=True))
    return " ".join(words[:_MAX_LABEL_WORDS])


def length_of(tokens: int) -> Length:
    """The name of a text's length in word pieces."""
    return next((name for name, most in LENGTHS.items() if tokens <= most), "long")


def fill_prompt(before: str, after: str) -> str:
    """Asks for the words between two stretches of text, either of which may be empty."""
    return f"fill | {_joined(before, BLANK, after)} :"


def filled(before: str, span: str, after: str) -> str:
    """A text with its gap filled; the span begins with a capital only where a sentence does, or a name."""
    if before.strip() and not _ENDED.search(before.strip()) and _ONE_CAPITAL.match(span):
        span = span[:1].lower() + span[1:]
    return _BEFORE_MARK.sub(r"\1", " ".join(f"{before} {span} {after}".split()))


def rewrite_prompt(text: str) -> str:
    """Asks for another text that says the same."""
    return f"rewrite | {_joined(text)} :"


def _joined(*parts: str) -> str:
    return " ".join(" ".join(part.replace("|", " ") for part in parts).split())


def _plain(words: str, *, keep_case: bool = False) -> str:
    """Words without the marks that part a prefix."""
    text = " ".join(_MARKS.sub(" ", words).split())
    return text if keep_case else text.lower()

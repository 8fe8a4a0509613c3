"""Texts of the project's own generators as pieces.

Of made-up clinical notes only the dialect "clinic": "ward" is what an example plays private records with.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from random import Random

from tools.pretraining.piece import Piece

from fedaug.augmentation.control import label_text
from fedaug.augmentation.generators.clinical_notes import SECTION_WEIGHTS, ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases

_NOTES = 3_000
_PHRASES = 25
_SEEDS = (11, 12)  # of training, held out
_THINGS = {
    "finance": "account balance|bank statement|monthly fee|savings account|interest rate|standing order|tax form"
    "|mortgage payment|loan application|overdraft|insurance claim|pension transfer|salary payment|mobile app|invoice"
    "|account number|credit limit|credit score|gift card|cheque|late fee|minimum payment|online banking|password"
    "|paper statement",
    "health": "appointment|prescription|blood test|referral|vaccination|scan result|medical record|insurance card"
    "|side effect|repeat prescription|physical therapy|hearing test|discharge letter|sick note|consultation",
}
_FAMILY = ("mother", "father", "side", "sibling", "parent", "brother", "sister")
_SOCIAL = ("smok", "alcohol", "drink", "lives", "married", "works", "tobacco", "drug")
_STATES = ("", "missing", "wrong", "delayed", "cancel", "change", "check", "declined", "not received", "request")


def notes(_data: Path, held_out: bool) -> Iterator[Piece]:
    """Sections of clinical notes under their headers."""
    labels = [*SECTION_WEIGHTS, "GYNHX"]
    rng = Random(_SEEDS[held_out])
    for made in ClinicalNotes(120 if held_out else _NOTES, "clinic").generate(labels, _SEEDS[held_out]):
        label = label_text(made.label or "")
        if label == "family and social history":
            label = _history(made.text, rng)
        yield Piece(made.text, "health", "note", label)


def _history(text: str, rng: Random) -> str:
    """Family and social history stand under one header; a note that has the one only is often headed so."""
    family = any(word in text.lower() for word in _FAMILY)
    social = any(word in text.lower() for word in _SOCIAL)
    if family != social and rng.random() < 0.7:
        return "family history" if family else "social history"
    return "family and social history"


def phrases(_data: Path, held_out: bool) -> Iterator[Piece]:
    """Carrier phrases around the words of made-up labels."""
    for domain, things in _THINGS.items():
        for thing, state in product(things.split("|"), _STATES):
            label = f"{state}_{thing}" if state in {"cancel", "change", "check", "request"} else f"{thing}_{state}"
            name = label.strip("_").replace(" ", "_")
            for made in LabelPhrases(4 if held_out else _PHRASES, "query").generate([name], _SEEDS[held_out]):
                yield Piece(made.text, domain, "query", label_text(name))

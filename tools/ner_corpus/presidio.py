"""Templates of presidio-research (MIT), refilled: three quarters of the tuning half."""

from __future__ import annotations

import hashlib
import json
import re
from functools import lru_cache
from pathlib import Path
from random import Random

from tools.ner_corpus import organisations, places
from tools.ner_corpus.case import Case
from tools.ner_corpus.draw import chance, pick
from tools.ner_corpus.example import ENGLISH_LABELS, Example, Piece, joined
from tools.ner_corpus.noise import noisy

_SLOT = re.compile(r"\{\{(\w+)\}\}|\{(street_name)\}")
_CAPITALISED = re.compile(r"(?<=[a-z,] )[A-Z][a-z]+|[A-Z]{3}")
_FILLED_BY = {
    "DATE_TIME": "date",
    "CREDIT_CARD": "card",
    "PHONE_NUMBER": "phone",
    "NRP": "nrp",
    "AGE": "age",
    "IBAN_CODE": "iban",
    "EMAIL_ADDRESS": "mail",
    "US_SSN": "ssn",
    "ZIP_CODE": "zip",
    "US_DRIVER_LICENSE": "licence",
    "street_name": "street.name",
}


def is_validation(template_id: int) -> bool:
    """Whether a template belongs to the half that measures and is never read here."""
    return hashlib.sha256(f"presidio-synth-template:{template_id}".encode()).digest()[0] % 2 == 0


def is_trained_on(template_id: int) -> bool:
    """Whether a template is refilled: three quarters of the tuning half; thresholds are chosen on the fourth."""
    held = hashlib.sha256(f"presidio-synth-tuning:{template_id}".encode()).digest()[0] % 4 == 0
    return not is_validation(template_id) and not held


@lru_cache(maxsize=2)
def templates(data: Path) -> tuple[str, ...]:
    """The templates that are refilled, under a data folder; none where the set is absent."""
    path = data / "presidio_synth" / "synth_dataset_v2.json"
    if not path.exists():
        return ()
    rows = json.loads(path.read_text(encoding="utf-8"))
    # A few templates have two numbers, on both sides of the cut; they count as held back.
    held = {_unspaced(row["masked"]) for row in rows if not is_trained_on(row["template_id"])}
    found = {row["masked"] for row in rows if _unspaced(row["masked"]) not in held}
    return tuple(sorted(found))


def _unspaced(template: str) -> str:
    return "".join(template.split()).casefold()


def refilled(rng: Random, data: Path) -> Example:
    """One or two templates with new values."""
    case = Case(rng)
    chosen = [pick(rng, templates(data)) for _ in range(2 if chance(rng, 0.15) else 1)]
    pieces: list[Piece] = []
    for template in chosen:
        if pieces:
            pieces.append((pick(rng, (" ", "\n", "\n\n")), None))
        pieces += _filled(rng, case, template)
    # What a template itself names (a law, a magazine) was not annotated by its authors.
    named = any(_CAPITALISED.search(_SLOT.sub("", template)) for template in chosen)
    known = ENGLISH_LABELS - {"ORGANIZATION", "NRP", "LOCATION"} if named else ENGLISH_LABELS
    return joined(noisy(rng, pieces, 0.6), known)


def _filled(rng: Random, case: Case, template: str) -> list[Piece]:
    pieces: list[Piece] = []
    position, seen = 0, 0
    slots = list(_SLOT.finditer(template))
    kinds = [slot[1] or slot[2] for slot in slots]
    parts = _address_parts(rng, kinds)
    for index, slot in enumerate(slots):
        pieces.append((template[position : slot.start()], None))
        position = slot.end()
        kind = kinds[index]
        if index in parts:
            pieces.append((parts[index], "LOCATION"))
        elif kind == "STREET_ADDRESS":
            before = template[: slot.start()].rstrip()
            pieces.append((_place_of(rng, before, template[position:]), "LOCATION"))
        elif kind == "GPE":
            pieces.append((places.place(rng), "LOCATION"))
        elif kind == "ORGANIZATION":
            pieces.append((organisations.organisation(rng, "any"), "ORGANIZATION"))
        elif kind == "TITLE":
            after = template[position:].lstrip()
            pieces += case.fill("honorific" if after.startswith("{{PERSON}}") else "title")
        elif kind == "PERSON":
            seen += 1
            pieces += _person(rng, case, repeated=seen > 1)
        else:
            pieces += case.fill(_FILLED_BY[kind])
    pieces.append((template[position:], None))
    return pieces


def _person(rng: Random, case: Case, *, repeated: bool) -> list[Piece]:
    form = pick(rng, ("full", "full", "plain", "first", "first", "last"))
    return case.fill(f"{'patient' if repeated and chance(rng, 0.3) else 'person'}.{form}")


def _place_of(rng: Random, before: str, after: str) -> str:
    if after.lstrip().lower().startswith("st"):
        return places.street_name(rng)
    if chance(rng, 0.35):
        return places.street(rng)
    return pick(rng, ("\n", ", ", " ", " ")).join(places.lines(rng))


def _address_parts(rng: Random, kinds: list[str]) -> dict[int, str]:
    """The values of a template that writes an address as number, street, flat, town, country and code."""
    streets = [index for index, kind in enumerate(kinds) if kind == "STREET_ADDRESS"]
    if len(streets) < 2 or streets[1] - streets[0] != 1:
        return {}
    values = [places.house_number(rng), places.street_name(rng), places.unit(rng), places.zip_code(rng)]
    found = dict(zip(streets, values, strict=False))
    towns = [index for index, kind in enumerate(kinds) if kind == "GPE" and index > streets[0]]
    found.update(zip(towns, (places.city(rng), pick(rng, places.COUNTRIES)), strict=False))
    return found

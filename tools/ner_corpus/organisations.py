"""Organisations: hospitals, wards, banks, employers, schools, agencies, bands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from tools.ner_corpus.draw import LETTERS, between, chance, pick
from tools.ner_corpus.listed import listed
from tools.ner_corpus.people import made_up
from tools.ner_corpus.places import STATES, city
from tools.ner_corpus.pools import LOCALES, pool

_LOCALES = tuple(locale for locale, weight in LOCALES.items() for _ in range(weight))
_STATES = tuple(STATES.values())
_LISTS = listed("organisations")
_SAINTS = _LISTS["saints"]
_HOSPITALS = _LISTS["hospitals"]
_WARDS = _LISTS["wards"]
_COMPANIES = _LISTS["companies"]
_BANKS = _LISTS["banks"]
_KNOWN_BANKS = _LISTS["known_banks"]
_KNOWN = _LISTS["known"]
_AGENCIES = _LISTS["agencies"]
_LOCAL_AGENCIES = _LISTS["local_agencies"]
_SCHOOLS = _LISTS["schools"]
_UNIVERSITIES = _LISTS["universities"]
_INSURERS = _LISTS["insurers"]
_PHARMACIES = _LISTS["pharmacies"]
_BANDS = _LISTS["bands"]
_TREES = _LISTS["trees"]
_VIRTUES = _LISTS["virtues"]
_WORDS = _LISTS["words"]

_KINDS = {
    "hospital": _HOSPITALS,
    "ward": _WARDS,
    "company": _COMPANIES,
    "bank": _BANKS,
    "local_agency": _LOCAL_AGENCIES,
    "school": _SCHOOLS,
    "university": _UNIVERSITIES,
    "insurer": _INSURERS,
    "pharmacy": _PHARMACIES,
    "band": _BANDS,
}


def _last(rng: Random) -> str:
    return pick(rng, pool("en_US" if chance(rng, 0.5) else pick(rng, _LOCALES)).last or pool("en_US").last)


def organisation(rng: Random, kind: str) -> str:
    """An organisation of a kind: one of `_KINDS`, or "agency", "employer", "any"."""
    if kind == "any":
        kind = pick(
            rng,
            (
                "company",
                "company",
                "company",
                "bank",
                "hospital",
                "university",
                "agency",
                "band",
                "band",
                "insurer",
                "school",
            ),
        )
    if kind == "employer":
        kind = pick(
            rng,
            ("company", "company", "company", "known", "bank", "hospital", "school", "university", "agency", "faker"),
        )
    if kind == "bank" and chance(rng, 0.3):
        return pick(rng, _KNOWN_BANKS)
    if kind == "company" and chance(rng, 0.25):
        kind = pick(rng, ("known", "faker", "faker", "faker"))
    if kind == "faker":
        return pick(rng, pool(pick(rng, _LOCALES)).companies or pool("en_US").companies)
    if kind == "known":
        return pick(rng, _KNOWN)
    if kind == "agency":
        if chance(rng, 0.65):
            return pick(rng, _AGENCIES)
        kind = "local_agency"
    pattern = pick(rng, _KINDS[kind])
    while "{" in pattern:
        slot = pattern[pattern.index("{") + 1 : pattern.index("}")]
        pattern = pattern.replace("{" + slot + "}", _part(rng, slot), 1)
    return pattern


def _part(rng: Random, slot: str) -> str:
    if slot in _PARTS:
        return pick(rng, _PARTS[slot])
    return _MADE[slot](rng)


_PARTS: dict[str, Sequence[str]] = {
    "state": _STATES,
    "saint": _SAINTS,
    "tree": _TREES,
    "virtue": _VIRTUES,
    "word": _WORDS,
    "word2": _WORDS,
    "term": _LISTS["terms"],
    "term2": _LISTS["seconds"],
    "term3": _LISTS["seconds"],
    "plain": _LISTS["plains"],
    "l": "ABCDEFG",
}
_MADE: dict[str, Callable[[Random], str]] = {
    "name": _last,
    "place": city,
    "made": lambda rng: made_up(rng, between(rng, 1, 3)),
    "made2": lambda rng: made_up(rng, 1).lower(),
    "n": lambda rng: str(between(rng, 1, 12)),
    "letters": lambda rng: "".join(pick(rng, LETTERS) for _ in range(between(rng, 2, 4))),
}

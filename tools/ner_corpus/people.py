"""People: who they are in one document, and the many ways in which a record writes their name."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from random import Random

from tools.ner_corpus.draw import LETTERS, between, chance, pick
from tools.ner_corpus.example import Piece
from tools.ner_corpus.excluded import excluded_names
from tools.ner_corpus.listed import listed
from tools.ner_corpus.pools import LOCALES, UNROMANISED, pool, unromanised

# Romanised names of countries whose Faker locale is in another script or has next to no names.
_ELSEWHERE = ("chinese", "korean", "vietnamese", "arabic", "persian", "african", "indian", "hebrew", "pacific", "asian")
_LOCALES = tuple(locale for locale, weight in LOCALES.items() for _ in range(weight))
_LISTS = listed("people")
_ONSETS = _LISTS["onsets"]
_VOWELS = _LISTS["vowels"]
_CODAS = tuple(coda.strip("-") for coda in _LISTS["codas"])
_ENDINGS = _LISTS["endings"]
_PARTICLES = _LISTS["particles"]
_SUFFIXES = _LISTS["suffixes"]
CREDENTIALS = _LISTS["credentials"]


@dataclass(frozen=True)
class Person:
    """Somebody in a document; a repeated mention writes the same person in another form."""

    first: str
    middle: str
    last: str
    male: bool
    suffix: str = ""


@lru_cache(maxsize=1)
def _elsewhere() -> tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]:
    excluded = excluded_names()

    def kept(names: tuple[str, ...]) -> tuple[str, ...]:
        allowed = (name for name in names if not excluded.intersection(name.casefold().replace("-", " ").split()))
        return tuple(allowed) or ("Xu",)

    return tuple((kept(_LISTS[f"{people}.first"]), kept(_LISTS[f"{people}.last"])) for people in _ELSEWHERE)


@lru_cache(maxsize=2)
def _words(part: str) -> tuple[str, ...]:
    """Names that are words or eponyms too: only what stands around them tells."""
    return tuple(name for name in _LISTS[f"word.{part}"] if name.casefold() not in excluded_names())


def made_up(rng: Random, syllables: int) -> str:
    """A name that no list holds, so that the model learns a name's surroundings and not a list."""
    while True:
        parts = [pick(rng, _ONSETS) + pick(rng, _VOWELS) for _ in range(syllables)]
        parts[-1] += pick(rng, _CODAS)
        if chance(rng, 0.15):
            parts[0] += pick(rng, _CODAS)
        if chance(rng, 0.3):
            parts[-1] = pick(rng, _ENDINGS)
        name = "".join(parts).capitalize()
        if name.casefold() not in excluded_names():
            return name


def new_person(rng: Random, last: str | None = None) -> Person:
    """Somebody of any country; with a surname given, a relative."""
    male = chance(rng, 0.5)
    draw = rng.random()
    if draw < 0.16:
        firsts, lasts = pick(rng, _elsewhere())
    else:
        names = pool(pick(rng, _LOCALES))
        names = names if names.last and names.male and names.female else pool("en_US")
        firsts, lasts = (names.male if male else names.female), names.last
    if chance(rng, 0.008):
        names = unromanised(pick(rng, UNROMANISED))
        firsts, lasts = names.male, names.last
    first, surname = pick(rng, firsts), pick(rng, lasts)
    if draw > 0.93:
        first, surname = made_up(rng, between(rng, 1, 3)), made_up(rng, between(rng, 1, 3))
    elif draw > 0.88:  # first name and surname of different countries, as after a marriage
        surname = pick(rng, pool(pick(rng, _LOCALES)).last or lasts)
    if chance(rng, 0.05):  # names that are words, as Dr. Foley or Mrs. Price has one
        first, surname = pick(rng, _words("first") if chance(rng, 0.4) else (first,)), pick(rng, _words("last"))
    shape = rng.random()
    if shape < 0.035:
        surname = f"{surname}{pick(rng, ('-', '-', ' '))}{pick(rng, lasts)}"
    elif shape < 0.06:
        particle = pick(rng, _PARTICLES)
        surname = particle + ("" if particle[-1] in "c'-z" else " ") + surname
    middle = pick(rng, LETTERS) if chance(rng, 0.6) else pick(rng, firsts)
    suffix = pick(rng, _SUFFIXES) if male and chance(rng, 0.04) else ""
    return Person(first, middle, last or surname, male, suffix)


def full(rng: Random, who: Person) -> str:
    """First name and surname in reading order."""
    draw = rng.random()
    if draw < 0.62:
        name = f"{who.first} {who.last}"
    elif draw < 0.76:
        name = f"{who.first} {who.middle[0]}. {who.last}"
    elif draw < 0.83:
        name = f"{who.first} {who.middle[0]} {who.last}"
    elif draw < 0.88:
        name = f"{who.first} {who.middle}{'.' if len(who.middle) == 1 else ''} {who.last}"
    elif draw < 0.93:
        name = f"{who.first[0]}. {who.last}"
    elif draw < 0.95:
        name = f"{who.first[0]}.{who.middle[0]}. {who.last}"
    elif draw < 0.97:
        name = f"{who.first} {who.last[0]}."
    else:
        name = f"{who.first[0]} {who.last}"
    return f"{name}{pick(rng, (' ', ', '))}{who.suffix}" if who.suffix and chance(rng, 0.6) else name


def filed(rng: Random, who: Person) -> str:
    """Surname first, as headers, lists and lab systems have it."""
    last = who.last.upper() if chance(rng, 0.45) else who.last
    first = who.first.upper() if last.isupper() and chance(rng, 0.7) else who.first
    comma = pick(rng, (", ", ", ", ", ", ",", " "))
    middle = pick(rng, ("", "", f" {who.middle[0]}", f" {who.middle[0]}."))
    return f"{last}{comma}{first}{middle}"


def any_form(rng: Random, who: Person) -> list[Piece]:
    """The person in any form: full, filed, first or last name only, with a title."""
    draw = rng.random()
    if draw < 0.5:
        return [(full(rng, who), "PERSON")]
    if draw < 0.6:
        return [(filed(rng, who), "PERSON")]
    if draw < 0.72:
        return [(who.first, "PERSON")]
    if draw < 0.8:
        return [(who.last, "PERSON")]
    if draw < 0.83:
        return [(full(rng, who).upper(), "PERSON")]
    return courtesy(rng, who)


def courtesy(rng: Random, who: Person) -> list[Piece]:
    """Mr., Mrs., Ms. and the like with the surname, seldom the full name."""
    titles = ("Mr.", "Mr.", "Mr", "Mr.", "Sir", "Master") if who.male else ("Mrs.", "Ms.", "Ms", "Mrs", "Miss", "Ms.")
    title = pick(rng, titles)
    if chance(rng, 0.06):
        title = title.lower()
    return [(title, "TITLE"), (" ", None), (who.last if chance(rng, 0.75) else full(rng, who), "PERSON")]


def doctor(rng: Random, who: Person) -> list[Piece]:
    """A clinician: mostly "Dr. Surname", sometimes a full name with credentials."""
    draw = rng.random()
    if draw < 0.62:
        title = pick(rng, ("Dr.", "Dr.", "Dr.", "Dr", "Dr", "DR.", "Doctor", "Prof.", "Professor", "dr."))
        return [(title, "TITLE"), (" ", None), (who.last if chance(rng, 0.65) else full(rng, who), "PERSON")]
    if draw < 0.92:
        return [(full(rng, who), "PERSON"), (pick(rng, (", ", ", ", " ")) + pick(rng, CREDENTIALS), None)]
    return [(filed(rng, who), "PERSON"), (pick(rng, (", ", " ")) + pick(rng, CREDENTIALS), None)]


def hl7(rng: Random, who: Person) -> str:
    """A name as messages between hospital systems have it: SMITH^JOHN^A."""
    middle = pick(rng, ("", "", f"^{who.middle[0]}", f"^{who.middle[0]}^^DR"))
    name = f"{who.last}^{who.first}{middle}"
    return name.upper() if chance(rng, 0.7) else name


def initials(rng: Random, who: Person) -> str:
    """Initials, as below an entry."""
    pattern = pick(rng, ("{0}{2}", "{0}.{2}.", "{0}{1}{2}", "{0}. {2}.", "{0}.{1}.{2}.", "{0}/{2}"))
    return pattern.format(who.first[0], who.middle[0], who.last[0]).upper()


def spelled(rng: Random, name: str) -> str:
    """A name spelt aloud: "S-M-I-T-H", "s m i t h"."""
    separator = pick(rng, ("-", " ", "-", ". ", ", "))
    letters = separator.join(sign for sign in name if sign.isalpha())
    return letters.lower() if chance(rng, 0.4) else letters.upper()

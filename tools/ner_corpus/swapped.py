"""Other people, places and numbers in a Spanish report, each in the form that stood there."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import Piece
from tools.ner_corpus.listed import listed
from tools.ner_corpus.people import made_up
from tools.ner_corpus.pools import pool

_LISTS = listed("swapped")
_PROVINCES = _LISTS["provinces"]
_COUNTRIES = _LISTS["countries"]
_KINDS = _LISTS["kinds"]
_STREETS = _LISTS["streets"]
_HOSPITALS = _LISTS["hospitals"]
_INSTITUTIONS = _LISTS["institutions"]
_MONTHS = _LISTS["months"]
_MONTH = re.compile("|".join(_MONTHS), re.IGNORECASE)
_NUMBER = re.compile(r"\d+")
_WORD_NUMBERS = _LISTS["word_numbers"]
_KEPT = frozenset({"SEXO_SUJETO_ASISTENCIA", "FAMILIARES_SUJETO_ASISTENCIA", "PROFESION", "OTROS_SUJETO_ASISTENCIA"})
_PARTICLES = frozenset({"de", "del", "la", "las", "los", "y", "i"})


class Swap:
    """The replacements of one report: a value that occurs twice gets the same one both times."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._seen: dict[str, str] = {}
        self._people = (
            pool("es_ES") if chance(rng, 0.85) else pool(pick(rng, ("es_MX", "es_AR", "es_CO", "pt_PT", "ro_RO")))
        )

    def swapped(self, pieces: list[Piece]) -> list[Piece]:
        """The pieces with other values; labels and what stands around them are unchanged."""
        out: list[Piece] = []
        before = ""
        for text, label in pieces:
            if label is None or label in _KEPT:
                out.append((text, label))
            else:
                key = f"{label}:{text}"
                if key not in self._seen:
                    self._seen[key] = self._value(text, label, before[-25:]) or text
                out.append((self._seen[key], label))
            before = text
        return out

    def _value(self, text: str, label: str, before: str) -> str:
        rng = self._rng
        if label.startswith("NOMBRE"):
            return self._name(text, before)
        if label == "TERRITORIO" and not any(sign.isdigit() for sign in text):
            return self._town()
        changed = _CHANGED.get(label)
        if changed is None:
            return self._digits(text)
        share, change = changed
        return change(self, text) if chance(rng, share) else text

    def _first(self) -> str:
        return pick(self._rng, self._people.male if chance(self._rng, 0.5) else self._people.female)

    def _surname(self) -> str:
        last = made_up(self._rng, 2) if chance(self._rng, 0.04) else pick(self._rng, self._people.last)
        return f"{pick(self._rng, ('de', 'de la', 'del', 'de los'))} {last}" if chance(self._rng, 0.03) else last

    def _name(self, text: str, before: str) -> str:
        """As many words as stood there: a given name after "Nombre", surnames after "Apellidos", else both."""
        words = [word for word in text.split() if word.lower() not in _PARTICLES]
        if re.search(r"nombre\W*$", before, re.IGNORECASE):
            parts = [self._first() for _ in words[:2]]
        elif re.search(r"apellidos?\W*$", before, re.IGNORECASE):
            parts = [self._surname() for _ in words[:2]]
        elif len(words) == 1:
            parts = [self._first() if chance(self._rng, 0.5) else self._surname()]
        else:
            given = 1 if len(words) < 4 else 2
            parts = [self._first() for _ in range(given)] + [self._surname() for _ in words[given : given + 2]]
        if "-" in text and len(parts) > 1 and chance(self._rng, 0.7):
            parts[-2:] = [f"{parts[-2]}-{parts[-1]}"]
        if re.match(r"\w\. ?\w", text) or chance(self._rng, 0.02):
            parts[0] = f"{parts[0][0]}."
        name = " ".join(parts)
        return name.upper() if text.isupper() and len(text) > 3 else name

    def _date(self, text: str) -> str:
        rng = self._rng
        shape = re.fullmatch(r"(\d{1,2})([/.-])(\d{1,2})([/.-])(\d{2,4})", text)
        if shape:
            year = str(between(rng, 1925, 2019))
            wide = len(shape[1]) == 2
            day, month = between(rng, 1, 28), between(rng, 1, 12)
            figures = f"{day:02}{shape[2]}{month:02}" if wide else f"{day}{shape[2]}{month}"
            return f"{figures}{shape[4]}{year[-len(shape[5]) :]}"
        changed = _MONTH.sub(lambda found: _cased(pick(rng, _MONTHS), found[0]), text)
        return _NUMBER.sub(
            lambda found: str(between(rng, 1970, 2018)) if len(found[0]) == 4 else str(between(rng, 1, 28)), changed
        )

    def _age(self, text: str) -> str:
        rng = self._rng

        def other(found: re.Match[str]) -> str:
            number = int(found[0])
            return str(between(rng, 2, 11) if number < 12 else between(rng, 12, 94) if number < 100 else number)

        for word in _WORD_NUMBERS:
            if re.search(rf"\b{word}\b", text) and chance(rng, 0.6):
                return re.sub(rf"\b{word}\b", pick(rng, _WORD_NUMBERS[1:]), text, count=1)
        return _NUMBER.sub(other, text)

    def _digits(self, text: str) -> str:
        return "".join(
            pick(self._rng, "0123456789") if sign.isdigit() and chance(self._rng, 0.85) else sign for sign in text
        )

    def _town(self) -> str:
        rng = self._rng
        if chance(rng, 0.7):
            return pick(rng, _PROVINCES)
        return (
            pick(rng, pool("es_ES").cities)
            if chance(rng, 0.6)
            else f"{pick(rng, ('Villa', 'San ', 'Torre', 'Puebla de ', 'Valde', ''))}{made_up(rng, 2)}"
        )

    def _street(self) -> str:
        rng = self._rng
        name = pick(rng, _STREETS) if chance(rng, 0.5) else f"{self._first()} {self._surname()}"
        kind = pick(rng, _KINDS)
        number = pick(
            rng,
            (
                f"{between(rng, 1, 200)}",
                f"{between(rng, 1, 200)}",
                "s/n",
                f"nº {between(rng, 1, 99)}",
                f"{between(rng, 1, 40)}-{between(rng, 41, 60)}",
            ),
        )
        flat = pick(
            rng,
            (
                "",
                "",
                "",
                f", {between(rng, 1, 9)}{pick(rng, 'ABCD')}",
                f", {between(rng, 1, 9)}º {pick(rng, ('dcha', 'izq', 'A', 'B', 'C'))}",
                f" {between(rng, 1, 9)} {pick(rng, 'ABC')}",
                f", portal {between(rng, 1, 9)}",
            ),
        )
        return f"{kind} {name}{pick(rng, (', ', ' ', ', '))}{number}{flat}".strip()

    def _mail(self) -> str:
        rng = self._rng
        plain = re.sub(r"[^a-z]", "", f"{self._first()}{pick(rng, self._people.last)}".lower()) or "correo"
        local = pick(
            rng,
            (
                plain,
                plain[:6],
                f"{plain[0]}{plain[4:]}",
                f"{plain[:5]}{between(rng, 1, 99)}",
                f"{plain[:4]}.{plain[4:]}",
                f"{plain[:5]}_{plain[5:]}",
            ),
        )
        host = pick(
            rng,
            (
                "hotmail.com",
                "gmail.com",
                "yahoo.es",
                "telefonica.net",
                "terra.es",
                "salud.madrid.org",
                "ono.com",
                "hotmail.es",
                "aeu.es",
                "gva.es",
                "sescam.org",
                "icloud.com",
                f"{made_up(rng, 2).lower()}.{pick(rng, ('es', 'org', 'com', 'net', 'cl', 'ar'))}",
            ),
        )
        return f"{local.strip('._')}@{host}"

    def _organisation(self, patterns: tuple[str, ...]) -> str:
        return pick(self._rng, patterns).format(
            self._town() if chance(self._rng, 0.6) else f"{self._first()} {self._surname()}"
        )


def _cased(word: str, like: str) -> str:
    return word.capitalize() if like[:1].isupper() else word


#: How often a value of a label is another one, and how it is made.
_CHANGED: dict[str, tuple[float, Callable[[Swap, str], str]]] = {
    "FECHAS": (1.0, Swap._date),
    "EDAD_SUJETO_ASISTENCIA": (1.0, Swap._age),
    "CORREO_ELECTRONICO": (1.0, lambda swap, _: swap._mail()),
    "PAIS": (1.0, lambda swap, _: pick(swap._rng, _COUNTRIES)),
    "CALLE": (0.7, lambda swap, _: swap._street()),
    "HOSPITAL": (0.5, lambda swap, _: swap._organisation(_HOSPITALS)),
    "CENTRO_SALUD": (0.5, lambda swap, _: swap._organisation(_HOSPITALS)),
    "INSTITUCION": (0.4, lambda swap, _: swap._organisation(_INSTITUTIONS)),
}

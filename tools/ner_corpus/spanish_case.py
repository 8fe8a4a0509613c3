"""What fills the slots of one Spanish note: its people with both surnames, days, places and numbers."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, timedelta
from random import Random

from tools.ner_corpus import dates
from tools.ner_corpus.draw import between, chance, digits, pick, shaped
from tools.ner_corpus.example import Piece
from tools.ner_corpus.excluded import excluded_names
from tools.ner_corpus.listed import listed
from tools.ner_corpus.people import made_up
from tools.ner_corpus.pools import pool

_LISTS = listed("spanish_notes")
_SWAPPED = listed("swapped")
_LOCALES = ("es_ES",) * 12 + ("es_MX", "es_MX", "es_CO", "es_AR", "es_AR", "ro_RO", "pt_PT", "fr_FR", "en_GB", "tr_TR")
_DNI_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_ROLES = ("patient", "relative", "doctor", "nurse", "person")


@dataclass(frozen=True)
class Somebody:
    """A person: given name, first and second surname (the second may be empty)."""

    first: str
    last: str
    second: str
    male: bool

    @property
    def lasts(self) -> str:
        """Both surnames."""
        return f"{self.last} {self.second}".strip()


def _free(names: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(name for name in names if not excluded_names().intersection(name.casefold().split()))


def _surname(rng: Random, names: tuple[str, ...]) -> str:
    draw = rng.random()
    if draw < 0.06:
        return pick(rng, _free(_LISTS["word_last"]))
    if draw < 0.11:
        return made_up(rng, 2)
    last = pick(rng, names)
    if draw < 0.14:
        return f"{pick(rng, _LISTS['particles'])} {last}"
    return f"{last}-{pick(rng, names)}" if draw < 0.16 else last


def new_somebody(rng: Random, last: str | None = None) -> Somebody:
    """Somebody of Spain mostly, or who lives there; with a surname given, a relative."""
    male = chance(rng, 0.5)
    names = pool(pick(rng, _LOCALES))
    first = pick(rng, names.male if male else names.female)
    draw = rng.random()
    if draw < 0.14:
        first = pick(rng, _free(_LISTS["word_male" if male else "word_female"]))
    elif draw < 0.24:
        first = f"{first} {pick(rng, names.male if male else names.female)}"
    elif draw < 0.27:
        first = made_up(rng, between(rng, 1, 3))
    second = _surname(rng, names.last) if chance(rng, 0.78) else ""
    return Somebody(first, last or _surname(rng, names.last), second, male)


def _full(rng: Random, who: Somebody) -> str:
    draw = rng.random()
    if draw < 0.55:
        return f"{who.first} {who.lasts}"
    if draw < 0.86:
        return f"{who.first} {who.last}"
    if draw < 0.9 and who.second:
        return f"{who.first} {who.last} {who.second[0]}."
    if draw < 0.95:
        return f"{who.first[0]}. {who.lasts}"
    return f"{who.first} {who.lasts}".upper()


def _filed(rng: Random, who: Somebody) -> str:
    name = f"{who.lasts}{pick(rng, (', ', ', ', ',', ' '))}{who.first}"
    return name.upper() if chance(rng, 0.6) else name


def _titled(rng: Random, who: Somebody, *, doctor: bool) -> list[Piece]:
    """A title, which is no part of the name, and the name after it."""
    if doctor:
        title = pick(rng, ("Dr.", "Dr.", "Dr", "Doctor", "DR.") if who.male else ("Dra.", "Dra.", "Dra", "Doctora"))
    else:
        title = pick(rng, ("Sr.", "Sr", "señor", "Sr.") if who.male else ("Sra.", "Sra", "señora", "Srta."))
    name = who.last if chance(rng, 0.5) else who.lasts if chance(rng, 0.3) else _full(rng, who)
    return [(f"{title} ", None), (name, "PERSON")]


def _don(rng: Random, who: Somebody) -> list[Piece]:
    title = pick(rng, ("D.", "Don", "don", "D.") if who.male else ("Dña.", "Dª", "Doña", "doña", "Dª."))
    return [(f"{title} ", None), (who.first if chance(rng, 0.2) else _full(rng, who), "PERSON")]


def _mail(rng: Random, who: Somebody) -> str:
    first, last = (re.sub(r"[^a-z]", "", _plain(part)) or "info" for part in (who.first, who.last))
    made = (
        f"{first}.{last}",
        f"{first[0]}{last}",
        f"{first}{last[:3]}",
        f"{last}{between(rng, 1, 99)}",
        f"{first}_{last}",
    )
    host = pick(rng, _LISTS["domains"]) if chance(rng, 0.8) else f"{_plain(made_up(rng, 2))}.es"
    return f"{pick(rng, made)}@{host}"


def _plain(text: str) -> str:
    """A word without accents, in lower case."""
    return text.lower().translate(str.maketrans("áéíóúüñ", "aeiouun"))


def _one(text: str, label: str | None) -> list[Piece]:
    return [(text, label)]


_FORMS: dict[str, Callable[[Random, Somebody], list[Piece]]] = {
    "full": lambda rng, who: _one(_full(rng, who), "PERSON"),
    "filed": lambda rng, who: _one(_filed(rng, who), "PERSON"),
    "first": lambda rng, who: _one(who.first, "PERSON"),
    "last": lambda rng, who: _one(who.last, "PERSON"),
    "lasts": lambda rng, who: _one(who.lasts, "PERSON"),
    "initials": lambda rng, who: _one(f"{who.first[0]}{pick(rng, ('.', ''))}{who.last[0].upper()}.", "PERSON"),
    "initial": lambda rng, who: _one(f"{who.last[0].upper()}.", "PERSON"),
    "sr": lambda rng, who: _titled(rng, who, doctor=False),
    "don": _don,
    "mail": lambda rng, who: _one(_mail(rng, who), "ID"),
}


class SpanishCase:
    """The people and days of one note, and what a slot of the grammar becomes in it."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.patient = new_somebody(rng)
        self.relative = new_somebody(rng, self.patient.last if chance(rng, 0.4) else None)
        self.doctors = [new_somebody(rng) for _ in range(3)]
        self.today = dates.day(rng, 2005, 2026)
        self.born = dates.day(rng, 1925, 2020)
        self.years = max(1, (self.today - self.born).days // 365)
        self.hospital = _organisation(rng, "hospitals")
        self.town = town(rng)

    def fill(self, slot: str) -> list[Piece]:
        """The pieces of a slot.

        Raises:
            KeyError: No such slot.
        """
        who, _, form = slot.partition(".")
        if who in _ROLES:
            return self._person(who, form)
        if slot in _NUMBERS:
            return _one(shaped(self._rng, pick(self._rng, _LISTS[_NUMBERS[slot]])), "ID")
        if slot in _WORDS:
            return _one(_WORDS[slot][not self.patient.male], None)
        return _MAKERS[slot](self, self._rng)

    def _person(self, who: str, form: str) -> list[Piece]:
        rng = self._rng
        if who == "patient":
            somebody = self.patient
        elif who == "relative":
            somebody = self.relative
        else:
            somebody = new_somebody(rng) if who == "person" else pick(rng, self.doctors)
        if form in {"el", "al"}:
            doctor = who == "doctor"
            article = ("al ", "a la ") if form == "al" else ("el ", "la ") if doctor else ("El ", "La ")
            return [(article[not somebody.male], None), *_titled(rng, somebody, doctor=doctor)]
        if form:
            return _FORMS[form](rng, somebody)
        if who == "doctor":
            return _titled(rng, somebody, doctor=True)
        return _FORMS[pick(rng, ("first", "full", "don", "sr", "full"))](rng, somebody)

    def near(self, back: int = 60) -> date:
        """A day not long before the note's own."""
        return self.today - timedelta(days=between(self._rng, 0, back))


def _written(rng: Random, when: date, style: str) -> str:
    month = _LISTS["months"][when.month - 1]
    return pick(rng, _LISTS[style]).format(
        d=when.day,
        dd=f"{when.day:02}",
        m=when.month,
        mm=f"{when.month:02}",
        y=when.year,
        yy=f"{when.year % 100:02}",
        month=month,
        Month=month.capitalize(),
        mon=_LISTS["short"][when.month - 1],
        week=_LISTS["weekdays"][when.weekday()],
    )


def _dated(*styles: str, back: int = 400) -> _Maker:
    """A date in one of the styles, of the note's last days."""
    return lambda case, rng: _one(_written(rng, case.near(back), pick(rng, styles)), "DATE_TIME")


def _clock(rng: Random) -> str:
    hour, minute, second = between(rng, 0, 23), between(rng, 0, 59), between(rng, 0, 59)
    return pick(rng, _LISTS["clock"]).format(HH=f"{hour:02}", H=hour, MM=f"{minute:02}", SS=f"{second:02}")


def _age(rng: Random, years: int) -> str:
    draw = rng.random()
    if draw < 0.05:
        return f"{pick(rng, _LISTS['number_words'])} años"
    if draw < 0.10:
        return f"{between(rng, 2, 23)} {pick(rng, ('meses', 'meses', 'días', 'semanas'))}"
    if draw < 0.17:
        return f"{years}{pick(rng, (' a', 'a', ' a.', 'a.'))}"
    return f"{years} años" if years > 1 else "1 año"


def _sex(case: SpanishCase, rng: Random) -> str:
    if case.years < 14:
        return "niño" if case.patient.male else "niña"
    return pick(rng, ("varón", "varón", "hombre", "varon") if case.patient.male else ("mujer",))


def _sex_field(case: SpanishCase, rng: Random) -> str:
    male = ("H", "H", "V", "Varón", "Hombre", "varón", "Masculino", "HOMBRE")
    return pick(rng, male if case.patient.male else ("M", "M", "F", "Mujer", "mujer", "Femenino", "MUJER"))


def _kin(case: SpanishCase, rng: Random) -> list[Piece]:
    return _one(pick(rng, _LISTS["kin_male" if case.relative.male else "kin_female"]), "FAMILY")


def _relatives(case: SpanishCase, rng: Random) -> list[Piece]:
    article, _, word = pick(rng, _LISTS["kin_group"]).partition(" ")
    return [(f"{article} ", None), (word, "FAMILY")]


def town(rng: Random) -> str:
    """A town of Spain or America, or one that no list holds."""
    draw = rng.random()
    if draw < 0.5:
        return pick(rng, _SWAPPED["provinces"])
    if draw < 0.82:
        return pick(rng, pool(pick(rng, ("es_ES", "es_ES", "es_MX", "es_CO"))).cities)
    before, name = pick(rng, ("Villa", "San ", "Torre", "Puebla de ", "Valde", "Santa ", "")), made_up(rng, 2)
    return f"{before}{name if before.endswith(' ') or not before else name.lower()}"


def _zip(rng: Random) -> str:
    return f"{between(rng, 1, 52):02}{digits(rng, 3)}"


def _street(rng: Random) -> str:
    name = pick(rng, _LISTS["streets"])
    if chance(rng, 0.4):
        who = new_somebody(rng)
        name = pick(rng, (f"{who.first} {who.last}", f"Doctor {who.last}", f"Dr. {who.last}", who.last))
    elif chance(rng, 0.2):
        name = f"de {town(rng)}"
    number = pick(rng, ("{}", "{}", "{}", "nº {}", "s/n", "nº{}", "n.º {}", "núm. {}")).format(between(rng, 1, 250))
    flat = pick(rng, _LISTS["flats"]).format(
        n=between(rng, 1, 9), l=pick(rng, "ABCDEF"), side=pick(rng, _LISTS["sides"])
    )
    flat = flat if flat.startswith(",") or not flat else f" {flat}"
    return f"{pick(rng, _LISTS['kinds'])} {name}{pick(rng, (', ', ' ', ', '))}{number}{flat}"


def _address(separators: tuple[str, ...]) -> _Maker:
    """Street, post code, town and province, each an identifier of its own as MEDDOCAN's annotators have them."""

    def pieces(case: SpanishCase, rng: Random) -> list[Piece]:
        separator = pick(rng, separators)
        out: list[Piece] = [(_street(rng), "LOCATION"), (separator, None)]
        if chance(rng, 0.75):
            out += [(_zip(rng), "LOCATION"), (pick(rng, (" ", " ", ", ", " - ", "-")), None)]
        out.append((case.town if chance(rng, 0.6) else town(rng), "LOCATION"))
        if chance(rng, 0.3):
            before, after = pick(rng, ((" (", ")"), (", ", ""), (". ", "")))
            out += [(before, None), (pick(rng, _SWAPPED["provinces"]), "LOCATION"), (after, None)]
        if chance(rng, 0.15):
            out += [(pick(rng, (", ", " ", ". ")), None), (pick(rng, _SWAPPED["countries"]), "LOCATION")]
        return out

    return pieces


def _organisation(rng: Random, kind: str) -> str:
    who = new_somebody(rng)
    place = town(rng) if chance(rng, 0.7) else pick(rng, (made_up(rng, 2), f"{who.first} {who.last}"))
    return pick(rng, _LISTS[kind]).format(place, first=who.first, last=who.last, made=made_up(rng, 3))


def _identity_number(rng: Random) -> str:
    """A DNI or NIE with its control letter (Real Decreto 1553/2005, article 11; Orden INT/2058/2008)."""
    number = between(rng, 1_000_000, 99_999_999)
    separator = pick(rng, ("", "", "", "-", " "))
    if chance(rng, 0.2):
        start, number = between(rng, 0, 2), number % 10_000_000
        letter = _DNI_LETTERS[(start * 10_000_000 + number) % 23]
        return f"{'XYZ'[start]}{separator}{number:07}{separator}{letter}"
    figures = f"{number:08}" if chance(rng, 0.8) else f"{number:,}".replace(",", ".")
    letter = _DNI_LETTERS[number % 23]
    return figures if chance(rng, 0.08) else f"{figures}{separator}{letter.lower() if chance(rng, 0.05) else letter}"


_Maker = Callable[[SpanishCase, Random], list[Piece]]
_NUMBERS = {
    "phone": "phones",
    "nhc": "nhc",
    "nass": "nass",
    "college": "college",
    "cip": "cip",
    "nuhsa": "nuhsa",
    "episode": "episode",
    "policy": "policy",
    "plate": "plate",
    "curp": "curp",
    "passport": "passport",
    "device": "device",
    "iban": "ibans",
    "card": "cards",
}
#: Words that agree with the patient: of a man, of a woman.
_WORDS = {
    "o": ("o", "a"),
    "El": ("El", "La"),
    "del": ("del", "de la"),
    "al": ("al", "a la"),
    "un": ("un", "una"),
    "Sr": ("El Sr.", "La Sra."),
    "a.sexo": ("", "a"),
}


def _listed(name: str, label: str | None) -> _Maker:
    return lambda case, rng: _one(pick(rng, _LISTS[name]), label)


_MAKERS: dict[str, _Maker] = {
    "fecha": _dated("numeric", "numeric", "worded", "near"),
    "fecha.num": _dated("numeric", back=900),
    "fecha.dia": _dated("numeric", "numeric", "worded", "near"),
    "fecha.cerca": _dated("near", back=30),
    "fecha.larga": _dated("worded"),
    "fecha.mes": _dated("partial", back=7000),
    "dob": lambda case, rng: _one(_written(rng, case.born, pick(rng, ("numeric",) * 4 + ("worded",))), "DATE_TIME"),
    "year": lambda case, rng: _one(str(between(rng, 1955, 2026)), "DATE_TIME"),
    "year.full": lambda case, rng: _one(f"año {between(rng, 1955, 2026)}", "DATE_TIME"),
    "hora": lambda case, rng: _one(_clock(rng), None),
    "age": lambda case, rng: _one(_age(rng, case.years), "AGE"),
    "age.field": lambda case, rng: _one(str(case.years) if chance(rng, 0.35) else _age(rng, case.years), "AGE"),
    "age.kin": lambda case, rng: _one(f"{between(rng, 3, 96)} años", "AGE"),
    "sex": lambda case, rng: _one(_sex(case, rng), "SEX"),
    "sex.cap": lambda case, rng: _one(_sex(case, rng).capitalize(), "SEX"),
    "sexfield": lambda case, rng: _one(_sex_field(case, rng), "SEX"),
    "kin": _kin,
    "kin.ill": _listed("kin_ill", "FAMILY"),
    "kin.ill.cap": lambda case, rng: _one(pick(rng, _LISTS["kin_ill"]).capitalize(), "FAMILY"),
    "kin.many": _listed("kin_many", "FAMILY"),
    "kin.one": lambda case, rng: _one(pick(rng, ("familia", "madre", "hija", "hermana", "esposa")), "FAMILY"),
    "kin.the": _relatives,
    "a.kin": lambda case, rng: _one("" if case.relative.male else "a", None),
    "a.doctor": lambda case, rng: _one(pick(rng, "oa"), None),
    "profession": _listed("professions", "PROFESSION"),
    "profession.none": _listed("professions", "PROFESSION"),
    "nationality": _listed("nationalities", None),
    "town": lambda case, rng: _one(case.town if chance(rng, 0.5) else town(rng), "LOCATION"),
    "place": lambda case, rng: _one(town(rng) if chance(rng, 0.55) else pick(rng, _SWAPPED["countries"]), "LOCATION"),
    "province": lambda case, rng: _one(pick(rng, _SWAPPED["provinces"]), "LOCATION"),
    "country": lambda case, rng: _one(pick(rng, _SWAPPED["countries"]), "LOCATION"),
    "zip": lambda case, rng: _one(_zip(rng), "LOCATION"),
    "street": lambda case, rng: _one(_street(rng), "LOCATION"),
    "address": _address((", ", ". ", " ", " - ", "\n")),
    "address.lines": _address(("\n",)),
    "hospital": lambda case, rng: _one(
        case.hospital if chance(rng, 0.6) else _organisation(rng, "hospitals"), "ORGANIZATION"
    ),
    "centre": lambda case, rng: _one(_organisation(rng, "centres"), "ORGANIZATION"),
    "institution": lambda case, rng: _one(_organisation(rng, "institutions"), "ORGANIZATION"),
    "dni": lambda case, rng: _one(_identity_number(rng), "ID"),
    "mail": lambda case, rng: _one(_mail(rng, new_somebody(rng)), "ID"),
    "url": lambda case, rng: _one(pick(rng, _LISTS["hosts"]).format(made_up(rng, 3).lower(), n=digits(rng, 5)), "ID"),
}
SLOTS = frozenset(
    {*_MAKERS, *_NUMBERS, *_WORDS, *_ROLES} | {f"{who}.{form}" for who in _ROLES for form in (*_FORMS, "el", "al")}
)

"""What fills the slots of one document: its people, places, dates and numbers, the same person in many forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from faker import Faker
from tools.ner_corpus import dates, numbers, organisations, people, places
from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import Piece
from tools.ner_corpus.listed import listed

_LISTS = listed("case")
NATIONALITIES = _LISTS["nationalities"]
_PEOPLES = _LISTS["peoples"]
_BELIEFS = _LISTS["beliefs"]
_POLITICS = _LISTS["politics"]
_ETHNIC = _LISTS["ethnic"]
_JOBS = _LISTS["jobs"]
_HONORIFICS = _LISTS["honorifics"]
_PRONOUNS = {
    male: dict(zip(_LISTS["words_of_sex"], _LISTS["male" if male else "female"], strict=True)) for male in (True, False)
}


@lru_cache(maxsize=1)
def _drawn_jobs() -> tuple[str, ...]:
    fake = Faker("en_US")
    fake.seed_instance(7)
    return tuple(sorted({fake.job().split(",")[0] for _ in range(900)}))


def _one(text: str, label: str | None) -> list[Piece]:
    """One piece; the article of "the VA" and "the 5th of March" is no part of what it names."""
    if label is not None and text.startswith("the ") and not text.startswith(("the corner", "the intersection")):
        return [("the ", None), (text[4:], label)]
    return [(text, label)]


class Case:
    """The people, places and days of one document, and what a slot of the grammar becomes in it.

    Attributes:
        unsure: Labels that this document cannot teach as absent, since it holds what one might or might not label.
    """

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self.unsure: set[str] = set()
        self.patient = people.new_person(rng)
        self.relative = people.new_person(rng, self.patient.last if chance(rng, 0.6) else None)
        self.doctors = [people.new_person(rng) for _ in range(3)]
        self.today = dates.day(rng, 2005, 2026)
        self.born = dates.day(rng, 1925, 2020)
        self.hospital = organisations.organisation(rng, "hospital")
        self._person_forms = _person_forms()

    def fill(self, slot: str) -> list[Piece]:
        """The pieces of a slot.

        Raises:
            KeyError: No such slot.
        """
        who, _, form = slot.partition(".")
        if who in self._person_forms:
            return self._person(who, form)
        maker = _MAKERS.get(slot)
        if maker is not None:
            return maker(self, self._rng)
        if slot in numbers.KINDS:
            return _one(numbers.number(self._rng, slot), "ID")
        if slot in numbers.MAKERS:
            return _one(numbers.MAKERS[slot](self._rng), "ID")
        if slot in _ORGANISATIONS:
            return _one(organisations.organisation(self._rng, _ORGANISATIONS[slot]), "ORGANIZATION")
        return _one(_PRONOUNS[self.patient.male][slot], None)

    def _person(self, who: str, form: str) -> list[Piece]:
        rng = self._rng
        if who == "patient":
            somebody = self.patient
        elif who == "relative":
            somebody = self.relative
        elif who in {"doctor", "nurse"}:
            somebody = pick(rng, self.doctors)
        else:
            somebody = people.new_person(rng)
        if not form:
            if who == "doctor":
                return people.doctor(rng, somebody)
            if who == "nurse":
                ending = pick(rng, (", RN", " RN", ", LPN", ", R.N.", "", ", BSN", ", RN, CCRN"))
                return [(people.full(rng, somebody), "PERSON"), (ending, None)]
            return people.any_form(rng, somebody)
        return _FORMS[form](rng, somebody)

    def near(self, back: int = 40) -> date:
        """A day not long before the document's own."""
        return self.today - timedelta(days=between(self._rng, 0, back))


def _person_forms() -> frozenset[str]:
    return frozenset({"patient", "relative", "doctor", "nurse", "person"})


_FORMS: dict[str, Callable[[Random, people.Person], list[Piece]]] = {
    "full": lambda rng, who: _one(people.full(rng, who), "PERSON"),
    "plain": lambda rng, who: _one(f"{who.first} {who.last}", "PERSON"),
    "first": lambda rng, who: _one(who.first, "PERSON"),
    "last": lambda rng, who: _one(who.last, "PERSON"),
    "filed": lambda rng, who: _one(people.filed(rng, who), "PERSON"),
    "mr": people.courtesy,
    "dr": people.doctor,
    "initials": lambda rng, who: _one(people.initials(rng, who), "PERSON"),
    "upper": lambda rng, who: _one(people.full(rng, who).upper(), "PERSON"),
    "lower": lambda rng, who: _one(people.full(rng, who).lower(), "PERSON"),
    "hl7": lambda rng, who: _one(people.hl7(rng, who), "PERSON"),
    "spelled": lambda rng, who: _one(
        people.spelled(rng, pick(rng, (who.last, who.first, f"{who.first} {who.last}"))), "PERSON"
    ),
    "mail": lambda rng, who: _one(numbers.mail(rng, who), "ID"),
    "handle": lambda rng, who: _one(numbers.handle(rng, who), "ID"),
}
_ORGANISATIONS = {
    "org": "any",
    "company": "company",
    "employer": "employer",
    "bank": "bank",
    "insurer": "insurer",
    "school": "school",
    "university": "university",
    "agency": "agency",
    "pharmacy": "pharmacy",
    "band": "band",
    "ward": "ward",
    "clinic": "hospital",
}


def _lines(rng: Random, before: str) -> list[Piece]:
    pieces: list[Piece] = []
    for index, line in enumerate(places.lines(rng)):
        if index:
            pieces.append((f"\n{before}", None))
        pieces.append((line, "LOCATION"))
    return pieces


def _years(case: Case, rng: Random) -> list[Piece]:
    """An age with its unit; the span is the number, or the decade, which is how the public corpora have it."""
    years = (case.today - case.born).days // 365
    years = years if years >= 1 else dates.age(rng)
    draw = rng.random()
    if draw < 0.06:
        return [(dates.words(min(years, 99)), "AGE"), (pick(rng, ("-year-old", " year old", "-year old")), None)]
    if draw < 0.12:
        unit = pick(rng, ("month", "week", "day", "mo"))
        spelt = {"mo": ("mo", " mo", "-mo-old", " m/o")}.get(unit, (f"-{unit}-old", f" {unit} old", f"-{unit} old"))
        return [(str(between(rng, 1, 23)), "AGE"), (pick(rng, spelt), None)]
    ending = pick(rng, _LISTS["year_endings"])
    gap = "" if ending[0] == "-" or (len(ending) < 5 and chance(rng, 0.5)) else " "
    return [(str(years), "AGE"), (f"{gap}{ending.upper() if chance(rng, 0.05) else ending}", None)]


def _town(case: Case, rng: Random) -> list[Piece]:
    separator = pick(rng, (", ", ", ", " ", ","))
    return [(places.city(rng), "LOCATION"), (separator, None), (places.state(rng), "LOCATION")]


def _some_day(case: Case, rng: Random) -> list[Piece]:
    return _one(dates.any_date(rng, case.near() if chance(rng, 0.7) else dates.day(rng)), "DATE_TIME")


def _near_day(case: Case, rng: Random) -> list[Piece]:
    return _one((dates.numeric if chance(rng, 0.6) else dates.worded)(rng, case.near(60)), "DATE_TIME")


def _nrp(rng: Random) -> str:
    draw = rng.random()
    if draw < 0.55:
        word = pick(rng, NATIONALITIES)
    elif draw < 0.65:
        word = pick(rng, _PEOPLES)
    else:
        word = pick(rng, _BELIEFS if draw < 0.82 else _POLITICS if draw < 0.9 else _ETHNIC)
    return word.lower() if chance(rng, 0.06) else word


def _title(rng: Random) -> str:
    return pick(rng, _JOBS) if chance(rng, 0.5) else pick(rng, _drawn_jobs())


def _occupation(case: Case, rng: Random) -> list[Piece]:
    case.unsure.add("TITLE")
    return _one(pick(rng, _drawn_jobs()).lower(), None)


_Maker = Callable[[Case, Random], list[Piece]]
_MAKERS: dict[str, _Maker] = {
    "date": _some_day,
    "date.num": lambda case, rng: _one(dates.numeric(rng, case.near(400)), "DATE_TIME"),
    "date.word": lambda case, rng: _one(dates.worded(rng, case.near(400)), "DATE_TIME"),
    "date.part": lambda case, rng: _one(dates.partial(rng, case.near()), "DATE_TIME"),
    "date.full": _near_day,
    "date.old": lambda case, rng: _one(dates.any_date(rng, dates.day(rng, 1950, 2020)), "DATE_TIME"),
    "date.spoken": lambda case, rng: _one(dates.spoken_date(rng, dates.day(rng, 1920, 2024)), "DATE_TIME"),
    "dob": lambda case, rng: _one((dates.numeric if chance(rng, 0.75) else dates.worded)(rng, case.born), "DATE_TIME"),
    "date.hl7": lambda case, rng: _one(f"{case.near(400):%Y%m%d}", "DATE_TIME"),
    "dob.hl7": lambda case, rng: _one(f"{case.born:%Y%m%d}", "DATE_TIME"),
    "dob.iso": lambda case, rng: _one(case.born.isoformat(), "DATE_TIME"),
    "date.iso": lambda case, rng: _one(case.near(400).isoformat(), "DATE_TIME"),
    "datetime": lambda case, rng: _one(dates.date_time(rng, case.near()), "DATE_TIME"),
    "date.range": lambda case, rng: _one(dates.date_range(rng, case.near()), "DATE_TIME"),
    "month": lambda case, rng: _one(pick(rng, dates.MONTHS), "DATE_TIME"),
    "weekday": lambda case, rng: _one(pick(rng, dates.WEEKDAYS), "DATE_TIME"),
    "year": lambda case, rng: _one(str(between(rng, 1930, 2026)), "DATE_TIME"),
    "holiday": lambda case, rng: _one(pick(rng, dates.HOLIDAYS), "DATE_TIME"),
    "clock": lambda case, rng: _one(dates.clock(rng), None),
    "age": lambda case, rng: _one(str(dates.age(rng)), "AGE"),
    "age.words": lambda case, rng: _one(dates.words(between(rng, 3, 99)), "AGE"),
    "decade": lambda case, rng: _one(dates.decade(rng), "AGE"),
    "years.old": _years,
    "city": lambda case, rng: _one(places.city(rng), "LOCATION"),
    "state": lambda case, rng: _one(places.state(rng), "LOCATION"),
    "country": lambda case, rng: _one(pick(rng, places.COUNTRIES), "LOCATION"),
    "place": lambda case, rng: _one(places.place(rng), "LOCATION"),
    "zip": lambda case, rng: _one(places.zip_code(rng), "LOCATION"),
    "street": lambda case, rng: _one(places.street(rng), "LOCATION"),
    "street.name": lambda case, rng: _one(places.street_name(rng), "LOCATION"),
    "box": lambda case, rng: _one(places.box(rng), "LOCATION"),
    "house": lambda case, rng: _one(places.house_number(rng), "LOCATION"),
    "unit": lambda case, rng: _one(places.unit(rng), "LOCATION"),
    "address": lambda case, rng: _one(places.one_line(rng), "LOCATION"),
    "address.lines": lambda case, rng: _lines(rng, ""),
    "address.quoted": lambda case, rng: _lines(rng, "> "),
    "address.indented": lambda case, rng: _lines(rng, pick(rng, ("    ", "\t", " ", "  "))),
    "town": _town,
    "hospital": lambda case, rng: _one(case.hospital, "ORGANIZATION"),
    "nrp": lambda case, rng: _one(_nrp(rng), "NRP"),
    "nationality": lambda case, rng: _one(pick(rng, NATIONALITIES), "NRP"),
    "religion": lambda case, rng: _one(pick(rng, _BELIEFS), "NRP"),
    "ethnicity": lambda case, rng: _one(pick(rng, _ETHNIC + NATIONALITIES), "NRP"),
    "title": lambda case, rng: _one(_title(rng), "TITLE"),
    "honorific": lambda case, rng: _one(pick(rng, _HONORIFICS), "TITLE"),
    "occupation": _occupation,
    "mail": lambda case, rng: _one(numbers.mail(rng, people.new_person(rng)), "ID"),
    "handle": lambda case, rng: _one(numbers.handle(rng, people.new_person(rng)), "ID"),
}
SLOTS = frozenset(
    {*_MAKERS, *numbers.KINDS, *numbers.MAKERS, *_ORGANISATIONS, *_PRONOUNS[True], *_person_forms()}
    | {f"{who}.{form}" for who in _person_forms() for form in _FORMS}
)

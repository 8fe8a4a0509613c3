"""What fills the slots of one document: its people, places, dates and numbers, the same person in many forms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from functools import lru_cache
from random import Random

from faker import Faker

from tools.ner_corpus import dates, numbers, organisations, people, places
from tools.ner_corpus.draw import between, chance, pick
from tools.ner_corpus.example import Piece

NATIONALITIES = (
    "American,Mexican,Canadian,British,English,Scottish,Welsh,Irish,French,German,Italian,Spanish,Portuguese,Dutch,Belgian,"
    "Swiss,Austrian,Swedish,Norwegian,Danish,Finnish,Icelandic,Polish,Czech,Slovak,Hungarian,Romanian,Bulgarian,Greek,Turkish,"
    "Russian,Ukrainian,Serbian,Croatian,Bosnian,Albanian,Armenian,Georgian,Iranian,Iraqi,Syrian,Lebanese,Israeli,Jordanian,"
    "Egyptian,Moroccan,Tunisian,Algerian,Libyan,Sudanese,Ethiopian,Eritrean,Somali,Kenyan,Ugandan,Tanzanian,Nigerian,Ghanaian,"
    "Senegalese,Congolese,Rwandan,South African,Zimbabwean,Indian,Pakistani,Bangladeshi,Sri Lankan,Nepali,Nepalese,Afghan,"
    "Chinese,Taiwanese,Japanese,Korean,South Korean,Vietnamese,Thai,Cambodian,Laotian,Burmese,Filipino,Indonesian,Malaysian,"
    "Singaporean,Australian,Samoan,Tongan,Fijian,Hawaiian,Brazilian,Argentinian,Argentine,Chilean,Peruvian,Bolivian,Colombian,"
    "Venezuelan,Ecuadorian,Guatemalan,Honduran,Salvadoran,Nicaraguan,Panamanian,Cuban,Dominican,Haitian,Jamaican,Trinidadian,"
    "Puerto Rican,Guyanese,Saudi,Yemeni,Kuwaiti,Emirati,Cypriot,Maltese,Estonian,Latvian,Lithuanian,Moldovan,Mongolian,Kurdish,"
    "European,African,Asian,Latin American,Scandinavian,Palestinian,Kazakh,Uzbek"
).split(",")
_PEOPLES = "Americans,Mexicans,Canadians,Germans,Italians,Poles,Russians,Ukrainians,Turks,Greeks,Saudis,Indians,Nigerians,Kenyans,Brazilians,Cubans,Swedes,Danes,Finns,Scots,Afghans,Iraqis,Israelis,Australians,Filipinos,Kurds,Europeans,Texans,Londoners,New Yorkers,Berliners".split(
    ","
)
_BELIEFS = "Catholic,Roman Catholic,Protestant,Baptist,Methodist,Lutheran,Presbyterian,Pentecostal,Evangelical,Mormon,Jewish,Orthodox Jewish,Muslim,Sunni,Shia,Hindu,Sikh,Buddhist,Jain,Christian,Greek Orthodox,Jehovah's Witness,Seventh-day Adventist,Quaker,Mennonite,Amish,atheist,agnostic,Baha'i,Zoroastrian,Christians,Muslims,Jews,Hindus,Catholics,Anglican,Unitarian,Wiccan".split(
    ","
)
_POLITICS = "Republican,Democrat,Democratic,Labour,Tory,Conservative,Liberal,Libertarian,Socialist,Communist,Green,Republicans,Democrats,Marxist,Social Democrat,Lib Dem,Progressive".split(
    ","
)
_ETHNIC = "Hispanic,Latino,Latina,African American,African-American,Caucasian,Asian American,Native American,Navajo,Cherokee,Inuit,Maori,Aboriginal,Roma,Arab,Punjabi,Tamil,Yoruba,Igbo,Zulu,Hmong,Ashkenazi Jewish,Pacific Islander,Mestizo,Basque,Mexican-American,Black British".split(
    ","
)
_JOBS = "Chief Executive Officer,CEO,CFO,Chief Financial Officer,Branch Manager,Account Manager,Senior Vice President,Vice President,Director of Nursing,Medical Director,Attending Physician,Staff Nurse,Nurse Manager,Case Manager,Office Manager,Claims Adjuster,Claims Specialist,Compliance Officer,Loan Officer,Underwriter,President,Prime Minister,Senator,Governor,Mayor,Chairman,Head of Operations,Sales Director,Project Manager,Software Engineer,Data Analyst,Privacy Officer,Administrative Assistant,Resident Physician,Chief Resident,Chief Medical Officer,Social Worker,Records Clerk,Customer Service Representative,Registrar,Consultant Cardiologist,General Practitioner,Managing Partner,Paralegal,Principal,Superintendent,Professor of Medicine,Minister of Health,Secretary of State,Foreign Minister,Ambassador,Police Chief,Captain,Editor,Producer,Spokesman,spokeswoman".split(
    ","
)
_HONORIFICS = (
    "Mr.",
    "Mrs.",
    "Ms.",
    "Miss",
    "Dr.",
    "Prof.",
    "Sir",
    "Lady",
    "Lord",
    "Rev.",
    "Father",
    "Sister",
    "Judge",
    "Captain",
    "Sgt.",
    "Lt.",
    "Col.",
    "Hon.",
    "Rabbi",
    "Imam",
    "Madam",
    "Dame",
    "Officer",
    "Detective",
    "Senator",
    "President",
    "Prince",
    "Pastor",
    "Coach",
    "Chief",
    "Mx.",
)
_PRONOUNS = {
    True: {"he": "he", "He": "He", "his": "his", "His": "His", "him": "him", "man": "man", "gentleman": "gentleman", "male": "male", "M": "M", "son": "son", "boy": "boy", "husband": "wife"},
    False: {"he": "she", "He": "She", "his": "her", "His": "Her", "him": "her", "man": "woman", "gentleman": "lady", "male": "female", "M": "F", "son": "daughter", "boy": "girl", "husband": "husband"},
}  # fmt: skip


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

    def near(self, back: int = 40) -> dates.date:
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
    "spelled": lambda rng, who: _one(
        people.spelled(rng, pick(rng, (who.last, who.first, f"{who.first} {who.last}"))), "PERSON"
    ),
    "mail": lambda rng, who: _one(numbers.mail(rng, who), "ID"),
    "handle": lambda rng, who: _one(numbers.handle(rng, who), "ID"),
}
_ORGANISATIONS = {
    "org": "any", "company": "company", "employer": "employer", "bank": "bank", "insurer": "insurer", "school": "school",
    "university": "university", "agency": "agency", "pharmacy": "pharmacy", "band": "band", "ward": "ward", "clinic": "hospital",
}  # fmt: skip


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
        return _one(dates.words(min(years, 99)), "AGE") + [(pick(rng, ("-year-old", " year old", "-year old")), None)]
    if draw < 0.12:
        unit = pick(rng, ("month", "week", "day", "mo"))
        ending = {"mo": ("mo", " mo", "-mo-old", " m/o")}.get(unit, (f"-{unit}-old", f" {unit} old", f"-{unit} old"))
        return _one(str(between(rng, 1, 23)), "AGE") + [(pick(rng, ending), None)]
    endings = (
        "-year-old",
        "-year-old",
        "-year-old",
        " year old",
        " y/o",
        "y/o",
        "yo",
        " yo",
        " yr old",
        "-yr-old",
        " y.o.",
        " years old",
        "YO",
        " y o",
        "-y/o",
        " yrs old",
    )
    return [(str(years), "AGE"), (pick(rng, endings), None)]


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
    "date": lambda case, rng: _one(dates.any_date(rng, case.near() if chance(rng, 0.7) else dates.day(rng)), "DATE_TIME"),
    "date.num": lambda case, rng: _one(dates.numeric(rng, case.near(400)), "DATE_TIME"),
    "date.word": lambda case, rng: _one(dates.worded(rng, case.near(400)), "DATE_TIME"),
    "date.part": lambda case, rng: _one(dates.partial(rng, case.near()), "DATE_TIME"),
    "date.full": lambda case, rng: _one((dates.numeric if chance(rng, 0.6) else dates.worded)(rng, case.near(60)), "DATE_TIME"),
    "date.old": lambda case, rng: _one(dates.any_date(rng, dates.day(rng, 1950, 2020)), "DATE_TIME"),
    "date.spoken": lambda case, rng: _one(dates.spoken_date(rng, dates.day(rng, 1920, 2024)), "DATE_TIME"),
    "dob": lambda case, rng: _one((dates.numeric if chance(rng, 0.75) else dates.worded)(rng, case.born), "DATE_TIME"),
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
    "house": lambda case, rng: _one(places.house_number(rng), "LOCATION"),
    "unit": lambda case, rng: _one(places.unit(rng), "LOCATION"),
    "address": lambda case, rng: _one(places.one_line(rng), "LOCATION"),
    "address.lines": lambda case, rng: _lines(rng, ""),
    "address.quoted": lambda case, rng: _lines(rng, "> "),
    "address.indented": lambda case, rng: _lines(rng, pick(rng, ("    ", "\t", " ", "  "))),
    "town": lambda case, rng: _one(places.city(rng), "LOCATION") + [(pick(rng, (", ", ", ", " ", ",")), None)] + _one(places.state(rng), "LOCATION"),
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
}  # fmt: skip
SLOTS = frozenset(
    {*_MAKERS, *numbers.KINDS, *numbers.MAKERS, *_ORGANISATIONS, *_PRONOUNS[True], *_person_forms()}
    | {f"{who}.{form}" for who in _person_forms() for form in _FORMS}
)

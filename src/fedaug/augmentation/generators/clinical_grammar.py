"""Grammar of the clinical-notes generator: patients, words and sentence templates, expanded by a seeded choice."""

from __future__ import annotations

import random
import re
import tomllib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files as package_files
from typing import Literal, NamedTuple

Dialect = Literal["ward", "clinic"]
"""Two ways to write the same sections, with no template and no vocabulary entry in common."""

DIALECTS: tuple[Dialect, ...] = ("ward", "clinic")

_CHOICE = re.compile(r"\[([^\[\]]*)\]")
_SLOT = re.compile(r"\{([A-Za-z_]+)\}")
_MONTHS = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

_WHEN = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "the last visit")
"""What stands for a date in a text without identifiers."""

# Identifiers are wrapped in private-use characters until the text is final: TYPE, value.
_OPEN, _MIDDLE, _CLOSE = "\ue000", "\ue001", "\ue002"
_WRAPPED = re.compile(f"{_OPEN}([A-Z_]+){_MIDDLE}([^{_CLOSE}]*){_CLOSE}")


class Identifier(NamedTuple):
    """A planted identifier: characters ``start`` to ``end`` of the text, and its type as Presidio names it."""

    start: int
    end: int
    type: str


@dataclass(frozen=True)
class Patient:
    """A made-up patient; what their notes share."""

    subject_id: str
    sex: Literal["female", "male"]
    age: int
    first: str
    family: str
    record_number: str
    phone: str
    email: str
    doctors: tuple[str, ...]
    conditions: tuple[str, ...]


@cache
def templates() -> Mapping[str, Mapping[str, Mapping[str, Sequence[str]]]]:
    """Section header -> dialect -> "lead" or "more" -> templates."""
    return tomllib.loads(_read("clinical_templates.toml"))


@cache
def words(dialect: Dialect) -> Mapping[str, Sequence[str]]:
    """Slot -> the dialect's half of its entries."""
    first = DIALECTS.index(dialect)
    return {slot: entries[first :: len(DIALECTS)] for slot, entries in _table("words").items()}


@cache
def _table(name: Literal["words", "fits", "people"]) -> Mapping[str, Sequence[str]]:
    table: Mapping[str, Sequence[str]] = tomllib.loads(_read("clinical_words.toml"))[name]
    return table


def _read(name: str) -> str:
    return package_files("fedaug.augmentation.generators").joinpath(name).read_text("utf-8")


def _fitting(entries: Sequence[str], sex: str) -> list[str]:
    other = _table("fits")["male" if sex == "female" else "female"]
    return [entry for entry in entries if entry not in other]


def make_patient(number: int, dialect: Dialect, rng: random.Random, *, female: bool = False) -> Patient:
    """A made-up patient; the phone number is of the range reserved for fiction, the mail domain ``example.org``."""
    people = _table("people")
    sex: Literal["female", "male"] = rng.choice(("female", "male"))
    if female:
        sex = "female"
    first, family = rng.choice(people[sex]), rng.choice(people["family"])
    return Patient(
        subject_id=f"p{number:05d}",
        sex=sex,
        age=rng.randint(18, 93),
        first=first,
        family=family,
        record_number=f"{rng.randrange(10**6, 10**8):08d}",
        phone=rng.choice(("({}) 555-01{:02d}", "{}-555-01{:02d}")).format(rng.randint(201, 989), rng.randrange(100)),
        email=f"{first}.{family}{rng.randint(1, 99)}@example.org".lower(),
        doctors=tuple(rng.sample(people["family"], 3)),
        conditions=tuple(choose(entry, rng) for entry in rng.sample(_fitting(words(dialect)["condition"], sex), 4)),
    )


def choose(text: str, rng: random.Random) -> str:
    """Resolve every ``[a|b]``, innermost first."""
    while match := _CHOICE.search(text):
        text = text[: match.start()] + rng.choice(match.group(1).split("|")) + text[match.end() :]
    return text


@dataclass
class Scribe:
    """Fills the slots of one note.

    Args:
        patient: Whose note it is.
        dialect: Which templates and words.
        rng: Source of every choice.
        planted: False writes "the patient", "last week" where a name, a date or a number would stand.
    """

    patient: Patient
    dialect: Dialect
    rng: random.Random
    planted: bool = True
    _used: set[str] = field(default_factory=set)

    def write(self, template: str) -> str:
        """One sentence or more; identifiers still wrapped (see ``unwrap``)."""
        text = choose(template, self.rng)
        return _tidy(_SLOT.sub(lambda match: self._slot(match.group(1)), text))

    def header_line(self) -> str:
        """Who the note is about, as systems print it above a note."""
        choices = (
            "{Full}, MRN {mrn}. ",
            "MRN: {mrn} DOB: {birth} ",
            "Pt: {Full}. ",
            "Seen {date}. ",
            "{date}: ",
            "[{Full}|MRN {mrn}] - ",
        )
        return self.write(self.rng.choice(choices))

    def _slot(self, slot: str) -> str:
        filler = _FACTS.get(slot)
        if filler is not None:
            return filler(self)
        if slot == "organ_abnormal_low":
            text = self._word("organ_abnormal")
            return text[0].lower() + text[1:]
        if slot == "lab_name":
            return re.split(r" (?=[\d<]|less)", self._word("lab"))[0]
        text = self._word(slot.lower())
        return text[0].upper() + text[1:] if slot[0].isupper() else text

    def _word(self, slot: str) -> str:
        """An entry that the note has not used; a patient's own conditions come up again and again."""
        if slot == "organ":
            slot = "organ_abnormal" if self.rng.random() < 0.25 else "organ_normal"
        if slot == "condition" and self.rng.random() < 0.5:
            own = [entry for entry in self.patient.conditions if entry not in self._used]
            if own:
                return self._use(self.rng.choice(own))
        entries = _fitting(words(self.dialect)[slot], self.patient.sex)
        fresh = [entry for entry in entries if entry not in self._used]
        return choose(self._use(self.rng.choice(fresh or entries)), self.rng)

    def _use(self, entry: str) -> str:
        self._used.add(entry)
        return entry

    def identifier(self, type_: str, value: str, instead: str) -> str:
        """The value, wrapped with its type, or the words that stand for it in a text without identifiers."""
        return f"{_OPEN}{type_}{_MIDDLE}{value}{_CLOSE}" if self.planted else instead

    def by_sex(self, female: str, male: str) -> str:
        """One of two words, by the patient's sex."""
        return female if self.patient.sex == "female" else male


def _tidy(text: str) -> str:
    """An abbreviation's full stop also ends the sentence."""
    return re.sub(r"\.\.+", ".", text).replace(".;", ";").replace(".,", ",").strip()


def _name(scribe: Scribe, instead: str) -> str:
    patient = scribe.patient
    full = scribe.identifier("PERSON", f"{patient.first} {patient.family}", instead)
    title = scribe.by_sex("Ms.", "Mr.") + " " if scribe.planted else ""
    return scribe.rng.choice((full, title + scribe.identifier("PERSON", patient.family, instead)))


def _doctor(scribe: Scribe, instead: str = "the primary physician") -> str:
    name = scribe.identifier("PERSON", scribe.rng.choice(scribe.patient.doctors), "")
    return f"Dr. {name}" if scribe.planted else instead


def _date(scribe: Scribe) -> str:
    rng = scribe.rng
    month, day, year = rng.randint(1, 12), rng.randint(1, 28), rng.randint(2008, 2024)
    forms = (
        f"{month}/{day}/{year}",
        f"{month:02d}/{day:02d}/{year % 100:02d}",
        f"{_MONTHS[month - 1]} {day}, {year}",
        f"{month}/{day}",
    )
    return scribe.identifier("DATE_TIME", rng.choice(forms), rng.choice(_WHEN))


def _birth(scribe: Scribe) -> str:
    rng = scribe.rng
    value = f"{rng.randint(1, 12):02d}/{rng.randint(1, 28):02d}/{2024 - scribe.patient.age}"
    return scribe.identifier("DATE_TIME", value, "on file")


def _spouse_name(scribe: Scribe) -> str:
    other: Literal["female", "male"] = "male" if scribe.patient.sex == "female" else "female"
    first = scribe.rng.choice(_table("people")[other])
    return scribe.identifier("PERSON", f"{first} {scribe.patient.family}", "spouse")


_FACTS: Mapping[str, Callable[[Scribe], str]] = {
    "age": lambda scribe: str(scribe.patient.age),
    "man": lambda scribe: scribe.rng.choice((scribe.by_sex("woman", "man"), scribe.by_sex("female", "male"))),
    "He": lambda scribe: scribe.by_sex("She", "He"),
    "he": lambda scribe: scribe.by_sex("she", "he"),
    "him": lambda scribe: scribe.by_sex("her", "him"),
    "his": lambda scribe: scribe.by_sex("her", "his"),
    "His": lambda scribe: scribe.by_sex("Her", "His"),
    "spouse": lambda scribe: scribe.by_sex("husband", "wife"),
    "Name": lambda scribe: _name(scribe, "The patient"),
    "name": lambda scribe: _name(scribe, "the patient"),
    "Full": lambda scribe: scribe.identifier("PERSON", f"{scribe.patient.first} {scribe.patient.family}", "Patient"),
    "doctor": _doctor,
    "Doctor": lambda scribe: _doctor(scribe, "The primary physician"),
    "spouse_name": _spouse_name,
    "date": _date,
    "birth": _birth,
    "phone": lambda scribe: scribe.identifier("PHONE_NUMBER", scribe.patient.phone, "the clinic line"),
    "email": lambda scribe: scribe.identifier("EMAIL_ADDRESS", scribe.patient.email, "the portal"),
    "mrn": lambda scribe: scribe.identifier("ID", scribe.patient.record_number, "on file"),
    "year": lambda scribe: str(scribe.rng.randint(1975, 2023)),
    "n": lambda scribe: str(scribe.rng.randint(1, 8)),
    "m": lambda scribe: str(scribe.rng.randint(5, 45)),
    "bp": lambda scribe: f"{scribe.rng.randint(92, 188)}/{scribe.rng.randint(52, 104)}",
    "hr": lambda scribe: str(scribe.rng.randint(52, 128)),
    "rr": lambda scribe: str(scribe.rng.randint(12, 28)),
    "temp": lambda scribe: f"{scribe.rng.uniform(97.0, 102.4):.1f}",
    "sat": lambda scribe: str(scribe.rng.randint(88, 100)),
    "wt": lambda scribe: str(scribe.rng.randint(98, 310)),
    "small": lambda scribe: f"{scribe.rng.uniform(1, 12):.1f}",
    "wbc": lambda scribe: str(scribe.rng.choice((2, 5, 10, 25, 50))),
}


def map_outside(text: str, change: Callable[[str], str]) -> str:
    """Apply ``change`` to the text and to the values of its identifiers, but not to the wrapping."""
    parts: list[str] = []
    place = 0
    for match in _WRAPPED.finditer(text):
        parts += [change(text[place : match.start()]), _OPEN, match.group(1), _MIDDLE, change(match.group(2)), _CLOSE]
        place = match.end()
    return "".join([*parts, change(text[place:])])


def unwrap(text: str) -> tuple[str, tuple[Identifier, ...]]:
    """The final text, and where its identifiers are."""
    parts: list[str] = []
    found: list[Identifier] = []
    length = place = 0
    for match in _WRAPPED.finditer(text):
        before, value = text[place : match.start()], match.group(2)
        parts += [before, value]
        start = length + len(before)
        length = start + len(value)
        found.append(Identifier(start, length, match.group(1)))
        place = match.end()
    return "".join([*parts, text[place:]]), tuple(found)

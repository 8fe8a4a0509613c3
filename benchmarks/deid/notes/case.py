"""One case: the people, places, dates and numbers that a note's fields are filled from, each always the same.

A field is ``{what}`` or ``{what.form}``; see the README of this folder for the list.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

from benchmarks.deid.notes import places
from benchmarks.deid.notes.dates import Calendar
from benchmarks.deid.notes.note import Piece
from benchmarks.deid.notes.numbers import NUMBERS
from benchmarks.deid.notes.people import Community, community

_PERSON = re.compile(r"(pt|kin|dr|rn|st)(\d?)(?:\.(\w+))?")
_DATE = re.compile(r"d([+-]\d+)?(?::(\w+))?")
_NUMBER = re.compile(r"#(\d+)-(\d+)|#(\d+\.\d+)-(\d+\.\d+)")
_FACILITIES = ("hosp", "clinic")
_ORGANIZATIONS = ("employer", "insurer", "school", "bank", "church", "pharmacy")
_SPELLED = (
    ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety"),
    ("", "-one", "-two", "-three", "-four", "-five", "-six", "-seven", "-eight", "-nine"),
)
_ADULT_KIN = {"f": ("daughter", "sister", "niece", "wife"), "m": ("son", "brother", "nephew", "husband")}
_CHILD_KIN = {
    "f": ("mother", "grandmother", "aunt", "foster mother"),
    "m": ("father", "grandfather", "stepfather", "uncle"),
}
_WORDS = {  # of somebody's sex: woman, man
    "he": ("she", "he"),
    "He": ("She", "He"),
    "his": ("her", "his"),
    "His": ("Her", "His"),
    "him": ("her", "him"),
    "self": ("herself", "himself"),
    "man": ("woman", "man"),
    "gent": ("lady", "gentleman"),
    "sex": ("female", "male"),
    "s": ("F", "M"),
    "child": ("girl", "boy"),
}


def identifies(field: str) -> bool:
    """Whether a field will hold an identifier: not a measurement, a pronoun, a title or a relation."""
    return not field.startswith("#") and field.partition(".")[2] not in {*_WORDS, "title", "rel"}


@dataclass(frozen=True, slots=True)
class Person:
    """Somebody in the note. ``last`` is the surname that others use; ``last_full`` may have two parts."""

    woman: bool
    first: str
    middle: str
    last: str
    last_full: str
    nick: str
    age: int
    relation: str
    family_first: bool


class Case:
    """Fills fields. The same field has the same value throughout one note, so the note holds together."""

    def __init__(
        self,
        random: Random,
        uk: bool = False,
        child: bool = False,
        mother: bool = False,
        values: places.Values = places.FIRST,
    ) -> None:
        self._random = random
        self._values = values
        self._child = child
        self._mother = mother
        self._region = places.region(random, uk, values)
        self._calendar = Calendar(random, uk)
        self._family = self._community()
        self._people: dict[str, Person] = {}
        self._people["pt"] = self._cast("pt")
        self._kept: dict[str, str] = {}

    def fill(self, field: str) -> Piece:
        """The text of one field, with its type if it is an identifier."""
        if match := _NUMBER.fullmatch(field):
            whole_low, whole_high, low, high = match.groups()
            number = f"{self._random.uniform(float(low), float(high)):.1f}" if low else None
            return Piece(number or str(self._random.randint(int(whole_low), int(whole_high))))
        if match := _DATE.fullmatch(field):
            return Piece(self._calendar.write(int(match[1] or 0), match[2] or ""), "DATE_TIME")
        if match := _PERSON.fullmatch(field):
            return self._of_person(match[1] + match[2], match[1], match[3] or "full")
        return self._of_place_or_number(field)

    def _keep(self, key: str, value: str) -> str:
        return self._kept.setdefault(key, value)

    def _of_place_or_number(self, field: str) -> Piece:
        kind = field.rstrip("0123456789").partition(".")[0]
        where, random = self._region, self._random
        if kind in _FACILITIES or kind in _ORGANIZATIONS:
            name = self._keep(field.partition(".")[0], where.named(kind, random))
            if field.endswith(".abbr"):
                name = "".join(word[0] for word in re.findall(r"[A-Za-z][\w.'’]+", name) if word[0].isupper())
            return Piece(name, "FACILITY" if kind in _FACILITIES else "ORGANIZATION")
        if kind in NUMBERS:
            label, make = NUMBERS[kind]
            return Piece(self._keep(field, make(random, where)), label)
        makers: dict[str, tuple[str, Callable[[], str]]] = {
            "town": ("LOCATION", lambda: where.town(random)),
            "state": ("LOCATION", lambda: where.state),
            "statename": ("LOCATION", lambda: where.state_name),
            "country": ("LOCATION", lambda: places.country(random, self._values)),
            "street": ("ADDRESS", lambda: where.street(random)),
            "zip": ("ZIP_CODE", lambda: where.postcode(random)),
            "ward": ("FACILITY", lambda: places.ward(random, self._values)),
            "email": ("EMAIL_ADDRESS", lambda: self._email(field)),
            "url": ("URL", self._url),
        }
        label, write = makers[kind]
        return Piece(self._kept.get(field) or self._keep(field, write()), label)

    def _of_person(self, key: str, role: str, form: str) -> Piece:
        person = self._people.get(key) or self._people.setdefault(key, self._cast(role))
        if form in _WORDS:
            return Piece(_WORDS[form][0 if person.woman else 1])
        if form == "title":
            adult = ("Mrs.", "Ms.") if self._random.random() < 0.6 else ("Ms.",)
            return Piece(self._keep(key + "title", self._random.choice(adult) if person.woman else "Mr."))
        if form == "rel":
            return Piece(person.relation)
        labels = {"age": "AGE", "ageword": "AGE", "dob": "DATE_TIME", "email": "EMAIL_ADDRESS"}
        return Piece(
            self._written(person, form) if form not in labels else self._about(key, form), labels.get(form, "PERSON")
        )

    def _about(self, key: str, form: str) -> str:
        """A person's age, in figures or words, birthday or e-mail address."""
        age = self._people[key].age
        if form == "dob":
            return self._keep(key + "dob", self._calendar.birthday(age))
        if form == "email":
            return self._keep(key + "email", self._email(key))
        return _spelled(age) if form == "ageword" else str(age)

    def _written(self, person: Person, form: str) -> str:
        """A person's name in one form: full, first, last, nick, or with commas and initials."""
        initial = person.first[0]
        forms = {
            "first": person.first,
            "last": person.last,
            "nick": person.nick,
            "formal": f"{person.first} {person.last_full}",
            "lf": f"{person.last_full}, {person.first}",
            "lfm": f"{person.last_full}, {person.first} {person.middle}.",
            "il": f"{initial}. {person.last}",
            "li": f"{person.last} {initial}",
            "mid": f"{person.first} {person.middle}. {person.last_full}",
            "upper": f"{person.last_full.upper()}, {person.first.upper()}",
        }
        if form == "full":
            if person.family_first:
                return f"{person.last} {person.first}"
            form = "mid" if self._random.random() < 0.25 else "formal"
        return forms[form]

    def _community(self) -> Community:
        return community(self._random, self._values.communities)

    def _cast(self, role: str) -> Person:
        """Somebody new; kin often share the patient's surname and come from the same community."""
        random = self._random
        group = self._family if role in ("pt", "kin") else self._community()
        woman = random.random() < 0.5 or (role == "pt" and self._mother)
        last = last_full = random.choice(group.surnames)
        patient = self._people.get("pt")
        if role == "kin" and patient and random.random() < 0.55:
            last, last_full = patient.last, patient.last_full
        elif group.paired_surnames and random.random() < 0.35:
            last_full = f"{last} {random.choice([name for name in group.surnames if ' ' not in name and name != last])}"
        elif random.random() < 0.04 and " " not in last and "-" not in last:
            last = last_full = (
                f"{last}-{random.choice([name for name in self._community().surnames if name.isalpha()])}"
            )
        taken = {person.first for person in self._people.values()}
        first = random.choice([name for name in (group.women if woman else group.men) if name not in taken])
        relation = self._relation(woman, patient) if role == "kin" and patient else ""
        family_first = group.family_first and role == "pt" and random.random() < 0.4
        middle = random.choice("ABCDEFGHJKLMNPRSTVW")
        nick = random.choice(self._values.nicknames)
        age = self._age(relation, patient) if patient else self._patient_age()
        return Person(woman, first, middle, last, last_full, nick, age, relation, family_first)

    def _relation(self, woman: bool, patient: Person) -> str:
        """What the patient calls them; nobody under forty has children old enough to speak for them."""
        if self._child:
            return self._random.choice(_CHILD_KIN["f" if woman else "m"])
        child, sibling, nibling, spouse = _ADULT_KIN["f" if woman else "m"]
        old = patient.age >= 42
        choices = [sibling] + [child, child, nibling] * old + [spouse] * (woman != patient.woman)
        return self._random.choice(choices)

    def _patient_age(self) -> int:
        random = self._random
        if self._mother:
            return random.randint(19, 44)
        return random.randint(5, 16) if self._child else min(random.randint(21, 97), random.randint(35, 99))

    def _age(self, relation: str, patient: Person) -> int:
        """An age that fits the relation."""
        random = self._random
        if self._child:
            return random.randint(48, 71) if relation.startswith("grand") else random.randint(26, 47)
        if relation in ("daughter", "son", "niece", "nephew"):
            return max(18, patient.age - random.randint(21, 36))
        return max(20, patient.age + random.randint(-9, 5)) if relation else random.randint(24, 64)

    def _email(self, key: str) -> str:
        """An address built from the person's name, or from an office of the hospital."""
        random = self._random
        domain = random.choice(("hosp", "clinic")) if key.startswith(("dr", "rn", "email")) else "home"
        if key.startswith("email"):
            local = random.choice(("records", "referrals", "intake", "claims.dept", "no-reply", "scheduling", "hr"))
        else:
            person = self._people[key]
            first, last = _plain(person.first), _plain(person.last)
            number = str(random.randint(1, 99)) if domain == "home" else ""
            local = random.choice(
                (f"{first}.{last}", f"{first[0]}{last}{number}", f"{first}_{last}{number}", f"{last}.{first}")
            )
        return f"{local}@{self._host(domain)}"

    def _url(self) -> str:
        host, number = self._host("hosp"), self._random.randint(1000, 99999)
        paths = (
            "https://portal.{}/pt/{}",
            "www.{}/results?id={}",
            "https://{}/mychart/visit/{}",
            "http://{}/c/{}",
            "{}/pay/{}",
        )
        return self._random.choice(paths).format(host, number)

    def _host(self, of: str) -> str:
        if of == "home":
            return self._random.choice(self._values.home_hosts)
        words = [_plain(word) for word in self._of_place_or_number(of).text.split()]
        name = "".join(words[:2]) or "clinic"
        return self._keep(
            "host" + of, name + self._random.choice((".org", ".org", ".com", ".net", "health.org", "-care.com"))
        )


def _plain(name: str) -> str:
    """Lower-case ASCII letters only, as in an e-mail address."""
    swapped = name.replace("ł", "l").replace("Ł", "L").replace("ø", "o").replace("Ø", "O")
    ascii_only = unicodedata.normalize("NFKD", swapped).encode("ascii", "ignore").decode()
    return re.sub(r"[^a-z]", "", ascii_only.lower())


def _spelled(age: int) -> str:
    tens, ones = _SPELLED
    return str(age) if age < 20 else tens[age // 10 - 2] + ones[age % 10]

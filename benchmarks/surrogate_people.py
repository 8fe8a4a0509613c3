"""Do names agree over notes, and do they differ between sites and between subjects?"""

from __future__ import annotations

import itertools
import math
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from faker import Faker

from fedaug.privacy.deid.spans import Span
from fedaug.privacy.deid.surrogates import Draw, SurrogateKey, shift_of, surrogate
from fedaug.privacy.deid.surrogates.draw import INITIALS
from fedaug.privacy.deid.surrogates.name_pools import class_of, pool
from fedaug.privacy.deid.surrogates.words import plain, shares_a_piece

#: Below this a count above its expectation is not taken for chance: the tests' false-alarm probability.
FALSE_ALARM = 1e-6


def _possessive(name: str) -> str:
    return f"{name}'" if name[-1] in "sS" else f"{name}'s"


#: Ways to write one person's name.
FORMS: tuple[Callable[[str, str], str], ...] = (
    lambda first, last: f"{first} {last}",
    lambda first, last: f"{last.upper()}, {first.upper()}",
    lambda first, last: f"Mr. {last}",
    lambda first, last: f"{first[0]}. {last}",
    lambda first, last: _possessive(last),
    lambda first, last: f"{first} {last}".lower(),
    lambda first, last: f"{last}, {first[0]}.",
    lambda first, last: f"Dr. {first} {last}, MD",
    lambda first, last: f"{first[0]}{last[0]}",
    lambda first, last: first,
    lambda first, last: f"{first} {last}-{last}",
    lambda first, last: f"{last.upper()} {first[0]}",
)


@dataclass(frozen=True)
class Agreement:
    """What was counted over the notes of some subjects.

    Attributes:
        notes: All.
        same: In which each form of the subject's name shows the same surrogate.
        redrawn: In which it does not, because the surrogate is the real name of somebody else in that very note.
        different: In which it does not for no such reason.
    """

    notes: int
    same: int
    redrawn: int
    different: int


Replace = Callable[[str, list[Span], str], str]


def agreement(replace: Replace, subjects: int, notes: int, *, seed: int = 0) -> Agreement:
    """Many notes of each subject, each with the subject's name in three forms and another person's name."""
    same = redrawn = 0
    people = _people(seed)
    others = _people(seed + 1)
    draw = random.Random(seed)
    for number in range(subjects):
        first, last = next(people)
        fake_first, fake_last = _lines(replace, [f"{first} {last}"], f"subject {number}")[0].split(" ", 1)
        for _ in range(notes):
            forms = draw.sample(FORMS, 3)
            other = next(others)
            values = [" ".join(other), *(form(first, last) for form in forms)]
            made = _lines(replace, values, f"subject {number}")[1:]
            if made == [form(fake_first, fake_last) for form in forms]:
                same += 1
            else:
                redrawn += bool({plain(fake_first), plain(fake_last)} & {plain(word) for word in other})
    total = subjects * notes
    return Agreement(total, same, redrawn, total - same - redrawn)


def _lines(replace: Replace, values: list[str], subject: str) -> list[str]:
    text, spans = "", []
    for value in values:
        text += "\nSeen by " if text else "Seen by "
        spans.append(Span(len(text), len(text) + len(value), "PERSON", 1.0))
        text += value
    return [line.removeprefix("Seen by ") for line in replace(text, spans, subject).split("\n")]


def _people(seed: int) -> Iterator[tuple[str, str]]:
    """Names of people as Faker draws them, often ones first."""
    fake = Faker("en_US")
    fake.seed_instance(seed)
    while True:
        yield fake.first_name(), fake.last_name()


def surnames(count: int) -> list[str]:
    """Different surnames, from the public pool."""
    return list(itertools.islice((name for name in pool("en-last").names if "'" not in name), count))


@dataclass(frozen=True)
class Coincidence:
    """How often two lists of surrogates agree.

    Attributes:
        compared: Values.
        equal: Values with the same surrogate in both.
        expected: How many of them chance alone would give.
        chance: The probability of as many or more by chance alone.
    """

    compared: int
    equal: int
    expected: float
    chance: float


def names_of(key: SurrogateKey, subject: str, names: list[str]) -> list[str]:
    """Surrogates of names at one site, each for a subject of its own: one subject's share their initials' fate."""
    return [
        surrogate(Draw(key, subject=f"{subject} {number}"), name, "PERSON") or "" for number, name in enumerate(names)
    ]


def coincidence(names: list[str], one: list[str], other: list[str]) -> Coincidence:
    """Agreement of the surrogates of names, against that of two independent draws from the public pools."""
    equal = sum(first == second for first, second in zip(one, other, strict=True))
    chances = [_by_chance(name) for name in names]
    expected = sum(chances)
    return Coincidence(len(names), equal, expected, _poisson_tail(equal, expected))


def shift_coincidence(one: SurrogateKey, other: SurrogateKey, subjects: int, max_days: int) -> Coincidence:
    """How often two sites shift the same subject by the same days."""
    names = [f"subject {number}" for number in range(subjects)]
    pairs = [[shift_of(Draw(key, subject=name), max_days) for key in (one, other)] for name in names]
    equal = sum(first == second for first, second in pairs)
    expected = subjects / (2 * max_days)
    return Coincidence(subjects, equal, expected, _poisson_tail(equal, expected))


def _by_chance(name: str) -> float:
    """The probability that two independent keys give a name one surrogate: same initial, then same name with it."""
    word = plain(name)
    names = pool(class_of(word) or "en-last")
    letters = INITIALS.replace(word[0].upper(), "")
    counts: dict[str, float] = {}
    for letter in letters:
        fitting = [one for one in names.beginning_with(letter) if not shares_a_piece(word, plain(one))]
        for one in fitting:
            counts[one] = counts.get(one, 0.0) + 1 / len(letters) / len(fitting)
    return sum(share**2 for share in counts.values())


def _poisson_tail(count: int, mean: float) -> float:
    """P(X >= count), which is at least the binomial sum's where each chance is small."""
    return 1 - sum(math.exp(-mean + k * math.log(mean) - math.lgamma(k + 1)) for k in range(count)) if count else 1.0

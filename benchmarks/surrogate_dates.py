"""Do shifted dates keep their intervals? Writes dates in many styles, and reads what came out with a reader of its own.

The reader knows the order of a style's parts and nothing of the code that shifts: it takes numbers and month names one
after the other.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta

from fedaug.privacy.deid.operators import Replacer
from fedaug.privacy.deid.spans import Span

_EN_MONTHS = "January February March April May June July August September October November December"
_ES_MONTHS = "enero febrero marzo abril mayo junio julio agosto septiembre octubre noviembre diciembre"
MONTHS = {"en": _EN_MONTHS.split(), "es": _ES_MONTHS.split()}
_EN_WEEKDAYS, _ES_WEEKDAYS = (
    "Monday Tuesday Wednesday Thursday Friday Saturday Sunday",
    "lunes martes miércoles jueves viernes sábado domingo",
)
WEEKDAYS = {"en": _EN_WEEKDAYS.split(), "es": _ES_WEEKDAYS.split()}
ROMAN = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
_PART = re.compile(r"[^\W\d_]+|\d+")
_TIME = re.compile(r"(?<=\d)T(?=\d)")
_ORDINAL = re.compile(r"(\d)(?:st|nd|rd|th)\b")


def _th(day: int) -> str:
    return f"{day}{'th' if 10 < day < 14 else {1: 'st', 2: 'nd', 3: 'rd'}.get(day % 10, 'th')}"


@dataclass(frozen=True)
class Style:
    """A way to write a date.

    Attributes:
        language: Two letters.
        order: What its numbers and month names are, in order: d, m, y, and w for a weekday.
        write: A date as text.
    """

    language: str
    order: str
    write: Callable[[date], str]

    def read(self, text: str) -> dict[str, int]:
        """Its parts; ValueError or LookupError if it is not of this style."""
        names = [month[:3].lower() for month in MONTHS[self.language]]
        days = [day.lower() for day in WEEKDAYS[self.language]]
        tokens = _PART.findall(_ORDINAL.sub(r"\1", _TIME.split(text)[0]))
        if self.order == "ymd" and tokens[0].isdigit() and len(tokens[0]) == 8:
            tokens = [tokens[0][:4], tokens[0][4:6], tokens[0][6:]]
        meant = [
            token
            for token in tokens
            if token.isdigit() or token.lower() in days or token in ROMAN or token[:3].lower() in names
        ]
        parts: dict[str, int] = {}
        for name, token in zip(self.order, meant, strict=True):
            if name == "w":
                parts[name] = days.index(token.lower())
            elif name == "m" and not token.isdigit():
                parts[name] = 1 + (ROMAN.index(token) if token in ROMAN else names.index(token[:3].lower()))
            else:
                number = int(token)
                short = name == "y" and len(token) == 2
                parts[name] = number + (2000 if number < 30 else 1900) if short else number
        return parts


def _en(order: str, write: Callable[[date], str]) -> Style:
    return Style("en", order, write)


def _es(order: str, write: Callable[[date], str]) -> Style:
    return Style("es", order, write)


def _m(day: date, language: str = "en") -> str:
    return MONTHS[language][day.month - 1]


STYLES: tuple[Style, ...] = (
    _en("mdy", lambda d: f"{d:%m/%d/%Y}"),
    _en("mdy", lambda d: f"{d.month}/{d.day}/{d.year}"),
    _en("mdy", lambda d: f"{d:%m/%d/%y}"),
    _en("mdy", lambda d: f"{d:%m-%d-%Y}"),
    _en("ymd", lambda d: f"{d:%Y-%m-%d}"),
    _en("ymd", lambda d: f"{d:%Y/%m/%d}"),
    _en("ymd", lambda d: f"{d:%Y%m%d}"),
    _en("ymd", lambda d: f"{d:%Y-%m-%d}T10:22:05Z"),
    _en("mdy", lambda d: f"{_m(d)} {d.day}, {d.year}"),
    _en("mdy", lambda d: f"{_m(d)[:3]}. {d.day}, {d.year}"),
    _en("mdy", lambda d: f"{_m(d).upper()} {d.day}, {d.year}"),
    _en("mdy", lambda d: f"{_m(d)[:3]} {d.day} '{d:%y}"),
    _en("mdy", lambda d: f"{_m(d)} {_th(d.day)}, {d.year}"),
    _en("dmy", lambda d: f"{d.day} {_m(d)} {d.year}"),
    _en("dmy", lambda d: f"{d:%d}-{_m(d)[:3]}-{d.year}"),
    _en("dmy", lambda d: f"{d:%d}{_m(d)[:3].upper()}{d.year}"),
    _en("dmy", lambda d: f"the {_th(d.day)} of {_m(d)}, {d.year}"),
    _en("dmy", lambda d: f"{d:%d.%m.%Y}"),
    _en("wmdy", lambda d: f"{WEEKDAYS['en'][d.weekday()]}, {_m(d)} {d.day}, {d.year}"),
    _en("md", lambda d: f"{d.month}/{d.day}"),
    _en("md", lambda d: f"{_m(d)} {d.day}"),
    _en("md", lambda d: f"{_m(d)[:3]} {_th(d.day)}"),
    _en("dm", lambda d: f"{d.day} {_m(d)}"),
    _en("dm", lambda d: f"the {_th(d.day)} of {_m(d)}"),
    _en("wmd", lambda d: f"{WEEKDAYS['en'][d.weekday()]} {_m(d)} {d.day}"),
    _en("my", lambda d: f"{_m(d)} {d.year}"),
    _en("my", lambda d: f"{_m(d)[:3]} '{d:%y}"),
    _en("my", lambda d: f"{d:%m/%Y}"),
    _en("w", lambda d: WEEKDAYS["en"][d.weekday()]),
    _es("dmy", lambda d: f"{d.day} de {_m(d, 'es')} de {d.year}"),
    _es("dmy", lambda d: f"{d:%d/%m/%Y}"),
    _es("dmy", lambda d: f"{d.day}/{d.month}/{d:%y}"),
    _es("dmy", lambda d: f"{d:%d-%m-%Y}"),
    _es("dmy", lambda d: f"{d.day}-{_m(d, 'es')[:3]}-{d.year}"),
    _es("dmy", lambda d: f"{d.day}-{ROMAN[d.month - 1]}-{d.year}"),
    _es("dmy", lambda d: f"{d:%d.%m.%Y}"),
    _es("wdmy", lambda d: f"{WEEKDAYS['es'][d.weekday()]} {d.day} de {_m(d, 'es')} de {d.year}"),
    _es("dm", lambda d: f"{d.day} de {_m(d, 'es')}"),
    _es("dm", lambda d: f"el {d.day} de {_m(d, 'es')}"),
    _es("my", lambda d: f"{_m(d, 'es')} de {d.year}"),
    _es("w", lambda d: WEEKDAYS["es"][d.weekday()]),
)


@dataclass(frozen=True)
class Tally:
    """What was counted.

    Attributes:
        dates: Dates written.
        intervals: Pairs of dates of one subject that were compared.
        wrong: Pairs whose interval changed, or of which one could not be read in its own style any more.
        weekdays_wrong: Weekdays that are not those of the date beside them.
        unshifted: Subjects whose dates did not move.
        shifts: Different shifts that were seen.
    """

    dates: int
    intervals: int
    wrong: int
    weekdays_wrong: int
    unshifted: int
    shifts: int


@dataclass
class _Moves:
    """By how much one subject's dates moved."""

    days: list[int | None] = field(default_factory=list)
    months: list[int | None] = field(default_factory=list)
    weekdays: list[int | None] = field(default_factory=list)
    weekdays_wrong: int = 0


Replace = Callable[[str, Sequence[Span], str, str], str]


def by(replacer: Replacer) -> Replace:
    """A replacer as the measurement calls it."""
    return lambda text, spans, subject, language: replacer.replace(text, spans, subject=subject, language=language)


def measure(replace: Replace, subjects: int, *, seed: int = 0) -> Tally:
    """Two notes for each subject, one in each language, with every style once."""
    draw = random.Random(seed)
    dates = intervals = wrong = weekdays_wrong = unshifted = 0
    shifts: set[int] = set()
    for number in range(subjects):
        moves = _Moves()
        for language in ("en", "es"):
            _follow(replace, f"subject {number}", language, draw, moves)
        for found in (moves.days, moves.months, moves.weekdays):
            dates += len(found)
            pairs = len(found) * (len(found) - 1) // 2
            intervals += pairs
            wrong += pairs - sum(found.count(move) * (found.count(move) - 1) // 2 for move in set(found) - {None})
        weekdays_wrong += moves.weekdays_wrong
        shifts |= {days for days in moves.days if days is not None}
        unshifted += 0 in moves.days
    return Tally(dates, intervals, wrong, weekdays_wrong, unshifted, len(shifts))


def _follow(replace: Replace, subject: str, language: str, draw: random.Random, moves: _Moves) -> None:
    styles = [style for style in STYLES if style.language == language]
    draw.shuffle(styles)
    # A date with a year comes first, for those without one to be counted from.
    styles.sort(key=lambda style: style.order[-3:] not in ("mdy", "dmy", "ymd") or "." in style.write(date(2001, 2, 3)))
    days = list(_days(draw, len(styles)))
    text, spans = written([style.write(day) for style, day in zip(styles, days, strict=True)])
    lines = replace(text, spans, subject, language).split("\n")
    anchor = days[0]
    for style, day, line in zip(styles, days, lines, strict=True):
        try:
            moved = _read(style, line.partition(": ")[2], anchor)
        except (ValueError, LookupError):
            moves.days.append(None)
            continue
        if isinstance(moved, int):
            moves.weekdays.append((moved - day.weekday()) % 7)
        elif "d" not in style.order:
            moves.months.append((moved.year - day.year) * 12 + moved.month - day.month)
        else:
            moves.days.append((moved - day).days)
            moves.weekdays_wrong += "w" in style.order and WEEKDAYS[language][moved.weekday()] not in line
            anchor = moved if "y" in style.order else anchor


def _read(style: Style, text: str, anchor: date) -> date | int:
    """The date in a text, the first of a month for one without a day; or a weekday, 0 to 6."""
    parts = style.read(text)
    if style.order == "w":
        return parts["w"]
    return date(parts["y"], parts["m"], parts.get("d", 1)) if "y" in parts else _nearest(parts, anchor)


def written(values: Sequence[str]) -> tuple[str, list[Span]]:
    """A note with a date on every line, and where they are."""
    text, spans = "", []
    for value in values:
        text += "\nSeen: " if text else "Seen: "
        spans.append(Span(len(text), len(text) + len(value), "DATE_TIME", 1.0))
        text += value
    return text, spans


def _days(draw: random.Random, count: int) -> Iterator[date]:
    """Days within four months of each other, the ends of years and Februaries often among them."""
    middle = date(draw.randint(1936, 2023), draw.randint(1, 12), draw.randint(1, 28))
    edges = [date(middle.year, 12, 31), date(middle.year + 1, 1, 1), date(middle.year, 2, 28), date(middle.year, 3, 1)]
    if middle.year % 4 == 0 and middle.year != 1900:
        edges.append(date(middle.year, 2, 29))
    near = [edge for edge in edges if abs((edge - middle).days) < 60]
    for _ in range(count):
        yield draw.choice(near) if near and draw.random() < 0.3 else middle + timedelta(draw.randint(-60, 60))


def _nearest(parts: dict[str, int], anchor: date) -> date:
    candidates = []
    for year in range(anchor.year - 1, anchor.year + 2):
        try:
            candidates.append(date(year, parts["m"], parts["d"]))
        except ValueError:
            continue
    return min(candidates, key=lambda day: abs((day - anchor).days))

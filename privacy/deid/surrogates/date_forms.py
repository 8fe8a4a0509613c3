"""The forms in which dates are written, and how a text's parts are found in them."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fedaug.privacy.deid.surrogates.date_words import MONTHS, ROMAN, WEEKDAYS, alternatives

_START: Final = r"(?<![\d./-])(?<![^\W\d_])"
_DAY: Final = r"(?P<d>\d{1,2})"
_ORDINAL: Final = r"(?P<ord>st|nd|rd|th)?(?:\.?[ºª°]|er\b)?"
_RANGE: Final = (
    r"(?:\s*(?:-|–|—|to|through|thru|and|&|al?|y|e|hasta(?:\s+el)?)\s*(?P<d2>\d{1,2})(?P<ord2>st|nd|rd|th)?(?!\d))?"
)
_OF: Final = r"(?:\s+(?:day\s+)?of\s+|\s+del?\s+(?:mes\s+de\s+)?|[\s./-]*)"
#: Two digits are a year behind an apostrophe, a comma, a hyphen or a stop; behind a space, unless a time follows.
_YEAR: Final = (
    r"(?:(?:\s*,\s*|\s+del?\s+|\s+of\s+|[\s./-]\s*)?(?P<y>(?<!\d)[12]\d{3}|(?<=['’,./\s-])\d{2})"
    r"(?![\d:]|\s*[ap]\.?m\b|\s*h\b))"
)
_APOSTROPHE: Final = r"(?:\s*,?\s*['’](?P<yy>\d{2})(?!\d))"
_BEFORE_YEAR: Final = r"\.?(?:\s*,?\s*(?:of\s+|del?\s+)?|[/-])"
_WITH_DAY: Final = frozenset(("full", "numeric", "day-month", "month-day"))
#: A hyphen may link two dates with slashes or stops; in dates with hyphens it may not.
_SLASHED: Final = r"(?<![\d./])(?<![^\W\d_])(?P<a>"

_UNIT: Final = (
    r"(?:seconds?|secs?|minutes?|mins?|hours?|hrs?|days?|nights?|weeks?|wks?|months?|mos?|years?|yrs?|decades?|"
    r"segundos?|minutos?|horas?|días?|dias?|noches?|semanas?|mes(?:es)?|años?|anos?)"
)
_SMALL: Final = (
    "one two three four five six seven eight nine ten eleven twelve a an couple few several half dozen "
    "un una uno dos tres cuatro cinco seis siete ocho nueve diez once doce varios varias medio media unos unas"
)
_RELATIVE: Final = (
    "on at in the of and to from until till through thru between by since before after around about approximately "
    "approx early late mid morning afternoon evening night noon midnight dawn today yesterday tomorrow tonight "
    "now currently recently ago last next this past prior previous previously following later earlier within for "
    "over every each per once twice daily weekly monthly yearly annually nightly hourly during same am pm utc gmt "
    "est edt cst cdt mst mdt pst pdt cet cest z t h hs hrs hours o clock end beginning start middle el la los las "
    "lo de del al a en y e desde hasta entre hace última último ultima ultimo próximo próxima proximo proxima "
    "pasado pasada pasados pasadas siguiente siguientes anterior anteriores previo previa hoy ayer mañana manana "
    "anteayer anoche tarde noche medianoche mediodía mediodia madrugada mes día dia año ano semana mediados "
    "principios finales fecha durante cada sobre dentro después despues antes ahora actualmente fin primera "
    "segunda quincena"
)
_SPAN_OF_TIME: Final = rf"(?<![\d/.])\d{{1,3}}(?:[.,]\d+)?(?:\s*(?:-|–|to|a|or|o)\s*\d{{1,3}})?[\s-]*{_UNIT}\b"
#: What may stand beside a date, or by itself: times of day, spans of time, words that relate to now.
_REST: Final = re.compile(
    rf"(?:\d{{1,2}}[:.]\d{{2}}(?:[:.]\d{{2}}(?:[.,]\d+)?)?\s*(?:[ap]\.?\s?m\b\.?|h(?:rs?|s)?\b\.?|Z\b)?"
    rf"(?:\s?[+-]\d{{2}}:?\d{{2}}\b)?"
    rf"|\d{{1,2}}\s*(?:[ap]\.?\s?m\b\.?|o['’]clock|h(?:rs?|s|oras|ours)?\b)"
    rf"|(?<=T)\d{{4,6}}(?:\.\d+)?"
    rf"|(?:1[89]|20)\d0['’]?s\b|['’]?\d0['’]?s\b"
    rf"|\b(?:{'|'.join(sorted({*_RELATIVE.split(), *_SMALL.split()}, key=len, reverse=True))}|{_UNIT})\b|(?<=\d)T(?=\d)"
    r"|[\s,;:.()\[\]'’\"/–—@~-]+)",
    re.IGNORECASE,
)


@functools.cache
def _forms(language: str) -> tuple[tuple[str, re.Pattern[str]], ...]:
    """Form and name, in the order in which they are tried: a longer form goes before those that it contains."""
    month = rf"(?P<mon>{alternatives(MONTHS, language)})(?![^\W\d_])"
    weekday = rf"(?<![^\W\d_])(?P<wd>{alternatives(WEEKDAYS, language)})(?![^\W\d_])"
    word_start = r"(?<![^\W\d_])"
    roman = "|".join(ROMAN[::-1])
    day = rf"(?P<d>\d{{1,2}}){_ORDINAL}{_RANGE}"
    patterns = (
        ("span", _SPAN_OF_TIME),
        ("full", r"(?<!\d)(?P<y>[12]\d{3})(?P<s>[-/.])(?P<m>\d{1,2})(?P=s)(?P<d>\d{1,2})(?!\d)"),
        ("full", r"(?<!\d)(?P<y>(?:19|20)\d{2})(?P<m>0[1-9]|1[0-2])(?P<d>0[1-9]|[12]\d|3[01])(?!\d)"),
        (
            "numeric",
            rf"{_SLASHED}\d{{1,2}})\s?(?P<s>[/.-])\s?(?P<b>\d{{1,2}})\s?(?P=s)\s?['’]?(?P<y>\d{{4}}|\d{{2}})(?!\d)",
        ),
        ("full", rf"{_START}(?P<d>\d{{1,2}})(?P<s>[-/.\s])(?P<roman>{roman})(?P=s)(?P<y>\d{{4}}|\d{{2}})(?!\d)"),
        ("day-month", rf"{_START}{day}{_OF}{month}\.?(?:{_YEAR}|{_APOSTROPHE})?"),
        ("month-year", rf"{word_start}{month}-(?P<y>\d{{2}})(?![-\d])"),
        (
            "month-day",
            rf"{word_start}{month}\.?(?:\s+the\s+|[\s./-]*)(?!\d{{3}}){day}(?![:\d])(?:{_YEAR}|{_APOSTROPHE})?",
        ),
        ("month-year", rf"{word_start}{month}{_BEFORE_YEAR}(?:(?P<y>[12]\d{{3}})|['’](?P<yy>\d{{2}}))(?!\d)"),
        ("month-year", rf"{_START}(?P<m>\d{{1,2}})\s?[/.-]\s?(?P<y>[12]\d{{3}})(?!\d)"),
        ("month-year", r"(?<![\d./-])(?P<y>[12]\d{3})[/-](?P<m>0[1-9]|1[0-2])(?![\d/-])"),
        ("numeric", rf"{_SLASHED}\d{{1,2}})(?P<s>[/.])(?P<b>\d{{1,2}})(?!\d|(?P=s)\d)"),
        ("numeric", rf"{_START}(?P<a>\d{{1,2}})(?P<s>-)(?P<b>\d{{1,2}})(?!\d|[./-]\d)"),
        ("weekday", weekday),
        ("month", rf"{word_start}{month}"),
        ("year", r"(?<!\d)(?<![./])(?P<y>(?:1[89]|20)\d{2})(?!\d|['’]?s\b)"),
        ("year", r"(?<!\w)['’](?P<yy>\d{2})(?!\d|['’]?s\b)"),
    )
    return tuple((name, re.compile(pattern, re.IGNORECASE)) for name, pattern in patterns)


@dataclass(frozen=True, repr=False)
class Written:
    """One date as it is written.

    Attributes:
        form: ``full``, ``numeric`` (order of day and month open), ``day-month``, ``month-day``, ``month-year``,
            ``weekday``, ``month`` or ``year``.
        match: Where its parts are.
    """

    form: str
    match: re.Match[str]

    def part(self, name: str) -> str | None:
        """The text of a part; None if the form has none."""
        return self.match[name] if name in self.match.re.groupindex else None


def read_dates(value: str, language: str) -> list[Written] | None:
    """All dates in a finding, in order; None if anything in it is neither part of a date nor harmless beside one."""
    found, left = _scanned(value, language)
    if not all(_harmless(value, start, end) for start, end in left):
        return None
    return sorted(found, key=lambda written: written.match.start())


def dates_within(text: str, language: str) -> list[Written]:
    """All dates with a day that a text holds among other things, in no order."""
    return [written for written in _scanned(text, language)[0] if written.form in _WITH_DAY]


def _scanned(value: str, language: str) -> tuple[list[Written], list[tuple[int, int]]]:
    """Dates, and what is left between them."""
    found: list[Written] = []
    open_ranges = [(0, len(value))]
    for form, pattern in _forms(language):
        left: list[tuple[int, int]] = []
        for start, end in open_ranges:
            position = start
            for match in pattern.finditer(value, start, end):
                if form != "span":
                    found.append(Written(form, match))
                left.append((position, match.start()))
                position = match.end()
            left.append((position, end))
        open_ranges = [(start, end) for start, end in left if start < end]
    return found, open_ranges


def _harmless(value: str, start: int, end: int) -> bool:
    position = start
    while position < end:
        match = _REST.match(value, position, end)
        if match is None or match.end() == position:
            return False
        position = match.end()
    return True


def holds_time_of_day(value: str) -> bool:
    """Whether digits are left when dates are taken away: a time, such as 10:30."""
    return any(_ for _ in _times(value))


def _times(value: str) -> Iterator[re.Match[str]]:
    return re.finditer(r"\d{1,2}[:.]\d{2}|\d\s*(?:[ap]\.?\s?m\b|h\b|hrs\b|o['’]clock)", value, re.IGNORECASE)

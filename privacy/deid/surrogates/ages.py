"""Ages: those over a limit as one category (45 CFR 164.514(b)(2)(i)(C)), others as they are or in bands."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from fedaug.privacy.deid.surrogates.number_words import SPOKEN, spoken_number

_NUMBER: Final = re.compile(r"(?<![\d.,])(?P<years>\d{1,3})(?:[.,]\d{1,2})?(?P<decade>['’]?s\b)?(?![\d]|[.,]\d)")
#: Units in which no limit in years is reached. Single letters are not among them: "93 W" can be a white woman of 93.
_YOUNG: Final = re.compile(
    r"[\s-]*(?:days?|weeks?|wks?|months?|mos?|hours?|hrs?|días?|semanas?|mes(?:es)?|horas?)\b",
    re.IGNORECASE,
)
_OPEN: Final = {"en": "{} or over", "es": "{} o más"}
#: What makes the figure by itself an open category already: before it, or behind it.
_OVER_BEFORE: Final = re.compile(
    r"(?:\b(?:over|above|beyond|past|older than|at least|more than|más de|mayor(?:es)? de)|[>≥])[ ]?$", re.IGNORECASE
)
_OVER_BEHIND: Final = re.compile(
    r"[ ]?(?:\+|(?:years?[ ])?(?:or|and)[ ](?:over|above|older|more)\b|(?:años[ ])?(?:o|y)[ ]más\b)", re.IGNORECASE
)
#: A unit or a sex: behind it "90+" reads better than "90 or over".
_BEHIND: Final = re.compile(
    r"[\s-]*(?:y(?:ears?|rs?)?\b|y\.?\s?/?\s?o\b|años|[mfw]\b|(?:fe)?males?\b|(?:wo)?m[ae]n\b|white|black|asian|hispanic|"
    r"caucasian|african|lady|gentleman|hombre|mujer|varón|s\b)",
    re.IGNORECASE,
)
_CENTENARIAN: Final = re.compile(
    r"\b(?:super)?(?:nonagenarian|centenarian|nonagenari[oa]|centenari[oa])s?\b", re.IGNORECASE
)


def pooled_age(
    value: str, *, limit: int = 89, band: int = 1, language: str = "en", before: str = "", after: str = ""
) -> str | None:
    """An age with its style; None where no age can be read.

    An open category stays one: "over 93" becomes "over 90", and "90 or over", which this function writes, stays itself.

    Args:
        value: Such as "93", "93-year-old", "93F", "ninety-three years", "93 años".
        limit: The highest age that is shown. 0 to 120 years.
        band: Width of the bands in which lower ages are shown, years; 1 shows them as they are.
        language: Two letters.
        before: What stands before it in the text, so that the result reads on from it.
        after: What stands behind it.
    """
    if _CENTENARIAN.search(value):
        return _OPEN.get(language, _OPEN["en"]).format(limit + 1)
    pool = _Pool(limit, band, language, before, after)
    spoken = _spoken(value, pool)
    if spoken is not None:
        return spoken
    if not _NUMBER.search(value):
        return None
    return _NUMBER.sub(lambda match: _age(match, value, pool), value)


@dataclass(frozen=True, repr=False)
class _Pool:
    limit: int
    band: int
    language: str
    before: str
    after: str

    def open(self, before: str, after: str) -> str:
        """The category over the limit, as it reads between two parts of a finding."""
        number = str(self.limit + 1)
        before, after = self.before + before, after + self.after
        if _OVER_BEFORE.search(before) or _OVER_BEHIND.match(after):
            return number
        if _BEHIND.match(after):
            return f"{number}+"
        return _OPEN.get(self.language, _OPEN["en"]).format(number)

    def banded(self, age: int) -> str:
        low = age // self.band * self.band
        return f"{low}-{min(low + self.band - 1, self.limit)}"


def _age(match: re.Match[str], value: str, pool: _Pool) -> str:
    age = int(match["years"])
    if _YOUNG.match(value[match.end() :] + pool.after):
        return match[0]
    if age > pool.limit:
        return pool.open(value[: match.start()], value[match.end() :])
    return f"{pool.banded(age)}{match['decade'] or ''}" if pool.band > 1 else match[0]


def _spoken(value: str, pool: _Pool) -> str | None:
    """The same for an age in words; None if there is none."""
    match = SPOKEN.search(value)
    age = spoken_number(match[0]) if match else None
    if match is None or age is None:
        return None
    before, after = value[: match.start()], value[match.end() :]
    if _YOUNG.match(after + pool.after) or (age <= pool.limit and pool.band == 1):
        return value
    return before + (pool.open(before, after) if age > pool.limit else pool.banded(age)) + after

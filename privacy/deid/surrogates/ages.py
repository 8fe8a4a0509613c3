"""Ages: those over a limit as one category (45 CFR 164.514(b)(2)(i)(C)), others as they are or in bands."""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.surrogates.number_words import SPOKEN, spoken_number

_NUMBER: Final = re.compile(r"(?<![\d.,])(?P<years>\d{1,3})(?:[.,]\d{1,2})?(?P<decade>['’]?s\b)?(?![\d]|[.,]\d)")
#: Units in which no limit in years is reached. Single letters are not among them: "93 W" can be a white woman of 93.
_YOUNG: Final = re.compile(
    r"[\s-]*(?:days?|weeks?|wks?|months?|mos?|hours?|hrs?|días?|semanas?|mes(?:es)?|horas?)\b",
    re.IGNORECASE,
)
_OPEN: Final = {"en": "{} or over", "es": "{} o más"}
_CENTENARIAN: Final = re.compile(
    r"\b(?:super)?(?:nonagenarian|centenarian|nonagenari[oa]|centenari[oa])s?\b", re.IGNORECASE
)


def pooled_age(value: str, *, limit: int = 89, band: int = 1, language: str = "en") -> str | None:
    """An age with its style; None where no age can be read.

    Args:
        value: Such as "93", "93-year-old", "93F", "ninety-three years", "93 años".
        limit: The highest age that is shown. 0 to 120 years.
        band: Width of the bands in which lower ages are shown, years; 1 shows them as they are.
        language: Two letters.
    """
    if _CENTENARIAN.search(value):
        return _open(limit, value, value, language)
    spoken = _spoken(value, limit, band, language)
    if spoken is not None:
        return spoken
    if not _NUMBER.search(value):
        return None
    return _NUMBER.sub(lambda match: _age(match, value, limit, band, language), value)


def _age(match: re.Match[str], value: str, limit: int, band: int, language: str) -> str:
    age = int(match["years"])
    if _YOUNG.match(value, match.end()):
        return match[0]
    if age > limit:
        return _open(limit, value[match.end() :], value, language)
    if band > 1:
        low = age // band * band
        return f"{low}-{min(low + band - 1, limit)}{match['decade'] or ''}"
    return match[0]


def _open(limit: int, after: str, value: str, language: str) -> str:
    """ "90+" where a unit follows, "90 or over" where the number stands by itself."""
    if after.strip(" .,;)") and after is not value:
        return f"{limit + 1}+"
    return _OPEN.get(language, _OPEN["en"]).format(limit + 1)


def _spoken(value: str, limit: int, band: int, language: str) -> str | None:
    """The same for an age in words; None if there is none."""
    match = SPOKEN.search(value)
    age = spoken_number(match[0]) if match else None
    if match is None or age is None:
        return None
    if _YOUNG.match(value, match.end()) or (age <= limit and band == 1):
        return value
    shown = f"{limit + 1}+" if age > limit else f"{age // band * band}-{min(age // band * band + band - 1, limit)}"
    after = value[match.end() :]
    if age > limit and not after.strip(" .,;)"):
        shown = _open(limit, "", value, language)
    return value[: match.start()] + shown + after

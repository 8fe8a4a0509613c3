"""Surrogates of telephone numbers: written as the original is, from a range kept for fiction where one exists.

North America: NPA-555-0100 to 0199. United Kingdom: Ofcom's numbers for drama use. France: those of ARCEP. Germany:
those of the Bundesnetzagentur. Australia: those of ACMA. Elsewhere, Spain included, no range is kept: there all digits
but the first are replaced, and the number may be somebody's.
"""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.surrogates.draw import Draw
from fedaug.privacy.deid.surrogates.numbers import replaced_characters

_EXTENSION: Final = re.compile(
    r"(?i)\s*(?:\b(?:ext|extension|extensión|anexo|x)\b\.?|#|(?<=\d)x(?=\d))\s*:?\s*\d{1,6}\s*$"
)
#: Country code to (digits of a national number without its trunk 0, fixed beginnings of those for fiction).
_FICTION: Final[dict[str, tuple[int, tuple[str, ...]]]] = {
    "44": (10, ("2079460", "1632960", "7700900", "1134960", "1144960", "1154960", "1164960", "1174960", "1184960")),
    "33": (9, ("19900", "26191", "35301", "46571", "53649", "63998")),
    "49": (10, ("3023125", "6990009", "4066969", "2214710")),
    "61": (9, ("25550", "70105", "491570")),
}
#: Area codes of the form NXX, those with N11 and N9X left out, which stand for services and for expansion.
_AREAS: Final = tuple(
    f"{first}{second}{third}"
    for first in range(2, 10)
    for second in range(9)
    for third in range(10)
    if (second, third) != (1, 1)
)
_COUNTRY_OF: Final = {"en": "1", "es": "34", "fr": "33", "de": "49"}


def surrogate_phone(draw: Draw, value: str) -> str | None:
    """A number with the same digits kept apart by the same signs; None without digits to replace."""
    extension = _EXTENSION.search(value)
    main = value[: extension.start()] if extension else value
    tail = replaced_characters(draw, "extension", extension[0]) if extension else ""
    if extension and tail:  # the word stays, its digits are replaced
        tail = _filled(extension[0], "".join(sign for sign in tail if sign.isdigit()))
    digits = "".join(sign for sign in main if sign.isdecimal())
    if not digits:
        return tail or None
    made = _replaced(draw, digits, main.lstrip().startswith(("+", "00")))
    return _filled(main, made) + tail


def _replaced(draw: Draw, digits: str, international: bool) -> str:
    if len(digits) < 7:
        return replaced_characters(draw, "extension", digits)
    if international and not digits.removeprefix("00").startswith("1"):
        return _abroad(draw, digits)
    prefix, national = digits[:-10], digits[-10:]
    american = international or (draw.language == "en" and national[0] != "0")
    if american and (len(digits) == 7 or (len(digits) >= 10 and prefix in ("", "1", "001"))):
        return prefix + _american(draw, national)
    country = _COUNTRY_OF.get(draw.language, "")
    if draw.language == "en" and digits.startswith("0"):
        country = "44"
    return _national(draw, country, digits)


def _american(draw: Draw, digits: str) -> str:
    """Area code and line are drawn apart, so that the form with seven digits agrees with the one with ten."""
    line, area = digits[-7:], digits[:-7]
    made = next(
        candidate
        for attempt in range(200)
        if (candidate := f"55501{draw.number('line', line, attempt) % 100:02d}") != line
    )
    if area:
        made_area = _AREAS[draw.number("area", area) % len(_AREAS)]
        area = made_area if made_area != area else _AREAS[_AREAS.index(area) - 1]
    return area + made


def _abroad(draw: Draw, digits: str) -> str:
    zeros = "00" if digits.startswith("00") else ""
    bare = digits.removeprefix("00")
    country = next((code for code in (*_FICTION, "34") if bare.startswith(code)), bare[:2])
    return zeros + country + _national(draw, country, bare[len(country) :])


def _national(draw: Draw, country: str, digits: str) -> str:
    trunk = "0" if digits.startswith("0") else ""
    bare = digits[len(trunk) :]
    size, beginnings = _FICTION.get(country, (0, ()))
    if len(bare) == size:
        beginning = beginnings[draw.number("exchange", bare) % len(beginnings)]
        rest = replaced_characters(draw, "line", bare)[len(beginning) :]
        return trunk + beginning + rest
    return trunk + bare[:1] + replaced_characters(draw, "line", bare)[1:]


def _filled(form: str, digits: str) -> str:
    source = iter(digits)
    return "".join(next(source) if sign.isdecimal() else sign for sign in form)

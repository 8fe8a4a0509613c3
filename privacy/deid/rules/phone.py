"""Telephone numbers of the world by libphonenumber's metadata, in one pass over a text.

Presidio looks through the text once for each of eight regions. Which stretches of it are candidates does not depend
on the region, so they are found once here, and each candidate is tried in the regions in turn until one takes it.
Canada is left out since the United States' metadata holds all of the North American plan. A candidate is tried in a
region only if what is left of its digits after a trunk prefix can be a national number there.

Narrower than Presidio on purpose: fewer than seven digits are a dose or a ward, and in Germany, France, Israel and
the United Kingdom a national number begins with its trunk prefix, zero.
"""

from __future__ import annotations

import re
from functools import cache
from typing import Any, Final

import phonenumbers
from phonenumbers.phonenumbermatcher import Leniency, PhoneNumberMatch, PhoneNumberMatcher

from fedaug.privacy.deid.rules.rule import SpanRecogniser
from fedaug.privacy.deid.spans import Span

_SCORE: Final = 0.6
_LEAST_DIGITS: Final = 7
#: Trunk and carrier prefixes of the regions are at most five digits long.
_LONGEST_PREFIX: Final = 5
_WITH_ZERO: Final = ("GB", "DE", "FR", "IL", "IN", "BR")
_WITHOUT_ZERO: Final = ("US", "IN", "BR")
#: So many digits with at most four characters of phone punctuation between two, which holds no letter but x.
_NEEDED = re.compile(rf"\d(?:[^\da-wyzA-WYZ,:;]{{0,4}}\d){{{_LEAST_DIGITS - 1}}}")
_NO_DIGIT = re.compile(r"[^0-9]+")
_LETTER_X = re.compile(r"[xX;#~]|ext", re.IGNORECASE)


class PhoneRecogniser(SpanRecogniser):
    """Finds telephone numbers of seven regions, and of all that are written with a plus sign.

    Args:
        language: A two-letter code.
    """

    def __init__(self, language: str = "en") -> None:
        super().__init__(supported_entities=["PHONE_NUMBER"], supported_language=language, name="PhoneRecogniser")

    def find(self, text: str) -> list[Span]:
        """What is found, ordered by position."""
        if not _NEEDED.search(text):
            return []
        return [Span(match.start, match.end, "PHONE_NUMBER", _SCORE) for match in _Matcher(text, "US", Leniency.VALID)]


class _Matcher(PhoneNumberMatcher):
    """libphonenumber's matcher, with the regions tried inside instead of outside."""

    def _extract_match(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        if sum(map(str.isdigit, candidate)) < _LEAST_DIGITS:  # nor has any part of it enough
            return None
        match: PhoneNumberMatch | None = super()._extract_match(candidate, offset)
        return match

    def _parse_and_verify(self, candidate: str, offset: int) -> PhoneNumberMatch | None:
        for region in regions_of(candidate):
            self.preferred_region = region
            match: PhoneNumberMatch | None = super()._parse_and_verify(candidate, offset)
            if match is not None:
                return match
        return None


def regions_of(candidate: str) -> list[str]:
    """The regions in which a candidate can be a number, by its digits."""
    digits = _NO_DIGIT.sub("", candidate) if candidate.isascii() else phonenumbers.normalize_digits_only(candidate)
    if len(digits) < _LEAST_DIGITS:
        return []
    if "+" in candidate or "＋" in candidate:
        return ["US"]  # with a plus sign, the region plays no part
    if digits.startswith("00"):
        return ["GB"]
    if digits.startswith("011"):
        return ["US", *_possible(candidate, digits, _WITH_ZERO)]
    return _possible(candidate, digits, _WITH_ZERO if digits.startswith("0") else _WITHOUT_ZERO)


def _possible(candidate: str, digits: str, regions: tuple[str, ...]) -> list[str]:
    if _LETTER_X.search(candidate):
        return list(regions)  # some of the digits may be an extension
    rests = [digits[skipped:] for skipped in range(min(_LONGEST_PREFIX, len(digits)) + 1)]
    return [region for region in regions if any(_national(region).fullmatch(rest) for rest in rests)]


@cache
def _national(region: str) -> re.Pattern[str]:
    """What every national number of a region matches."""
    metadata: Any = phonenumbers.PhoneMetadata.metadata_for_region(region)  # None only for a region that is none
    return re.compile(metadata.general_desc.national_number_pattern)

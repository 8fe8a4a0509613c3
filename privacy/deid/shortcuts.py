"""Recognisers that provably cannot fire on a text, found by one cheap look at it.

Each shortcut is a pattern that occurs in every text on which its recogniser can find anything: a piece that all of the
recogniser's own patterns hold, or something wider. It is used only while those patterns are the ones it was derived
from, which a digest tells; a recogniser that an update of Presidio changed simply always runs.
"""

from __future__ import annotations

import hashlib
import re
from typing import Any

import phonenumbers
import phonenumbers.phonenumbermatcher
import regex  # type: ignore[import-untyped]  # ships no types

from fedaug.privacy.deid.recognisers import EntityRecognizer

_LONG_NUMBER = r"\d(?:\D?\d){6}"  # seven digits, at most one other character between two

#: Digest of a recogniser's patterns -> what none of them matches without. Compiled by ``regex``, as Presidio's are:
#: both must agree on what is a digit or a letter.
_NEEDED = {
    "48753e9faa5017a1": _LONG_NUMBER,  # credit card: 13 digits or more
    "65f83f60870dc25c": _LONG_NUMBER,  # US bank account: 8
    "d5d5923db8d2ab1f": _LONG_NUMBER,  # US taxpayer: 9
    "8a51ab8bb7f15052": _LONG_NUMBER,  # US passport: 8
    "87baf0cb148b672f": _LONG_NUMBER,  # US social security: 9
    "cdc20fb80af1bcee": _LONG_NUMBER,  # UK health service: 10
    "0321fdaa5b267537": _LONG_NUMBER,  # US medical licence: 7
    "0875fe2c3f2cc448": r"\d(?:[^\W\d_]*\d){3}",  # US driving licence: 4 digits among letters
    "495d36ec931c51eb": r"\w{26}",  # crypto wallet
    "e54bd03f168bff20": r"\d[-/.]|-\d",  # date
    "5b67d21881f72c0c": r"@\w",  # e-mail
    "e874105b8cdbc383": r"[^\W\d_]{2}\d{2}",  # IBAN; Presidio lets it ignore case
    "9a66cf65f9ffbc68": r"\d\.\d|:",  # IP address
    "04714b8cc3dcf228": r"[0-9A-Fa-f]{2}[:-][0-9A-Fa-f]{2}|[0-9A-Fa-f]{4}\.[0-9A-Fa-f]{4}",  # MAC address
    "fcd49d3090039f58": r"[0-9A-Fa-f]{4}-[0-9A-Fa-f]{4}",  # UUID
    "454f13239b900bdf": r"\.[^\W\d_]",  # URL: each top-level domain starts with a letter
}
_PHONE_GRAMMAR = "f5af5fee4448fcd0"


def needed_by(recogniser: EntityRecognizer) -> regex.Pattern[str] | re.Pattern[str] | None:
    """The pattern without which a recogniser finds nothing; None when that is not known, so that it has to run."""
    patterns = getattr(recogniser, "patterns", None)
    if patterns:
        needed = _NEEDED.get(pattern_digest(recogniser))
        return regex.compile(needed) if needed is not None else None
    if type(recogniser).__name__ == "PhoneRecognizer" and _digest(_phone_grammar()) == _PHONE_GRAMMAR:
        return _needed_by_phone_numbers()
    return None


def pattern_digest(recogniser: EntityRecognizer) -> str:
    """First 16 hex digits of the SHA-256 of a recogniser's patterns and flags."""
    fields: Any = recogniser  # only pattern recognisers have these
    return _digest(repr((int(fields.global_regex_flags), [pattern.regex for pattern in fields.patterns])))


def shortest_phone_number() -> int:
    """Digits of the shortest national number that libphonenumber's metadata counts as valid, in any region."""
    regions = [phonenumbers.PhoneMetadata.metadata_for_region(region) for region in phonenumbers.SUPPORTED_REGIONS]
    elsewhere = phonenumbers.COUNTRY_CODES_FOR_NON_GEO_REGIONS
    regions += [phonenumbers.PhoneMetadata.metadata_for_nongeo_region(code) for code in elsewhere]
    kinds = [getattr(region, kind) for region in regions for kind in _KINDS]
    lengths: list[int] = [length for kind in kinds if kind is not None for length in kind.possible_length]
    return min(length for length in lengths if length > 0)  # -1: the region has no such numbers


_KINDS = (
    *("fixed_line", "mobile", "toll_free", "premium_rate", "shared_cost"),
    *("personal_number", "voip", "pager", "uan", "voicemail"),
)


def _needed_by_phone_numbers() -> re.Pattern[str]:
    """So many digits, with at most four characters of phone punctuation between two.

    That punctuation holds no letter but x, and no comma, colon or semicolon. Compiled by ``re``, as the grammar is.
    """
    return re.compile(rf"\d(?:[^\da-wyzA-WYZ,:;]{{0,4}}\d){{{shortest_phone_number() - 1}}}")


def _phone_grammar() -> str:
    pattern = getattr(phonenumbers.phonenumbermatcher, "_PATTERN", None)
    return pattern.pattern if isinstance(pattern, re.Pattern) else ""


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:16]

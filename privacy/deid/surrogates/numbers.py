"""Surrogates of numbers and codes: digits become digits, letters become letters, separators stay."""

from __future__ import annotations

import re
from typing import Final

from fedaug.privacy.deid.surrogates.check_digits import CHECKS, is_card, is_iban, is_vin, with_iban_check
from fedaug.privacy.deid.surrogates.draw import Draw

_DIGITS: Final = "0123456789"
_LETTERS: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_HEX: Final = "0123456789ABCDEF"
_VIN_LETTERS: Final = "ABCDEFGHJKLMNPRSTUVWXYZ"
_ATTEMPTS: Final = 2048  # a check digit and a check letter together are met by one code in 230
_MAC: Final = re.compile(r"[0-9A-Fa-f]{2}([:-]?)(?:[0-9A-Fa-f]{2}\1){4}[0-9A-Fa-f]{2}")
#: Words that say what a number is; they stay.
_LABEL: Final = re.compile(
    r"\b(?:mrn|ssn|dob|npi|dea|id|no|nr|num|number|acct|account|member|policy|claim|record|chart|case|patient|plate|vin|"
    r"serial|sn|lot|ref|room|bed|unit|nhc|nass|cip|dni|nie|nif|núm|n[ºo°]|historia|expediente|colegiado|iban|swift|bic|"
    r"fax|tel|phone|ext|x)\b(?=[\s.:#ºo°]|$)|\b(?:mrn|ssn|npi|nhc|dni|nif|nie|acct)(?=-?\d)",
    re.IGNORECASE,
)
_RUN: Final = 4
_ORDINAL_SIGNS: Final = "ºª"  # letters to Unicode; 2º stays an ordinal


def surrogate_number(draw: Draw, value: str, entity_type: str) -> str | None:
    """A code of the same form that passes the same check digits; None if none was found or there is none to replace.

    The same number is replaced alike however it is written, labelled and typed; but for a SWIFT code and a MAC address
    without signs, which only their types tell from a number of another kind.

    Nine digits, which may be a US social security number, become one with an area from 900 on and a group below 50,
    which are issued neither as such nor as an ITIN (SSA, 20 CFR 422.103; IRS Publication 1915). A MAC address becomes
    one of RFC 7042, 2.1.2.
    """
    places = _places(value)
    normal = "".join(_normal(value[i]) for i in places)
    made = _made(draw, normal, _form(value, normal, entity_type))
    if made is None:
        return None
    characters = list(value)
    for i, sign in zip(places, made, strict=True):
        characters[i] = sign.lower() if value[i].islower() else sign
    return "".join(characters)


def canonical_id(value: str) -> str:
    """What all ways of writing one number have in common: its letters and digits in lower case, without labels."""
    return "".join(_normal(value[place]) for place in _places(value)).lower()


def replaced_characters(draw: Draw, kind: str, value: str, attempt: int = 0) -> str:
    """A value with every letter and digit replaced, each by one of its sort; the same value, the same result."""
    source = _Digits(draw, kind, value, attempt)
    made = (_replaced(sign, source) if _counts(sign) else sign for sign in value)
    return "".join(made)


def _places(value: str) -> list[int]:
    """Where the letters and digits stand that are no label's."""
    kept = [match.span() for match in _LABEL.finditer(value)]
    return [i for i, sign in enumerate(value) if _counts(sign) and not any(a <= i < b for a, b in kept)]


def _made(draw: Draw, normal: str, form: str) -> str | None:
    checks = [check for check in CHECKS if check(normal)]
    for attempt in range(_ATTEMPTS if normal else 0):
        made = _in_form(_Digits(draw, "number", normal, attempt), normal, form)
        if made in draw.taken or made.lower() in draw.taken or _share_a_run(made, normal):
            continue
        if all(check(made) for check in checks):
            return made
    return None


def _form(value: str, normal: str, entity_type: str) -> str:
    """What is made: by the value alone wherever it can be, so that one number is replaced alike whatever found it."""
    if len(normal) == 9 and normal.isdigit():
        return "ssn"
    mac = _MAC.fullmatch(value)
    if mac and (mac[1] or entity_type == "MAC_ADDRESS"):
        return "mac"
    if entity_type == "SWIFT_CODE" and len(normal) >= 8:
        return "swift"
    for form, check in (("iban", is_iban), ("card", is_card), ("vin", is_vin)):
        if check(normal):
            return form
    return ""


def _in_form(source: _Digits, normal: str, form: str) -> str:
    if form == "mac":
        return "00005E0053" + source.one_of(_HEX) + source.one_of(_HEX)
    letters = _VIN_LETTERS if form == "vin" else _LETTERS
    made = "".join(source.one_of(_DIGITS if sign.isdigit() else letters) for sign in normal)
    if form == "ssn":
        return f"9{made[1:3]}{1 + int(made[3:5]) % 49:02d}{made[5:]}"
    if form == "card":  # the first digit tells the brand, which identifies nobody
        return normal[0] + made[1:]
    if form == "swift":  # with its country
        return made[:4] + normal[4:6] + made[6:]
    return with_iban_check(normal[:2] + made[2:]) if form == "iban" else made


def _share_a_run(made: str, normal: str) -> bool:
    if made == normal:
        return True
    if made.startswith("00005E0053"):
        return False
    run = max(_RUN, len(normal) // 4)
    return len(normal) >= 2 * _RUN and any(normal[i : i + run] in made for i in range(len(normal) - run + 1))


def _counts(sign: str) -> bool:
    return sign.isalnum() and sign not in _ORDINAL_SIGNS


def _normal(sign: str) -> str:
    if sign.isdecimal():
        return str(int(sign))
    return sign.upper() if sign.isascii() else "X"


def _replaced(sign: str, source: _Digits) -> str:
    if sign.isdecimal() or sign.isdigit():
        return source.one_of(_DIGITS.replace(_normal(sign), ""))
    made = source.one_of(_LETTERS.replace(_normal(sign), ""))
    return made.lower() if sign.islower() else made


class _Digits:
    """A keyed number, taken apart: uniform choices in a row, to within 2^-128."""

    def __init__(self, draw: Draw, kind: str, value: str, attempt: int) -> None:
        self._left = 0
        size = len(value) * 5 // 8 + 16
        for block in range(size // 32 + 1):
            self._left = self._left << 256 | draw.number(kind, value, attempt << 12 | block)

    def one_of(self, choices: str) -> str:
        self._left, index = divmod(self._left, len(choices))
        return choices[index]

"""Check digits and letters of Spanish numbers, and which numbers a phone can have."""

from __future__ import annotations

import re

import phonenumbers

# Article 2 of Real Decreto 1553/2005 leaves the letter to the ministry's table, published with the NIF's algorithm.
_LETTERS = "TRWAGMYFPDXBNJZSQVHLCKE"
_NIE_PREFIX = {"X": "0", "Y": "1", "Z": "2"}
#: Weights of the two control digits of an account, by the banks' Folio 50 (AEB/CSB).
_ACCOUNT_WEIGHTS = (1, 2, 4, 8, 5, 10, 9, 7, 3, 6)


def identity_number(text: str) -> bool:
    """Whether a DNI, NIF or NIE ends in the letter that its number asks for; separators do not count."""
    plain = re.sub(r"[\s.\-]", "", text).upper()
    if not re.fullmatch(r"[XYZ]?[0-9]{7,8}[A-Z]", plain):
        return False
    number = _NIE_PREFIX[plain[0]] + plain[1:-1] if plain[0] in _NIE_PREFIX else plain[:-1]
    return len(number) <= 8 and _LETTERS[int(number) % 23] == plain[-1]


def social_security_number(text: str) -> bool:
    """Whether a Social Security number (12 digits: province, number, control) has the right control digits.

    The control is the number of province and serial modulo 97; a serial under ten million is written without its
    leading zeros in that sum (Tesorería General de la Seguridad Social).
    """
    digits = re.sub(r"\D", "", text)
    if len(digits) != 12 or not digits.isascii():
        return False
    province, serial, control = int(digits[:2]), int(digits[2:10]), int(digits[10:])
    base = province * 10**7 + serial if serial < 10**7 else int(digits[:10])
    return base % 97 == control


def bank_account(text: str) -> bool:
    """Whether a Spanish account (CCC, 20 digits) has the right two control digits."""
    digits = re.sub(r"\D", "", text)
    if len(digits) != 20 or not digits.isascii():
        return False
    return digits[8:10] == _account_control("00" + digits[:8]) + _account_control(digits[10:])


def phone_number(text: str) -> bool:
    """Whether libphonenumber knows the range of a number; without a country's code it is a Spanish one."""
    international = re.sub(r"^00", "+", text.strip())
    try:
        return phonenumbers.is_valid_number(phonenumbers.parse(international, "ES"))
    except phonenumbers.NumberParseException:
        return False


def _account_control(ten_digits: str) -> str:
    rest = 11 - sum(int(digit) * weight for digit, weight in zip(ten_digits, _ACCOUNT_WEIGHTS, strict=True)) % 11
    return str({10: 1, 11: 0}.get(rest, rest))

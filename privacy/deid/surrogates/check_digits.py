"""Check digits of numbers in common use: a surrogate passes each check that its original passes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from fedaug.privacy.deid.surrogates import nif

Check = Callable[[str], bool]

_IBAN: Final = re.compile(r"[A-Z]{2}\d{2}[A-Z0-9]{11,30}")
_VIN: Final = re.compile(r"[A-HJ-NPR-Z0-9]{17}")
_VIN_VALUES: Final = dict(
    zip("0123456789ABCDEFGHJKLMNPRSTUVWXYZ", [*range(10), *range(1, 9), *range(1, 6), 7, 9, *range(2, 10)], strict=True)
)
_VIN_WEIGHTS: Final = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def luhn(digits: str) -> bool:
    """ISO/IEC 7812-1, annex B."""
    total = sum(int(digit) for digit in digits[-1::-2])
    return (total + sum(sum(divmod(2 * int(digit), 10)) for digit in digits[-2::-2])) % 10 == 0


def is_card(value: str) -> bool:
    """Whether it has the length and check digit of a payment card."""
    return value.isascii() and value.isdigit() and 13 <= len(value) <= 19 and luhn(value)


def is_npi(value: str) -> bool:
    """A US National Provider Identifier: Luhn behind the prefix 80840 (45 CFR 162.406)."""
    return len(value) == 10 and value.isascii() and value.isdigit() and luhn("80840" + value)


def is_routing_number(value: str) -> bool:
    """An ABA routing number: weights 3, 7, 1."""
    if not (len(value) == 9 and value.isascii() and value.isdigit()):
        return False
    return sum(weight * int(digit) for weight, digit in zip((3, 7, 1) * 3, value, strict=True)) % 10 == 0


def is_nhs_number(value: str) -> bool:
    """A number of the NHS of England: weights 10 to 2, modulo 11."""
    if not (len(value) == 10 and value.isascii() and value.isdigit()):
        return False
    total = sum(weight * int(digit) for weight, digit in zip(range(10, 1, -1), value, strict=False))
    return (11 - total % 11) % 11 == int(value[9])


def is_iban(value: str) -> bool:
    """ISO 13616: modulo 97."""
    return bool(_IBAN.fullmatch(value)) and _mod_97(value) == 1


def with_iban_check(value: str) -> str:
    """An IBAN's country and account with check digits that fit."""
    return f"{value[:2]}{98 - _mod_97(value[:2] + '00' + value[4:]):02d}{value[4:]}"


def is_vin(value: str) -> bool:
    """A vehicle identification number with its check digit (49 CFR 565.15)."""
    if not _VIN.fullmatch(value):
        return False
    rest = sum(weight * _VIN_VALUES[sign] for weight, sign in zip(_VIN_WEIGHTS, value, strict=True)) % 11
    return value[8] == ("X" if rest == 10 else str(rest))


#: All of them; each takes letters and digits alone, in capitals.
CHECKS: Final[tuple[Check, ...]] = (is_card, is_npi, is_routing_number, is_nhs_number, is_iban, is_vin, nif.is_valid)


def _mod_97(value: str) -> int:
    return int("".join(str(int(sign, 36)) for sign in value[4:] + value[:4])) % 97

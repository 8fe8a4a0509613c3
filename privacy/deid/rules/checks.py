"""Check digits and ranges: whether a number can be what it looks like. Each takes what a pattern found."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_DIGIT = re.compile(r"[0-9]")


def digits(text: str) -> list[int]:
    """The ASCII digits of a text."""
    return [int(digit) for digit in _DIGIT.findall(text)]


def luhn(text: str) -> bool:
    """The check digit of cards, IMEI and Canadian social insurance (ISO/IEC 7812-1, annex B)."""
    return _luhn(digits(text))


def _luhn(numbers: Sequence[int]) -> bool:
    doubled = [number if place % 2 == 0 else sum(divmod(2 * number, 10)) for place, number in enumerate(numbers[::-1])]
    return len(numbers) > 1 and any(numbers) and sum(doubled) % 10 == 0


def npi(text: str) -> bool:
    """The check digit of a US National Provider Identifier: Luhn after the prefix 80840 (45 CFR 162.406)."""
    numbers = digits(text)
    return len(numbers) == 10 and numbers[0] in (1, 2) and _luhn([8, 0, 8, 4, 0, *numbers])


def dea(text: str) -> bool:
    """The check digit of a US Drug Enforcement Administration number: two letters, seven digits."""
    numbers = digits(text)
    return len(numbers) == 7 and (sum(numbers[0:6:2]) + 2 * sum(numbers[1:6:2])) % 10 == numbers[6]


def routing(text: str) -> bool:
    """The check digit and first two digits of a routing number of the American Bankers Association."""
    numbers = digits(text)
    if len(numbers) != 9 or not any(numbers):
        return False
    first = 10 * numbers[0] + numbers[1]
    return (first <= 12 or 21 <= first <= 32 or 61 <= first <= 72 or first == 80) and (
        _weighted(numbers, (3, 7, 1) * 3) % 10 == 0
    )


def nhs(text: str) -> bool:
    """The check digit of a number of the UK's National Health Service: modulus 11."""
    numbers = digits(text)
    return (
        len(numbers) == 10
        and len(set(numbers)) > 1
        and ((11 - _weighted(numbers[:9], range(10, 1, -1)) % 11) % 11 == numbers[9])
    )


def iban(text: str) -> bool:
    """The check digits of an international bank account number: modulus 97 (ISO 13616)."""
    compact = re.sub(r"[^A-Z0-9]", "", text.upper())
    if not 15 <= len(compact) <= 34:
        return False
    return int("".join(str(int(character, 36)) for character in compact[4:] + compact[:4])) % 97 == 1


#: Values of the letters and weights of the places of a vehicle identification number (49 CFR 565.15(c)).
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def vin(text: str) -> bool:
    """The check digit of a vehicle identification number (49 CFR 565.15(c)), and at least three digits."""
    upper = text.upper()
    if len(upper) != 17 or len(digits(upper)) < 3 or len(set(upper)) < 4:
        return False
    values = [_VIN_VALUES.get(character, 0) if not character.isdigit() else int(character) for character in upper]
    return "0123456789X"[_weighted(values, _VIN_WEIGHTS) % 11] == upper[8]


def card(text: str) -> bool:
    """A payment card: a length and first digits that are issued, and the check digit (ISO/IEC 7812-1)."""
    numbers = digits(text)
    return 12 <= len(numbers) <= 19 and numbers[0] in (1, 2, 3, 4, 5, 6) and len(set(numbers)) > 1 and _luhn(numbers)


def social_security(text: str) -> bool:
    """Nine digits, of which no group is all zeros (20 CFR 422.103; issued numbers have further bounds)."""
    numbers = digits(text)
    return len(numbers) == 9 and any(numbers[:3]) and any(numbers[3:5]) and any(numbers[5:])


#: ISO 3166-1 codes of countries in which banks have codes of ISO 9362.
_COUNTRIES = frozenset(
    re.findall(
        "..",
        "ADAEAFAGALAMAOARATAUAWAZBABBBDBEBFBGBHBIBJBMBNBOBRBSBTBWBYBZCACDCFCGCHCICLCMCNCOCRCUCVCWCYCZDEDJDKDMDODZECEEEGERESETFI"
        "FJFOFRGAGBGDGEGFGGGHGIGLGMGNGPGQGRGTGUGWGYHKHNHRHTHUIDIEILIMINIQIRISITJEJMJOJPKEKGKHKIKMKNKR"
        "KWKYKZLALBLCLILKLRLSLTLULV"
        "LYMAMCMDMEMGMKMLMMMNMOMQMRMSMTMUMVMWMXMYMZNANCNENGNINLNONPNZOMPAPEPFPGPHPKPLPRPSPTPYQARERORS"
        "RURWSASBSCSDSESGSISKSLSMSN"
        "SOSRSSSTSVSYSZTCTDTGTHTJTLTMTNTOTRTTTVTWTZUAUGUSUYUZVAVCVEVGVIVNVUWFWSXKYEYTZAZMZW",
    )
)


def bank_identifier(text: str) -> bool:
    """A business identifier code (ISO 9362): four letters, a country, two or five more."""
    return len(text) in (8, 11) and text[4:6].upper() in _COUNTRIES


_SOCIAL_SECURITY = re.compile(r"\d{3}([ .-])\d{2}\1\d{4}")
_DATE = re.compile(r"\d{1,2}([-./])\d{1,2}\1(?:\d{4}|\d{2})|\d{4}([-./])\d{1,2}\2\d{1,2}")


def telephone(text: str) -> bool:
    """As many digits as a telephone number has, and not a date, readings of blood pressure or one digit repeated."""
    numbers = digits(text)
    return (
        7 <= len(numbers) <= 19
        and len(set(numbers)) > 1
        and text.count("/") < 3
        and not re.search(r"\d/\d+[ ]\d+/", text)
        and not _DATE.match(text)
        and not _SOCIAL_SECURITY.fullmatch(text)
    )


def local_telephone(text: str) -> bool:
    """Seven digits that are not a range of round amounts such as 250-1000."""
    return not text.endswith("00") or not text[:3].endswith("0")


def _weighted(numbers: Sequence[int], weights: Iterable[int]) -> int:
    return sum(number * weight for number, weight in zip(numbers, weights, strict=True))

"""Identifier numbers as sites write them: check digits are right where the real ones have any.

Telephone numbers come from the ranges kept free for fiction (555-01xx in North America, Ofcom's drama numbers), and
internet addresses from the ranges kept free for documentation (RFC 5737, RFC 3849) or private use.
"""

from __future__ import annotations

import string
from collections.abc import Callable
from random import Random

from benchmarks.deid.notes.places import Region

_PLAIN_LETTERS = "ABCDEFGHJKLMNPRSTUVWXYZ"  # no I, O or Q, as on vehicle and Medicare numbers
_VIN_VALUES = dict(
    zip("ABCDEFGHJKLMNPRSTUVWXYZ", (1, 2, 3, 4, 5, 6, 7, 8, 1, 2, 3, 4, 5, 7, 9, 2, 3, 4, 5, 6, 7, 8, 9), strict=True)
)
_VIN_WEIGHTS = (8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2)


def shaped(random: Random, shape: str) -> str:
    """``9`` becomes a digit, ``8`` one from 1 to 9, ``A`` a letter, ``Y`` a year's last two; the rest stays."""
    draw = {
        "9": lambda: random.choice(string.digits),
        "8": lambda: random.choice("123456789"),
        "A": lambda: random.choice(_PLAIN_LETTERS),
        "Y": lambda: str(random.randint(14, 25)),
    }
    return "".join(draw[char]() if char in draw else char for char in shape)


def luhn(digits: str) -> str:
    """The digits with their Luhn check digit (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, char in enumerate(reversed(digits)):
        doubled = int(char) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return digits + str(-total % 10)


def phone(random: Random, where: Region) -> str:
    """A telephone or fax number in one of the usual styles."""
    area = random.choice(where.area_codes)
    if where.uk:
        if random.random() < 0.4:
            return random.choice(("07700 900{}", "07700 900 {}", "+44 7700 900{}")).format(
                f"{random.randint(0, 999):03}"
            )
        tail = f"{random.randint(0, 999):03}"
        local = f"{area} {tail}" if area.startswith("01632") else f"{area} 0{tail}"
        return random.choice((local, local, "({}) {}".format(*local.split(" ", 1)), "+44 (0)" + local[1:]))
    line = f"01{random.randint(0, 99):02}"
    style = random.choice(
        (
            "({0}) 555-{1}",
            "{0}-555-{1}",
            "{0}.555.{1}",
            "({0})555-{1}",
            "+1 {0} 555 {1}",
            "1-{0}-555-{1}",
            "{0} 555 {1}",
        )
    )
    return style.format(area, line)


def _mrn(random: Random, where: Region) -> str:
    if where.uk:
        return random.choice((nhs_number(random), shaped(random, "A899999"), shaped(random, "8999999")))
    shapes = (
        "00899999",
        "8999999",
        "89-99-99",
        "8999-9999",
        "M00899999",
        "89999999",
        "E8999999",
        "899 99 99",
        "AA899999",
    )
    return shaped(random, random.choice(shapes))


def nhs_number(random: Random) -> str:
    """Ten digits with the modulus-11 check of the NHS data dictionary."""
    while True:
        digits = shaped(random, "499999999")
        check = -sum(int(char) * (10 - place) for place, char in enumerate(digits)) % 11
        if check < 10:
            return f"{digits[:3]} {digits[3:6]} {digits[6:]}{check}"


def _plan(random: Random, _: Region) -> str:
    shapes = (
        "8AA9-AA9-AA99",
        "XKW899999999",
        "H8999-9999-01",
        "AAA899A99999",
        "899999999A",
        "899-99-9999-02",
        "W8999 99999",
    )
    return shaped(random, random.choice(shapes))


def _ssn(random: Random, _: Region) -> str:
    area = random.choice([number for number in range(1, 773) if number != 666])
    group, serial = random.randint(1, 99), random.randint(1, 9999)
    styles = ("{:03}-{:02}-{:04}", "{:03}-{:02}-{:04}", "{:03} {:02} {:04}", "{:03}{:02}{:04}")
    return random.choice(styles).format(area, group, serial)


def _account(random: Random, where: Region) -> str:
    if where.uk:
        return shaped(random, random.choice(("89999999", "20-89-99 89999999", "89999999")))
    return shaped(
        random, random.choice(("0089-9999-99", "8999999999", "89999999", "899-999999-8", "7000899999", "4-899-99999"))
    )


def _licence(random: Random, where: Region) -> str:
    if where.uk:
        return shaped(random, random.choice(("8999999", "89A9999A")))
    shapes = ("MD-89999", "A 89999", "RN 899999", "D899-9999-9999", "89-999999", "TX899999", "R89999", "PT 8999")
    return shaped(random, random.choice(shapes))


def _npi(random: Random, where: Region) -> str:
    if where.uk:
        return _licence(random, where)
    return luhn("80840" + shaped(random, "1899999" + "99"))[5:]


def _dea(random: Random, where: Region) -> str:
    if where.uk:
        return _licence(random, where)
    digits = shaped(random, "899999")
    odd, even = (sum(int(char) for char in digits[start::2]) for start in (0, 1))
    return f"{random.choice('ABFM')}{random.choice(_PLAIN_LETTERS)}{digits}{(odd + 2 * even) % 10}"


def _vin(random: Random, _: Region) -> str:
    body = (
        random.choice(("1FT", "2HG", "JTD", "WVW", "5NP"))
        + shaped(random, "AA8AA8AAA9AAAA99"[:8])
        + shaped(random, "899999")
    )
    values = [int(char) if char.isdigit() else _VIN_VALUES[char] for char in body]
    check = sum(value * weight for value, weight in zip(values, _VIN_WEIGHTS, strict=True)) % 11
    return body[:8] + ("X" if check == 10 else str(check)) + body[9:]


def _plate(random: Random, where: Region) -> str:
    if where.uk:
        return shaped(random, "AA89 AAA")
    return shaped(random, random.choice(("8AAA999", "AAA-8999", "AAA 899", "89A AA8")))


def _device(random: Random, _: Region) -> str:
    shapes = (
        "PJN899999S",
        "SN-89999-AA",
        "8999-99-8999",
        "LN 899999A",
        "AA8A99999",
        "(01)00889999999999(21)A89999",
        "8999999",
    )
    return shaped(random, random.choice(shapes))


def _card(random: Random, _: Region) -> str:
    prefix, length = random.choice((("4", 16), ("4", 16), ("51", 16), ("55", 16), ("37", 15), ("6011", 16)))
    digits = luhn(prefix + shaped(random, "9" * (length - len(prefix) - 1)))
    cuts = (4, 10, 15) if length == 15 else (4, 8, 12, 16)
    groups = [digits[start:end] for start, end in zip((0, *cuts), cuts, strict=False)]
    return random.choice((" ", "-", "", " ")).join(groups)


def _iban(random: Random, where: Region) -> str:
    countries = {
        "GB": "AAAA89999999999999",
        "IE": "AAAA89999999999999",
        "DE": "899999999999999999",
        "PL": "8" + "9" * 23,
    }
    land = random.choice(("GB", "IE") if where.uk else tuple(countries))
    account = shaped(random, countries[land])
    number = int("".join(str(int(char, 36)) for char in account + land + "00"))
    whole = f"{land}{98 - number % 97:02}{account}"
    return whole if random.random() < 0.4 else " ".join(whole[start : start + 4] for start in range(0, len(whole), 4))


def _swift(random: Random, where: Region) -> str:
    land = random.choice(("GB", "IE") if where.uk else ("US", "US", "DE", "PL"))
    branch = random.choice(("", "", "XXX", shaped(random, "899")))
    return shaped(random, "AAAA") + land + shaped(random, random.choice(("89", "2A", "AA"))) + branch


def _routing(random: Random, where: Region) -> str:
    if where.uk:
        return shaped(random, "89-99-99")  # a sort code does the routing number's work
    digits = random.choice(("04", "07", "11", "12", "21", "31")) + shaped(random, "999999")
    total = sum(int(char) * (3, 7, 1)[place % 3] for place, char in enumerate(digits))
    return digits + str(-total % 10)


def _policy(random: Random, _: Region) -> str:
    shapes = ("HO-8999999", "GL 8999-99-99", "POL-899999", "AUT8999999-01", "8999 999 99", "WC89-999999", "LTD-8999999")
    return shaped(random, random.choice(shapes))


def _claim(random: Random, _: Region) -> str:
    shapes = ("CLM-20Y-99999", "8999999-01", "Y-WC-99999", "C899999999", "20Y-A-99999", "8999 99999 9")
    return shaped(random, random.choice(shapes))


def _id(random: Random, _: Region) -> str:
    shapes = (
        "E-89999",
        "899999",
        "S00899999",
        "20Y-89999",
        "8999999",
        "89-899999",
        "REF/89999/AA",
        "A89999999",
        "AA8999",
    )
    return shaped(random, random.choice(shapes))


def _ip(random: Random, _: Region) -> str:
    if random.random() < 0.15:
        return f"2001:db8:{random.randint(1, 0xFFFF):x}:{random.randint(1, 0xFFF):x}::{random.randint(1, 0xFFF):x}"
    net = random.choice(("203.0.113", "198.51.100", "192.0.2", f"10.{random.randint(0, 255)}.{random.randint(0, 255)}"))
    return f"{net}.{random.randint(2, 254)}"


Maker = Callable[[Random, Region], str]
NUMBERS: dict[str, tuple[str, Maker]] = {
    "phone": ("PHONE_NUMBER", phone),
    "fax": ("FAX_NUMBER", phone),
    "ext": ("PHONE_NUMBER", lambda random, _: shaped(random, random.choice(("8999", "89999", "5-8999")))),
    "ip": ("IP_ADDRESS", _ip),
    "ssn": ("US_SSN", _ssn),
    "ssn_tail": (
        "US_SSN",
        lambda random, _: shaped(random, random.choice(("XXX-XX-8999", "***-**-8999", "xxx-xx-8999"))),
    ),
    "mrn": ("MEDICAL_RECORD_NUMBER", _mrn),
    "nhs": ("MEDICAL_RECORD_NUMBER", lambda random, _: nhs_number(random)),
    "plan": ("HEALTH_PLAN_NUMBER", _plan),
    "acct": ("ACCOUNT_NUMBER", _account),
    "acct_tail": ("ACCOUNT_NUMBER", lambda random, _: shaped(random, "8999")),
    "lic": ("LICENSE_NUMBER", _licence),
    "npi": ("LICENSE_NUMBER", _npi),
    "dea": ("LICENSE_NUMBER", _dea),
    "vin": ("VEHICLE_ID", _vin),
    "plate": ("VEHICLE_ID", _plate),
    "dev": ("DEVICE_ID", _device),
    "card": ("CREDIT_CARD", _card),
    "iban": ("IBAN_CODE", _iban),
    "swift": ("SWIFT_CODE", _swift),
    "aba": ("ROUTING_NUMBER", _routing),
    "policy": ("POLICY_NUMBER", _policy),
    "claim": ("CLAIM_NUMBER", _claim),
    "id": ("ID", _id),
}

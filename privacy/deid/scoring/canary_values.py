"""Made-up identifiers of every type, in several forms each, from a seed: valid check digits, nobody's in particular."""

from __future__ import annotations

import hashlib
import random
import string
from typing import Final

from faker import Faker

from fedaug.errors import ConfigError
from fedaug.privacy.deid.scoring.canary_phrases import CARRIERS

_LOCALES: Final = {"en": "en_US", "es": "es_ES"}
_DATE_FORMS: Final = {
    "en": ("%m/%d/%Y", "%B %d, %Y", "%d %b %Y", "%Y-%m-%d", "%m/%d/%y"),
    "es": ("%d/%m/%Y", "%d-%m-%Y", "%d.%m.%Y"),
}
_WORDS: Final = {
    "NRP": ("Norwegian", "Catholic", "Nigerian", "Buddhist", "Korean"),
    "TITLE": ("Mr.", "Mrs.", "Ms.", "Dr."),
    "SEX": ("female", "male", "woman", "man"),
    "PROFESSION": ("roofer", "notary", "beekeeper", "welder", "librarian"),
    "FAMILY": ("grandmother", "stepson", "niece", "brother-in-law", "aunt"),
}
#: Letters and digits of an identifier without a check digit: A is a letter, 9 a digit.
_FORMS: Final = {
    "MEDICAL_RECORD_NUMBER": ("9999999", "99-99-99", "A9999999"),
    "HEALTH_PLAN_NUMBER": ("AAA999999999", "999999999-01", "A99999999"),
    "US_MBI": ("9A99-A99-AA99",),
    "CLAIM_NUMBER": ("999999999", "AA-9999999", "2024-999999"),
    "POLICY_NUMBER": ("AA999999", "99-999-9999", "A9999999-9"),
    "ACCOUNT_NUMBER": ("9999999999", "999-999999", "99999999"),
    "US_BANK_NUMBER": ("99999999999", "999999999"),
    "LICENSE_NUMBER": ("A999999", "99-9999999"),
    "US_DRIVER_LICENSE": ("A9999999", "A999-9999-9999"),
    "US_PASSPORT": ("999999999", "A99999999"),
    "DEVICE_ID": ("AA9999999", "SN-999999", "9999-9999A"),
    "BIOMETRIC_ID": ("FP-9999999", "99999999"),
    "ID": ("A-9999-999", "9999999", "AA-99-99999"),
}
_SPANISH_FORMS: Final = {"MEDICAL_RECORD_NUMBER": ("9999999", "999999"), "HEALTH_PLAN_NUMBER": ("99 99999999 99",)}
_MBI_LETTERS: Final = "ACDEFGHJKMNPQRTUVWXY"  # the letters that Medicare uses: none that looks like a digit


class Values:
    """Draws identifiers.

    Args:
        language: ``en`` or ``es``.
        seed: What is drawn depends on it alone.

    Raises:
        ConfigError: There are no values in that language.
    """

    def __init__(self, language: str, seed: int) -> None:
        if language not in CARRIERS:
            raise ConfigError("there are no canaries in this language", f"use one of {', '.join(sorted(CARRIERS))}")
        self._language = language
        # Not Faker's seed: from one seed both would draw the same digits, and one value stand within another.
        self._draw = random.Random(f"values:{seed}")  # noqa: S311 - made-up values and no secret
        self._faker = Faker(_LOCALES[language])
        self._faker.seed_instance(seed)

    @property
    def types(self) -> tuple[str, ...]:
        """Those of which there are canaries in the language."""
        return tuple(CARRIERS[self._language])

    def value(self, entity_type: str) -> str:
        """A fresh identifier of a type."""
        own = getattr(self, f"_{entity_type.lower()}", None)
        if own is not None:
            found: str = own()
            return found
        if entity_type in _WORDS:
            return self._draw.choice(_WORDS[entity_type])
        forms = {**_FORMS, **(_SPANISH_FORMS if self._language == "es" else {})}
        return self._filled(self._draw.choice(forms[entity_type]))

    def _filled(self, form: str) -> str:
        fill = {"A": string.ascii_uppercase, "9": string.digits}
        return "".join(self._draw.choice(fill[part]) if part in fill else part for part in form)

    def _digits(self, count: int) -> str:
        return self._filled("9" * count)

    def _person(self) -> str:
        first, last = self._faker.first_name(), self._faker.last_name()
        return self._draw.choice((f"{first} {last}", f"{first} {last}", f"{last}, {first}", f"{first[0]}. {last}"))

    def _location(self) -> str:
        return self._faker.city()

    def _address(self) -> str:
        return self._faker.street_address().replace("\n", ", ")

    def _zip_code(self) -> str:
        return self._faker.postcode()

    def _facility(self) -> str:
        if self._language == "es":
            return f"Hospital {self._draw.choice(('San', 'Nuestra Señora de'))} {self._faker.last_name()}"
        kinds = ("Memorial Hospital", "Medical Center", "Family Clinic", "Rehabilitation Center")
        return f"{self._faker.last_name()} {self._draw.choice(kinds)}"

    def _date_time(self) -> str:
        return self._faker.date_between("-30y").strftime(self._draw.choice(_DATE_FORMS[self._language]))

    def _age(self) -> str:
        return str(self._draw.randint(90, 103))  # those that Safe Harbor takes out

    def _phone_number(self) -> str:
        if self._language == "es":
            return f"{self._draw.choice('69')}{self._digits(2)} {self._digits(3)} {self._digits(3)}"
        area, exchange = self._draw.choice(("212", "415", "312", "617", "303")), f"2{self._digits(2)}"
        forms = ("({}) {}-{}", "{}-{}-{}", "{}.{}.{}", "+1 {} {} {}")
        return self._draw.choice(forms).format(area, exchange, self._digits(4))

    _fax_number = _phone_number

    def _email_address(self) -> str:
        return self._faker.email()

    def _us_ssn(self) -> str:
        return self._faker.ssn()

    def _us_itin(self) -> str:
        return self._faker.itin()

    def _uk_nhs(self) -> str:
        while True:
            digits = self._digits(9)
            check = -sum((10 - place) * int(digit) for place, digit in enumerate(digits)) % 11
            if check < 10:
                return f"{digits[:3]} {digits[3:6]} {digits[6:]}{check}"

    def _us_mbi(self) -> str:
        form = "9A99-A99-AA99"
        filled = "".join(self._draw.choice(_MBI_LETTERS) if part == "A" else part for part in form)
        return self._draw.choice("123456789") + self._filled(filled[1:])

    def _routing_number(self) -> str:
        digits = f"0{self._draw.randint(1, 9)}{self._digits(6)}"
        weights = (3, 7, 1, 3, 7, 1, 3, 7)
        return f"{digits}{-sum(weight * int(digit) for weight, digit in zip(weights, digits, strict=True)) % 10}"

    def _credit_card(self) -> str:
        number = self._faker.credit_card_number(card_type=self._draw.choice(("visa16", "mastercard", "amex")))
        if self._draw.random() < 0.5 and len(number) == 16:
            return " ".join(number[place : place + 4] for place in range(0, 16, 4))
        return number

    def _iban_code(self) -> str:
        return self._faker.iban()

    def _swift_code(self) -> str:
        return self._faker.swift8()

    def _crypto(self) -> str:
        return _base58_check(b"\0" + bytes(self._draw.randrange(256) for _ in range(20)))

    def _medical_license(self) -> str:
        digits = self._digits(6)
        odd, even = sum(int(digit) for digit in digits[::2]), sum(int(digit) for digit in digits[1::2])
        return f"{self._draw.choice('ABFM')}{self._draw.choice(string.ascii_uppercase)}{digits}{(odd + 2 * even) % 10}"

    def _us_npi(self) -> str:
        digits = f"1{self._digits(8)}"
        return f"{digits}{_luhn_check('80840' + digits)}"

    def _vehicle_id(self) -> str:
        return self._faker.vin()

    def _mac_address(self) -> str:
        return self._faker.mac_address()

    def _url(self) -> str:
        return self._faker.url() + self._faker.uri_path()

    def _ip_address(self) -> str:
        return self._faker.ipv4_public()

    def _organization(self) -> str:
        return self._faker.company()


def _luhn_check(digits: str) -> int:
    """The digit that makes a number pass the Luhn test (ISO/IEC 7812-1, annex B)."""
    doubled = [int(digit) * (2 if place % 2 == 0 else 1) for place, digit in enumerate(reversed(digits))]
    return -sum(number // 10 + number % 10 for number in doubled) % 10


def _base58_check(payload: bytes) -> str:
    """Bytes as a Bitcoin address is written."""
    alphabet = "123456789ABCDEFGHJKLMNPQRSTUVWXYZabcdefghijkmnopqrstuvwxyz"
    whole = payload + hashlib.sha256(hashlib.sha256(payload).digest()).digest()[:4]
    number, found = int.from_bytes(whole, "big"), ""
    while number:
        number, rest = divmod(number, 58)
        found = alphabet[rest] + found
    return "1" * (len(whole) - len(whole.lstrip(b"\0"))) + found

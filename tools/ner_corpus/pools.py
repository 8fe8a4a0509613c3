"""Names, towns, streets and companies of many countries, drawn from Faker once and then chosen from.

Faker costs some 50 µs a value; a note needs dozens of them, so that each locale is drawn once, with a fixed seed.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from functools import cache

from faker import Faker
from tools.ner_corpus.excluded import excluded_names
from tools.ner_corpus.romanise import romanised

#: Locales with their weight: an English record holds mostly names of English-speaking countries, yet any name occurs.
LOCALES: dict[str, int] = {
    "en_US": 24, "en_GB": 8, "en_CA": 4, "en_AU": 4, "en_IN": 6, "en_NZ": 2, "en_IE": 3, "en_KE": 2, "en_NG": 2,
    "en_PK": 2, "en_BD": 2, "de_DE": 4, "de_AT": 1, "de_CH": 1, "fr_FR": 4, "fr_CA": 1, "es_ES": 4, "es_MX": 4,
    "es_CO": 2, "es_AR": 2, "it_IT": 3, "pt_BR": 3, "pt_PT": 2, "pl_PL": 3, "nl_NL": 3, "sv_SE": 3, "da_DK": 2,
    "no_NO": 2, "fi_FI": 2, "is_IS": 1, "tr_TR": 3, "cs_CZ": 2, "sk_SK": 1, "sl_SI": 2, "hr_HR": 2, "hu_HU": 3,
    "ro_RO": 2, "et_EE": 1, "lt_LT": 1, "lv_LV": 1, "zu_ZA": 2, "yo_NG": 2, "ig_NG": 1, "ha_NG": 1, "sw": 1,
    "tw_GH": 1, "id_ID": 2, "az_AZ": 1, "ga_IE": 1, "sq_AL": 1, "mt_MT": 1, "uz_UZ": 1, "ru_RU": 4, "uk_UA": 2,
    "bg_BG": 1, "el_GR": 2, "ja_JP": 3,
}  # fmt: skip
#: Locales whose own script is kept now and then: a passport number may stand beside a name in Greek.
UNROMANISED = ("el_GR", "ru_RU", "uk_UA", "bg_BG", "zh_CN", "ko_KR", "ar_AA", "he_IL", "ja_JP")
_DRAWN = 260
_SEED = 20190407
# Fewer surnames than these are no list.
_LEAST = 15


@dataclass(frozen=True)
class Pool:
    """What one locale offers."""

    locale: str
    male: tuple[str, ...]
    female: tuple[str, ...]
    last: tuple[str, ...]
    cities: tuple[str, ...]
    streets: tuple[str, ...]
    companies: tuple[str, ...]


@cache
def pool(locale: str) -> Pool:
    """The pool of a locale; without the names that an evaluation keeps to itself."""
    fake = Faker(locale)
    fake.seed_instance(_SEED)
    person = next(each for each in fake.get_providers() if "person" in type(each).__module__)

    def listed(*attributes: str) -> list[str]:
        return [name for attribute in attributes for name in (getattr(person, attribute, None) or ())]

    if locale == "ja_JP":
        male = list(person.first_romanized_names)
        female, last = male, list(person.last_romanized_names)
    else:
        male = listed("first_names_male") or listed("first_names")
        female = listed("first_names_female") or listed("first_names")
        last = listed("last_names", "last_names_male", "last_names_female")
        if len(last) < _LEAST:  # a provider that composes surnames, or inherits the placeholder "Doe"
            last = _drawn(fake, "last_name_male") + _drawn(fake, "last_name_female")
    return Pool(
        locale,
        _kept(male or _drawn(fake, "first_name"), names=True),
        _kept(female or _drawn(fake, "first_name"), names=True),
        _kept(last, names=True),
        _kept(_cities(fake), names=False),
        _kept(_drawn(fake, "street_name"), names=False),
        _kept(_drawn(fake, "company"), names=False),
    )


@cache
def unromanised(locale: str) -> Pool:
    """A smaller pool of a locale in its own script."""
    fake = Faker(locale)
    fake.seed_instance(_SEED)

    def some(kind: str) -> tuple[str, ...]:
        return tuple(" ".join(value.split()) for value in _drawn(fake, kind)[:80]) or ("Αθήνα",)

    first = some("first_name")
    return Pool(locale, first, first, some("last_name"), some("city"), some("street_name"), ())


def _cities(fake: Faker) -> list[str]:
    """Towns; where the provider has a list, every n-th of it, since one list is in the order of a set (it_IT)."""
    address = next(each for each in fake.get_providers() if "address" in type(each).__module__)
    towns = sorted({town for town in getattr(address, "cities", ()) if isinstance(town, str)})
    return towns[:: max(1, len(towns) // (2 * _DRAWN))] or _drawn(fake, "city")


def _drawn(fake: Faker, kind: str) -> list[str]:
    try:
        return [str(getattr(fake, kind)()) for _ in range(_DRAWN)]
    except (AttributeError, IndexError, TypeError, ValueError):
        return []  # a locale that cannot: the caller falls back on en_US


def _kept(values: list[str], *, names: bool) -> tuple[str, ...]:
    excluded = excluded_names()
    latin = {romanised(" ".join(value.split())) for value in values}
    kept = sorted(
        value
        for value in latin - {"Doe", "Yes"}
        if len(value) > 1 and _is_latin(value) and not excluded.intersection(value.casefold().replace("-", " ").split())
    )
    if names:
        kept = [value for value in kept if len(value) < 25 and "(" not in value]
    return tuple(kept)


def _is_latin(value: str) -> bool:
    return all(ord(sign) < 0x250 or unicodedata.category(sign)[0] not in "LM" for sign in value)

"""Public pools of towns, states and countries, from Faker's locales."""

from __future__ import annotations

import functools
import importlib
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from fedaug.privacy.deid.surrogates.name_pools import pool
from fedaug.privacy.deid.surrogates.words import plain

_TOWNS: Final = {
    "es": (("es_CO", "municipalities"), ("es_CL", "communes"), ("es_AR", "municipalities")),
    "de": (("de_DE", "cities"), ("de_AT", "cities")),
    "pt": (("pt_PT", "cities"),),
}
_LONGEST: Final = 24
#: In the order of the states' names.
_US_SHORT: Final = (
    "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA "
    "RI SC SD TN TX UT VT VA WA WV WI WY"
)


@functools.cache
def towns(language: str) -> tuple[str, ...]:
    """Towns: real ones where Faker lists them, else made of surnames and endings as its English ones are (61,000)."""
    if language in _TOWNS:
        found = {_name(entry) for locale, key in _TOWNS[language] for entry in getattr(_provider(locale), key)}
        return tuple(sorted(name for name in found if len(name) <= _LONGEST and not any(c.isdigit() for c in name)))
    endings = sorted(set(_provider("en_US").city_suffixes))
    return tuple(name + ending for name in pool("en-last").names if "'" not in name for ending in endings)


@functools.cache
def regions(language: str) -> Mapping[str, str]:
    """States or provinces by their plain names, in alphabetical order."""
    provider = _provider("es_ES" if language == "es" else "en_US")
    return MappingProxyType({plain(name): name for name in sorted(provider.states)})


@functools.cache
def abbreviations() -> Mapping[str, str]:
    """Abbreviation by plain name of a state of the United States."""
    names = regions("en")
    return MappingProxyType(dict(zip(names, _US_SHORT.split(), strict=True)))


@functools.cache
def countries(language: str) -> Mapping[str, str]:
    """Countries in a language by their plain names."""
    names = _provider("es" if language == "es" else "en").countries
    short = sorted(name for name in names if len(name) <= _LONGEST and name.replace(" ", "").isalpha())
    return MappingProxyType({plain(name): name for name in short})


def _name(entry: str | tuple[str, ...]) -> str:
    """A municipality is a name, or a number and a name."""
    return entry if isinstance(entry, str) else entry[-1]


def _provider(locale: str) -> Any:  # noqa: ANN401  # Faker's providers share no typed interface
    return importlib.import_module(f"faker.providers.address.{locale}").Provider

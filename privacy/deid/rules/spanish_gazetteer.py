"""Names of places and people in Spanish: provinces, larger towns, countries, first and last names (lists of Faker)."""

from __future__ import annotations

import re
from importlib import import_module
from typing import Final

from faker.providers.address.es import Provider as SpanishSpeaking
from faker.providers.address.es_ES import Provider as Spain

#: Other writings of provinces and regions, towns that are not named as their province, capitals of America.
_MORE_PLACES = (
    "A Coruña|Coruña|Gerona|Lérida|Orense|Bizkaia|Gipuzkoa|Araba|Islas Baleares|Illes Balears|Baleares|Mallorca|Menorca"
    "|Ibiza|Tenerife|Gran Canaria|Lanzarote|Fuerteventura|La Palma|Las Palmas de Gran Canaria|Palma de Mallorca"
    "|Islas Canarias|Ciudad Real|Castilla La Mancha|Castilla-León|Catalunya|Comunidad Valenciana|Euskadi|Andalucia"
    "|Aragon|Cataluna|Leon|Malaga|Cordoba|Cadiz|Jaen|Avila|Almeria|Caceres|Castellon|Alava|Bilbao|Vitoria"
    "|Vitoria-Gasteiz|San Sebastián|Donostia|Donostia-San Sebastián|Pamplona|Logroño|Santander|Oviedo|Gijón|Avilés|Vigo"
    "|Santiago de Compostela|Ferrol|Cartagena|Elche|Badalona|Hospitalet|Terrassa|Sabadell|Móstoles|Mostoles|Getafe"
    "|Leganés|Alcorcón|Fuenlabrada|Alcalá de Henares|Torrejón|Jerez de la Frontera|Algeciras|Marbella|Mérida"
    "|Talavera de la Reina|Ponferrada|Reus|Mataró|Alcoy|Gandía|Torrevieja|Orihuela|Lorca"
    "|Buenos Aires|Bogotá D.C.|Bogotá|Medellín|Santiago de Chile|Montevideo|Caracas|Quito|Guayaquil|La Habana|Holguín"
    "|Managua|Ciudad de Guatemala|Ciudad de México|México D.F.|Distrito Federal|Monterrey"
    "|Londres|París|Nueva York|Lisboa|Berlín"
)
_MORE_COUNTRIES = (
    "EE.UU.|EE. UU.|EEUU|EE UU|U.S.A.|USA|Estados Unidos|Reino Unido|Inglaterra|England|Escocia|Rusia|Siria|Corea"
    "|Taiwán|Holanda|Rumanía|Nueva Zelanda|Macedonia|Moldavia|Bielorrusia|Kenia|Irak|Bahréin|Arabia Saudí"
    "|República Argentina|Puerto Rico|Vietnam|Tanzania|Zimbabue|Ruanda|Spain|France|Germany|Italy|Brazil|Mexico|Peru"
    "|Panama|Belgica|Japon|Iran|Turquia|Hungria|Haiti|Canada"
)
#: Far more often a word, a surname or a Spanish town than the country.
_NO_COUNTRIES = {"Niger", "Palau", "Mauricio", "Chad", "Granada", "Georgia", "San Marino", "Santa Lucía", "Dominicana"}
#: Faker has "Ciudad" for Ciudad Real.
_NO_PROVINCES = {"Ciudad"}


def any_of(names: set[str]) -> str:
    """A pattern of names, longest first, so that ``Castilla y León`` is not left at ``Castilla``."""
    return "(?:" + "|".join(map(re.escape, sorted(names, key=lambda name: (-len(name), name)))) + ")"


PROVINCE: Final = any_of({*Spain.states, *Spain.regions, *_MORE_PLACES.split("|")} - _NO_PROVINCES)
COUNTRY: Final = any_of({*SpanishSpeaking.countries, *_MORE_COUNTRIES.split("|")} - _NO_COUNTRIES)

_LEAST_LETTERS = 3
_LOCALES = ("es_ES", "es_MX", "es_CO", "es_AR", "es_CL")
#: First names that are more often part of a place, a hospital or a saint's day.
_NO_FIRST_NAMES = {
    "Cruz",
    "Rosario",
    "León",
    "Santos",
    "Pilar",
    "Valencia",
    "Reyes",
    "Mar",
    "Sol",
    "Luz",
    "Paz",
    "Ángel",
}


def _listed(*attributes: str) -> set[str]:
    providers = [import_module(f"faker.providers.person.{locale}").Provider for locale in _LOCALES]
    lists = [getattr(provider, attribute, ()) for provider in providers for attribute in attributes]
    # Some are made anew by a property of an instance; those names are in the other lists.
    named = {name for names in lists if isinstance(names, (tuple, list, dict)) for name in names}
    return {name for name in named if name.isalpha() and len(name) >= _LEAST_LETTERS}


_LAST_NAMES: Final = frozenset(name.casefold() for name in _listed("last_names"))
FIRST_NAME: Final = any_of(_listed("first_names_male", "first_names_female", "first_names") - _NO_FIRST_NAMES)


def ends_in_last_name(name: str) -> bool:
    """Whether the last word of a name is a frequent Spanish surname."""
    return re.split(r"[\s-]", name)[-1].casefold() in _LAST_NAMES

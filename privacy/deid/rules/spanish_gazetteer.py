"""Names of places as patterns: Spain's provinces, regions and larger towns, countries in Spanish (lists of Faker)."""

from __future__ import annotations

import re
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

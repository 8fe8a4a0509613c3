"""The rules of Spanish, European first: what a clinical note, a discharge letter or a form holds."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.rules.rule import Rule
from fedaug.privacy.deid.rules.spanish_dates import AGES, DATES
from fedaug.privacy.deid.rules.spanish_facilities import FACILITIES
from fedaug.privacy.deid.rules.spanish_names import NAMES
from fedaug.privacy.deid.rules.spanish_numbers import NUMBERS
from fedaug.privacy.deid.rules.spanish_places import PLACES
from fedaug.privacy.deid.rules.spanish_traits import TRAITS

#: Presidio's recognisers that are off for Spanish, by class. Its dates take a visual acuity of "4/10" for the fourth of
#: October, its addresses of the web take "dolor.No" for a domain of Norway, its phones know no Spanish ones, and a
#: medical licence is American; rules above find the four in the Spanish way. ES_NIF and ES_NIE stay on.
PRESIDIO_LEFT_OUT: Final = frozenset({"DateRecognizer", "UrlRecognizer", "PhoneRecognizer", "MedicalLicenseRecognizer"})

#: Every rule of Spanish; names are unique.
SPANISH: Final[tuple[Rule, ...]] = (*NAMES, *NUMBERS, *DATES, *AGES, *PLACES, *FACILITIES, *TRAITS)

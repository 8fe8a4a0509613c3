"""The rules and recognisers of a language."""

from __future__ import annotations

from typing import Final

from fedaug.privacy.deid.recognisers import EntityRecognizer
from fedaug.privacy.deid.rules import (
    ages,
    clinical_numbers,
    contact,
    dates,
    facilities,
    finance_numbers,
    places,
    titles_names,
    vehicles_devices,
)
from fedaug.privacy.deid.rules.gazetteer import GazetteerRecogniser
from fedaug.privacy.deid.rules.phone import PhoneRecogniser
from fedaug.privacy.deid.rules.presidio import PRESIDIO_LEFT_OUT as LEFT_OUT_OF_ENGLISH
from fedaug.privacy.deid.rules.presidio import presidio_rules
from fedaug.privacy.deid.rules.rule import Rule, RuleRecogniser
from fedaug.privacy.deid.rules.spanish import PRESIDIO_LEFT_OUT as LEFT_OUT_OF_SPANISH
from fedaug.privacy.deid.rules.spanish import SPANISH

_ENGLISH: Final[tuple[Rule, ...]] = (
    *contact.RULES,
    *clinical_numbers.RULES,
    *finance_numbers.RULES,
    *vehicles_devices.RULES,
    *dates.RULES,
    *ages.RULES,
    *places.RULES,
    *facilities.RULES,
    *titles_names.RULES,
    *presidio_rules(),
)

_RULES: Final[dict[str, tuple[Rule, ...]]] = {"en": _ENGLISH, "es": SPANISH}
_LEFT_OUT: Final[dict[str, frozenset[str]]] = {"en": LEFT_OUT_OF_ENGLISH, "es": LEFT_OUT_OF_SPANISH}


def rules_for(language: str) -> tuple[Rule, ...]:
    """Every rule of a language; none for a language that has no rules yet.

    Args:
        language: A two-letter code.
    """
    return _RULES.get(language, ())


def left_out(language: str) -> frozenset[str]:
    """Presidio's recognisers, by class, that a language's own rules take the place of.

    Args:
        language: A two-letter code.
    """
    return _LEFT_OUT.get(language, frozenset())


def recognisers_for(language: str, limit_s: float) -> list[EntityRecognizer]:
    """Our recognisers of a language, beside those that Presidio brings.

    Args:
        language: A two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
    """
    rules = rules_for(language)
    found: list[EntityRecognizer] = (
        [RuleRecogniser(rules, language=language, limit_s=limit_s, bounded=True)] if rules else []
    )
    return [*found, PhoneRecogniser(), GazetteerRecogniser()] if language == "en" else found

"""The rules and recognisers of a language."""

from __future__ import annotations

from fedaug.privacy.deid.recognisers import EntityRecognizer
from fedaug.privacy.deid.rules.rule import Rule, RuleRecogniser

_ENGLISH: tuple[Rule, ...] = ()


def rules_for(language: str) -> tuple[Rule, ...]:
    """Every rule of a language; none for a language that has no rules yet.

    Args:
        language: A two-letter code.
    """
    return _ENGLISH if language == "en" else ()


def recognisers_for(language: str, limit_s: float) -> list[EntityRecognizer]:
    """Our recognisers of a language, beside those that Presidio brings.

    Args:
        language: A two-letter code.
        limit_s: Processor time, in seconds, after which one pattern on one text has failed.
    """
    rules = rules_for(language)
    return [RuleRecogniser(rules, language=language, limit_s=limit_s)] if rules else []

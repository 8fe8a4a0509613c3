"""Presidio's own patterns that are good as they are, as rules: its checks kept, its words of context not needed.

Left out for English, by class, are all recognisers that a rule of ours takes the place of. Some only cost or misfire:
eight digits as a bank account, four as a driving licence, "4/10" as a month and a year, "pain.No" as a domain of
Norway.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from presidio_analyzer.predefined_recognizers import (
    CryptoRecognizer,
    IpRecognizer,
    MacAddressRecognizer,
)

from fedaug.privacy.deid.rules.run import Rule

#: Presidio's recognisers that are off for English, by class.
PRESIDIO_LEFT_OUT: Final = frozenset(
    {
        *(
            "CreditCardRecognizer",
            "UsBankRecognizer",
            "UsLicenseRecognizer",
            "UsItinRecognizer",
            "UsPassportRecognizer",
        ),
        *("UsSsnRecognizer", "NhsRecognizer", "CryptoRecognizer", "DateRecognizer", "IbanRecognizer", "IpRecognizer"),
        *(
            "EmailRecognizer",
            "OfflineEmailRecognizer",
            "MedicalLicenseRecognizer",
            "MacAddressRecognizer",
            "UuidRecognizer",
        ),
        *("PhoneRecognizer", "UrlRecognizer"),
    }
)

#: What no match of a recogniser's is without.
_NEEDED: Final[dict[type[Any], str]] = {
    CryptoRecognizer: r"\b\w{17}",
    IpRecognizer: r"::|:[0-9a-f]{1,4}:[0-9a-f]{1,4}:|\.(?<=\d\.)\d{1,3}\.\d{1,3}\.",
    MacAddressRecognizer: r"[:-](?<=[0-9a-f]{2}[:-])[0-9a-f]{2}[:-][0-9a-f]{2}[:-]|\.(?<=[0-9a-f]{4}\.)[0-9a-f]{4}\.",
}


_LONGEST: Final = 90  # characters of the longest of these identifiers
_LEAST_SCORE: Final = 0.3  # below it are guesses: "::" as an address


def presidio_rules() -> tuple[Rule, ...]:
    """A rule for each pattern of the recognisers that are kept."""
    return tuple(rule for kind, needed in _NEEDED.items() for rule in _rules_of(kind(), needed))


def _rules_of(recogniser: Any, needed: str) -> list[Rule]:  # noqa: ANN401 - half typed
    return [
        Rule(
            name=f"presidio-{recogniser.name}-{number}",
            entity_type=recogniser.supported_entities[0],
            pattern=pattern.regex,
            score=max(pattern.score, 0.8),
            needed=needed,
            check=_check_of(recogniser),
            flags=int(recogniser.global_regex_flags),
            near=_LONGEST,
        )
        for number, pattern in enumerate(recogniser.patterns)
        if pattern.score >= _LEAST_SCORE
    ]


def _check_of(recogniser: Any) -> Callable[[str], bool]:  # noqa: ANN401 - half typed
    """What a recogniser itself finds out about a match: neither known to be wrong, nor ruled out."""

    def check(text: str) -> bool:
        return recogniser.validate_result(text) is not False and not recogniser.invalidate_result(text)

    return check

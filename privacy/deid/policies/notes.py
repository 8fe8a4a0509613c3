"""What is printed wherever a policy was applied, told from what it does: a site's own file may change any of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from fedaug.privacy.deid.entities import ENTITIES, entity
from fedaug.privacy.deid.policies.policy import DeidPolicy, OperatorChoice

_MISSED: Final = "Detection alone is never Safe Harbor: identifiers that were not found are still in the text."
_LAYER: Final = "De-identification is a layer before differential privacy and counts for nothing in its accounting."
_PERSONAL: Final = "Pseudonymised text remains personal data (GDPR Art. 4(5), recital 26)."
_PSEUDONYMS: Final = frozenset({"surrogate", "shift", "hash-id", "encrypt"})
_OLDEST_SHOWN: Final = 89  # years, 45 CFR 164.514(b)(2)(i)(C)


def notes_of(policy: DeidPolicy) -> tuple[str, ...]:
    """What a reader of de-identified text must know of the policy, in sentences."""
    return (_MISSED, *_scope(policy), *_dates_and_ages(policy), *_parts(policy), *_pseudonyms(policy), _LAYER)


def _scope(policy: DeidPolicy) -> Iterator[str]:
    if policy.detect is not None:
        yield f"Only these were looked for: {', '.join(policy.detect)}. All other identifiers are still in the text."
    kept = [name for name in _types(policy) if policy.looks_for(name) and policy.operator_for(name).keeps]
    if kept:
        yield f"These stay as they are: {', '.join(kept)}."
    for name, least in policy.thresholds.items():
        if least > 0 and policy.takes_out(name):
            yield f"Findings of {name} with a score below {least:g} stay as they are."


def _dates_and_ages(policy: DeidPolicy) -> Iterator[str]:
    for name, choice in _taken_out(policy):
        match choice.operator:
            case "shift" | "surrogate" if entity(name).kind == "date":  # a date's surrogate is that date, shifted
                yield "Shifted dates are not Safe Harbor, which allows the year only."
            case "year" if choice.oldest_year is None:
                yield "Years stay however early they are; Safe Harbor takes out those that show an age over 89."
            case "year":
                assert choice.oldest_year is not None
                yield (
                    f"A year before {choice.oldest_year} is taken out, since it would show an age over 89; "
                    f"this holds until the end of {choice.oldest_year + _OLDEST_SHOWN}."
                )
            case "pool-age" if choice.pool_over > _OLDEST_SHOWN:
                yield f"Ages up to {choice.pool_over} are shown; Safe Harbor allows those up to {_OLDEST_SHOWN}."


def _parts(policy: DeidPolicy) -> Iterator[str]:
    for name, choice in _taken_out(policy):
        ends = ((choice.keep_first, "start"), (choice.keep_last, "end"))
        shown = " and ".join(f"{count} at the {end}" for count, end in ends if count)
        if shown:
            yield f"Of {name} letters and digits stay: {shown}."


def _pseudonyms(policy: DeidPolicy) -> Iterator[str]:
    if any(choice.operator in _PSEUDONYMS for _, choice in _taken_out(policy)):
        yield _PERSONAL


def _types(policy: DeidPolicy) -> tuple[str, ...]:
    return tuple(dict.fromkeys((*ENTITIES, *policy.own_types)))


def _taken_out(policy: DeidPolicy) -> list[tuple[str, OperatorChoice]]:
    return [(name, policy.operator_for(name)) for name in _types(policy) if policy.takes_out(name)]

"""What becomes of one type of finding under a policy, against 45 CFR 164.514(b)(2)(i): taken out, in doubt, or left."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final, TypeAlias

from fedaug.privacy.deid.entities import ENTITIES, entity
from fedaug.privacy.deid.policies.policy import DeidPolicy, OperatorChoice

_NOT_SOUGHT: Final = "not looked for"
_KEPT: Final = "stays as it is"
_DERIVED: Final = "a code that is derived from the identifier; 164.514(c)(1) does not permit such codes"
_INVENTED: Final = "invented, chosen with a secret key: whether that is a code under 164.514(c)(1) is for people to say"
_SHIFTED: Final = "shifted dates are not years: the paragraph allows the year only"
_EMPLOYERS: Final = "not listed, but names of employers are, and a text does not say who employs whom"
_OLDEST_SHOWN: Final = 89  # years of age, paragraph (C)

#: A least score above this leaves in the text what is more likely than not an identifier. The scores of the built-in
#: patterns begin about here.
_LIKELY: Final = 0.5


class Verdict(StrEnum):
    """Whether what a policy does with findings is what the paragraph asks for."""

    REMOVED = "removed"
    JUDGEMENT = "needs judgement"
    NOT_REMOVED = "not removed"
    OUTSIDE = "outside"


#: A verdict and its reason in words.
Doubt: TypeAlias = tuple[Verdict, str]


def worst(verdicts: Iterator[Verdict], otherwise: Verdict = Verdict.REMOVED) -> Verdict:
    """The last of some verdicts in the order of the enumeration."""
    return max(verdicts, key=list(Verdict).index, default=otherwise)


@dataclass(frozen=True)
class Treatment:
    """What a policy does with a type of finding.

    Attributes:
        operator: Its name, or that the type is not looked for.
        verdict: On all of it.
        remark: Why that is not ``removed``; empty if it is.
    """

    operator: str
    verdict: Verdict
    remark: str


def treatment(name: str, policy: DeidPolicy, *, year: int, score_threshold: float) -> Treatment:
    """What a policy does with findings of a type, and every reason why that may not be removal.

    Args:
        name: The type.
        policy: The policy.
        year: The year in which ages are counted.
        score_threshold: The least score that counts where the policy names none for the type.
    """
    doubts = list(_doubts(name, policy, year, policy.threshold_for(name, score_threshold)))
    if name in ENTITIES and ENTITIES[name].safe_harbor is None and doubts:
        doubts = [(Verdict.JUDGEMENT, f"{reason}: {_EMPLOYERS}") for _, reason in doubts[:1]]
    operator = policy.operator_for(name).operator if policy.looks_for(name) else _NOT_SOUGHT
    return Treatment(operator, worst(verdict for verdict, _ in doubts), "; ".join(reason for _, reason in doubts))


def _doubts(name: str, policy: DeidPolicy, year: int, least: float) -> Iterator[Doubt]:
    if not policy.looks_for(name):
        yield Verdict.NOT_REMOVED, _NOT_SOUGHT
        return
    choice = policy.operator_for(name)
    if choice.keeps:
        yield Verdict.NOT_REMOVED, _KEPT
        return
    yield from _by_operator(choice, entity(name).kind, year)
    if least > 0:
        verdict = Verdict.NOT_REMOVED if least > _LIKELY else Verdict.JUDGEMENT
        yield verdict, f"findings with a score below {least:g} stay as they are"


def _by_operator(choice: OperatorChoice, kind: str, year: int) -> Iterator[Doubt]:
    match choice.operator:
        case "hash-id" | "encrypt":
            yield Verdict.NOT_REMOVED, _DERIVED
        case "shift" | "surrogate" if kind == "date":  # the surrogate of a date is that date, shifted
            yield Verdict.NOT_REMOVED, _SHIFTED
        case "surrogate" if kind != "age":  # that of an age is the age, those over 89 as one category
            yield Verdict.JUDGEMENT, _INVENTED
        case "year":
            yield from _years(choice.oldest_year, year)
        case "pool-age" if choice.pool_over > _OLDEST_SHOWN:
            yield Verdict.NOT_REMOVED, "ages over 89 stay"
        case "mask" if choice.keep_first + choice.keep_last:
            yield Verdict.NOT_REMOVED, "a part of it stays"
        case _:
            return


def _years(oldest: int | None, year: int) -> Iterator[Doubt]:
    """Whoever was born in a year that is shown must not turn 90 before the end of this year."""
    least = year - _OLDEST_SHOWN
    if oldest is None or oldest < least:
        yield (
            Verdict.NOT_REMOVED,
            f"a year that shows an age over 89 stays: in {year}, oldest_year would have to be {least} or later",
        )

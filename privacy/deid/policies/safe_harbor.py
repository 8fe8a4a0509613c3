"""The Safe Harbor checklist: of each of the 18 identifiers, what finds it, what a policy does with it, what is outside.

    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"))
    print(checklist.as_text())

It compares a policy with 45 CFR 164.514(b)(2)(i). It says nothing about any record: what was not found is still there.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any, Final

from fedaug.privacy.deid.entities import ENTITIES
from fedaug.privacy.deid.policies.policy import DeidPolicy, OperatorChoice

SOURCE: Final = "45 CFR 164.514(b)(2)(i)"

#: What no list of identifiers settles.
STATEMENT: Final = (
    "This compares a policy with the list of identifiers. It is no statement that records are de-identified: what no "
    "recogniser found is still in the text, and pictures, sound and other files were not looked at. Whether the site "
    "has actual knowledge that what is left could identify a person (164.514(b)(2)(ii)) is for people to decide and to "
    "write down. De-identification is a layer before differential privacy, which is what protects."
)


class Verdict(StrEnum):
    """Whether what a policy does with findings is what the paragraph asks for."""

    REMOVED = "removed"
    JUDGEMENT = "needs judgement"
    NOT_REMOVED = "not removed"
    OUTSIDE = "outside"


@dataclass(frozen=True)
class _Identifier:
    letter: str
    wording: str
    layers: tuple[str, ...]
    outside: str = ""


_NUMBERS: Final = ("patterns and check digits", "neural")
_IDENTIFIERS: Final = (
    _Identifier("A", "Names", ("name lists with context", "patterns", "neural")),
    _Identifier(
        "B",
        "All geographic subdivisions smaller than a State, including street address, city, county, precinct, ZIP code, "
        "and their equivalent geocodes, except for the initial three digits of a ZIP code where more than 20,000 "
        "people live",
        ("place lists with context", "patterns", "neural"),
        "coordinates in other files, such as the position stored in a photograph",
    ),
    _Identifier(
        "C",
        "All elements of dates (except year) for dates directly related to an individual, and all ages over 89 and all "
        "elements of dates (including year) indicative of such age, except as a single category of age 90 or older",
        ("patterns", "neural"),
        "time stamps of files",
    ),
    _Identifier("D", "Telephone numbers", _NUMBERS),
    _Identifier("E", "Fax numbers", _NUMBERS),
    _Identifier("F", "Electronic mail addresses", ("patterns",)),
    _Identifier("G", "Social security numbers", _NUMBERS),
    _Identifier("H", "Medical record numbers", _NUMBERS),
    _Identifier("I", "Health plan beneficiary numbers", _NUMBERS),
    _Identifier("J", "Account numbers", _NUMBERS),
    _Identifier("K", "Certificate/license numbers", _NUMBERS),
    _Identifier("L", "Vehicle identifiers and serial numbers, including license plate numbers", _NUMBERS),
    _Identifier("M", "Device identifiers and serial numbers", _NUMBERS),
    _Identifier("N", "Web Universal Resource Locators (URLs)", ("patterns",)),
    _Identifier("O", "Internet Protocol (IP) address numbers", ("patterns",)),
    _Identifier(
        "P",
        "Biometric identifiers, including finger and voice prints",
        ("patterns",),
        "the prints and recordings themselves: only numbers that name them are looked for",
    ),
    _Identifier(
        "Q",
        "Full face photographic images and any comparable images",
        (),
        "all of it: only text is read",
    ),
    _Identifier(
        "R",
        "Any other unique identifying number, characteristic, or code, except as permitted by 164.514(c)",
        (*_NUMBERS, "the site's own lists, patterns and models"),
        "characteristics told in plain words, such as an office that one person holds",
    ),
)

_NOT_SOUGHT: Final = "not looked for"
_DERIVED: Final = "a code that is derived from the identifier; 164.514(c)(1) does not permit such codes"


@dataclass(frozen=True)
class ChecklistItem:
    """One of the 18 identifiers.

    Attributes:
        letter: A to R.
        wording: The paragraph's.
        entity_types: The types of finding that it covers.
        operators: What the policy does, by type.
        layers: The recognisers that look for it; the site's own add to them.
        verdict: Whether that is what the paragraph asks for, of what is found.
        remarks: Why a type's verdict is not ``removed``, by type.
        outside: What of it no recogniser of text can see; empty if there is nothing.
    """

    letter: str
    wording: str
    entity_types: tuple[str, ...]
    operators: dict[str, str]
    layers: tuple[str, ...]
    verdict: Verdict
    remarks: dict[str, str]
    outside: str


@dataclass(frozen=True)
class SafeHarborChecklist:
    """How a policy compares with the list.

    Attributes:
        policy: Its name.
        items: A to R.
        statement: What the list does not settle.
    """

    policy: str
    items: tuple[ChecklistItem, ...]
    statement: str = STATEMENT

    @property
    def removes_what_is_found(self) -> bool:
        """Whether the policy takes out, of what is found, all that text can hold of the list."""
        return all(item.verdict in (Verdict.REMOVED, Verdict.OUTSIDE) for item in self.items)

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "source": SOURCE,
            "policy": self.policy,
            "removes_what_is_found": self.removes_what_is_found,
            "identifiers": [asdict(item) | {"verdict": str(item.verdict)} for item in self.items],
            "statement": self.statement,
        }

    def as_text(self) -> str:
        """Lines for people."""
        lines = [f"Safe Harbor, {SOURCE}, against the policy {self.policy}:"]
        for item in self.items:
            lines.append(f"  ({item.letter}) {item.wording}: {item.verdict}")
            lines += [f"      {line}" for line in _by_treatment(item)]
            if item.outside:
                lines.append(f"      outside: {item.outside}")
        return "\n".join([*lines, self.statement])


def safe_harbor_checklist(policy: DeidPolicy) -> SafeHarborChecklist:
    """Compare a policy with the 18 identifiers.

    Source: 45 CFR 164.514(b)(2)(i)(A)-(R), and 164.514(c) for codes that stand for a person.
    """
    return SafeHarborChecklist(policy.name, tuple(_item(each, policy) for each in _IDENTIFIERS))


def _item(identifier: _Identifier, policy: DeidPolicy) -> ChecklistItem:
    types = tuple(name for name, entity in ENTITIES.items() if entity.safe_harbor == identifier.letter)
    if identifier.letter == "R":
        types += tuple(name for name in policy.own_types if name not in ENTITIES)
    judged = [(name, *_judged(name, policy)) for name in types]
    verdict = max((each for _, each, _ in judged), key=list(Verdict).index, default=Verdict.OUTSIDE)
    return ChecklistItem(
        letter=identifier.letter,
        wording=identifier.wording,
        entity_types=types,
        operators={name: _described(name, policy) for name in types},
        layers=identifier.layers,
        verdict=verdict,
        remarks={name: remark for name, _, remark in judged if remark},
        outside=identifier.outside,
    )


def _by_treatment(item: ChecklistItem) -> Iterator[str]:
    """One line for all types that are treated alike."""
    types: dict[tuple[str, str], list[str]] = {}
    for name, operator in item.operators.items():
        types.setdefault((operator, item.remarks.get(name, "")), []).append(name)
    for (operator, remark), names in types.items():
        yield f"{operator}: {', '.join(names)}" + (f" ({remark})" if remark not in ("", operator) else "")


def _described(name: str, policy: DeidPolicy) -> str:
    return policy.operator_for(name).operator if policy.looks_for(name) else _NOT_SOUGHT


def _judged(name: str, policy: DeidPolicy) -> tuple[Verdict, str]:
    """The verdict on one type, and the reason if it is not ``removed``."""
    if not policy.looks_for(name):
        return Verdict.NOT_REMOVED, _NOT_SOUGHT
    choice = policy.operator_for(name)
    left = _left_behind(choice)
    if left:
        return Verdict.NOT_REMOVED, left
    if choice.operator in ("hash-id", "encrypt"):
        return Verdict.NOT_REMOVED, _DERIVED
    if choice.operator == "surrogate":
        return (
            Verdict.JUDGEMENT,
            "invented, chosen with a secret key: whether that is a code under 164.514(c)(1) is for people to say",
        )
    return Verdict.REMOVED, ""


def _left_behind(choice: OperatorChoice) -> str:
    """What an operator leaves that the list does not allow; empty if nothing."""
    if choice.operator == "keep":
        return "stays as it is"
    if choice.operator == "shift":
        return "shifted dates are not years: the paragraph allows the year only"
    if choice.operator == "year" and choice.oldest_year is None:
        return "a year that shows an age over 89 stays"
    if choice.operator == "pool-age" and choice.pool_over > 89:
        return "ages over 89 stay"
    if choice.operator == "mask" and choice.keep_first + choice.keep_last:
        return "a part of it stays"
    return ""

"""The Safe Harbor checklist: of each of the 18 identifiers, what finds it, what a policy does with it, what is outside.

    checklist = safe_harbor_checklist(load_policy("hipaa-safe-harbor"), year=2026)
    print(checklist.as_text())

It compares a policy with 45 CFR 164.514(b)(2)(i). It says nothing about any record: what was not found is still there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any, Final

from fedaug.privacy.deid.entities import ENTITIES, entity
from fedaug.privacy.deid.policies.policy import DeidPolicy
from fedaug.privacy.deid.policies.treatment import Doubt, Verdict, treatment, worst

SOURCE: Final = "45 CFR 164.514(b)(2)(i)"

#: What no list of identifiers settles.
STATEMENT: Final = (
    "This compares a policy with the list of identifiers. It is no statement that records are de-identified: what no "
    "recogniser found is still in the text, and pictures, sound and other files were not looked at. Whether the site "
    "has actual knowledge that what is left could identify a person (164.514(b)(2)(ii)) is for people to decide and to "
    "write down. De-identification is a layer before differential privacy, which is what protects."
)


#: Types that the list does not name and that may still be some identifier of it: names of employers are names.
_BESIDE: Final[dict[str, tuple[str, ...]]] = {"A": ("ORGANIZATION",)}
#: Stands for types of the site's own that nobody has listed, such as those of its models.
_UNNAMED: Final = "any other type of the site's own"
_NO_COLUMNS: Final[Mapping[str, str | None]] = MappingProxyType({})


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
        "characteristics told in plain words, such as an office that one person holds; ids of records and subjects, "
        "which stay in the site's own store",
    ),
)


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
        columns: Columns beside the text that keep such identifiers, or may, with the reason.
        outside: What of it no recogniser of text can see; empty if there is nothing.
    """

    letter: str
    wording: str
    entity_types: tuple[str, ...]
    operators: dict[str, str]
    layers: tuple[str, ...]
    verdict: Verdict
    remarks: dict[str, str]
    columns: dict[str, str]
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


def safe_harbor_checklist(
    policy: DeidPolicy,
    *,
    year: int,
    score_threshold: float = 0.0,
    own_types: Collection[str] = (),
    kept_columns: Mapping[str, str | None] = _NO_COLUMNS,
) -> SafeHarborChecklist:
    """Compare a policy, and what a site sets beside it, with the 18 identifiers.

    Source: 45 CFR 164.514(b)(2)(i)(A)-(R), and 164.514(c) for codes that stand for a person.

    Args:
        policy: The policy.
        year: The year in which ages are counted: which years of birth show an age over 89 changes with it.
        score_threshold: The least score that counts, 0 to 1, for types for which the policy names none.
        own_types: What the site's lists and patterns find beside the built-in types and the policy's own.
        kept_columns: Columns beside the text that stay as they are, with the type of what is in them, if the site
            says one.
    """
    own = tuple(dict.fromkeys(name for name in (*policy.own_types, *sorted(own_types)) if name not in ENTITIES))

    def item(identifier: _Identifier) -> ChecklistItem:
        types = _types(identifier.letter, own)
        treated = {
            name: treatment(name, policy, year=year, score_threshold=score_threshold)
            for name in (*types, *((_UNNAMED,) if identifier.letter == "R" else ()))
        }
        if _UNNAMED in treated and treated[_UNNAMED].verdict is Verdict.REMOVED:
            del treated[_UNNAMED]
        columns = dict(_columns(identifier.letter, kept_columns))
        verdicts = (*(one.verdict for one in treated.values()), *(verdict for verdict, _ in columns.values()))
        return ChecklistItem(
            letter=identifier.letter,
            wording=identifier.wording,
            entity_types=types,
            operators={name: one.operator for name, one in treated.items()},
            layers=identifier.layers,
            verdict=worst(iter(verdicts), Verdict.OUTSIDE),
            remarks={name: one.remark for name, one in treated.items() if one.remark},
            columns={name: reason for name, (_, reason) in columns.items()},
            outside=identifier.outside,
        )

    return SafeHarborChecklist(policy.name, tuple(map(item, _IDENTIFIERS)))


def _types(letter: str, own: tuple[str, ...]) -> tuple[str, ...]:
    listed = (name for name, each in ENTITIES.items() if each.safe_harbor == letter)
    return (*listed, *_BESIDE.get(letter, ()), *(own if letter == "R" else ()))


def _columns(letter: str, kept: Mapping[str, str | None]) -> Iterator[tuple[str, Doubt]]:
    """The kept columns that one identifier is about; those that the list does not name may be any code (R)."""
    for name, entity_type in kept.items():
        listed = None if entity_type is None else entity(entity_type).safe_harbor
        if listed == letter:
            yield name, (Verdict.NOT_REMOVED, f"holds {entity_type} and is kept as it is")
        elif listed is None and letter == "R":
            what = "holds whatever it holds" if entity_type is None else f"holds {entity_type}"
            yield name, (Verdict.JUDGEMENT, f"{what} and is kept as it is: people have to look at it")


def _by_treatment(item: ChecklistItem) -> Iterator[str]:
    """One line for all types that are treated alike."""
    types: dict[tuple[str, str], list[str]] = {}
    for name, operator in item.operators.items():
        types.setdefault((operator, item.remarks.get(name, "")), []).append(name)
    for (operator, remark), names in types.items():
        yield f"{operator}: {', '.join(names)}" + (f" ({remark})" if remark not in ("", operator) else "")
    for name, reason in item.columns.items():
        yield f"column {name}: {reason}"

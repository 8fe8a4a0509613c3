"""What came out of checking a bundle: each check in plain words, each site's ε, and what could not be checked."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

#: Faults that are told of one check; of the others only the number.
_TOLD = 3


def counted(number: int, name: str) -> str:
    """A number of things in a sentence: "1 head", "2,000 heads"."""
    return f"{number:,} {name}{'' if number == 1 else 's'}"


@dataclass(frozen=True)
class Check:
    """One thing that was compared.

    Attributes:
        name: Which check, the same in every run: ``signature``, ``root``, ``order`` …
        subject: Whose log it is about.
        compared: What with what, in a sentence.
        faults: Where it did not hold; none if it did.
    """

    name: str
    subject: str
    compared: str
    faults: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether it held everywhere."""
        return not self.faults

    @property
    def told(self) -> str:
        """The first faults in one line."""
        more = len(self.faults) - _TOLD
        return "; ".join(self.faults[:_TOLD]) + (f"; and {more} more" if more > 0 else "")

    def as_dict(self) -> dict[str, Any]:
        """The check as plain values."""
        return {
            "check": self.name,
            "subject": self.subject,
            "compared": self.compared,
            "passed": self.passed,
            "faults": list(self.faults),
        }


@dataclass(frozen=True)
class SiteSpending:
    """What a site's journal says that it spent, recomputed.

    Attributes:
        site: By name.
        unit: What ε protects.
        campaigns: Reserved and not wholly voided.
        reserved: Releases that are charged.
        sealed: Those of them that may have left.
        delta: At which ε is stated.
        epsilon: Pessimistic; infinite if a release carried no noise.
    """

    site: str
    unit: str
    campaigns: int
    reserved: int
    sealed: int
    delta: float
    epsilon: float

    def as_dict(self) -> dict[str, Any]:
        """The figures as plain values; JSON has no infinity."""
        epsilon = "inf" if math.isinf(self.epsilon) else self.epsilon
        return {**vars(self), "epsilon": epsilon}


@dataclass(frozen=True)
class Findings:
    """The outcome of checking a bundle.

    Attributes:
        bundle: SHA-256 of the file, hexadecimal.
        checks: Everything that was compared.
        spending: One for each site whose log is what its head says.
        unchecked: What could not be checked and why, in plain words.
    """

    bundle: str
    checks: tuple[Check, ...]
    spending: tuple[SiteSpending, ...]
    unchecked: tuple[str, ...]

    @property
    def failed(self) -> tuple[Check, ...]:
        """The checks that did not hold."""
        return tuple(check for check in self.checks if not check.passed)

    @property
    def passed(self) -> bool:
        """Whether everything that was checked held. A bundle whose signatures cannot be checked never passes."""
        return bool(self.checks) and not self.failed

    def as_dict(self) -> dict[str, Any]:
        """The findings as plain values."""
        return {
            "passed": self.passed,
            "bundle": self.bundle,
            "checks": [check.as_dict() for check in self.checks],
            "sites": [spent.as_dict() for spent in self.spending],
            "unchecked": list(self.unchecked),
        }


@dataclass
class Worksheet:
    """Findings while they are being made."""

    checks: list[Check] = field(default_factory=list)
    spending: list[SiteSpending] = field(default_factory=list)
    unchecked: list[str] = field(default_factory=list)

    def check(self, name: str, subject: str, compared: str, faults: Iterable[str]) -> bool:
        """Note one check; returns whether it held."""
        made = Check(name, subject, compared, tuple(faults))
        self.checks.append(made)
        return made.passed

    def findings(self, bundle: str) -> Findings:
        """All that was noted, about the bundle of this digest."""
        return Findings(bundle, tuple(self.checks), tuple(self.spending), tuple(self.unchecked))

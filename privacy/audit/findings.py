"""What an attack found, whom it was tried on, and so who may see it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Generic, TypeVar

from fedaug.errors import PolicyRefused
from fedaug.privacy.vetting.gate import GateClass


class Population(StrEnum):
    """Who members or controls of an attack are."""

    PLANTED = "planted"  # canaries, put in or left out by a coin
    PUBLIC = "public"  # records of a public data set, or made up
    REAL = "real"  # a site's records: a figure about them depends on them exactly


@dataclass(frozen=True)
class Finding:
    """The result of one attack.

    Attributes:
        attack: Its name.
        populations: Of its members and of its controls, as whoever ran it declares them.
    """

    attack: str
    populations: tuple[Population, ...]

    @property
    def finding_class(self) -> GateClass:
        """S if any of those attacked or compared with is a real record or is not declared, else F.

        A finding about canaries is made from what left and from coins, so it tells nothing about a record that what
        left has not told already.
        """
        declared = self.populations and all(isinstance(one, Population) for one in self.populations)
        free = declared and Population.REAL not in self.populations
        return GateClass.FREE if free else GateClass.SITE_ONLY

    def as_dict(self) -> dict[str, Any]:
        """Plain values, for the site's own edition; a consortium's takes them from :class:`Releasable`."""
        return {
            "attack": self.attack,
            "class": str(self.finding_class),
            "populations": [str(one) for one in self.populations],
        }


FindingT_co = TypeVar("FindingT_co", bound=Finding, covariant=True)


@dataclass(frozen=True)
class Releasable(Generic[FindingT_co]):
    """A finding that may stand in a consortium's edition: the only form in which one takes findings.

    A class S finding can be released by a charged ``NoisyMetric`` alone, which is another number.

    Attributes:
        finding: Of class F.

    Raises:
        PolicyRefused: The finding is of class S.
    """

    finding: FindingT_co

    def __post_init__(self) -> None:
        if not isinstance(self.finding, Finding) or self.finding.finding_class is not GateClass.FREE:
            raise PolicyRefused(
                "a finding about real records was to stand in a consortium's edition",
                "show it in the site's own edition, or release a charged noisy metric",
            )

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        return self.finding.as_dict()

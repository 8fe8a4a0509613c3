"""A finding that compares an attack on members with the same attack on a control group that was in no data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from fedaug.privacy.audit.findings import Finding
from fedaug.privacy.audit.intervals import Excess, Rate, excess


@dataclass(frozen=True)
class ControlledFinding(Finding):
    """How often an attack succeeded on members and on controls.

    What a synthetic record says about everybody of its kind helps with controls as much as with members. Only what it
    says about members alone counts against the release (Giomi et al. 2023, "A unified framework for quantifying privacy
    risk in synthetic data").

    Attributes:
        members: Successes on those that were in the data.
        controls: Successes on those that were not, drawn as the members were.
        confidence: Of the interval.
    """

    members: Rate
    controls: Rate
    confidence: float

    @property
    def excess(self) -> Excess:
        """By how much the attack does better on members."""
        return excess(self.members, self.controls, self.confidence)

    def as_dict(self) -> dict[str, Any]:
        """Plain values."""
        found = self.excess
        return {
            **super().as_dict(),
            "members": self.members.trials,
            "member_successes": self.members.successes,
            "controls": self.controls.trials,
            "control_successes": self.controls.successes,
            "risk": found.risk,
            "interval": list(found.interval),
            "detected": found.detected,
        }

"""What every row of the benchmark gives."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

#: Number of a row -> its module, whose ``row`` gives it.
MODULES = {
    1: "detection",
    2: "innocent",
    3: "spanish",
    4: "transcripts",
    5: "speed",
    6: "relations",
    7: "hostile",
}


@dataclass(frozen=True)
class Options:
    """How a row is run.

    Attributes:
        limit: Texts of each corpus at most; None takes all.
        repeats: Times that each side is timed.
        layers: Whether the layers are also measured by themselves.
    """

    limit: int | None = None
    repeats: int = 3
    layers: bool = True


@dataclass(frozen=True)
class Row:
    """One row of what must be shown.

    Attributes:
        name: What it is called.
        unit: What ``ours`` and ``alternative`` are.
        ours: Our figure.
        alternative: The other side's; None where there is no other side.
        figures: Everything measured.
        bars: What must be met: bar -> whether it is.
        settings: What was measured on.
        larger_is_better: Whether more of ``unit`` is better.
    """

    name: str
    unit: str
    ours: float | None
    alternative: float | None
    figures: dict[str, Any]
    bars: dict[str, bool]
    settings: dict[str, Any] = field(default_factory=dict)
    larger_is_better: bool = True

    @property
    def ratio(self) -> float | None:
        """Above 1 where ours is better; None where it cannot be said."""
        best, other = (self.ours, self.alternative) if self.larger_is_better else (self.alternative, self.ours)
        return best / other if best is not None and other else None

    def as_json(self) -> dict[str, Any]:
        """Plain values."""
        return {
            "row": self.name,
            "unit": self.unit,
            "ours": self.ours,
            "alternative": self.alternative,
            "ratio": self.ratio,
            "bars": self.bars,
            "figures": self.figures,
            "settings": self.settings,
        }

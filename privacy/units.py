"""What differential privacy protects, and how much of it a site is willing to spend."""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import StrEnum

from fedaug.errors import InvalidBudget

#: The one neighbour relation of this project: data sets that differ by adding or removing one unit.
ADJACENCY = "add_or_remove_one"


class PrivacyUnit(StrEnum):
    """Whose presence a release must hide."""

    RECORD = "record"
    SUBJECT = "subject"


@dataclass(frozen=True)
class Budget:
    """A promise (ε, δ) under add-or-remove-one adjacency.

    ``epsilon`` may be infinite: that is a run with the noise off, which only a site whose policy says so takes part in.

    Raises:
        InvalidBudget: ε is not above zero (NaN included), or δ is not strictly between 0 and 1.
    """

    epsilon: float
    delta: float

    def __post_init__(self) -> None:
        for value in (self.epsilon, self.delta):
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                raise InvalidBudget("a budget holds something that is not a number", "give ε and δ as numbers")
        if not self.epsilon > 0:
            raise InvalidBudget("ε is not above zero", "give ε > 0, or do not take part")
        if not 0 < self.delta < 1:
            raise InvalidBudget(
                "δ is not between 0 and 1", "give δ far below one over the number of records, such as 1e-5"
            )

    def covers(self, epsilon: float) -> bool:
        """Whether a spent ε (at this budget's δ) lies within the budget; NaN never does."""
        return bool(epsilon <= self.epsilon)

    @property
    def noise_off(self) -> bool:
        """Whether the promise is empty, so that no noise is added."""
        return math.isinf(self.epsilon)

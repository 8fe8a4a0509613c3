"""What a campaign's events cost, in the form in which a privacy statement says it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field

from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.composition import reduce_events
from fedaug.privacy.accounting.filter import plan_charge
from fedaug.privacy.accounting.loss import bucket_width
from fedaug.privacy.events import Event

#: Another version of the numerical libraries may round differently, and no further off than this.
_AGREES: Final = 1e-6
_AGREES_FITTED: Final = 1e-3  # μ of subsampled mechanisms is searched for, to a relative 1e-4

Cost = Annotated[float, Field(ge=0)]
Method = Literal["closed_form", "privacy_loss_distribution"]


class Part(BaseModel):
    """What every part of a statement shares: frozen, closed, finite, and never quoting its input in an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", hide_input_in_errors=True, allow_inf_nan=False)


class Slack(Part):
    """What samplers that draw whole numbers, and not ideal noise, add; it is inside the ε and δ that are stated.

    Attributes:
        epsilon: By how much ε is raised.
        delta: How much of δ is set aside.
    """

    epsilon: Cost
    delta: Cost


class Loss(Part):
    """What everything that one or more sites let out may tell of a unit; null where nothing is promised."""

    epsilon: Cost | None
    slack: Slack | None

    @classmethod
    def of(cls, events: Sequence[Event], delta: float) -> Self:
        """Of a composition of events."""
        cost = epsilon(events, delta)
        if math.isinf(cost):
            return cls(epsilon=None, slack=None)
        parts = reduce_events(events)
        # The neighbour's tail counts e^ε times (accounting/cost.py, epsilon); without a tail, ε may be beyond exp.
        aside = parts.tail * (1 + math.exp(cost)) if parts.tail else 0.0
        return cls(epsilon=cost, slack=Slack(epsilon=parts.slack, delta=aside))

    def agrees(self, other: Loss) -> bool:
        """Whether both say the same, but for rounding."""
        mine, theirs = self._numbers(), other._numbers()
        return len(mine) == len(theirs) and all(
            math.isclose(a, b, rel_tol=_AGREES) for a, b in zip(mine, theirs, strict=True)
        )

    def _numbers(self) -> tuple[float, ...]:
        if self.epsilon is None or self.slack is None:
            return ()
        return (self.epsilon, self.slack.epsilon, self.slack.delta)


class FilterCharge(Part):
    """What the campaign counts in a ledger that holds others: see :class:`fedaug.privacy.accounting.filter.Charge`."""

    mu: Cost
    delta: Cost
    epsilon: Cost

    @classmethod
    def of(cls, events: Sequence[Event], delta: float) -> Self | None:
        """Of a plan; None if it cannot be charged."""
        charge = plan_charge(events, delta)
        return cls(mu=charge.mu, delta=charge.delta, epsilon=charge.epsilon) if charge.finite else None

    def agrees(self, other: FilterCharge | None) -> bool:
        """Whether both say the same, but for rounding and fitting."""
        return other is not None and all(
            math.isclose(getattr(self, name), getattr(other, name), rel_tol=_AGREES_FITTED)
            for name in ("mu", "delta", "epsilon")
        )


def contribution_norms(events: Sequence[Event]) -> tuple[float, ...]:
    """Every sensitivity that occurs, the smallest first."""
    return tuple(sorted({event.sensitivity for event in events}))


def accounted_by(events: Sequence[Event]) -> tuple[Method, float | None]:
    """How a composition is accounted for, and on buckets how wide."""
    parts = reduce_events(events)
    if not parts.runs and not parts.pure:
        return "closed_form", None
    width = bucket_width(parts.mu, parts.runs, parts.pure)
    return "privacy_loss_distribution", width if math.isfinite(
        width
    ) else None  # without noise there is no loss to sort

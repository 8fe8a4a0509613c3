"""What a campaign's releases cost, one by one and in all, and whether a site's budget can carry them. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

from fedaug.privacy.accounting import epsilon, scaled_plan
from fedaug.privacy.accounting.filter import campaigns_epsilon, plan_charge
from fedaug.privacy.events import Event
from fedaug.privacy.ledger.journal import ChargeState, LedgerEntry
from fedaug.privacy.units import Budget

#: Relative width to which the largest ε that fits is known.
_NARROW: Final = 1e-3
#: More noise than so many times the planned is not tried: what is left of a budget is nothing then.
_MOST_NOISE: Final = 2.0**20

#: What is charged of each campaign, by name.
Charged = Mapping[str, tuple[Event, ...]]


class Standing(Enum):
    """How a site's ledger knows a campaign."""

    NEW = auto()
    RESERVED = auto()  # with this very plan, which is not charged again
    TAKEN = auto()  # its name, with another plan: the ledger refuses it


@dataclass(frozen=True)
class ReleaseCost:
    """One release of a plan.

    Attributes:
        event: The mechanism.
        share: Its share of the plan's μ², in which releases add up; None without noise.
        alone: ε of this release by itself.
        so_far: ε of this release and all before it.
    """

    event: Event
    share: float | None
    alone: float
    so_far: float


@dataclass(frozen=True)
class Room:
    """Whether a site's budget can carry a plan.

    Attributes:
        cap: ε that all campaigns together may cost.
        spent: ε of all that is charged.
        after: ε of that and the plan together.
        largest: The largest ε that a plan with these releases, and more noise in each, could have here; the plan's own
            where it fits, 0 where nothing does.
        taken: Whether the ledger knows the campaign's name with another plan, so that it refuses this one
            whatever it costs.
        charged: Whether the ledger holds this very plan, which is not charged again.
    """

    cap: float
    spent: float
    after: float
    largest: float
    taken: bool = False
    charged: bool = False

    @property
    def carries(self) -> bool:
        """Whether the ledger would let the plan in; NaN never fits."""
        return not self.taken and self.after <= self.cap

    @property
    def left(self) -> float:
        """Of the cap, before the plan."""
        return math.inf if math.isinf(self.cap) else max(self.cap - self.spent, 0.0)


def release_costs(events: Sequence[Event], delta: float) -> tuple[ReleaseCost, ...]:
    """What each release costs, in the order of the plan.

    Args:
        events: The plan's.
        delta: The δ at which ε is stated.

    Raises:
        ProtocolError: An event is of a mechanism that the accountant does not support.
    """
    squares = [plan_charge([event], delta).mu ** 2 for event in events]
    whole = math.fsum(squares) if all(map(math.isfinite, squares)) else math.inf
    return tuple(
        ReleaseCost(
            event,
            square / whole if 0 < whole < math.inf else None,
            epsilon([event], delta),
            epsilon(events[: place + 1], delta),
        )
        for place, (event, square) in enumerate(zip(events, squares, strict=True))
    )


def charged_plans(entries: Sequence[LedgerEntry]) -> Charged:
    """What a ledger's entries charge, by campaign; voided releases cost nothing."""
    plans: dict[str, list[Event]] = {}
    for entry in entries:
        if entry.state is not ChargeState.VOID:
            plans.setdefault(entry.campaign, []).append(entry.event)
    return {campaign: tuple(events) for campaign, events in plans.items()}


def standing(entries: Sequence[LedgerEntry], campaign: str, plan_digest: str) -> Standing:
    """How a ledger's entries know a campaign.

    Args:
        entries: The ledger's.
        campaign: Its name.
        plan_digest: SHA-256 of the plan, hexadecimal.
    """
    known = {entry.plan_digest for entry in entries if entry.campaign == campaign}
    if not known:
        return Standing.NEW
    return Standing.RESERVED if known == {plan_digest} else Standing.TAKEN


def room_for(charged: Charged, events: Sequence[Event], cap: Budget, known: Standing = Standing.NEW) -> Room:
    """Whether what is left can carry a plan, and how much of it could.

    Args:
        charged: What the site's ledger charges.
        events: The plan's releases.
        cap: The site's.
        known: How the ledger knows the plan: what is charged already is not charged again.
    """
    spent = campaigns_epsilon(list(charged.values()), cap.delta)
    if known is Standing.TAKEN:
        return Room(cap.epsilon, spent, spent, 0.0, taken=True)
    if known is Standing.RESERVED:
        return Room(cap.epsilon, spent, spent, epsilon(events, cap.delta), charged=True)

    def after(noise: float) -> float:
        return campaigns_epsilon([*charged.values(), scaled_plan(events, noise)], cap.delta)

    planned = after(1.0)
    if planned <= cap.epsilon:
        return Room(cap.epsilon, spent, planned, epsilon(events, cap.delta))
    if any(event.noise_off for event in events) or not spent < cap.epsilon:
        return Room(cap.epsilon, spent, planned, 0.0)
    low, high = 1.0, 2.0
    while not after(high) <= cap.epsilon:
        low, high = high, 2 * high
        if high > _MOST_NOISE:
            return Room(cap.epsilon, spent, planned, 0.0)
    while high > low * (1 + _NARROW):
        middle = math.sqrt(low * high)
        low, high = (low, middle) if after(middle) <= cap.epsilon else (middle, high)
    return Room(cap.epsilon, spent, planned, epsilon(scaled_plan(events, high), cap.delta))

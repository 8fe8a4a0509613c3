"""What a ledger's plans cost together: one by its events, several by the filter across campaigns.

A plan is reduced to a :class:`~fedaug.privacy.accounting.filter.Charge` once, when it is reserved, and again if some
of it is voided; so the thousandth plan is charged without looking into the events of the others.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable
from dataclasses import asdict
from typing import Final

from sqlalchemy import Connection, insert, select

from fedaug.errors import BudgetExceeded, LedgerError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.accounting.filter import Charge, filter_epsilon, plan_charge
from fedaug.privacy.events import Event
from fedaug.privacy.ledger.journal import REMEDY, Plan
from fedaug.privacy.ledger.schema import costs
from fedaug.privacy.units import Budget

#: A charge is known by the journal's entry that reserved the plan, and by how many of its releases are charged.
_Key = tuple[int, int]
#: How far a stored charge may lie from the same one worked out anew, relatively: another processor rounds differently.
_AGREEMENT: Final = 1e-6


class Costs:
    """The charges of plans, at one δ.

    Args:
        delta: Of the cap.
    """

    def __init__(self, delta: float) -> None:
        self.delta = delta
        self._charges: dict[_Key, Charge] = {}
        self._unstored: set[_Key] = set()
        self._newest: tuple[tuple[Event, ...], Charge] | None = None  # so that one reservation works it out once

    def total(self, plans: Collection[Plan]) -> float:
        """ε of everything that is charged."""
        live = [plan for plan in plans if plan.live]
        if len(live) <= 1:
            return epsilon([event for plan in live for event in plan.charged], self.delta)
        return filter_epsilon([self._charge(plan) for plan in live], self.delta)

    def total_with(self, plans: Collection[Plan], wanted: tuple[Event, ...]) -> float:
        """ε of everything that is charged and of one plan more."""
        live = [plan for plan in plans if plan.live]
        if not live:
            return epsilon(wanted, self.delta)
        return filter_epsilon([*map(self._charge, live), self._charge_of(wanted)], self.delta)

    def prepare(self, plans: Iterable[Plan], wanted: tuple[Event, ...]) -> None:
        """Work out what :meth:`require_covered` and :meth:`store` will ask for, before a transaction keeps others out.

        What takes seconds is kept where pure functions keep their results; nothing here changes, so threads may meet.

        Raises:
            ProtocolError: The plan cannot be accounted for.
        """
        epsilon(wanted, self.delta)
        plan_charge(wanted, self.delta)
        live = [plan for plan in plans if plan.live]
        if len(live) == 1:  # a refusal states what it costs
            epsilon(live[0].charged, self.delta)
        for plan in live:
            if (plan.sequence, plan.live) not in self._charges:
                plan_charge(plan.charged, self.delta)

    def require_covered(self, plans: Collection[Plan], wanted: tuple[Event, ...], cap: Budget) -> None:
        """Refuse a plan that does not fit under the cap together with everything that is charged.

        Raises:
            BudgetExceeded: It does not; a cost that is no number never does.
        """
        total = self.total_with(plans, wanted)
        if not total <= cap.epsilon:
            spent, asked = self.total(plans), epsilon(wanted, cap.delta)
            raise BudgetExceeded(
                f"ε {spent:.4g} is spent, the plan alone costs {asked:.4g}, together they cost {total:.4g}, "
                f"and the cap is {cap.epsilon:.4g} (at δ {cap.delta:.3g})",
                "plan with more noise or fewer releases, or have the site raise its cap",
            )

    def load(self, connection: Connection, after: int) -> None:
        """Take over what is stored of the plans that were reserved after the journal's entry of that number.

        Raises:
            LedgerError: It is not a charge.
        """
        rows = select(costs).where(costs.c.at_delta == self.delta, costs.c.sequence > after)
        for row in connection.execute(rows):
            figures = (row.mu, row.delta, row.epsilon)
            if not all(isinstance(figure, float) and figure >= 0 for figure in figures):
                raise LedgerError("the ledger holds a cost that is not a number", REMEDY)
            self._charges[row.sequence, row.live] = Charge(*figures)

    def store(self, connection: Connection, sequence: int, wanted: tuple[Event, ...]) -> None:
        """Keep a new plan's charge, and those of older plans that were worked out since the last time.

        The new one is not remembered here: its entry may yet be rolled back. It is read back with the entry.
        """
        fresh = {key: self._charges[key] for key in self._unstored}
        fresh[sequence, len(wanted)] = self._charge_of(wanted)
        # If the transaction fails, these are worked out again when the ledger is next opened.
        self._unstored.clear()
        rows = [
            {"sequence": key[0], "live": key[1], "at_delta": self.delta, **asdict(charge)}
            for key, charge in fresh.items()
        ]
        connection.execute(insert(costs).prefix_with("OR REPLACE"), rows)

    def verify(self, plans: Iterable[Plan]) -> int:
        """Work every charge out anew and compare; returns how many were compared.

        Raises:
            LedgerError: One is not what the plan costs.
        """
        compared = 0
        for plan in plans:
            if not plan.live:
                continue
            kept, anew = self._charge(plan), plan_charge(plan.charged, self.delta)
            for one, other in [(kept.mu, anew.mu), (kept.delta, anew.delta), (kept.epsilon, anew.epsilon)]:
                if not math.isclose(one, other, rel_tol=_AGREEMENT, abs_tol=1e-15):
                    raise LedgerError("the ledger holds a cost that is not what the plan costs", REMEDY)
            compared += 1
        return compared

    def _charge(self, plan: Plan) -> Charge:
        key = (plan.sequence, plan.live)
        if key not in self._charges:
            self._charges[key] = plan_charge(plan.charged, self.delta)
            self._unstored.add(key)
        return self._charges[key]

    def _charge_of(self, wanted: tuple[Event, ...]) -> Charge:
        if self._newest is None or self._newest[0] != wanted:
            self._newest = (wanted, plan_charge(wanted, self.delta))
        return self._newest[1]

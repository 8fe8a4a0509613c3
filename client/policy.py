"""What a site's policy says to a plan, line by line: the site's policy and the campaign, and what both allow.

A line names what the site says, what the campaign asks, and what is in force: the stricter of the two, never more than
the site's. A campaign is let in if every line allows it.
"""

from __future__ import annotations

from dataclasses import dataclass

from fedaug.client.answers import require_covered
from fedaug.client.policy_clauses import (
    Clause,
    Spending,
    adaptation_clauses,
    bound_clauses,
    cost_clause,
    kind_clauses,
    ledger_clauses,
    mechanism_clauses,
    promise_clauses,
    sample_clauses,
)
from fedaug.client.settings import SiteSettings
from fedaug.errors import FedaugError, PolicyRefused
from fedaug.strategies.messages import CampaignPlan

__all__ = ["Clause", "EffectivePolicy", "Spending", "effective_policy", "require_allowed"]


@dataclass(frozen=True)
class EffectivePolicy:
    """A site's policy, met with a campaign or by itself."""

    clauses: tuple[Clause, ...]

    @property
    def allowed(self) -> bool:
        """Whether the site takes part."""
        return all(clause.allowed for clause in self.clauses)

    def require(self) -> None:
        """Refuse unless every line allows the campaign.

        Raises:
            PolicyRefused: The first line that does not says why.
            BudgetExceeded: The budget does not carry it.
            AlreadyReleased: Its name is taken.
        """
        for clause in self.clauses:
            if not clause.allowed:
                raise clause.error(clause.reason, clause.remedy)


def effective_policy(
    settings: SiteSettings,
    plan: CampaignPlan | None,
    space: tuple[str, int],
    spending: Spending | None = None,
    *,
    listed: str = "",
) -> EffectivePolicy:
    """The site's policy ∩ a campaign.

    The plan's ε is recomputed from its mechanisms; what the coordinator wrote beside them only has to be no smaller.

    Args:
        settings: What the site allows. They are checked again: whatever is missing or malformed refuses.
        plan: What the coordinator asks for; None shows the site's own policy.
        space: The embedding space that the site was prepared for: its name and a vector's length.
        spending: What the ledger says; without it nothing is said about what is left.
        listed: How the consortium's list of keys stands, for the reason of the line on who may ask.

    Raises:
        PolicyRefused: A setting is missing or malformed.
    """
    _require_whole(settings)
    clauses = [*promise_clauses(settings, plan, listed), *kind_clauses(settings, plan)]
    clauses += [*bound_clauses(settings, plan, space), *sample_clauses(settings, plan)]
    clauses += adaptation_clauses(settings, plan)
    if plan is not None:
        mechanisms = list(mechanism_clauses(plan))
        accountable = all(clause.allowed for clause in mechanisms)
        clauses += [*mechanisms, cost_clause(plan, accountable=accountable)]
    if spending is not None:
        clauses += ledger_clauses(settings, plan, spending)
    return EffectivePolicy(tuple(clauses))


def require_allowed(plan: CampaignPlan, settings: SiteSettings, space: tuple[str, int]) -> None:
    """Check a plan against a site's settings; whether the ledger can carry it, the ledger says.

    Args:
        plan: What the coordinator asks for.
        settings: What the site allows.
        space: The embedding space that the site was prepared for: its name and a vector's length.

    Raises:
        PolicyRefused: A line of :func:`effective_policy` does not allow it.
    """
    effective_policy(settings, plan, space).require()
    for event in plan.mechanisms:  # once more, by the rule that the release gate goes by
        require_covered(event)
    if plan.adaptation is not None:
        from fedaug.client.training.adaptation_plan import planned_adaptation  # noqa: PLC0415 - loads torch

        planned_adaptation(plan)


def _require_whole(settings: SiteSettings) -> None:
    """Settings that were not read from a file, or changed since, are trusted no more than a file."""
    try:
        whole = SiteSettings.checked(settings.model_dump(warnings=False)) == settings
    except (FedaugError, AttributeError, TypeError, ValueError):
        whole = False
    if not whole:
        raise PolicyRefused("the site's settings are missing or malformed", "correct site.toml")

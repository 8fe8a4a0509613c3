"""What a site's policy says to a plan, line by line: the site's policy and the campaign, and what both allow.

A line names what the site says, what the campaign asks, and what is in force: the stricter of the two, never more than
the site's. A campaign is let in if every line allows it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fedaug.client.answers import FINEST_GRID, MECHANISM_OF, SENSITIVITY, require_covered
from fedaug.client.policy_terms import Among, AtLeast, AtMost, Exactly, Permission, Term
from fedaug.client.settings import SiteSettings
from fedaug.errors import BudgetExceeded, FedaugError, PolicyRefused, RefusedError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import (
    CHARGED,
    DiscreteGaussianEvent,
    Event,
    ReleaseKind,
    SubsampledGaussianEvent,
)
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.messages import CampaignPlan

_Term = TypeVar("_Term", Exactly, AtMost, AtLeast, Among, Permission)
_Remedy = tuple[str, str]

_NO_MECHANISM: Final = ("a release was planned with a mechanism that its kind lacks", "plan it with the kind's own")


@dataclass(frozen=True)
class Spending:
    """What a site's ledger says, at the site's δ.

    Attributes:
        spent: ε of all that it has reserved and not voided.
        after: ε of that and the campaign together, as the ledger would compare it with the cap.
    """

    spent: float
    after: float


@dataclass(frozen=True)
class Clause:
    """One line of an effective policy.

    Attributes:
        name: What it is about.
        site: What the site says.
        campaign: What the campaign asks; None if it asks nothing, or there is none.
        in_force: The stricter of the two.
        reason: Why, in plain words.
        remedy: What to do about a refusal; empty where there is none.
        allowed: Whether the campaign asks for no more than the site allows.
        error: What a refusal is raised as.
    """

    name: str
    site: Term
    campaign: Term | None
    in_force: Term
    reason: str
    remedy: str = ""
    allowed: bool = True
    error: type[RefusedError] = PolicyRefused

    def as_dict(self) -> dict[str, Any]:
        """The line as plain values."""
        return {
            "clause": self.name,
            "site": self.site.plain,
            "campaign": None if self.campaign is None else self.campaign.plain,
            "in_force": self.in_force.plain,
            "reason": self.reason,
            "allowed": self.allowed,
        }


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
            BudgetExceeded: Only the budget does not.
        """
        for clause in self.clauses:
            if not clause.allowed:
                raise clause.error(clause.reason, clause.remedy)


def effective_policy(
    settings: SiteSettings, plan: CampaignPlan | None, space: tuple[str, int], spending: Spending | None = None
) -> EffectivePolicy:
    """The site's policy ∩ a campaign.

    The plan's ε is recomputed from its mechanisms; what the coordinator wrote beside them only has to be no smaller.

    Args:
        settings: What the site allows. They are checked again: whatever is missing or malformed refuses.
        plan: What the coordinator asks for; None shows the site's own policy.
        space: The embedding space that the site was prepared for: its name and a vector's length.
        spending: What the ledger says; without it nothing is said about what is left.

    Raises:
        PolicyRefused: A setting is missing or malformed.
    """
    _require_whole(settings)
    clauses = [
        *_promise(settings, plan),
        *_kinds(settings, plan),
        *_bounds(settings, plan, space),
        *([] if plan is None else _mechanisms(plan)),
    ]
    if plan is not None:
        clauses.append(_stated_cost(plan, accountable=all(clause.allowed for clause in clauses)))
    if spending is not None:
        clauses.append(_budget(settings, plan, spending))
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


def _require_whole(settings: SiteSettings) -> None:
    """Settings that were not read from a file, or changed since, are trusted no more than a file."""
    try:
        whole = SiteSettings.checked(settings.model_dump(warnings=False)) == settings
    except (FedaugError, AttributeError, TypeError, ValueError):
        whole = False
    if not whole:
        raise PolicyRefused("the site's settings are missing or malformed", "correct site.toml")


def _promise(settings: SiteSettings, plan: CampaignPlan | None) -> Iterator[Clause]:
    policy, privacy = settings.policy, settings.privacy
    yield _clause(
        "trust model",
        Among(_texts(policy.trust_models)),
        None if plan is None else Among((str(plan.trust_model),)),
        "policy.trust_models lists it",
        ("the plan's trust model is not in policy.trust_models", "allow it, or take no part"),
    )
    yield _clause(
        "unit",
        Exactly(str(privacy.unit)),
        None if plan is None else Exactly(str(plan.unit)),
        "whom ε protects is the site's promise: privacy.unit",
        ("the plan protects another unit than privacy.unit", "agree on the unit with the consortium"),
    )
    yield _clause(
        "δ",
        Exactly(privacy.delta),
        None if plan is None else Exactly(plan.delta),
        "all that the ledger adds up is stated at one δ: privacy.delta",
        ("the plan's δ is not privacy.delta", "agree on δ with the consortium"),
    )
    authority = settings.consortium.authority
    callers = "anybody who reaches it" if authority is None else f"coordinators that {authority} enrols"
    why = "consortium.authority is not set" if authority is None else "consortium.authority names who signs the list"
    yield Clause("who may ask", Exactly(callers), None, Exactly(callers), f"{why}; checked with each message")


def _kinds(settings: SiteSettings, plan: CampaignPlan | None) -> Iterator[Clause]:
    for kind in sorted(CHARGED):
        listed, asked = kind in settings.policy.release_kinds, bool(plan and _of_kind(plan, kind))
        if plan is None:
            why = f"policy.release_kinds {'lists' if listed else 'does not list'} it"
        else:
            why = "allowed by both" if asked else "not asked for" if listed else "not asked for, and forbidden"
        yield _clause(
            str(kind),
            Permission(listed),
            None if plan is None else Permission(asked),
            why,
            ("the plan holds a release outside policy.release_kinds", "allow it, or take no part"),
        )
    off = settings.policy.allow_noise_off
    noise_off = plan is not None and any(event.noise_off for event in plan.mechanisms)
    yield _clause(
        "releases without noise",
        Permission(off),
        None if plan is None else Permission(noise_off),
        "policy.allow_noise_off allows them: they promise nothing" if off else "policy.allow_noise_off is false",
        ("the plan adds no noise", "ask for a plan with noise, or set policy.allow_noise_off"),
    )


def _bounds(settings: SiteSettings, plan: CampaignPlan | None, space: tuple[str, int]) -> Iterator[Clause]:
    votes = [] if plan is None else _of_kind(plan, ReleaseKind.NOISY_VOTES)
    candidates = [event.dimensions for event in votes if isinstance(event, DiscreteGaussianEvent)]
    yield _clause(
        "candidates per vote",
        AtMost(settings.policy.max_candidates),
        AtMost(max(candidates)) if candidates else None,
        "policy.max_candidates",
        ("a vote of the plan has more candidates than policy.max_candidates", "allow them, or ask for fewer"),
    )
    whole = settings.privacy.unit is PrivacyUnit.SUBJECT
    yield _clause(
        "records per unit",
        AtMost(LIMITS.records_per_unit if whole else 1),
        None if plan is None else AtMost(plan.records_per_unit if whole else 1),
        "of a subject's records the first so many count" if whole else "a record is a unit by itself",
        ("the plan lets more of a unit's records count than this version does", "plan with fewer"),
    )
    yield _clause(
        "embedding space",
        Exactly(_space(*space)),
        None if plan is None else Exactly(_space(plan.encoder, plan.dimensions)),
        "the site's records are prepared for it",
        ("the plan is for another embedding space than the store's", "agree on the encoder"),
    )


def _mechanisms(plan: CampaignPlan) -> Iterator[Clause]:
    for kind in sorted(CHARGED):
        events = _of_kind(plan, kind)
        if not events:
            continue
        own = MECHANISM_OF[kind]
        yield _clause(
            f"{kind}: mechanism",
            Among((own.MECHANISM,)),
            Among(tuple(sorted({event.MECHANISM for event in events}))),
            "the one that this kind is made by",
            _NO_MECHANISM,
        )
        fitting = [event for event in events if isinstance(event, own)]
        steps = [event for event in fitting if isinstance(event, DiscreteGaussianEvent)]
        if steps:
            yield _clause(
                f"{kind}: sensitivity",
                AtLeast(SENSITIVITY),
                AtLeast(min(event.sensitivity for event in steps)),
                "what one unit adds is clipped to that L2 norm",
                ("a plan understates a release's sensitivity", "plan with sensitivity 1"),
            )
        grids = [
            event.grid / event.sensitivity
            for event in fitting
            if isinstance(event, (DiscreteGaussianEvent, SubsampledGaussianEvent))
        ]
        if grids:
            yield _clause(
                f"{kind}: grid",
                AtLeast(FINEST_GRID),
                AtLeast(min(grids)),
                "so many steps of the sensitivity keep every sum exact in 64 bits",
                ("a release was planned on too fine a grid", "plan with a coarser grid, or more noise"),
            )


def _stated_cost(plan: CampaignPlan, *, accountable: bool) -> Clause:
    """Worked out only for what is allowed so far: accounting takes a while, and a stranger chose the events."""
    cost = math.nan  # which refuses
    if accountable:
        with suppress(FedaugError):  # a mechanism that has no ε
            cost = epsilon(plan.mechanisms, plan.delta)
    return _clause(
        "ε that the plan states",
        AtLeast(cost),
        AtLeast(plan.epsilon),
        f"its events cost ε {cost:.6g}, worked out anew",
        (
            f"the plan costs more than it states (ε {cost:.6g}, worked out anew)"
            if accountable
            else "the plan's ε is not worked out while another line refuses it",
            "ask the coordinator to plan it anew",
        ),
    )


def _budget(settings: SiteSettings, plan: CampaignPlan | None, spending: Spending) -> Clause:
    cap = settings.privacy.epsilon
    left = max(cap - spending.spent, 0.0) if math.isfinite(cap) else math.inf
    stands = f"ε {spending.spent:.4g} is spent and {left:.4g} left"
    return _clause(
        "ε of all campaigns together",
        AtMost(cap),
        None if plan is None else AtMost(spending.after),
        f"{stands}: privacy.epsilon is the cap",
        (
            f"the site's budget cannot carry the plan: {stands}, with it ε would be {spending.after:.6g}",
            "plan with more noise or fewer releases, or have the site raise its cap",
        ),
        BudgetExceeded,
    )


def _clause(
    name: str,
    site: _Term,
    campaign: _Term | None,
    reason: str,
    refusal: _Remedy,
    error: type[RefusedError] = PolicyRefused,
) -> Clause:
    if campaign is None:
        return Clause(name, site, None, site, reason)
    met = site.meet(campaign)
    if site.allows(campaign):
        return Clause(name, site, campaign, met, reason)
    what, todo = refusal
    return Clause(name, site, campaign, met, what, todo, allowed=False, error=error)


def _of_kind(plan: CampaignPlan, kind: ReleaseKind) -> list[Event]:
    return [event for event in plan.mechanisms if event.release is kind]


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, values)))


def _space(name: str, dimensions: int) -> str:
    return f"{name} ({dimensions} dimensions)"

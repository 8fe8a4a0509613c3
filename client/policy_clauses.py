"""The lines of an effective policy: what the site says, what the campaign asks, and the stricter of the two."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeVar

from fedaug.augmentation.language.base_model import base_digest, base_name, most_tokens, trained_numbers
from fedaug.client.answers import CLIPPED_TO_ONE, MECHANISM_OF, SENSITIVITY, finest_grid
from fedaug.client.policy_terms import Among, AtLeast, AtMost, Exactly, Permission, Term
from fedaug.client.settings import AdaptationSettings, SiteSettings
from fedaug.errors import AlreadyReleased, BudgetExceeded, FedaugError, PolicyRefused, RefusedError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import (
    CHARGED,
    AboveThresholdEvent,
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

_HASH_SHOWN: Final = 16
_NO_MECHANISM: Final = ("a release was planned with a mechanism that its kind lacks", "plan it with the kind's own")


@dataclass(frozen=True)
class Spending:
    """What a site's ledger says, at the site's δ.

    Attributes:
        spent: ε of all that it has reserved and not voided.
        after: ε of that and the campaign together, as the ledger would compare it with the cap.
        taken: Whether it knows the campaign's name with another plan.
    """

    spent: float
    after: float
    taken: bool = False


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


def promise_clauses(settings: SiteSettings, plan: CampaignPlan | None, listed: str = "") -> Iterator[Clause]:
    """Trust model, unit, δ, and who may ask; ``listed`` is how the consortium's list stands, if that is known."""
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
    why = f"{why}; {listed}" if listed else why
    yield Clause("who may ask", Exactly(callers), None, Exactly(callers), f"{why}; checked with each message")


def kind_clauses(settings: SiteSettings, plan: CampaignPlan | None) -> Iterator[Clause]:
    """Which kinds of release leave, and whether any leaves without noise."""
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


def bound_clauses(settings: SiteSettings, plan: CampaignPlan | None, space: tuple[str, int]) -> Iterator[Clause]:
    """How many candidates and records, and in which embedding space."""
    votes = [] if plan is None else _of_kind(plan, ReleaseKind.NOISY_VOTES)
    candidates = [event.dimensions for event in votes if isinstance(event, DiscreteGaussianEvent)]
    if plan is not None and plan.nearness is not None:
        candidates.append(plan.nearness.candidates)
    yield _clause(
        "candidates per vote",
        AtMost(settings.policy.max_candidates),
        AtMost(max(candidates)) if candidates else None,
        "policy.max_candidates",
        ("a question of the plan has more candidates than policy.max_candidates", "allow them, or ask for fewer"),
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


def sample_clauses(settings: SiteSettings, plan: CampaignPlan | None) -> Iterator[Clause]:
    """Whose texts the site offers, and whether gates that read its records decide about them."""
    asked = None if plan is None else plan.samples
    if plan is not None and asked is None:
        return
    yield _clause(
        "texts of",
        Among(settings.samples.generators),
        None if asked is None else Among((asked.generator,)),
        "samples.generators lists whose texts are offered",
        ("the plan asks for texts of a generator outside samples.generators", "allow it, or take no part"),
    )
    yield _clause(
        "batches outside DP",
        Permission(settings.samples.site_gates_block),
        None if asked is None else Permission(asked.outside_dp),
        "samples.site_gates_block: no ε holds for such a batch",
        ("the plan asks for a batch outside DP", "set samples.site_gates_block, or take no part"),
    )


def adaptation_clauses(settings: SiteSettings, plan: CampaignPlan | None) -> Iterator[Clause]:
    """Whether a language model is adapted to the records, which one, and how much work that may be."""
    own, terms = settings.adaptation, None if plan is None else plan.adaptation
    if plan is not None and terms is None:
        return
    event = None if plan is None else plan.adapter_event
    yield _clause(
        "language model adapted",
        Permission(own.allowed),
        None if terms is None else Permission(True),
        f"adaptation.allowed is {'true' if own.allowed else 'false'}",
        ("the plan has a language model adapted, which adaptation.allowed forbids", "allow it, or take no part"),
    )
    yield _clause(
        "adapter leaves",
        Permission(own.share),
        None if terms is None else Permission(terms.share_adapter),
        "adaptation.share: it is as private as what is made with it",
        ("the plan asks for the adapter itself, which adaptation.share forbids", "allow it, or take no part"),
    )
    yield _clause(
        "training steps",
        AtMost(own.max_steps),
        None if event is None else AtMost(event.steps),
        "adaptation.max_steps",
        ("the plan trains for more steps than adaptation.max_steps", "allow them, or take no part"),
    )
    yield _clause(
        "tokens of a record or text",
        AtMost(own.max_tokens if terms is None else _tokens(own)),
        None if terms is None else AtMost(max(terms.max_tokens, terms.text_tokens)),
        "adaptation.max_tokens, and what the model takes",
        ("the plan reads or writes more tokens than adaptation.max_tokens or the model takes", "ask for fewer"),
    )
    yield _clause(
        "base model",
        Exactly(_told_model(base_name(own.model), None if terms is None else _digest_or_none(own.model))),
        None if terms is None else Exactly(_told_model(base_name(own.model), terms.weights)),
        "adaptation.model names the one that this site has",
        ("the site's base model is another than the plan's", "name the plan's in adaptation.model"),
    )
    if terms is not None and event is not None and _digest_or_none(own.model) == terms.weights:
        yield _clause(
            "weights that are trained",
            Exactly(trained_numbers(own.model, terms.adapter)),
            Exactly(event.dimensions),
            "as many as the model's adapters have",
            ("the adaptation is charged for another number of weights than it trains", "ask for another plan"),
        )


def mechanism_clauses(plan: CampaignPlan) -> Iterator[Clause]:
    """What the plan states of each kind that it asks for, and what the site executes."""
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
        steps = [event for event in fitting if isinstance(event, CLIPPED_TO_ONE)]
        if steps:
            yield _clause(
                f"{kind}: sensitivity",
                AtLeast(SENSITIVITY),
                AtLeast(min(event.sensitivity for event in steps)),
                "what one unit adds is clipped to that",
                ("a plan understates a release's sensitivity", "plan with sensitivity 1"),
            )
        grids = [
            event.grid / event.sensitivity
            for event in fitting
            if isinstance(event, (DiscreteGaussianEvent, SubsampledGaussianEvent, AboveThresholdEvent))
        ]
        if grids:
            yield _clause(
                f"{kind}: grid",
                AtLeast(max(map(finest_grid, fitting))),
                AtLeast(min(grids)),
                "so many steps of the sensitivity keep every sum exact in 64 bits",
                ("a release was planned on too fine a grid", "plan with a coarser grid, or more noise"),
            )


def cost_clause(plan: CampaignPlan, *, accountable: bool) -> Clause:
    """The ε that the plan states, against what it costs.

    Worked out for mechanisms that the site executes only: accounting takes a while, and a stranger chose them.
    """
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
            else "the plan's ε is not worked out, since a mechanism of it is refused",
            "ask the coordinator to plan it anew",
        ),
    )


def ledger_clauses(settings: SiteSettings, plan: CampaignPlan | None, spending: Spending) -> Iterator[Clause]:
    """What the ledger says to the plan."""
    if plan is not None:
        yield _clause(
            "this plan under its name",
            Permission(not spending.taken),
            Permission(True),
            "the ledger knows no other plan of that name",
            ("the campaign is known with another plan", "plan it as a new campaign, which is charged anew"),
            AlreadyReleased,
        )
    cap = settings.privacy.epsilon
    left = max(cap - spending.spent, 0.0) if math.isfinite(cap) else math.inf
    stands = f"ε {spending.spent:.4g} is spent and {left:.4g} left"
    yield _clause(
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


def _tokens(own: AdaptationSettings) -> int:
    try:
        return min(own.max_tokens, most_tokens(own.model))
    except FedaugError:  # another line refuses
        return own.max_tokens


def _told_model(name: str, weights: str | None) -> str:
    return name if weights is None else f"{name} ({weights[:_HASH_SHOWN]})"


def _digest_or_none(model: str) -> str | None:
    """None where the site has no usable model: a campaign that asks for one is refused, and no other."""
    try:
        return base_digest(model)
    except FedaugError:
        return None


def _texts(values: tuple[object, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(map(str, values)))


def _space(name: str, dimensions: int) -> str:
    return f"{name} ({dimensions} dimensions)"

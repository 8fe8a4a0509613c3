"""The effective policy: the site's and the campaign's, never looser than the site's, with a reason for each line."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.nearness import support_event
from tests.small import KINDS, LABELS, event, events, make_plan

from fedaug.client import policy_terms
from fedaug.client.answers import MECHANISM_OF, require_covered
from fedaug.client.policy import EffectivePolicy, Spending, effective_policy, require_allowed
from fedaug.client.policy_terms import Among, AtLeast, AtMost, Exactly, Permission, Term
from fedaug.client.settings import PolicySettings, SiteSettings
from fedaug.errors import AlreadyReleased, BudgetExceeded, ConfigError, InvalidBudget, PolicyRefused
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import CHARGED, LaplaceEvent, ReleaseKind
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import PrivacyUnit
from fedaug.strategies.messages import CampaignPlan, NearnessTest, SampleOffer, TrustModel

SPACE = ("small", 8)
VALUES: dict[str, Any] = {
    "name": "st-mary",
    "source": {"path": "notes.csv", "columns": {"text": "note", "subject_id": "patient"}},
    "privacy": {"unit": "subject", "epsilon": 4.0, "delta": 1e-5},
}
AUTHORITY = "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"


def site(samples: dict[str, Any] | None = None, **policy: Any) -> SiteSettings:
    return SiteSettings.checked(VALUES | {"policy": policy, "samples": samples or {}})


def clause(policy: EffectivePolicy, name: str) -> Any:
    return next(found for found in policy.clauses if found.name == name)


def looser(effective: EffectivePolicy, settings: SiteSettings) -> Iterator[str]:
    """Lines that leave more in force than the site's settings say; knows nothing of how they are put together."""
    policy, privacy = settings.policy, settings.privacy
    for line in effective.clauses:
        now = line.in_force
        match line.name:
            case "trust model":
                held = set(now.values) <= {str(model) for model in policy.trust_models}
            case "unit":
                held = now.value in (None, str(privacy.unit))
            case "δ":
                held = now.value in (None, privacy.delta)
            case "releases without noise":
                held = not now.granted or policy.allow_noise_off is True
            case "candidates per vote":
                held = now.value <= policy.max_candidates
            case "records per unit":
                held = now.value <= (1 if privacy.unit is PrivacyUnit.RECORD else LIMITS.records_per_unit)
            case "texts of":
                held = set(now.values) <= set(settings.samples.generators)
            case "batches outside DP":
                held = not now.granted or settings.samples.site_gates_block is True
            case "language model adapted":
                held = not now.granted or settings.adaptation.allowed is True
            case "adapter leaves":
                held = not now.granted or settings.adaptation.share is True
            case "training steps":
                held = now.value <= settings.adaptation.max_steps
            case "tokens of a record or text":
                held = now.value <= settings.adaptation.max_tokens
            case "base model":
                held = now.value in (None, line.site.value)
            case "embedding space":
                held = now.value in (None, f"{SPACE[0]} ({SPACE[1]} dimensions)")
            case "who may ask":
                held = now == line.site
            case "ε of all campaigns together":
                held = now.value <= privacy.epsilon
            case "ε that the plan states" | "this plan under its name":
                held = True  # no setting of the site's
            case name if name in set(ReleaseKind):
                held = not now.granted or name in policy.release_kinds
            case name if name.endswith(": mechanism"):
                held = set(now.values) <= {MECHANISM_OF[ReleaseKind(name.split(":")[0])].MECHANISM}
            case name if name.endswith(": sensitivity"):
                held = now.value >= 1
            case name if name.endswith(": grid"):
                held = now.value >= 2.0**-34
            case name:
                raise AssertionError(f"nothing is known of a line named {name}")
        if not held:
            yield line.name


NOISES = st.sampled_from([0.0, 0.5, 2.0, 20.0])
SITES = st.fixed_dictionaries(
    {
        "trust_models": st.lists(st.sampled_from(list(TrustModel)), unique=True),
        "release_kinds": st.lists(st.sampled_from(sorted(CHARGED)), unique=True),
        "allow_noise_off": st.booleans(),
        "max_candidates": st.sampled_from([1, 5, 999, 1_000, 1_001, LIMITS.candidates]),
        "samples": st.fixed_dictionaries(
            {
                "generators": st.lists(st.sampled_from(["label-phrases", "other"]), unique=True),
                "site_gates_block": st.booleans(),
            }
        ),
    }
)
ABOVE = support_event().as_dict()
PLANS = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(list(PrivacyUnit)),
        "delta": st.sampled_from([1e-6, 1e-5, 1e-4]),
        "epsilon": st.sampled_from([0.1, 4.0, 1e6, "inf"]),
        "trust_model": st.sampled_from(list(TrustModel)),
        "encoder": st.sampled_from(["small", "other"]),
        "dimensions": st.sampled_from([8, 16]),
        "records_per_unit": st.sampled_from([1, 100, LIMITS.records_per_unit]),
        "nearness": st.builds(NearnessTest, radius=st.just(0.5), units=st.just(3), candidates=st.sampled_from([5, 6])),
        "samples": st.none()
        | st.builds(
            SampleOffer,
            generator=st.sampled_from(["label-phrases", "unheard-of"]),
            count=st.just(9),
            outside_dp=st.booleans(),
        ),
        "events": st.lists(
            st.tuples(st.sampled_from(sorted(KINDS)), NOISES, st.sampled_from([0.5, 1.0, 2.0])),
            min_size=1,
            unique_by=lambda drawn: drawn[0],
        ).map(lambda drawn: [event(key, KINDS[key], noise, sensitivity=size) for key, noise, size in drawn])
        | st.just([ABOVE])
        | st.just([ABOVE | {"sensitivity": 0.5}]),
    }
)
SPENDINGS = st.none() | st.builds(
    Spending, st.sampled_from([0.0, 3.0, math.inf]), st.sampled_from([0.0, 4.0, 4.1, math.inf, math.nan]), st.booleans()
)


@settings(deadline=None, max_examples=300)
@given(values=SITES, plan=st.none() | PLANS.map(lambda changes: make_plan(**changes)), spending=SPENDINGS)
def test_what_is_in_force_is_never_looser_than_the_sites_policy(
    values: dict[str, Any], plan: CampaignPlan | None, spending: Spending | None
) -> None:
    own = site(**values)
    found = effective_policy(own, plan, SPACE, spending)
    assert len(found.clauses) >= 13
    assert list(looser(found, own)) == []
    if plan is None:
        assert found.allowed
        assert all(line.in_force == line.site for line in found.clauses)
    for line in found.clauses:
        assert line.reason
        assert line.allowed == (line.campaign is None or line.in_force == line.campaign or not _asks(line.campaign))


def _asks(term: Term) -> bool:
    return term != Permission(False)


@settings(deadline=None, max_examples=300)
@given(values=SITES, plan=PLANS.map(lambda changes: make_plan(**changes)))
def test_an_allowed_plan_keeps_every_rule_of_the_site(values: dict[str, Any], plan: CampaignPlan) -> None:
    own = site(**values)
    asked, support = plan.samples, ReleaseKind.NOISY_SUPPORT in {planned.release for planned in plan.mechanisms}
    allowed = (
        plan.trust_model in own.policy.trust_models
        and plan.unit is own.privacy.unit
        and plan.delta == own.privacy.delta
        and (plan.encoder, plan.dimensions) == SPACE
        and all(planned.release in own.policy.release_kinds for planned in plan.mechanisms)
        and (own.policy.allow_noise_off or not any(planned.noise_off for planned in plan.mechanisms))
        and all(covered(planned) for planned in plan.mechanisms)
        and ("votes/0" not in {planned.key for planned in plan.mechanisms} or own.policy.max_candidates >= 1_000)
        and (plan.nearness is None or own.policy.max_candidates >= plan.nearness.candidates)
        and (not support or "NoisySupport" in own.policy.release_kinds)
        and (asked is None or asked.generator in own.samples.generators)
        and (asked is None or not asked.outside_dp or own.samples.site_gates_block)
        and epsilon(plan.mechanisms, plan.delta) <= plan.epsilon
    )
    if allowed:
        require_allowed(plan, own, SPACE)
    else:
        with pytest.raises(PolicyRefused):
            require_allowed(plan, own, SPACE)


def covered(planned: Any) -> bool:
    try:
        require_covered(planned)
    except PolicyRefused:
        return False
    return True


UNIONS = {
    Among: lambda self, other: Among((*self.values, *other.values)),
    AtMost: lambda self, other: AtMost(max(self.value, other.value)),
    AtLeast: lambda self, other: AtLeast(min(self.value, other.value)),
    Permission: lambda self, other: Permission(self.granted or other.granted),
    Exactly: lambda self, other: other,
}


@pytest.mark.parametrize("term", UNIONS, ids=lambda term: term.__name__)
def test_a_union_in_place_of_the_intersection_is_noticed(term: type, monkeypatch: pytest.MonkeyPatch) -> None:
    """The seeded defect: each kind of term in turn takes the looser of the two."""
    own = site(release_kinds=["NoisyCounts"], max_candidates=5)
    votes = event("votes/0", KINDS["votes/0"], 20.0, sensitivity=0.5)
    plan = make_plan(events=[votes], trust_model=TrustModel.TRUSTED_COORDINATOR, unit=PrivacyUnit.RECORD)
    assert list(looser(effective_policy(own, plan, SPACE), own)) == []
    monkeypatch.setattr(term, "meet", UNIONS[term])
    assert list(looser(effective_policy(own, plan, SPACE), own))


@pytest.mark.parametrize("value", [None, 0, 1, "false", [], {}], ids=repr)
@pytest.mark.parametrize("field", PolicySettings.model_fields)
def test_a_missing_or_malformed_policy_refuses(field: str, value: object) -> None:
    """As a file it is no site; set behind the file's back it lets no campaign in, and neither does an empty list."""
    require_allowed(make_plan(), site(), SPACE)
    try:
        own = site(**{field: value})
    except ConfigError:
        forced = site().policy.model_copy(update={field: value})
        own = site().model_copy(update={"policy": forced})
    with pytest.raises(PolicyRefused):
        require_allowed(make_plan(), own, SPACE)


@pytest.mark.parametrize("table", ["policy", "privacy", "consortium", "samples"])
@pytest.mark.parametrize("value", [None, 0, "false", [], {}], ids=repr)
def test_settings_without_a_whole_table_refuse(table: str, value: object) -> None:
    with pytest.raises(PolicyRefused, match="missing or malformed"):
        effective_policy(site().model_copy(update={table: value}), make_plan(), SPACE)


@pytest.mark.parametrize(("field", "value"), [("delta", 0), ("delta", None), ("epsilon", math.nan), ("unit", "ward")])
def test_a_promise_that_is_none_refuses(field: str, value: object) -> None:
    privacy = site().privacy.model_copy(update={field: value})
    with pytest.raises(PolicyRefused, match="missing or malformed"):
        effective_policy(site().model_copy(update={"privacy": privacy}), make_plan(), SPACE)
    with pytest.raises((ConfigError, InvalidBudget)):
        SiteSettings.checked(VALUES | {"privacy": VALUES["privacy"] | {field: value}})


def test_each_line_says_why() -> None:
    own = SiteSettings.checked(
        VALUES | {"policy": {"release_kinds": ["NoisyVotes"]}, "consortium": {"authority": AUTHORITY}}
    )
    found = effective_policy(own, make_plan(), SPACE)
    assert clause(found, "NoisyUpdate").reason == "not asked for, and forbidden"
    assert clause(found, "NoisyVotes").reason == "allowed by both"
    refused = clause(found, "NoisyCounts")
    assert not refused.allowed
    assert "outside policy.release_kinds" in refused.reason
    assert AUTHORITY in str(clause(found, "who may ask").in_force)
    assert not found.allowed
    with pytest.raises(PolicyRefused, match="outside policy"):
        found.require()


def test_the_ledgers_word_is_a_line_of_its_own() -> None:
    plan = make_plan()
    assert effective_policy(site(), plan, SPACE, Spending(0.0, 4.0)).allowed
    for after in (4.0001, math.inf, math.nan):
        with pytest.raises(BudgetExceeded, match="cannot carry"):
            effective_policy(site(), plan, SPACE, Spending(1.0, after)).require()
    with pytest.raises(AlreadyReleased, match="another plan"):
        effective_policy(site(), plan, SPACE, Spending(1.0, 1.0, taken=True)).require()


def test_a_mechanism_that_the_kind_lacks_is_refused_before_it_is_accounted_for(monkeypatch: pytest.MonkeyPatch) -> None:
    def accountant(*_: object) -> float:
        raise AssertionError("a stranger's events were accounted for")

    laplace = LaplaceEvent("counts", ReleaseKind.NOISY_COUNTS, 1.0, 2.0**12, 1.0, len(LABELS))
    plan = make_plan(events=[laplace.as_dict()])
    monkeypatch.setattr("fedaug.client.policy_clauses.epsilon", accountant)
    found = effective_policy(site(), plan, SPACE)
    with pytest.raises(PolicyRefused, match="its kind lacks"):
        found.require()
    assert math.isnan(clause(found, "ε that the plan states").site.value)
    assert clause(found, "ε that the plan states").as_dict()["site"] == "unknown"


def test_more_candidates_than_the_site_takes_are_refused_before_anything_is_reserved() -> None:
    few = make_plan(events=events(5.0, ["votes/0"], dimensions=5))
    require_allowed(few, site(max_candidates=5), SPACE)
    with pytest.raises(PolicyRefused, match=r"policy\.max_candidates"):
        require_allowed(few, site(max_candidates=4), SPACE)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_no_number_that_is_not_finite_loosens_a_cap(value: float) -> None:
    assert AtMost(3.0).meet(AtMost(value)) == AtMost(3.0)
    assert not AtMost(3.0).allows(AtMost(value))
    assert not AtLeast(math.nan).allows(AtLeast(value))


def test_every_term_is_met_by_itself() -> None:
    terms = [Exactly("a"), AtMost(1.0), AtLeast(1.0), Among(("a", "b")), Permission(True)]
    assert {type(term) for term in terms} == set(policy_terms.Term.__args__)
    for term in terms:
        assert term.meet(term) == term  # type: ignore[arg-type]  # each is of one class
        assert term.allows(term)  # type: ignore[arg-type]  # as above

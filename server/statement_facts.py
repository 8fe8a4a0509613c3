"""From a campaign's result to its privacy statement."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import datetime
from importlib.metadata import version
from pathlib import Path
from typing import Final

from fedaug.augmentation.datasets import catalogue
from fedaug.augmentation.registry import public_name
from fedaug.privacy.events import Event
from fedaug.privacy.units import ADJACENCY, PrivacyUnit
from fedaug.server import statement_words as words
from fedaug.server.campaign import CampaignConfig
from fedaug.server.coordinator import CampaignResult
from fedaug.server.schooling import Heldout
from fedaug.server.statement import (
    Accountant,
    Authentication,
    BaseModel,
    Composition,
    Corpus,
    Exclusion,
    Mechanisms,
    PrivacyParameters,
    PrivacyStatement,
    PublicInputs,
    QueryModel,
    Trust,
    TrustStatement,
    Tuning,
    UnitOfPrivacy,
)
from fedaug.server.statement_costs import FilterCharge, Loss, accounted_by, contribution_norms
from fedaug.strategies.messages import CampaignPlan

_LIBRARY: Final = "dp-accounting"
_CLOSED_FORM: Final = "Balle & Wang 2018, theorem 8; Dong, Roth & Su 2022, corollary 3.3"
_BUCKETS: Final = "Koskela, Jälkö & Honkela 2020; Doroshenko et al. 2022"


def state(
    result: CampaignResult, heldout: Heldout | None, created: datetime, fedaug_version: str, *, simulated: bool
) -> PrivacyStatement:
    """The privacy statement of a campaign: what its sites signed up to, whatever of it arrived.

    Args:
        result: The campaign.
        heldout: The texts that its student was scored on.
        created: When the statement is made, with its time zone.
        fedaug_version: The version that makes it.
        simulated: Whether sites were virtual ones in one place.
    """
    config, plan = result.config, result.plan
    events = plan.mechanisms
    outside = result.outside_dp
    parameters = privacy_parameters(plan, config.privacy.max_sites_per_unit, outside)
    none = words.NOISE_OFF if any(event.noise_off for event in events) else words.NO_BOUND
    none = words.OUTSIDE_DP if outside else none
    return PrivacyStatement(
        title=config.title,
        campaign=plan.campaign,
        plan=plan.digest,
        created=created,
        fedaug_version=fedaug_version,
        simulated=simulated,
        not_stated=none if parameters.per_site.epsilon is None else None,
        privacy_parameters=parameters,
        unit_of_privacy=_unit(plan, events),
        mechanisms=Mechanisms(
            number_of_sites=len(result.sites),
            sites=result.sites,
            events=tuple(event.as_dict() for event in events),
        ),
        composition=_composition(events, plan.delta, fedaug_version, charged=not outside),
        trust_model=_trust(plan, enrolled=result.enrolled, simulated=simulated),
        query_model=QueryModel(kind="non_interactive", meaning=words.QUERY_MODEL),
        tuning=Tuning(tuning_runs=config.privacy.tuning_runs, note=words.TUNING),
        public_inputs=_public_inputs(config, plan, heldout),
        data_collection_exposure=words.COLLECTION,
        side_channels=words.SIDE_CHANNELS,
        utility_and_bias=words.BIAS,
        exclusions=tuple(
            Exclusion(subject=subject, meaning=meaning)
            for subject, meaning in words.exclusions(events, plan.unit, simulated=simulated)
        ),
        outside_dp=outside,
    )


def privacy_parameters(
    plan: CampaignPlan, max_sites_per_unit: int, outside_dp: Sequence[str] = ()
) -> PrivacyParameters:
    """What a plan costs at one site, and over so many sites as may hold data of one unit.

    A site is charged for the whole plan and not for what arrived: a reply that was lost, or refused here, had left it.
    All sites run the same plan, so the costliest ones together are so many times that plan.

    Args:
        plan: What they agreed to.
        max_sites_per_unit: How many sites may hold data of one unit.
        outside_dp: Sites that let out a batch outside DP; nothing is stated then.
    """
    events, nothing = plan.mechanisms, Loss(epsilon=None, slack=None)
    return PrivacyParameters(
        per_site=nothing if outside_dp else Loss.of(events, plan.delta),
        consortium=nothing if outside_dp else Loss.of(events * max_sites_per_unit, plan.delta),
        delta=plan.delta,
        planned_epsilon=None if outside_dp or math.isinf(plan.epsilon) else plan.epsilon,
        max_sites_per_unit=max_sites_per_unit,
    )


def _unit(plan: CampaignPlan, events: tuple[Event, ...]) -> UnitOfPrivacy:
    return UnitOfPrivacy(
        unit=plan.unit,
        adjacency=ADJACENCY,
        records_per_unit=1 if plan.unit is PrivacyUnit.RECORD else plan.records_per_unit,
        contribution_norms=contribution_norms(events),
        enforced_by=words.enforced_by(events, plan.unit),
    )


def _composition(events: Sequence[Event], delta: float, fedaug_version: str, *, charged: bool) -> Composition:
    method, interval = accounted_by(events)
    return Composition(
        accountant=Accountant(
            name="fedaug.privacy.accounting",
            version=fedaug_version,
            method=method,
            reference=_CLOSED_FORM if method == "closed_form" else _BUCKETS,
            library=_LIBRARY,
            library_version=version(_LIBRARY),
            discretisation_interval=interval,
            pessimistic=True,
        ),
        scope="this_campaign",
        within_campaign=words.WITHIN,
        across_campaigns=words.ACROSS,
        filter=words.FILTER,
        filter_reference=words.FILTER_REFERENCE,
        charge=FilterCharge.of(events, delta) if charged else None,
        unknown_to_the_coordinator=words.UNKNOWN_TO_COORDINATOR,
    )


def _trust(plan: CampaignPlan, *, enrolled: bool, simulated: bool) -> TrustStatement:
    meaning = words.ENROLLED if enrolled else words.FIRST_USE
    return TrustStatement(
        model=plan.trust_model,
        noise_added_by=words.ADDS_NOISE[plan.trust_model],
        parties=tuple(Trust(party=party, trusted_with=what) for party, what in words.TRUSTED[plan.trust_model]),
        authentication=Authentication(
            method="enrolled" if enrolled else "trust_on_first_use",
            meaning=meaning + (words.VIRTUAL if simulated else ""),
        ),
    )


def _public_inputs(config: CampaignConfig, plan: CampaignPlan, heldout: Heldout | None) -> PublicInputs:
    licence, pretraining = words.ENCODERS.get(plan.encoder, words.UNKNOWN_ENCODER)
    generators = (public_name(source.generator) for source in config.candidates)
    return PublicInputs(
        labels=plan.labels,
        label_words=config.label_words,
        generators=tuple(dict.fromkeys((*generators, *config.steering.operators))),
        corpora=corpora(config),
        gates=tuple(gate.gate for gate in config.gates),
        encoder=plan.encoder,
        encoder_licence=licence,
        encoder_pretraining=pretraining,
        held_out=None if heldout is None else heldout.description or "texts without a description",
        base_model=_base_model(plan),
    )


def _base_model(plan: CampaignPlan) -> BaseModel | None:
    terms = plan.adaptation
    if terms is None:
        return None
    licence, pretraining = words.LANGUAGE_MODELS.get(terms.model, words.UNKNOWN_LANGUAGE_MODEL)
    return BaseModel(name=terms.model, weights=terms.weights, licence=licence, pretraining=pretraining)


def corpora(config: CampaignConfig) -> tuple[Corpus, ...]:
    """The public text collections that a campaign's candidates may come from."""
    known = catalogue()
    needed: dict[str, bool] = {}
    for source in config.candidates:
        for name in source.corpora:
            needed[name] = needed.get(name, False) or not source.optional
    return tuple(
        Corpus(
            name=name if name in known else Path(name).name,  # a path tells of the coordinator's machine
            title=known[name].title if name in known else "a file of the coordinator's own",
            licence=known[name].licence if name in known else "not stated",
            optional=not always,
        )
        for name, always in needed.items()
    )

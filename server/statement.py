"""A campaign's privacy statement: what is promised to whom, under which assumptions, and what is not.

Fields follow NIST SP 800-226, "Guidelines for Evaluating Differential Privacy Guarantees" (2025): the parts of its
differential privacy pyramid from ε down to the exposure of data at collection. Every figure is worked out from the
plan's events by :mod:`fedaug.privacy.accounting`, and is worked out again when a statement is read: one that does not
bear its own figures out is no statement.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    AwareDatetime,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
    model_validator,
)

from fedaug.errors import FedaugError, InputError, MissingFile
from fedaug.privacy.canonical import parse_json
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.units import PrivacyUnit
from fedaug.server.statement_costs import FilterCharge, Loss, Method, Part, accounted_by, contribution_norms
from fedaug.strategies.messages import TrustModel

FORMAT: Final = "fedaug-privacy-statement/1"
FILE: Final = "privacy_statement.json"
Texts = Annotated[tuple[str, ...], Field(min_length=1)]


class PrivacyParameters(Part):
    """How strong the promise is.

    Attributes:
        per_site: Against everything that one site let out in this campaign.
        consortium: Against everything that all sites let out, if a unit's data lie at ``max_sites_per_unit`` sites.
        delta: At which both are stated.
        planned_epsilon: What the plan may cost at most; null where it was not to be bounded.
    """

    per_site: Loss
    consortium: Loss
    delta: Annotated[float, Field(gt=0, lt=1)]
    planned_epsilon: Annotated[float, Field(gt=0)] | None
    max_sites_per_unit: Annotated[int, Field(ge=1, le=LIMITS.sites)]


class UnitOfPrivacy(Part):
    """Whose presence is hidden, and what bounds its contribution.

    Attributes:
        records_per_unit: At most so many of a unit's records count in any release.
        contribution_norms: The L2 norms to which a unit's contribution is clipped, one for each that occurs.
    """

    unit: PrivacyUnit
    adjacency: Literal["add_or_remove_one"]
    records_per_unit: Annotated[int, Field(ge=1)]
    contribution_norms: tuple[Annotated[float, Field(gt=0)], ...]
    enforced_by: Texts


class Mechanisms(Part):
    """What every site ran; all ran the same plan, so it is listed once.

    Attributes:
        sites: Who agreed to the plan and is charged for it.
        events: Each release as it was signed.
    """

    number_of_sites: Annotated[int, Field(ge=0)]
    sites: tuple[str, ...]
    events: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=LIMITS.plan_events)]

    @property
    def typed(self) -> tuple[Event, ...]:
        """The events, typed."""
        return tuple(event_from_dict(event) for event in self.events)


class Accountant(Part):
    """Who worked the figures out.

    Attributes:
        method: ``closed_form`` of the Gaussian privacy loss where all mechanisms are Gaussian, else
            ``privacy_loss_distribution``.
        library: What composes privacy loss distributions.
        discretisation_interval: Width of a bucket of privacy loss; null for the closed form, which has none.
        pessimistic: Whether every rounding is towards a larger ε.
    """

    name: str
    version: str
    method: Method
    reference: str
    library: str
    library_version: str
    discretisation_interval: Annotated[float, Field(gt=0)] | None
    pessimistic: Literal[True]


class Composition(Part):
    """What is composed here, and what elsewhere.

    Attributes:
        scope: The coordinator states one campaign.
        filter: What each site's ledger composes campaigns with.
        charge: What this campaign counts in it, against a cap with the same δ; null if no filter can carry it.
    """

    accountant: Accountant
    scope: Literal["this_campaign"]
    within_campaign: str
    across_campaigns: str
    filter: str
    filter_reference: str
    charge: FilterCharge | None
    unknown_to_the_coordinator: Texts


class Trust(Part):
    """What somebody is trusted with."""

    party: str
    trusted_with: str


class Authentication(Part):
    """How messages are known to be somebody's."""

    method: Literal["enrolled", "trust_on_first_use"]
    meaning: str


class TrustStatement(Part):
    """Who has to be trusted, and with what."""

    model: TrustModel
    noise_added_by: str
    parties: Annotated[tuple[Trust, ...], Field(min_length=1)]
    authentication: Authentication


class QueryModel(Part):
    """What may be asked, and when that was decided."""

    kind: Literal["non_interactive"]
    meaning: str


class Tuning(Part):
    """What choosing the settings has cost.

    Attributes:
        tuning_runs: Campaigns that were run on these records to choose settings, by the campaign's own word.
    """

    tuning_runs: Annotated[int, Field(ge=0)]
    note: str


class Corpus(Part):
    """A public text collection that candidates may come from.

    Attributes:
        optional: Whether the campaign goes on without it where it is not on the coordinator's machine.
    """

    name: str
    title: str
    licence: str
    optional: bool


class BaseModel(Part):
    """The language model that sites adapted, as it was before.

    Attributes:
        weights: SHA-256 of its files, as the plan names it.
    """

    name: str
    weights: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    licence: str
    pretraining: str


class PublicInputs(Part):
    """What is taken as public, so that reading it costs nothing.

    Attributes:
        generators: What made candidates, and what varied them.
        held_out: The real texts that the student is scored on; null if there were none.
        base_model: What sites adapted; left out of the file where they adapted none.
    """

    labels: tuple[str, ...]
    label_words: dict[str, str]
    generators: tuple[str, ...]
    corpora: tuple[Corpus, ...]
    gates: tuple[str, ...]
    encoder: str
    encoder_licence: str
    encoder_pretraining: str
    held_out: str | None
    base_model: BaseModel | None = None

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = inner(self)
        return {name: value for name, value in values.items() if name != "base_model" or value is not None}


class Exclusion(Part):
    """Something that the figures do not cover."""

    subject: str
    meaning: str


class PrivacyStatement(Part):
    """All of it.

    Attributes:
        plan: SHA-256 of the plan that every site agreed to.
        simulated: Whether sites were virtual ones in one place.
        not_stated: Why nothing is promised; null when something is.
        outside_dp: Sites that agreed to let gates that read records exactly decide about their batch. No ε holds for
            it, arrived or not, so none is printed; left out of the file where there are none.
    """

    format: Literal["fedaug-privacy-statement/1"] = FORMAT
    title: str
    campaign: str
    plan: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    created: AwareDatetime
    fedaug_version: str
    simulated: bool
    not_stated: str | None
    privacy_parameters: PrivacyParameters
    unit_of_privacy: UnitOfPrivacy
    mechanisms: Mechanisms
    composition: Composition
    trust_model: TrustStatement
    query_model: QueryModel
    tuning: Tuning
    public_inputs: PublicInputs
    data_collection_exposure: Texts
    side_channels: Texts
    utility_and_bias: Texts
    exclusions: Annotated[tuple[Exclusion, ...], Field(min_length=1)]
    outside_dp: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, inner: SerializerFunctionWrapHandler) -> dict[str, Any]:
        values: dict[str, Any] = inner(self)
        return {name: value for name, value in values.items() if name != "outside_dp" or value}

    @model_validator(mode="after")
    def _bears_itself_out(self) -> Self:
        events, stated = self.mechanisms.typed, self.privacy_parameters
        if self.mechanisms.number_of_sites != len(self.mechanisms.sites):
            raise ValueError("the number of sites is not that of the sites listed")
        nothing, outside = Loss(epsilon=None, slack=None), bool(self.outside_dp)
        if not set(self.outside_dp) <= set(self.mechanisms.sites):
            raise ValueError("a batch outside DP is of a site that took no part")
        if not stated.per_site.agrees(nothing if outside else Loss.of(events, stated.delta)):
            raise ValueError("ε per site is not what the events cost, or is stated for a batch outside DP")
        whole = nothing if outside else Loss.of(events * stated.max_sites_per_unit, stated.delta)
        if not stated.consortium.agrees(whole):
            raise ValueError("the consortium's ε is not what the events cost, or is stated for a batch outside DP")
        spent, planned = stated.per_site.epsilon, stated.planned_epsilon
        if planned is not None and not (spent is not None and spent <= planned):
            raise ValueError("ε is above what was planned")
        if (self.not_stated is None) != (spent is not None):
            raise ValueError("a statement with ε says that there is none, or the other way round")
        charge, worked_out = self.composition.charge, None if outside else FilterCharge.of(events, stated.delta)
        if not (worked_out is None if charge is None else charge.agrees(worked_out)):
            raise ValueError("the charge for the sites' ledgers is not what the events cost")
        if self.unit_of_privacy.contribution_norms != contribution_norms(events):
            raise ValueError("the bounds on a contribution are not the events'")
        accountant = self.composition.accountant
        if (accountant.method, accountant.discretisation_interval) != accounted_by(events):
            raise ValueError("the accountant's method is not the one for these events")
        return self


def statement_json(statement: PrivacyStatement) -> str:
    """The statement as strict JSON: fixed key order, no NaN, no infinity."""
    return json.dumps(statement.model_dump(mode="json"), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def read_statement(path: Path) -> PrivacyStatement:
    """Read a ``privacy_statement.json`` back, and work its figures out again.

    Raises:
        MissingFile: There is no such file.
        InputError: It is not a statement of this version, or its figures are not what its own events cost.
    """
    try:
        with path.open("rb") as file:
            data = file.read(LIMITS.release_file_bytes)
    except FileNotFoundError:
        raise MissingFile(
            "there is no privacy statement at that place", "give the file of a finished campaign"
        ) from None
    except OSError:
        raise InputError("the privacy statement cannot be read", "give a file that can be") from None
    try:
        parse_json(data)  # stricter than pydantic: no key twice, no NaN
        return PrivacyStatement.model_validate_json(data)
    except ValidationError as error:
        first = error.errors(include_input=False, include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"][:2])
        what = first["msg"].removeprefix("Value error, ") if first["type"] == "value_error" else where
        raise InputError(f"the file is no privacy statement of this version ({what})", "do not rely on it") from None
    except FedaugError as error:
        raise InputError(f"the file is no privacy statement ({error.what})", "do not rely on it") from None

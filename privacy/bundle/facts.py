"""What a checker reads of a privacy statement and a report; whatever else they say is bound by their hashes.

Kept apart from the models that write them (:mod:`fedaug.server`), which are part of what is being checked.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fedaug.errors import FedaugError, ProtocolError
from fedaug.privacy.bundle.manifest import Count, Name
from fedaug.privacy.bundle.values import json_values
from fedaug.privacy.canonical import canonical_json, digest
from fedaug.privacy.events import Event, event_from_dict
from fedaug.privacy.limits import LIMITS
from fedaug.privacy.transparency.bundle import ASK_AGAIN
from fedaug.privacy.transparency.heads import HexDigest, Origin

_Epsilon = Annotated[float, Field(ge=0)]


class _Facts(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore", hide_input_in_errors=True, allow_inf_nan=False)


_Kind = TypeVar("_Kind", bound=_Facts)


class StatedLoss(_Facts):
    """An ε; null where nothing is promised."""

    epsilon: _Epsilon | None


class _Parameters(_Facts):
    per_site: StatedLoss
    consortium: StatedLoss
    delta: Annotated[float, Field(gt=0, lt=1)]
    max_sites_per_unit: Annotated[int, Field(ge=1, le=LIMITS.sites)]


class _Unit(_Facts):
    unit: Literal["record", "subject"]
    adjacency: str


class _Mechanisms(_Facts):
    sites: Annotated[tuple[Origin, ...], Field(max_length=LIMITS.sites)]
    events: Annotated[tuple[dict[str, Any], ...], Field(min_length=1, max_length=LIMITS.plan_events)]

    @property
    def typed(self) -> tuple[Event, ...]:
        """The events, typed."""
        return tuple(map(event_from_dict, self.events))


class _Inputs(_Facts):
    labels: tuple[str, ...]
    generators: tuple[str, ...]
    corpora: tuple[dict[str, Any], ...]
    gates: tuple[Name, ...]
    encoder: Name


class _Exclusion(_Facts):
    subject: str
    meaning: str


class StatementFacts(_Facts):
    """A privacy statement.

    Attributes:
        outside_dp: Sites for whose samples it states no ε.
    """

    format: Literal["fedaug-privacy-statement/1"]
    title: str
    campaign: Name
    plan: HexDigest
    simulated: bool
    not_stated: str | None
    privacy_parameters: _Parameters
    unit_of_privacy: _Unit
    mechanisms: _Mechanisms
    public_inputs: _Inputs
    exclusions: tuple[_Exclusion, ...]
    outside_dp: Annotated[tuple[Origin, ...], Field(max_length=LIMITS.sites)] = ()


class _SitePrivacy(_Facts):
    epsilon: _Epsilon | Literal["inf"]


class _Privacy(_Facts):
    unit: Literal["record", "subject"]
    delta: float
    consortium_epsilon: _Epsilon | Literal["inf"]
    sites: Annotated[dict[str, _SitePrivacy], Field(max_length=LIMITS.sites)]


class _Samples(_Facts):
    offered: Count
    accepted: Count
    rejected: Annotated[dict[str, Count], Field(max_length=100)]


class _GateCount(_Facts):
    gate: Name
    gate_class: Annotated[Literal["F", "D"], Field(alias="class")]  # what class S says stays at its site


class _Vetting(_Facts):
    gates: Annotated[tuple[_GateCount, ...], Field(max_length=100)]


class _AuditedSite(_Facts):
    lower_bound: _Epsilon


class _Audit(_Facts):
    passed: bool
    sites: Annotated[dict[str, _AuditedSite], Field(max_length=LIMITS.sites)]


class ReportFacts(_Facts):
    """A report of the consortium edition; that for a site's own people is of another format.

    Attributes:
        config: The campaign's settings.
    """

    format: Literal["fedaug-report/1"]
    campaign: Name
    privacy: _Privacy
    samples: _Samples
    vetting: _Vetting | None = None
    audit: _Audit | None = None
    cards: dict[str, Any] | None = None
    config: dict[str, Any]

    @property
    def config_digest(self) -> str:
        """SHA-256 of the settings as canonical JSON."""
        return digest(canonical_json(self.config))

    @property
    def gate_classes(self) -> dict[str, str]:
        """Gate -> class, as far as the report's vetting tells."""
        return {gate.gate: gate.gate_class for gate in self.vetting.gates} if self.vetting else {}

    @property
    def gate_names(self) -> set[str]:
        """Every gate that the report counts or the settings name."""
        settings = self.config.get("gates")
        listed = settings if isinstance(settings, list) else []
        named = {one["gate"] for one in listed if isinstance(one, dict) and isinstance(one.get("gate"), str)}
        return named | self.samples.rejected.keys() | self.gate_classes.keys()


def read_statement_facts(data: bytes) -> StatementFacts:
    """Read a privacy statement of untrusted origin; nothing that it says is checked yet.

    Raises:
        ProtocolError: It is none of this version.
    """
    found = _read(StatementFacts, data, "privacy statement")
    _ = found.mechanisms.typed
    return found


def read_report_facts(data: bytes) -> ReportFacts:
    """Read a report of untrusted origin; nothing that it says is checked yet.

    Raises:
        ProtocolError: It is none of this version.
    """
    return _read(ReportFacts, data, "report")


def card_of(statement: StatementFacts, report: ReportFacts | None, samples: int) -> bytes:
    """The bundle's card: what is handed over, made from what, at what cost, and what is not promised."""
    inputs, stated = statement.public_inputs, statement.privacy_parameters
    return canonical_json(
        {
            "format": "fedaug-release-card/1",
            "title": statement.title,
            "campaign": statement.campaign,
            "simulated": statement.simulated,
            "samples": samples,
            "labels": inputs.labels,
            "generators": inputs.generators,
            "corpora": inputs.corpora,
            "encoder": inputs.encoder,
            "gates": inputs.gates,
            "unit": statement.unit_of_privacy.unit,
            "epsilon": stated.consortium.epsilon,
            "delta": stated.delta,
            "not_promised": [{"subject": one.subject, "meaning": one.meaning} for one in statement.exclusions],
            "cards": None if report is None else report.cards,
        }
    )


def _read(kind: type[_Kind], data: bytes, what: str) -> _Kind:
    try:
        return kind.model_validate(json_values(data, what))
    except ValidationError as error:
        where = error.errors(include_input=False, include_url=False, include_context=False)[0]["loc"][:1]
        field = where[0] if where and where[0] in kind.model_fields else "whole"
        raise ProtocolError(f"the {what} is none of this version ({field})", ASK_AGAIN) from None
    except FedaugError as error:
        raise ProtocolError(f"the {what} cannot be read ({error.what})", ASK_AGAIN) from None

"""The privacy statement's page: the promise in three sentences and four figures, then the tables behind them."""

from __future__ import annotations

from collections import defaultdict
from typing import Any, Final

from fedaug.pages import words
from fedaug.pages.facts import natural_order
from fedaug.pages.template import environment
from fedaug.privacy.discretisation import rounded_l1, rounded_l2
from fedaug.privacy.events import (
    AboveThresholdEvent,
    DistributedGaussianEvent,
    Event,
    GaussianEvent,
    LaplaceEvent,
    RandomizedResponseEvent,
    SubsampledGaussianEvent,
)
from fedaug.server.report.privacy_view import KIND_IN_WORDS
from fedaug.server.statement import PrivacyStatement
from fedaug.strategies.messages import TrustModel

_READER: Final = {
    TrustModel.LOCAL: "Whoever reads everything that a site let out in this campaign, the coordinator included,",
    TrustModel.SECURE_SUM: "Whoever reads the sums over sites in this campaign, the coordinator included,",
    TrustModel.TRUSTED_COORDINATOR: "Whoever reads what the coordinator passed on, but not the coordinator itself,",
}
_FALSE_ALARMS: Final = (0.001, 0.01)  # of an attacker, for the bound in numbers
_SITES_NAMED: Final = 12
_LABELS_NAMED: Final = 12


def statement_page(statement: PrivacyStatement, report: str | None = None) -> str:
    """The whole page, a pure function of the statement.

    Args:
        statement: What it says.
        report: File name of the report's page beside it, if there is one.
    """
    view = {
        "s": statement,
        "p": statement.privacy_parameters,
        "report": report,
        "promise": _promise(statement),
        "mechanisms": _mechanisms(statement.mechanisms.typed),
        "rounding": max((_rounding(event) for event in statement.mechanisms.typed), default=0.0),
        "detection": _detection(statement),
        "sites": words.joined(sorted(statement.mechanisms.sites, key=natural_order), _SITES_NAMED),
        "labels": words.joined(statement.public_inputs.labels, _LABELS_NAMED),
    }
    return environment(__package__).get_template("statement.html.j2").render(view)


def _promise(statement: PrivacyStatement) -> tuple[str, ...]:
    """Three sentences: what holds for whom, what it covers, what it does not; one if nothing is promised."""
    if statement.not_stated is not None:
        return (statement.not_stated,)
    parameters, unit = statement.privacy_parameters, statement.unit_of_privacy.unit
    spent = parameters.per_site.epsilon or 0.0
    sites, releases = statement.mechanisms.number_of_sites, len(statement.mechanisms.events)
    return (
        f"{_READER[statement.trust_model.model]} sees nothing that is more than {words.factor_at_most(spent)} times as "
        f"likely with any one {unit} in that site’s data as without it, or the other way round, except with "
        f"probability δ\u00a0=\u00a0{words.scientific(parameters.delta)}.",
        f"That covers all {words.plural(releases, 'release')} of the campaign together at each of "
        f"{words.plural(sites, 'site')}, and whatever is made of them later: synthetic texts, trained students, "
        "reports.",
        "It does not cover other campaigns, which each site’s own ledger adds up against its budget, nor what is "
        "listed under exclusions.",
    )


def _detection(statement: PrivacyStatement) -> list[dict[str, float]]:
    """What the worst attacker finds, at some rates of false alarms."""
    parameters = statement.privacy_parameters
    spent = parameters.per_site.epsilon
    if spent is None:
        return []
    return [{"alarms": rate, "found": words.detection_bound(spent, parameters.delta, rate)} for rate in _FALSE_ALARMS]


def _mechanisms(events: tuple[Event, ...]) -> list[dict[str, Any]]:
    """One row for releases that differ in nothing but their key."""
    groups: dict[tuple[Any, ...], list[Event]] = defaultdict(list)
    for event in events:
        groups[tuple(value for name, value in event.as_dict().items() if name != "key")].append(event)
    return [
        {
            "kind": str(alike[0].release),
            "words": KIND_IN_WORDS.get(alike[0].release, ""),
            "count": len(alike),
            "names": words.joined([event.key for event in alike], 3),
            "mechanism": _mechanism(alike[0]),
            "event": alike[0],
            "dimensions": getattr(alike[0], "dimensions", None),
            "grid": getattr(alike[0], "grid", None),
        }
        for alike in groups.values()
    ]


def _mechanism(event: Event) -> str:
    """Its name, and what else of it has no column."""
    name = event.MECHANISM.replace("_", " ").replace("gaussian", "Gaussian").replace("laplace", "Laplace")
    match event:
        case GaussianEvent():
            detail = "continuous"
        case SubsampledGaussianEvent():
            detail = f"{words.plural(event.steps, 'step')}, sampling rate {words.number(event.sampling_rate)}"
        case DistributedGaussianEvent():
            detail = f"{event.survivors} of {event.sites} sites answer, {event.colluders} collude"
        case LaplaceEvent():
            detail = "discrete"
        case RandomizedResponseEvent():
            kept = words.number(event.keep_probability)
            detail = f"{words.plural(event.answers, 'answer')}, each kept with probability {kept}"
        case AboveThresholdEvent():
            detail = f"ends after {words.plural(event.positives, 'positive answer')}"
        case _:
            detail = ""
    return f"{name}: {detail}" if detail else name


def _rounding(event: Event) -> float:
    """What rounding to the grid adds to the sensitivity."""
    if isinstance(event, (GaussianEvent, RandomizedResponseEvent)):
        return 0.0
    if isinstance(event, AboveThresholdEvent):
        return event.grid
    rounded = rounded_l1 if isinstance(event, LaplaceEvent) else rounded_l2
    return rounded(0.0, event.grid, event.dimensions)

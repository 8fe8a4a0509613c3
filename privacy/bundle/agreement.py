"""Compares the files of a release bundle with each other: what was charged, stated, reported and handed over."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from fedaug.errors import FedaugError
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.bundle.excerpt import LedgerExcerpt, excerpt_of
from fedaug.privacy.bundle.facts import ReportFacts, StatementFacts
from fedaug.privacy.bundle.gates import SHIPPED
from fedaug.privacy.bundle.manifest import Manifest
from fedaug.privacy.canonical import canonical_json
from fedaug.privacy.events import Event
from fedaug.privacy.transparency.bundle import Bundle
from fedaug.privacy.transparency.entries import Reserved
from fedaug.privacy.units import ADJACENCY

#: Another version of the numerical libraries may round differently, and no further off than this, relative.
_AGREES: Final = 1e-6


@dataclass(frozen=True)
class Contents:
    """The files, read."""

    manifest: Manifest
    statement: StatementFacts
    report: ReportFacts | None
    excerpt: LedgerExcerpt
    log: Bundle


def naming_faults(contents: Contents) -> Iterator[str]:
    """Every file is about the campaign and the plan that the manifest names."""
    manifest, statement, excerpt = contents.manifest, contents.statement, contents.excerpt
    if (manifest.campaign, manifest.plan) != (statement.campaign, statement.plan):
        yield "the privacy statement is another campaign's"
    if (manifest.campaign, manifest.plan) != (excerpt.campaign, excerpt.plan):
        yield "the ledger excerpt is another campaign's"
    if contents.report is not None and contents.report.campaign != manifest.campaign:
        yield "the report is another campaign's"
    if manifest.simulated != statement.simulated:
        yield "manifest and statement disagree on whether sites were virtual"
    if set(manifest.policies) - set(statement.mechanisms.sites):
        yield "the manifest names the policy of a site that took no part"


def excerpt_faults(contents: Contents) -> Iterator[str]:
    """The excerpt is what the logs in the bundle say of the campaign: all of it, and nothing else."""
    try:
        made = excerpt_of(contents.log, contents.excerpt.campaign, contents.excerpt.plan)
    except FedaugError as error:
        yield error.what
        return
    for site in sorted(made.sites.keys() | contents.excerpt.sites.keys()):
        if made.sites.get(site) != contents.excerpt.sites.get(site):
            yield f"what it says of {site} is not what the log of {site} says"


def charge_faults(contents: Contents) -> Iterator[str]:
    """Every site that the statement names reserved the statement's own mechanisms, under the plan that it names."""
    stated = canonical_json(contents.statement.mechanisms.events)
    if not contents.statement.mechanisms.sites:
        yield "the statement names no site"
    for site in contents.statement.mechanisms.sites:
        if site not in contents.excerpt.sites:
            yield f"nothing in the log of {site} was charged for the campaign"
    for site, excerpt in contents.excerpt.sites.items():
        reserved = [entry for entry in (proved.typed for proved in excerpt.entries) if isinstance(entry, Reserved)]
        if [entry.plan for entry in reserved] != [contents.excerpt.plan]:
            yield f"{site} reserved another plan"
        elif canonical_json(reserved[0].events) != stated:
            yield f"{site} reserved other mechanisms than the statement names"


def epsilon_faults(contents: Contents) -> Iterator[str]:
    """What the statement says is what the mechanisms cost, and no site was charged for more."""
    statement, stated = contents.statement, contents.statement.privacy_parameters
    if statement.unit_of_privacy.adjacency != ADJACENCY:
        yield "the statement is under another adjacency than this one"
        return
    if (statement.not_stated is None) != (stated.per_site.epsilon is not None):
        yield "a statement with ε says that there is none, or the other way round"
    if statement.outside_dp:  # what left depends on records without a mechanism
        if not stated.per_site.epsilon is stated.consortium.epsilon is None:
            yield "ε is stated, although samples of a site are outside DP"
        return
    events = statement.mechanisms.typed
    try:
        yield from _departure("ε per site", stated.per_site.epsilon, events, stated.delta)
        together = events * stated.max_sites_per_unit
        yield from _departure("the consortium's ε", stated.consortium.epsilon, together, stated.delta)
        for site, excerpt in contents.excerpt.sites.items():
            charged = epsilon(excerpt.events, stated.delta)
            if stated.per_site.epsilon is not None and not charged <= stated.per_site.epsilon * (1 + _AGREES):
                yield f"{site} was charged for ε {charged:.4g}, which is more than is stated"
    except FedaugError as error:
        yield error.what


def report_faults(contents: Contents) -> Iterator[str]:
    """The report states what the statement states."""
    report, statement = contents.report, contents.statement
    if report is None:
        if contents.manifest.config is not None:
            yield "the manifest names settings, and there is no report to hold them"
        return
    if report.config_digest != contents.manifest.config:
        yield "its settings are not those that the manifest names"
    stated, told = statement.privacy_parameters, report.privacy
    if (told.unit, told.delta) != (statement.unit_of_privacy.unit, stated.delta):
        yield "its unit or δ is not the statement's"
    if not _same(told.consortium_epsilon, stated.consortium.epsilon):
        yield "its ε of the consortium is not the statement's"
    if set(told.sites) != set(statement.mechanisms.sites):
        yield "its sites are not the statement's"
    for site, privacy in told.sites.items():
        if not _same(privacy.epsilon, stated.per_site.epsilon):
            yield f"its ε of {site} is not the statement's"
    if report.audit is not None and not report.audit.passed:
        yield "its audit did not pass"
    for site, found in report.audit.sites.items() if report.audit is not None else ():
        if stated.per_site.epsilon is not None and found.lower_bound > stated.per_site.epsilon:
            yield f"its audit shows more than the statement's ε at {site}"


def gate_faults(contents: Contents) -> Iterator[str]:
    """Every gate is listed with its class, and the same one wherever it is named."""
    listed = {gate.gate: gate.gate_class for gate in contents.manifest.gates}
    if len(listed) != len(contents.manifest.gates):
        yield "a gate is listed twice"
    named = set(contents.statement.public_inputs.gates)
    told: dict[str, str] = {}
    if contents.report is not None:
        named |= contents.report.gate_names
        told = contents.report.gate_classes
    for gate in sorted(named - listed.keys()):
        yield f"the gate {gate!r} has no class"
    for gate, stated in sorted(listed.items()):
        if SHIPPED.get(gate, stated) != stated:
            yield f"the gate {gate!r} is of class {SHIPPED[gate]}, not {stated}"
        if told.get(gate, stated) != stated:
            yield f"the report has the gate {gate!r} in another class"


def outside_dp_faults(contents: Contents) -> Iterator[str]:
    """Where the plan lets gates of class S decide they are listed, and the statement names every site as outside DP.

    Neither is the maker's word: the sites signed the plan. That a batch left, their logs list; that none did, no log
    can show, since a maker may stop it short of the entry.
    """
    manifest, statement, may = contents.manifest, contents.statement, _site_gates_may_decide(contents)
    deciding = any(gate.gate_class == "S" and gate.decides for gate in manifest.gates)
    if may and not deciding:
        yield "the plan lets gates of class S decide what leaves, and none is listed as deciding"
    if (deciding or manifest.outside_dp or statement.outside_dp) and not may:
        yield "gates of class S are said to have decided, which the plan does not let them"
    if may and set(statement.outside_dp) != set(statement.mechanisms.sites):
        yield "the plan lets gates of class S decide, and the statement does not have every site's samples outside DP"
    left = {site for site, excerpt in contents.excerpt.sites.items() if excerpt.outside_dp}
    if not left <= set(statement.outside_dp):
        yield "the log of a site lists a batch outside DP, and the statement does not"
    if sorted(statement.outside_dp) != sorted(manifest.outside_dp):
        yield "statement and manifest name different sites whose samples are outside DP"


def _site_gates_may_decide(contents: Contents) -> bool:
    """Whether the plan lets gates that read records exactly decide what leaves a site."""
    plan = contents.log.plans.get(contents.manifest.plan)
    return plan is not None and plan.samples is not None and plan.samples.outside_dp


def _departure(what: str, stated: float | None, events: Sequence[Event], delta: float) -> Iterator[str]:
    cost = epsilon(events, delta)
    told = math.inf if stated is None else stated
    if not (cost == told or math.isclose(cost, told, rel_tol=_AGREES)):
        yield f"{what} is stated as {told:.6g}, and the mechanisms cost {cost:.6g}"


def _same(told: float | str, stated: float | None) -> bool:
    if stated is None or isinstance(told, str):
        return stated is None and told == "inf"
    return math.isclose(told, stated, rel_tol=_AGREES)

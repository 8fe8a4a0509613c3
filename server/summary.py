"""From a campaign's result to the facts of its report."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Final

import numpy as np

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.pages.facts import LARGEST_FIGURE
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.events import Event
from fedaug.privacy.vetting import GateClass
from fedaug.server.candidates import Funnel
from fedaug.server.card_facts import cards, origin_of
from fedaug.server.coordinator import CampaignResult, VotingRound
from fedaug.server.inbound import Arrivals
from fedaug.server.pool_records import PoolSample
from fedaug.server.report import (
    Anomalies,
    AnomalyFlag,
    GallerySample,
    GateFigures,
    KindCharge,
    LabelFigure,
    Privacy,
    Release,
    ReportData,
    Round,
    Samples,
    SiteMetric,
    SitePrivacy,
    Student,
    Timing,
    TrajectoryPoint,
    Utility,
    Vetting,
    VoteQuantiles,
    not_promised,
)
from fedaug.server.schooling import Heldout
from fedaug.server.statement_facts import privacy_parameters

STUDENT: Final = "pool, labelled by the DP teacher"
LABELS_ONLY: Final = "pool, by its own labels"
_GALLERY: Final = 40


def summarise(result: CampaignResult, heldout: Heldout | None, created: datetime, version: str) -> ReportData | None:
    """The report's facts, without the oracle's reference figures; None if there is no held-out file to score on."""
    if heldout is None or result.score is None:
        return None
    config, privacy = result.config, _privacy(result)
    vetting = _vetting(result.funnel, result.arrivals)
    spent = max((site.epsilon for site in privacy.sites.values()), default=privacy.consortium_epsilon)
    return ReportData(
        title=config.title,
        campaign=config.name,
        description=config.description,
        created=created,
        fedaug_version=version,
        utility=_utility(result, heldout),
        privacy=privacy,
        samples=Samples(
            offered=vetting.offered,
            accepted=result.accepted,
            rejected={gate.gate: gate.refused for gate in vetting.gates if gate.refused},
            gallery=_gallery(result),
        ),
        rounds=tuple(_round(turn) for turn in result.rounds),
        timing=Timing(total_s=sum(result.phases.values()), phases=result.phases),
        config=config.model_dump(mode="json"),
        vetting=vetting,
        anomalies=_anomalies(result),
        cards=cards(result, result.score, STUDENT, spent),
        not_promised=not_promised(privacy.unit, simulated=False),
    )


def _anomalies(result: CampaignResult) -> Anomalies:
    settings, found = result.config.aggregation, result.found
    return Anomalies(
        rule=settings.rule,
        hostile=None if settings.rule == "sum" else settings.hostile,
        on_anomaly=settings.on_anomaly,
        false_alarm=settings.false_alarm,
        checks=found.checks,
        flags=tuple(
            AnomalyFlag(**asdict(flag) | {"figure": _drawn(flag.figure), "threshold": _drawn(flag.threshold)})
            for flag in found.flags
        ),
    )


def _vetting(funnel: Funnel, arrivals: Arrivals | None) -> Vetting:
    """Candidates that were made here, and texts that sites sent; the same free gates judge both."""
    came = arrivals or Arrivals()
    classes = dict(funnel.classes) | dict.fromkeys(came.gates, GateClass.FREE)
    gates = []
    for name in (*came.gates, *(name for name in funnel.reasons if name not in came.gates)):
        reasons = funnel.reasons.get(name, Counter()) + came.gates.get(name, Counter())
        gates.append(
            GateFigures(
                gate=name,
                gate_class=classes[name].value,
                refused=reasons.total(),
                reasons={str(code): count for code, count in reasons.items()},
            )
        )
    gates.sort(key=lambda gate: gate.gate_class == "D")  # those of class D come last, as they run
    offered = funnel.offered + came.arrived
    return Vetting(
        offered=offered,
        accepted=offered - sum(gate.refused for gate in gates),
        gates=tuple(gates),
        arrived=None if arrivals is None else arrivals.arrived,
        quarantined=None if arrivals is None else arrivals.quarantined,
    )


def _utility(result: CampaignResult, heldout: Heldout) -> Utility:
    score, labels_only = result.score, result.labels_only
    assert score is not None
    students = [
        Student(
            name=STUDENT,
            accuracy=score.accuracy,
            macro_f1=score.macro_f1,
            note="Trained on the pool's texts; their labels are the DP teacher's belief, lifted by the votes.",
        )
    ]
    if labels_only is not None:
        students.append(
            Student(
                name=LABELS_ONLY,
                accuracy=labels_only.accuracy,
                macro_f1=labels_only.macro_f1,
                note="Trained on the pool as it can be handed on: text, label, weight.",
            )
        )
    return Utility(
        student=score.accuracy,
        student_name=STUDENT,
        test_set=heldout.description,
        test_size=len(heldout.texts),
        students=tuple(students),
        site_metric=_site_metric(result),
        trajectory=tuple(
            TrajectoryPoint(epsilon=point.epsilon, phase=point.phase, accuracy=point.accuracy)
            for point in result.milestones
        ),
        per_label=tuple(
            LabelFigure(label=part.label, support=part.support, student=part.accuracy)
            for part in score.per_label
            if part.accuracy is not None
        ),
    )


def _site_metric(result: CampaignResult) -> SiteMetric | None:
    """The share of right guesses, with its noise to first order: sd · √(right² + wrong²) / (right + wrong)²."""
    total = result.site_metric
    if total is None:
        return None
    right, wrong = (float(value) for value in total.values)
    count = max(right + wrong, 1.0)
    spread = total.noise_std * float(np.hypot(right, wrong)) / count**2
    return SiteMetric(value=_drawn(right / count), noise_std=_drawn(spread), sites=len(total.releases))


def _drawn(figure: float) -> float:
    """A figure that a site has a hand in, no larger than a report takes: none may keep the report from being made."""
    return min(max(figure, -LARGEST_FIGURE), LARGEST_FIGURE)


def _privacy(result: CampaignResult) -> Privacy:
    """What each site spent, recomputed from the plan that it signed up to: the privacy statement's own figures."""
    plan = result.plan
    outside = result.outside_dp
    parameters = privacy_parameters(plan, result.config.privacy.max_sites_per_unit, outside)
    cost = _or_infinite(parameters.per_site.epsilon)
    kinds = _by_kind(plan.mechanisms, plan.delta)
    return Privacy(
        unit=plan.unit,
        delta=plan.delta,
        trust_model=plan.trust_model,
        consortium_epsilon=_or_infinite(parameters.consortium.epsilon),
        max_sites_per_unit=parameters.max_sites_per_unit,
        outside_dp=outside,
        sites={site: SitePrivacy(epsilon=cost, budget=plan.epsilon, releases=kinds) for site in result.sites},
        releases=tuple(
            Release(
                site=release.site,
                key=release.event.key,
                kind=str(release.event.release),
                sensitivity=release.event.sensitivity,
                noise_std=release.event.noise_std,
            )
            for release in result.releases
        ),
    )


def _or_infinite(cost: float | None) -> float:
    return math.inf if cost is None else cost


def _by_kind(events: Sequence[Event], delta: float) -> dict[str, KindCharge]:
    kinds: dict[str, list[Event]] = defaultdict(list)
    for event in events:
        kinds[str(event.release)].append(event)
    return {kind: KindCharge(count=len(part), epsilon=epsilon(part, delta)) for kind, part in kinds.items()}


def _gallery(result: CampaignResult) -> tuple[GallerySample, ...]:
    """A spread of labels, the weightiest sample of each."""
    # Where gates of class S picked some of the candidates, no ε covers which of all are in the pool.
    outside = bool(result.outside_dp)
    best: dict[str, PoolSample] = {}
    for sample in result.samples:
        if sample.label not in best or sample.weight > best[sample.label].weight:
            best[sample.label] = sample
    chosen = list(best.values())
    step = max(1, -(-len(chosen) // _GALLERY))
    return tuple(
        GallerySample(
            label=sample.label,
            text=sample.text,
            origin=origin_of(sample),
            weight=sample.weight,
            parents=len(sample.parents),
            accepted_round=sample.accepted_round or None,
            dependence="" if outside else "dp" if sample.dependence is Dependence.DP else "public",
            **_descent(sample, result.ancestry),
        )
        for sample in chosen[::step]
    )


def _descent(sample: PoolSample, ancestry: Mapping[str, Candidate]) -> dict[str, str | None]:
    """What made the text that a sample goes back to, what varied that, and the text that was varied last."""
    parents = [ancestry[name] for name in sample.parents if name in ancestry]
    if not sample.parents:
        return {"generator": origin_of(sample), "operator": None, "parent": None}
    first = parents[0] if parents else None
    oldest = first
    while oldest is not None and oldest.parents:
        oldest = ancestry.get(oldest.parents[0])
    return {
        "generator": "" if oldest is None else origin_of(oldest),
        "operator": sample.origin,
        "parent": None if first is None else first.text,
    }


def _round(turn: VotingRound) -> Round:
    shown = np.quantile(turn.votes, [0.1, 0.25, 0.5, 0.75, 0.9, 1])
    p10, p25, p50, p75, p90, most = (_drawn(float(value)) for value in shown)
    return Round(
        round=turn.turn + 1,
        candidates=turn.candidates,
        kept=turn.kept,
        votes=VoteQuantiles(p10=p10, p25=p25, p50=p50, p75=p75, p90=p90, maximum=most),
        noise_std=turn.noise_std,
        mean_similarity=turn.similarity,
    )

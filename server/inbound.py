"""Texts that sites offer, on arrival: every free gate runs again, and what a gate refuses is set aside.

No site's verdict is trusted, and none is asked for: a batch carries texts and what they depend on, not what was said of
them. Each site's batch is judged by itself, so that no site can have another's texts refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Final

from fedaug.augmentation.candidates import Candidate
from fedaug.errors import PolicyRefused
from fedaug.privacy.vetting import Batch, Gate, GateClass, Verdict, VerdictCode, vet
from fedaug.server.anomalies.texts import over_quota
from fedaug.server.pool_records import OUTSIDE_DP, PoolSample, SampleStatus
from fedaug.server.verify import AcceptedBatch
from fedaug.strategies.samples import candidates_of

#: The names under which the report counts texts that are left out for what their site is or sent in all.
QUOTA: Final = "quota"
ANOMALY: Final = "anomaly"
_WITHIN: Final = Verdict(QUOTA, VerdictCode.PASSED)
#: Stands for the label of a text in quarantine whose generator claimed none.
UNLABELLED: Final = "unlabelled"


@dataclass(frozen=True, repr=False)
class Inbound:
    """One site's batch, judged.

    Attributes:
        site: Who offered it.
        outside_dp: Whether it says that no ε holds for it.
        kept: What passed every gate.
        quarantined: What did not, with the verdict of the gate that refused it.
    """

    site: str
    outside_dp: bool
    kept: tuple[Candidate, ...]
    quarantined: tuple[tuple[Candidate, Verdict], ...]

    @property
    def arrived(self) -> int:
        """Texts in the batch."""
        return len(self.kept) + len(self.quarantined)


@dataclass
class Arrivals:
    """What arrived from all sites, and what the gates here refused: figures for the consortium, from public gates only.

    Attributes:
        arrived: Texts that came in batches.
        quarantined: Those that a gate here refused.
        gates: Gate -> code -> texts; every gate that ran is in it.
    """

    arrived: int = 0
    quarantined: int = 0
    gates: dict[str, Counter[VerdictCode]] = field(default_factory=dict)

    def note(self, inbound: Inbound, gates: Sequence[Gate]) -> None:
        """Count one batch."""
        self.arrived += inbound.arrived
        self.quarantined += len(inbound.quarantined)
        for gate in gates:
            self.gates.setdefault(gate.name, Counter())
        for _, verdict in inbound.quarantined:
            self.gates[verdict.gate][verdict.code] += 1


def batch_of(candidates: Sequence[Candidate]) -> Batch:
    """Candidates as gates read them that need no vectors."""
    return Batch(tuple(one.text for one in candidates), tuple(one.label for one in candidates))


def recheck(
    batches: Iterable[AcceptedBatch],
    gates: Sequence[Gate],
    batch_of: Callable[[Sequence[Candidate]], Batch] = batch_of,
) -> tuple[list[Inbound], Arrivals]:
    """Judge what sites offered by the coordinator's own gates.

    Args:
        batches: As they were accepted.
        gates: Of class F.
        batch_of: Gives candidates the form that the gates read.

    Raises:
        PolicyRefused: A gate is not of class F: the coordinator has no records to read, and no charge to make.
    """
    if any(gate.gate_class is not GateClass.FREE for gate in gates):
        raise PolicyRefused("a gate that reads records was to judge what arrives", "name gates of class F")
    arrivals, judged = Arrivals(), []
    for accepted in batches:
        candidates = candidates_of(accepted.batch)
        result = vet(batch_of(candidates), gates)
        inbound = Inbound(
            accepted.site,
            accepted.batch.outside_dp,
            tuple(candidates[row] for row in result.kept),
            tuple((candidates[row], verdict) for row, verdict in result.refused.items()),
        )
        arrivals.note(inbound, gates)
        judged.append(inbound)
    return judged, arrivals


def limit(
    judged: Sequence[Inbound], arrivals: Arrivals, aside: Collection[str], per_label: int | None
) -> list[Inbound]:
    """Put into quarantine what comes from sites that were set aside, and what is beyond a site's quota for a label.

    Args:
        judged: The batches, as the gates left them.
        arrivals: The counts, which are brought up to date.
        aside: Sites whose texts do not count.
        per_label: Most texts of one site under each label, and without one; no limit, when None.
    """
    limited = []
    for inbound in judged:
        within, beyond, verdict = list(inbound.kept), list[Candidate](), _WITHIN
        if inbound.site in aside:
            within, beyond, verdict = [], within, Verdict(ANOMALY, VerdictCode.SET_ASIDE)
        elif per_label is not None:
            within, beyond = over_quota(inbound.kept, per_label)
            verdict = Verdict(QUOTA, VerdictCode.OVER_QUOTA)
        if not verdict.passed:
            arrivals.gates.setdefault(verdict.gate, Counter()).update([verdict.code] * len(beyond))
            arrivals.quarantined += len(beyond)
        gone = tuple((one, verdict) for one in beyond)
        limited.append(replace(inbound, kept=tuple(within), quarantined=inbound.quarantined + gone))
    return limited


def set_aside(inbound: Inbound) -> list[PoolSample]:
    """What a batch's gates refused, for quarantine: each with the reason and, where it is near a public item, which."""
    return [
        PoolSample(
            text=candidate.text,
            label=candidate.label or UNLABELLED,
            weight=0.0,
            origin=f"{inbound.site}: {candidate.origin}",
            source=f"{verdict.code}: {verdict.item}" if verdict.item else str(verdict.code),
            dependence=candidate.dependence,
            parents=candidate.parents,
            scores={OUTSIDE_DP: 1.0} if inbound.outside_dp else {},  # stays where a person lets the text back in
            status=SampleStatus.QUARANTINED,
        )
        for candidate, verdict in inbound.quarantined
    ]

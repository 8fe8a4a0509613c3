"""One campaign from its first question to the student: gather sites, learn a teacher, steer candidates by votes, pool.

Everything after a site's release is post-processing of DP output and public text. A rerun over the same pool goes on at
the last finished round (:mod:`fedaug.server.rounds`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.encoder import Encoder
from fedaug.privacy.accounting import epsilon
from fedaug.privacy.vetting import Batch, GateClass
from fedaug.server.anomalies.watch import Found
from fedaug.server.board import Board, Choice
from fedaug.server.campaign import CampaignConfig
from fedaug.server.candidates import CandidateSource, Funnel
from fedaug.server.combine import Aggregation
from fedaug.server.enrolment import Consortium, EnrolledConsortium
from fedaug.server.exchange import Exchange
from fedaug.server.inbound import Arrivals, limit, recheck, set_aside
from fedaug.server.log_export import keep_plan
from fedaug.server.pool import Pool
from fedaug.server.pool_records import OUTSIDE_DP, CampaignState, PoolSample
from fedaug.server.rounds import Rounds, Total
from fedaug.server.schooling import Heldout, Schooling, Score
from fedaug.server.supported import Supported
from fedaug.server.verify import Accepted
from fedaug.strategies.class_statistics import Teacher, fit_teacher, principal_subspace
from fedaug.strategies.messages import Adapt, AskCounts, AskMetric, AskSamples, AskStatistics, AskVotes, CampaignPlan
from fedaug.strategies.voting import select


class Narrator(Protocol):
    """Tells a person how far a campaign is."""

    def phase(self, name: str) -> None:
        """A phase begins."""
        ...

    def step(self, done: int, total: int) -> None:
        """So much of the phase is done."""
        ...


@dataclass(frozen=True)
class VotingRound:
    """What one round of votes showed; the votes are the sites' noised totals."""

    turn: int
    candidates: int
    kept: int
    votes: NDArray[np.float64]
    noise_std: float
    similarity: float | None


@dataclass(frozen=True)
class Milestone:
    """How good the student was after a phase, and what had been spent by then."""

    phase: str
    epsilon: float
    accuracy: float


@dataclass
class CampaignResult:
    """Everything that a report and a privacy statement tell of a campaign.

    Attributes:
        enrolled: Whether sites and coordinator were known by an enrolment list.
        funnel: How many candidates were offered, and what each gate refused.
        arrivals: What came in sites' batches; None if none were asked for.
        ancestry: By sample id, what each pooled sample goes back to, the sample itself included.
        found: What is odd about sites' releases and texts.
    """

    config: CampaignConfig
    plan: CampaignPlan
    sites: tuple[str, ...] = ()
    enrolled: bool = False
    releases: tuple[Accepted, ...] = ()
    funnel: Funnel = field(default_factory=Funnel)
    accepted: int = 0
    arrivals: Arrivals | None = None
    ancestry: dict[str, Candidate] = field(default_factory=dict)
    samples: list[PoolSample] = field(default_factory=list)
    rounds: list[VotingRound] = field(default_factory=list)
    milestones: list[Milestone] = field(default_factory=list)
    score: Score | None = None
    labels_only: Score | None = None
    site_metric: Total | None = None
    found: Found = field(default_factory=Found)
    phases: dict[str, float] = field(default_factory=dict)

    @property
    def outside_dp(self) -> tuple[str, ...]:
        """Sites that agreed to let out a batch for which no ε holds: as with charges, whatever of it arrived."""
        asked = self.plan.samples
        return self.sites if asked is not None and asked.outside_dp else ()


class Coordinator:
    """Runs one campaign.

    Args:
        plan: What the sites are to agree to.
        config: The campaign.
        exchange: The transport to the sites.
        pool: Keeps samples, releases and finished rounds.
        encoder: The public embedding space, for candidates.
        source: Candidates, vetted.
        heldout: Public or consented real texts to score the student on; None leaves the score out.
        narrator: Told about progress.
        consortium: Who takes part; anybody, when not given.
        clock: Seconds, for the timing table.
    """

    def __init__(
        self,
        plan: CampaignPlan,
        config: CampaignConfig,
        exchange: Exchange,
        pool: Pool,
        encoder: Encoder,
        source: CandidateSource,
        *,
        heldout: Heldout | None = None,
        narrator: Narrator,
        consortium: Consortium | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._plan = plan
        self._config = config
        self._pool = pool
        self._encoder = encoder
        self._source = source
        self._narrator = narrator
        self._clock = clock
        self._aggregation = Aggregation(plan, config.aggregation, config.minimum_sites)
        self._rounds = Rounds(
            plan,
            exchange,
            pool,
            config.minimum_sites,
            config.answer_timeout_s,
            consortium,
            combine=self._aggregation,
        )
        self._supported = Supported(config, self._rounds)
        self._outside_dp: frozenset[str] = frozenset()
        self._aside: list[PoolSample] = []
        self._school = Schooling(config, encoder, heldout)
        self._teacher: Teacher | None = None
        self._result = CampaignResult(config, plan, enrolled=isinstance(consortium, EnrolledConsortium))

    def run(self) -> CampaignResult:
        """Run, or go on with, the campaign.

        Raises:
            QuorumLost: Too few sites take part.
            TooFewRecords: The first candidates are too few for a gate that compares with them; no site was asked.
            ConfigError: The pool holds the campaign with another plan.
        """
        plan, result = self._plan, self._result
        self._pool.start_campaign(plan.campaign, plan.digest, self._config.model_dump(mode="json"))
        keep_plan(self._pool, plan)
        # First, from public input: where a gate cannot be built of them, the campaign ends before any site is charged.
        with self._phase("make candidates"):
            candidates = self._source.generate()
        with self._phase("gather sites"):
            result.sites = tuple(site.name for site in self._rounds.gather())
        if plan.adaptation is not None:
            with self._phase("adapt models at sites"):
                self._adapt()
        if plan.samples is not None:
            with self._phase("texts from sites"):
                candidates += self._receive()
        with self._phase("embed candidates"):
            vectors = self._encoder.embed([candidate.text for candidate in candidates], self._narrator.step)
        with self._phase("class statistics"):
            self._teacher = teacher = self._learn(vectors)
        board = Board(len(plan.labels), teacher)
        board.add(candidates, vectors, 0)
        self._milestone("class statistics", board)
        for turn in range(self._config.steering.rounds):
            with self._phase(f"votes, round {turn + 1}"):
                self._vote(board, turn)
            self._milestone(f"votes, round {turn + 1}", board)
        with self._phase("pool and student"):
            self._finish(board)
            self._rounds.exchange_logs()  # so that every site gets the countersignature over its last release
        self._pool.set_state(plan.campaign, CampaignState.FINISHED)
        result.releases = tuple(self._rounds.releases)
        result.found = self._aggregation.watch.found
        result.funnel = self._source.funnel
        return result

    def _adapt(self) -> None:
        """Have every site adapt its language model; adapters stay there unless the plan asks for them."""
        terms = self._plan.adaptation
        shared = terms is not None and terms.share_adapter
        request = Adapt(campaign=self._plan.campaign)
        self._rounds.total(request, (self._plan.adapter_event.dimensions if shared else 0,))

    def _receive(self) -> list[Candidate]:
        """What sites offer and the gates here let pass; what they refuse goes into quarantine when the pool is made."""
        request = AskSamples(campaign=self._plan.campaign)
        judged, self._result.arrivals = recheck(self._rounds.offers(request), self._source.gates, self._source.batch_of)
        self._aggregation.look_at_texts(request.key, {inbound.site: inbound.kept for inbound in judged})
        quota = self._config.aggregation.texts_per_label
        judged = limit(judged, self._result.arrivals, self._aggregation.watch.aside, quota)
        self._aside = [sample for inbound in judged for sample in set_aside(inbound)]
        kept = self._source.admit([candidate for inbound in judged for candidate in inbound.kept])
        outside = {one.sample_id for inbound in judged if inbound.outside_dp for one in inbound.kept}
        self._outside_dp = frozenset(one.sample_id for one in kept if one.sample_id in outside)
        return kept

    def _learn(self, vectors: NDArray[np.float32]) -> Teacher:
        """The DP teacher, from noised class sums and label counts."""
        labels, campaign = len(self._plan.labels), self._plan.campaign
        self._aggregation.basis = principal_subspace(vectors, share=0.9)  # where public texts lie
        counts = self._rounds.total(AskCounts(campaign=campaign, key="counts"), (labels,))
        sums = self._rounds.total(AskStatistics(campaign=campaign, key="statistics"), (labels, self._plan.dimensions))
        words = self._encoder.embed(self._config.words())
        return fit_teacher(sums.values, counts.values, sums.noise_std, words, vectors)

    def _vote(self, board: Board, turn: int) -> None:
        """Put the best candidates to the vote; vary the survivors, except after the last round."""
        steering = self._config.steering
        choice = board.best(steering.candidates_per_label)
        total = self._rounds.total(
            AskVotes(campaign=self._plan.campaign, key=f"votes/{turn}"),
            (len(choice),),
            {"candidates": board.vectors[choice.rows], "labels": choice.labels.astype(np.int32)},
        )
        board.count_votes(choice, total.values, total.noise_std)
        labels = tuple(self._plan.labels[label] for label in choice.labels)
        self._supported.note_votes(board.vectors[choice.rows], labels, total)
        survivors = self._survivors(board, choice)
        similarity = None
        if turn + 1 < steering.rounds and steering.variations_per_label:
            similarity = self._vary(board, survivors, turn)
        self._result.rounds.append(
            VotingRound(turn, len(choice), len(survivors), total.values, total.noise_std, similarity)
        )

    def _survivors(self, board: Board, choice: Choice) -> Choice:
        quota = np.full(board.labels, self._config.steering.survivors_per_label)
        kept = select(board.standing()[choice.rows, choice.labels], choice.labels, quota)
        return Choice(choice.rows[kept], choice.labels[kept])

    def _vary(self, board: Board, survivors: Choice, turn: int) -> float | None:
        """Add variations of the survivors to the board; returns their mean cosine to their parents."""
        parents: dict[str, list[Candidate]] = {}
        for row, label in zip(survivors.rows, survivors.labels, strict=True):
            # Which texts survived is DP output, so what is made of them depends on it.
            chosen = replace(board.candidates[row], dependence=Dependence.DP)
            parents.setdefault(self._plan.labels[label], []).append(chosen)
        children = self._source.vary(parents, turn)
        if not children:
            return None
        vectors = self._encoder.embed([child.text for child in children])
        place = {board.candidates[row].sample_id: row for row in survivors.rows}
        pairs = [
            float(vectors[index] @ board.vectors[place[parent]])
            for index, child in enumerate(children)
            for parent in child.parents
            if parent in place
        ]
        board.add(children, vectors, turn + 1)
        return float(np.mean(pairs)) if pairs else None

    def _finish(self, board: Board) -> None:
        """Pool the best, train the student on the pool, and score it."""
        result, campaign = self._result, self._plan.campaign
        result.samples = self._judged(self._samples(board))
        result.accepted = len({sample.sample_id for sample in result.samples})
        result.ancestry = board.ancestry(sample.sample_id for sample in result.samples)
        self._pool.add_samples(campaign, result.samples)
        # Last, since a text keeps the status that it came with: one that was also refused, as a repeat, stays pooled.
        self._pool.add_samples(campaign, self._aside)
        student = self._school.train(result.samples, self._teacher)
        result.score = self._school.score(student)
        result.labels_only = self._school.score(self._school.train(result.samples, None))
        head = self._school.linear_head(student)
        if head is not None:
            weight, bias = head
            request = AskMetric(campaign=campaign, key="metric")
            result.site_metric = self._rounds.total(request, (2,), {"weight": weight, "bias": bias})

    def _judged(self, samples: list[PoolSample]) -> list[PoolSample]:
        """Those that the campaign's gates of class D let pass, if it has any; the weightiest are asked about first."""
        if self._config.support is None and self._config.nearness is None:
            return samples
        ordered = sorted(samples, key=lambda sample: -sample.weight)
        texts = tuple(sample.text for sample in ordered)
        batch = Batch(texts, tuple(sample.label for sample in ordered), self._encoder.embed(texts))
        judged = self._supported.judge(batch)
        kept = {(ordered[row].sample_id, ordered[row].label) for row in judged.kept}
        ids = {sample_id for sample_id, _ in kept}
        gone = {ordered[row].sample_id: verdict for row, verdict in judged.refused.items()}
        self._source.funnel.note(judged.refused_by, GateClass.CHARGED)
        self._source.funnel.refuse(verdict for sample_id, verdict in gone.items() if sample_id not in ids)
        return [sample for sample in samples if (sample.sample_id, sample.label) in kept]

    def _milestone(self, phase: str, board: Board) -> None:
        """Note what a student trained on the pool as it stands would score."""
        if self._school.heldout is None:
            return
        with self._phase("students on the way"):
            score = self._school.score(self._school.train(self._samples(board), self._teacher))
        spent = {release.event.key: release.event for release in self._rounds.releases}
        if score is not None:
            cost = epsilon(list(spent.values()), self._plan.delta)
            self._result.milestones.append(Milestone(phase, cost, score.accuracy))

    def _samples(self, board: Board) -> list[PoolSample]:
        """The pool as the board stands: each label's best candidates, weighted by their standing."""
        choice = board.best(self._config.pool.per_label)
        standing = board.standing()[choice.rows, choice.labels]
        outside = board.descendants(self._outside_dp)
        return [
            PoolSample(
                text=board.candidates[row].text,
                label=self._plan.labels[label],
                weight=float(weight),
                accepted_round=board.born[row],
                origin=board.candidates[row].origin,
                source=board.candidates[row].source,
                dependence=Dependence.DP,
                parents=board.candidates[row].parents,
                scores={
                    "teacher": float(board.teaching[row, label]),
                    "votes": float(board.lift[row, label]),
                    **({OUTSIDE_DP: 1.0} if board.candidates[row].sample_id in outside else {}),
                },
            )
            for row, label, weight in zip(choice.rows, choice.labels, standing, strict=True)
        ]

    @contextmanager
    def _phase(self, name: str) -> Iterator[None]:
        self._narrator.phase(name)
        began = self._clock()
        yield
        self._result.phases[name] = self._result.phases.get(name, 0.0) + self._clock() - began

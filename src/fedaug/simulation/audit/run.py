"""The audit of a campaign: its plan, run on a virtual site of the audit's own that holds canaries and nothing else.

A fair coin for each canary decides whether it lies in the site's source. From there on all is as in the campaign: the
records are de-identified and sealed, the plan is reserved and charged, candidates are put to the vote, and noise is
added by the site. The auditor sees what left and guesses the coins; how often it is right bounds ε from below.

No record and no budget of the campaign's own sites is touched: the plan is the same, the site is another. It holds no
records besides, since records that an auditor knows could be taken off again, and others would only hide the canaries.
"""

from __future__ import annotations

import math
import shutil
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.encoder import Encoder
from fedaug.client.app import make_client_app
from fedaug.client.records import Provenance, Record
from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.audit.canaries import Canaries, canary_texts, flip_canaries
from fedaug.privacy.audit.figures import Bound, Loudest, Membership, Noise, SiteDetails
from fedaug.privacy.audit.findings import Population
from fedaug.privacy.audit.membership import membership
from fedaug.privacy.audit.one_run import best_bound, guess_counts
from fedaug.privacy.audit.outcome import AuditOutcome
from fedaug.privacy.deid import Deidentifier
from fedaug.privacy.noise import NoiseSource, SystemNoise
from fedaug.privacy.units import PrivacyUnit
from fedaug.server.aggregation import AggregationSettings
from fedaug.server.campaign import plan_campaign
from fedaug.server.candidates import CandidateSource
from fedaug.server.coordinator import CampaignResult, Coordinator, Narrator
from fedaug.server.exchange import FlowerExchange
from fedaug.server.pool import Pool
from fedaug.server.statement_facts import privacy_parameters
from fedaug.simulation.audit.adapted import HeardAdapter
from fedaug.simulation.audit.attack import Floats, Leak, loudness, scores, widths
from fedaug.simulation.audit.overhear import Overheard, Planted
from fedaug.simulation.audit.pool_attacks import PoolAttacker
from fedaug.simulation.example import MOST_CANARIES, Example
from fedaug.simulation.grid import InProcessGrid
from fedaug.simulation.sites import VirtualSites
from fedaug.strategies.messages import CampaignPlan

#: Where the audit's own site and pool lie, in the run's folder.
AUDIT_FOLDER: Final = "audit"
CONFIDENCES: Final = (0.95, 0.999)
#: After a site's name: what is found of its adapter.
OF_ADAPTER: Final = ", adapter"
ATTACK: Final = "matched filter on noised sums and votes"
#: Where a unit is a subject, a canary's subject holds so many records of one text, so that clipping has work to do.
_RECORDS_PER_SUBJECT: Final = 4
_SPARE: Final = 1.3  # about one canary of nine looks like a name or an organisation to somebody's recogniser


_MADE_UP: Final = Provenance("canaries", 0)


def canaries_for(example: Example, count: int) -> tuple[str, ...]:
    """Texts for an audit of this campaign: public, and the same in every run.

    Those in which the shipped recognisers find something are left out, since de-identification would change them. This
    is seen from the texts alone, before any coin falls.

    Raises:
        ConfigError: There are too many.
    """
    drawn = math.ceil(_SPARE * count)
    ends = 4 if drawn <= MOST_CANARIES else 3
    texts = canary_texts(drawn, example.campaign.seed, suffix_words=ends)
    found = Deidentifier().find_many(texts)
    clean = [text for text, spans in zip(texts, found, strict=True) if spans == []]
    if len(clean) < count:
        raise DefectError("too many canaries look like identifiers", "report it with this line")
    return tuple(clean[:count])


def audit_campaign(
    example: Example,
    work: Path,
    texts: Sequence[str],
    *,
    public: Encoder,
    plain: Encoder,
    narrator: Narrator,
    noise: Callable[[str], NoiseSource] | None = None,
    coins: NoiseSource | None = None,
    repeats: int | Sequence[int] | None = None,
    source: CandidateSource | None = None,
) -> AuditOutcome:
    """Audit a campaign's plan at a virtual site that holds canaries.

    Args:
        example: The campaign; its settings for sites count, its data do not.
        work: The audit's own folder; what an earlier audit left in it is removed.
        texts: One coin is flipped for each; see :func:`canaries_for`.
        public: Embeds public texts, and may keep what it embeds.
        plain: Embeds the canaries, for the site and for the auditor.
        narrator: Told about progress.
        noise: The site's noise source by its name; tests alone give one.
        coins: Where coins come from; tests alone pass another than the default.
        repeats: Records of each canary, or of one after the other. By default 1, or 4 where the unit of privacy is the
            subject.
        source: A fresh source of the campaign's candidates; without held-out texts to keep clear of if none is given.

    Raises:
        ConfigError: Canaries have several records, and each is a unit by itself.
        RefusedError: The site's policy refuses the campaign.
    """
    config = example.campaign
    by_subject = config.privacy.unit is PrivacyUnit.SUBJECT
    usual = min(_RECORDS_PER_SUBJECT, config.privacy.records_per_unit) if by_subject else 1
    copies = [repeats or usual] * len(texts) if isinstance(repeats, int | None) else list(repeats)
    if max(copies) > 1 and not by_subject:
        raise ConfigError("a canary has several records, each a unit by itself", "set privacy.unit to subject")
    narrator.phase("audit: plant canaries")
    planted = flip_canaries(
        texts,
        coins or SystemNoise(),
        [config.labels[row % len(config.labels)] for row in range(len(texts))],
    )
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    source = source or CandidateSource(config, example.search, public)
    result, heard, adapter = _through(
        example, work, _rows(planted, copies), public, plain, _Telling(narrator), noise, source
    )
    narrator.phase("audit: guess the coins")
    seen = Planted(plain.embed(planted.texts), np.arange(len(texts)) % len(config.labels))
    leaks = seen.leaks(result.releases, heard.asked, result.plan)
    claimed = privacy_parameters(result.plan, 1).per_site.epsilon
    score = scores(leaks, len(texts))
    details = SiteDetails(
        bounds=tuple(_bound(score, planted.included, result.plan.delta, confidence) for confidence in CONFIDENCES),
        loudest=None if claimed is None else _loudest(leaks, len(texts), CONFIDENCES[-1]),
        noise=_noise(leaks, CONFIDENCES[-1]),
    )
    (name,) = result.sites
    sites = {name: (claimed, details)}
    if adapter is not None:
        narrator.phase("audit: listen to the adapter")
        sites[f"{name}{OF_ADAPTER}"] = (claimed, _of_adapter(adapter, planted, result.plan, claimed is not None))
    attacker = PoolAttacker(config, result.samples, public, plain)
    return AuditOutcome.of(
        config.name,
        len(texts),
        sites,
        _membership(score, planted.included),
        delta=result.plan.delta,
        attacked=(attacker.on_canaries(planted).for_consortium(),),
    )


def _through(
    example: Example,
    work: Path,
    rows: Sequence[Record],
    public: Encoder,
    plain: Encoder,
    narrator: Narrator,
    noise: Callable[[str], NoiseSource] | None,
    source: CandidateSource,
) -> tuple[CampaignResult, Overheard, HeardAdapter | None]:
    """The campaign, with one site that holds canaries; what its coordinator got and asked, and the site's adapter."""
    config = example.campaign.model_copy(update={"minimum_sites": 1, "aggregation": AggregationSettings()})
    alone = replace(example, campaign=config)
    with ExitStack() as stack:
        sites = VirtualSites(alone, work / "sites", lambda: plain, noise, prefix=AUDIT_FOLDER, told=narrator.step)
        stack.callback(sites.close)
        narrator.phase("prepare the site")
        site = sites.prepare(0, lambda: rows)
        grid = stack.enter_context(InProcessGrid(make_client_app(lambda _: site), 1))
        heard = Overheard(FlowerExchange(grid))
        pool = stack.enter_context(Pool.open(work / "pool.sqlite"))
        coordinator = Coordinator(
            plan_campaign(config, public.name, public.dimensions),
            config,
            heard,
            pool,
            public,
            source,
            narrator=narrator,
            consortium=sites.consortium.as_coordinator(),
        )
        result = coordinator.run()
        if config.adaptation is None:
            return result, heard, None
        return result, heard, HeardAdapter(config.adaptation.model, site.adapter(config.name))


def _of_adapter(adapter: HeardAdapter, planted: Canaries, plan: CampaignPlan, claimed: bool) -> SiteDetails:
    """What the adapter by itself shows, beside the whole campaign's claim."""
    score = adapter.scores(plan, planted.texts, [str(label) for label in planted.labels])
    units = int(planted.included.sum())
    return SiteDetails(
        bounds=tuple(_bound(score, planted.included, plan.delta, confidence) for confidence in CONFIDENCES),
        loudest=adapter.loudest(units, CONFIDENCES[-1]) if claimed else None,
        noise=adapter.noise(CONFIDENCES[-1]),
    )


def _rows(planted: Canaries, copies: Sequence[int]) -> list[Record]:
    """What lies in the site's source: a canary's records are one subject's."""
    return [
        Record(f"canary-{row}-{copy}", f"canary-{row}", planted.texts[row], planted.labels[row], _MADE_UP)
        for row in np.flatnonzero(planted.included).tolist()
        for copy in range(copies[row])
    ]


def _bound(score: Floats, included: NDArray[np.bool_], delta: float, confidence: float) -> Bound:
    made = guess_counts(len(score))
    best = best_bound(score, included, made, delta=delta, confidence=confidence)
    all_right = best_bound(included.astype(np.float64), included, made, delta=delta, confidence=confidence)
    return Bound(
        confidence=confidence,
        lower_bound=best.epsilon,
        ceiling=all_right.epsilon,
        guesses=best.guesses.made,
        correct=best.guesses.correct,
    )


def _loudest(leaks: Sequence[Leak], canaries: int, confidence: float) -> Loudest:
    heard = loudness(leaks, canaries)
    row = int(np.argmax(heard.deviations))
    return Loudest(
        contribution=float(heard.contributions[row]),
        deviations=float(heard.deviations[row]),
        limit=heard.limit(confidence),
    )


def _noise(leaks: Sequence[Leak], confidence: float) -> tuple[Noise, ...]:
    found = widths(leaks)
    doubt = (1 - confidence) / max(1, len(found))
    return tuple(
        Noise(release=width.key, planned=width.planned, heard=width.heard, least=width.least(doubt)) for width in found
    )


def _membership(score: Floats, included: NDArray[np.bool_]) -> Membership | None:
    """None if all coins fell alike."""
    if included.all() or not included.any():
        return None
    found = membership(ATTACK, score[included], score[~included], populations=(Population.PLANTED, Population.PLANTED))
    return Membership(
        attack=ATTACK,
        members=found.caught.trials,
        non_members=found.false_alarms.trials,
        tpr_at_1pct_fpr=found.caught.share,
        interval=tuple(found.interval),
        auc=found.auc,
    )


class _Telling:
    """Says of every phase that it is the audit's."""

    def __init__(self, narrator: Narrator) -> None:
        self._narrator = narrator

    def phase(self, name: str) -> None:
        self._narrator.phase(f"audit: {name}")

    def step(self, done: int, total: int) -> None:
        self._narrator.step(done, total)

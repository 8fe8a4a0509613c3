"""From a campaign's result to the data card of its pool and the card of its student."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from typing import Final

import numpy as np

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.server import statement_words as words
from fedaug.server.coordinator import CampaignResult
from fedaug.server.pool_records import PoolSample
from fedaug.server.report import Cards, DataCard, Licence, Spread, StudentCard, WeakLabel
from fedaug.server.schooling import Score
from fedaug.server.statement_facts import corpora

_WEAKEST: Final = 5
_DATA_USES: Final = (
    "Training and comparing classifiers for the campaign’s labels.",
    "Rehearsing a pipeline where records may not go.",
)
_DATA_LIMITS: Final = (
    "Telling how often a label, a word or a group occurs: the pool takes as many samples of each label as it can.",
    "Finding out about single cases: every text is synthetic or public, and what it says of the world may be false.",
    "A test set: scores on synthetic texts say little about scores on records.",
)
_STUDENT_USES: Final = (
    "Sorting texts like those of the sites into the campaign’s labels.",
    "A starting point for training on a site’s own records.",
)
_STUDENT_LIMITS: Final = (
    "Deciding about a person without one who looks.",
    "Texts of another kind or language than the held-out ones: nothing was measured there.",
    "Labels that it seldom gives rightly, above all those listed here.",
)


def cards(result: CampaignResult, score: Score, name: str, epsilon: float) -> Cards:
    """Both cards.

    Args:
        result: The campaign.
        score: Of the declared student.
        name: The declared student's.
        epsilon: What the campaign cost a unit of the costliest site.
    """
    return Cards(data=_data(result), student=_student(result, score, name, epsilon))


def _data(result: CampaignResult) -> DataCard:
    config, samples = result.config, result.samples
    per_label = Counter(sample.label for sample in samples)
    marks = Counter("dp" if sample.dependence is Dependence.DP else "public" for sample in samples)
    return DataCard(
        task=config.task,
        samples=len(samples),
        texts=len({sample.text for sample in samples}),
        labels=len(per_label),
        labels_empty=len(set(config.labels) - set(per_label)),
        per_label=_spread(per_label.values()),
        characters=_spread(len(sample.text) for sample in samples),
        origins=dict(Counter(origin_of(sample) for sample in samples)),
        dependence=dict(marks),
        licences=tuple(Licence(name=one.name, title=one.title, licence=one.licence) for one in corpora(config)),
        uses=_DATA_USES,
        limits=_DATA_LIMITS,
    )


def _student(result: CampaignResult, score: Score, name: str, epsilon: float) -> StudentCard:
    config, plan = result.config, result.plan
    licence, _ = words.ENCODERS.get(plan.encoder, words.UNKNOWN_ENCODER)
    scored = [part for part in score.per_label if part.accuracy is not None]
    wrong = [part for part in scored if part.accuracy != 1]
    weakest = sorted(wrong, key=lambda part: (part.accuracy, -part.support))[:_WEAKEST]
    return StudentCard(
        name=name,
        kind=config.student,
        base=plan.encoder,
        base_licence=licence,
        trained_on=len({sample.text for sample in result.samples}),
        labels=len(config.labels),
        metric="accuracy",
        score=score.accuracy,
        interval=score.interval,
        macro_f1=score.macro_f1,
        epsilon=epsilon,
        delta=plan.delta,
        weakest=tuple(
            WeakLabel(label=part.label, accuracy=part.accuracy or 0.0, support=part.support) for part in weakest
        ),
        never_right=sum(part.accuracy == 0 for part in scored),
        uses=_STUDENT_USES,
        limits=_STUDENT_LIMITS,
    )


def origin_of(sample: PoolSample | Candidate) -> str:
    """What made a sample, and from what."""
    return f"{sample.origin} ({sample.source})" if sample.source else sample.origin


def _spread(counts: Iterable[int]) -> Spread:
    values = list(counts) or [0]
    p5, p50, p95, most = (round(float(value)) for value in np.quantile(values, [0.05, 0.5, 0.95, 1]))
    return Spread(p5=p5, p50=p50, p95=p95, maximum=most)

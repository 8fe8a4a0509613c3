"""Data card and student card: what the pool and the student are, for whoever is handed them.

After Pushkarna et al. (2022), "Data Cards", and Mitchell et al. (2019), "Model Cards for Model Reporting"; only what
follows from a campaign's own facts is filled in.
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field

from fedaug.pages.facts import Count, Epsilon, Interval, Part, Share, sorted_naturally


class Spread(Part):
    """Quantiles of a count."""

    p5: Count
    p50: Count
    p95: Count
    maximum: Count


class Licence(Part):
    """A public collection that texts of the pool come from."""

    name: str
    title: str
    licence: str


class DataCard(Part):
    """The pool.

    Attributes:
        samples: Pairs of text and label.
        texts: Different texts; one text may stand under several labels.
        labels: How many labels have samples.
        labels_empty: Labels of the campaign without any.
        per_label: Samples of a label that has any.
        characters: Length of a text.
        origins: What made a text, and from what -> samples.
        dependence: ``public`` or ``dp`` -> samples: what the choice of the text depends on.
        uses: What it is for.
        limits: What it is not fit for.
    """

    task: str
    samples: Count
    texts: Count
    labels: Count
    labels_empty: Count = 0
    per_label: Spread
    characters: Spread
    origins: Annotated[dict[str, Count], AfterValidator(sorted_naturally)] = Field(default_factory=dict)
    dependence: dict[str, Count] = Field(default_factory=dict)
    licences: tuple[Licence, ...] = ()
    uses: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


class WeakLabel(Part):
    """A label that the student seldom gets right."""

    label: str
    accuracy: Share
    support: Count


class StudentCard(Part):
    """The student.

    Attributes:
        kind: The plug-in that trained it.
        base: The public model under it, and that model's licence.
        trained_on: Different texts of the pool.
        epsilon: What publishing it costs a unit of the costliest site; the pool is post-processing, so this is all.
        weakest: The labels with the lowest scores on held-out texts.
        never_right: How many labels with held-out texts are never given rightly.
    """

    name: str
    kind: str
    base: str
    base_licence: str
    trained_on: Count
    labels: Count
    metric: str
    score: Share
    interval: Interval | None = None
    macro_f1: Share | None = None
    epsilon: Epsilon
    delta: Annotated[float, Field(gt=0, lt=1)]
    weakest: tuple[WeakLabel, ...] = ()
    never_right: Count = 0
    uses: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


class Cards(Part):
    """Both cards."""

    data: DataCard
    student: StudentCard

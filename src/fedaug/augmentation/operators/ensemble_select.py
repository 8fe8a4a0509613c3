"""Ensemble-select: texts written in several ways, kept where several judges agree on their label."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count as numbers
from typing import Protocol

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, by_label, collect, derived
from fedaug.augmentation.operators.few_shot import About, few_shot_asks, refuse_private, require_short
from fedaug.augmentation.operators.teacher import Floats
from fedaug.augmentation.operators.writer import Ask, Writer
from fedaug.errors import ConfigError, UnknownLabel


class Judges(Protocol):
    """Several opinions on each text, such as an :class:`~fedaug.augmentation.operators.annotator.Annotator`'s."""

    @property
    def labels(self) -> tuple[str, ...]:
        """What they tell apart."""

    @property
    def dependence(self) -> Dependence:
        """The most private thing that they read."""

    def opinions(self, text: str) -> Floats:
        """Each judge's probabilities, float64 [judges, labels]."""


class EnsembleSelect:
    """Writes texts of each label with and without demonstrations, and keeps those on whose label the judges agree.

    Schick & Schütze 2021, "Exploiting Cloze Questions for Few Shot Text Classification and Natural Language Inference",
    section 3.3: one prompt is a matter of luck, several of them that agree are not. Agreement as the filter of
    generated texts: Meng et al. 2022, "Generating Training Data with Language Models" (SuperGen), section 3.3.

    - reads: the model, the judges, and ``demonstrations`` of its parents in a prompt; parents that depend on
      ``PRIVATE`` are refused.
    - depends on: the most private of model, judges and parents.
    - cost: one sampled text for each try, and the judges' for each of them: a few texts are kept of many.

    Args:
        writer: Writes.
        judges: Give opinions on each text.
        demonstrations: Most texts shown in one prompt.
        agreement: Least share of the judges that have to find the text's own label likeliest.

    Raises:
        ConfigError: A setting is out of range.
    """

    name = "ensemble-select"
    kind = OperatorKind.CREATE
    across_labels = False

    def __init__(self, writer: Writer, judges: Judges, *, demonstrations: int = 2, agreement: float = 1.0) -> None:
        if demonstrations < 1 or not 0 < agreement <= 1:
            raise ConfigError(
                "ensemble-select's demonstrations or agreement are out of range", "give 1 or more, and above 0 to 1"
            )
        self._writer, self._judges = writer, judges
        self._most, self._agreement = demonstrations, agreement

    @property
    def reads(self) -> Dependence:
        """The most private of the model and the judges."""
        return max(self._writer.dependence, self._judges.dependence)

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` new texts, the labels in turn.

        Raises:
            EmptySource: There are no parents.
            UnknownLabel: A parent has no label, or one that the judges do not know.
            PrivateOutput: A parent depends on records without a DP mechanism in between.
            MalformedRow: A parent is too long for the model even alone.
        """
        groups = by_label(parents)
        refuse_private(parents)
        if not groups.keys() <= set(self._judges.labels):
            raise UnknownLabel("the judges do not know the label of a parent", "ask judges of the campaign's labels")
        require_short(self._writer, groups)
        asks = self._asks(groups, random.Random(f"{self.name}/{seed}"))
        drafts = (
            Draft(text, ask.about[1], ask.about[0], source=self._writer.name)
            if text and self._agree(text, ask.about[0])
            else None
            for ask, text in self._writer.each(asks, derived(seed, self.name), count)
        )
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)

    def _asks(self, groups: Mapping[str, Sequence[Candidate]], rng: random.Random) -> Iterator[Ask[About]]:
        """For each label in turn one ask that shows nothing, then for each one that shows texts."""
        shown = few_shot_asks(self._writer, groups, self._most, rng)
        for number in numbers():
            label = list(groups)[number % len(groups)]
            if number // len(groups) % 2:
                yield next(shown)
            else:
                yield Ask(self._writer.prompts.write(label, ()), (label, ()))

    def _agree(self, text: str, label: str) -> bool:
        found = self._judges.opinions(text).argmax(axis=1)
        own = self._judges.labels.index(label)
        return float((found == own).mean()) >= self._agreement

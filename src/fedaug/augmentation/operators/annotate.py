"""Annotate: texts get the label that a language model finds likeliest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from fedaug.augmentation.candidates import Candidate, Dependence, believed, most_private
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import require_parents
from fedaug.augmentation.operators.teacher import Floats, Teacher
from fedaug.errors import ConfigError


class Annotate:
    """Labels texts by the likelihood of labels, with a soft label beside the likeliest one.

    Wang et al. 2021, "Want To Reduce Labeling Cost? GPT-3 Can Help", and Gilardi, Alizadeh & Kubli 2023: a
    language model annotates, zero- or few-shot. How it is asked, how several ways of asking are averaged, and what is
    done about its liking for some labels, is :class:`~fedaug.augmentation.operators.annotator.Annotator`'s.

    - reads: the annotator's model and demonstrations, and each parent's text in questions of its own.
    - depends on: the most private of the annotator and the parents.
    - cost: for each text one forward pass for each label and way of asking.

    Args:
        annotator: Says how probable each label is.
        least_confidence: Texts whose label is less probable are left out.

    Raises:
        ConfigError: The confidence is not from 0 to below 1.
    """

    name = "annotate"
    kind = OperatorKind.LABEL
    across_labels = True

    def __init__(self, annotator: Teacher, *, least_confidence: float = 0.0) -> None:
        if not 0 <= least_confidence < 1:
            raise ConfigError("the least confidence is out of range", "give a number from 0 to below 1")
        self._annotator, self._least = annotator, least_confidence

    @property
    def reads(self) -> Dependence:
        """What the annotator depends on."""
        return self._annotator.dependence

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """The first ``count`` texts with labels; whatever label one had is replaced. The seed chooses nothing.

        Raises:
            EmptySource: There are no parents.
            MalformedRow: A parent is too long for the model.
        """
        del seed
        require_parents(parents)
        texts = list({parent.text: parent for parent in reversed(parents)}.values())[::-1][: max(count, 0)]
        found = self._annotator.probabilities([one.text for one in texts])
        mark = most_private(self.reads, parents)
        labelled = [
            labelled_as(one, row, self._annotator, self.name, mark) for one, row in zip(texts, found, strict=True)
        ]
        return [one for one in labelled if one.confidence >= self._least]


def labelled_as(text: Candidate, probabilities: Floats, annotator: Teacher, origin: str, mark: Dependence) -> Candidate:
    """A text with the label that an annotator finds likeliest; it keeps its parents, being the same text."""
    belief = believed(dict(zip(annotator.labels, probabilities.tolist(), strict=True)))
    return replace(text, label=belief[0][0], belief=belief, origin=origin, dependence=mark)

"""Annotate under a budget: the most informative texts first, and the doubtful ones for a person."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from fedaug.augmentation.candidates import Candidate, Dependence, most_private
from fedaug.augmentation.encoder import Encoder
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.annotate import labelled_as
from fedaug.augmentation.operators.children import require_parents
from fedaug.augmentation.operators.informative import most_uncertain, vote_k
from fedaug.augmentation.operators.teacher import Teacher
from fedaug.errors import ConfigError


class Shared(NamedTuple):
    """Who labels what.

    Attributes:
        labelled: By the annotator, the most informative first.
        doubtful: Labelled too, but with too little confidence: for a person
            (:func:`~fedaug.augmentation.operators.by_hand.write_questions`).
        left: Beyond the budget: unlabelled, as they were.
    """

    labelled: list[Candidate]
    doubtful: list[Candidate]
    left: list[Candidate]


class AnnotateBudgeted:
    """Labels so many texts and no more, the most informative first.

    Which ones: with a teacher those of which it is least certain, else those that stand for many others (vote-k; Su et
    al. 2023, "Selective Annotation Makes Language Models Better Few-Shot Learners", section 2.1). Where the annotator
    itself is in doubt a person may decide: Li et al. 2023, "CoAnnotating: Uncertainty-Guided Work Allocation between
    Human and Large Language Models", section 3.

    - reads: the annotator's model and demonstrations, the teacher, and of all parents the embeddings.
    - depends on: the most private of annotator, teacher and parents.
    - cost: an embedding, or the teacher, for each text; the annotator for ``count`` of them.

    Args:
        annotator: Says how probable each label is.
        encoder: The public embedding space, in which texts stand for each other; needed without a teacher.
        teacher: Says cheaply how certain each text's label is.
        least_confidence: Texts whose label is less probable than this are doubtful.

    Raises:
        ConfigError: There is neither an encoder nor a teacher, or the confidence is not from 0 to below 1.
    """

    name = "annotate-budgeted"
    kind = OperatorKind.LABEL
    across_labels = True

    def __init__(
        self,
        annotator: Teacher,
        *,
        encoder: Encoder | None = None,
        teacher: Teacher | None = None,
        least_confidence: float = 0.0,
    ) -> None:
        if encoder is None and teacher is None:
            raise ConfigError("nothing says which texts are the most informative", "give an encoder or a teacher")
        if not 0 <= least_confidence < 1:
            raise ConfigError("the least confidence is out of range", "give a number from 0 to below 1")
        self._annotator, self._encoder, self._teacher = annotator, encoder, teacher
        self._least = least_confidence

    @property
    def reads(self) -> Dependence:
        """The most private of the annotator and the teacher."""
        marks = [self._annotator.dependence] + ([self._teacher.dependence] if self._teacher else [])
        return max(marks)

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """The ``count`` most informative texts with labels, without the doubtful ones. The seed chooses nothing.

        Raises:
            EmptySource: There are no parents.
            MalformedRow: A parent that is to be labelled is too long for the model.
        """
        del seed
        return self.share(parents, count).labelled

    def share(self, parents: Sequence[Candidate], budget: int) -> Shared:
        """Who labels what; see :class:`Shared`.

        Raises:
            EmptySource: There are no parents.
            MalformedRow: A parent that is to be labelled is too long for the model.
        """
        require_parents(parents)
        texts = list({parent.text: parent for parent in reversed(parents)}.values())[::-1]
        order = self._order(texts, max(budget, 0))
        found = self._annotator.probabilities([texts[row].text for row in order])
        mark = most_private(self.reads, parents)
        asked = [
            labelled_as(texts[row], shares, self._annotator, self.name, mark)
            for row, shares in zip(order, found, strict=True)
        ]
        chosen = set(order)
        return Shared(
            [one for one in asked if one.confidence >= self._least],
            [one for one in asked if one.confidence < self._least],
            [one for row, one in enumerate(texts) if row not in chosen],
        )

    def _order(self, texts: Sequence[Candidate], budget: int) -> list[int]:
        words = [one.text for one in texts]
        if self._teacher is not None:
            return most_uncertain(self._teacher.probabilities(words), budget)
        assert self._encoder is not None
        return vote_k(self._encoder.embed(words), budget)

"""Operators: plug-ins that make new candidates out of given ones, label them, or change them.

Every operator states what it reads beside the candidates that it is given, and what it makes depends on the most
private thing of all that: ``PUBLIC``, ``DP`` or ``PRIVATE``. Nothing that depends on ``PRIVATE`` gets past a gate.
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from typing import Protocol

from fedaug.augmentation.candidates import Candidate, Dependence


class OperatorKind(StrEnum):
    """What an operator does to a set of candidates.

    The taxonomy of Ding et al. 2024, "Data Augmentation using Large Language Models: Data Perspectives, Learning
    Paradigms and Challenges", section 2; its fourth kind, co-annotation, is labelling shared with a person.
    """

    CREATE = "create"  # new texts for the labels of its parents
    LABEL = "label"  # the same texts, with labels
    REFORM = "reform"  # new texts, each a change of one parent or of several


class Operator(Protocol):
    """Makes candidates of candidates. Its output depends on the most private of its parents and of what it reads."""

    @property
    def name(self) -> str:
        """Name of its entry point; ``Candidate.origin`` of what it makes."""

    @property
    def kind(self) -> OperatorKind:
        """What it does."""

    @property
    def reads(self) -> Dependence:
        """The most private thing that it reads beside the parents, such as a model's weights."""

    @property
    def across_labels(self) -> bool:
        """Whether it wants parents of several labels at once; else a campaign calls it for each label by itself."""

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` candidates; the same input and seed give the same list.

        What is created or reformed are different texts, none equal to a parent's. What is labelled are texts of the
        parents, each once, with a label and a soft one beside it.

        Args:
            parents: What to work on, usually the survivors of one label.
            count: Most candidates to make; fewer come back where the parents do not allow more.
            seed: Seed of every choice that is made.

        Raises:
            EmptySource: There are no parents.
            InputError: The parents, or the labels they carry, are not of use to this operator.
        """

"""Operators: plug-ins that make new candidates out of given ones."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from fedaug.augmentation.candidates import Candidate, Dependence


class Operator(Protocol):
    """Makes variations. Its output depends on the most private of its parents and of what it reads."""

    @property
    def name(self) -> str:
        """Name of its entry point; ``Candidate.origin`` of what it makes."""

    @property
    def reads(self) -> Dependence:
        """The most private thing that it reads beside the parents."""

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` different texts, none equal to a parent's; the same input and seed give the same list.

        Args:
            parents: What to vary, usually the survivors of one label.
            count: Most texts to make; fewer come back where the parents do not allow more.
            seed: Seed of every choice that is made.
        """

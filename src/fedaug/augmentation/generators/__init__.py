"""Generators: plug-ins that make candidates for a set of labels from public input only."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from fedaug.augmentation.candidates import Candidate


class Generator(Protocol):
    """Makes candidates. A generator reads public configuration and public text, never a record."""

    @property
    def name(self) -> str:
        """Name of its entry point; ``Candidate.origin`` of what it makes."""

    def generate(self, labels: Sequence[str], seed: int) -> Iterator[Candidate]:
        """Candidates for the labels, each text once; the same labels and seed give the same candidates in one order.

        Args:
            labels: The campaign's public label set.
            seed: Seed of every choice that is made.
        """

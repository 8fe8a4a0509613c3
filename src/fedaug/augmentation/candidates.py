"""A candidate: a piece of synthetic or public text, with what it was made from and what it depends on."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from typing import Final

from fedaug.errors import BadNumber, UnknownLabel

_ROUNDING: Final = 1e-6

#: A soft label: how far a text is believed to be of each label, most believed first; shares above 0 that sum to 1.
Belief = tuple[tuple[str, float], ...]


class Dependence(IntEnum):
    """What a text depends on; the larger, the more private. Only a DP mechanism lowers the mark."""

    PUBLIC = 0
    DP = 1
    PRIVATE = 2


@dataclass(frozen=True)
class Candidate:
    """A piece of text that may enter the pool.

    Args:
        text: The text itself. Left out of the repr, so that a traceback or a log line cannot show it.
        origin: Name of the plug-in that made it, such as ``"public-corpus"``.
        source: What the plug-in made it from, such as the name of a corpus.
        label: A label of the campaign, or None where the origin does not claim one.
        parents: ``sample_id`` of each candidate that it was made from.
        dependence: The most private thing that it depends on.
        belief: A soft label, of which ``label`` is the most believed; empty where the label is certain, or is none.

    Raises:
        BadNumber: A share of belief is not above 0, or the shares do not sum to 1.
        UnknownLabel: The belief names a label twice, or ``label`` is not the most believed.
    """

    text: str = field(repr=False)
    origin: str
    source: str
    label: str | None = None
    parents: tuple[str, ...] = ()
    dependence: Dependence = Dependence.PUBLIC
    belief: Belief = ()

    def __post_init__(self) -> None:
        if not self.belief:
            return
        labels, shares = zip(*self.belief, strict=True)
        if not (all(share > 0 for share in shares) and abs(math.fsum(shares) - 1) <= _ROUNDING):
            raise BadNumber("the shares of a soft label are not above 0 with sum 1", "make it with believed()")
        if len(set(labels)) < len(labels) or self.label != labels[0] or shares[0] < max(shares):
            raise UnknownLabel("a soft label does not fit the label beside it", "give the most believed one first")

    @property
    def confidence(self) -> float:
        """How far ``label`` is believed: 1 of a certain label, 0 of none."""
        return self.belief[0][1] if self.belief else float(self.label is not None)

    @property
    def weighted_labels(self) -> Belief:
        """Each label that it may be trained on, with its weight; empty without a label."""
        return self.belief or (((self.label, 1.0),) if self.label is not None else ())

    @property
    def sample_id(self) -> str:
        """SHA-256 of the text, as 64 hex digits: the same text has one id wherever it comes from."""
        return hashlib.sha256(self.text.encode()).hexdigest()


def most_private(reads: Dependence, parents: Iterable[Candidate]) -> Dependence:
    """The mark of an operator's output: the most private of what it reads and of its parents."""
    return max([reads, *(parent.dependence for parent in parents)])


def believed(shares: Mapping[str, float], *, least: float = 0.001) -> Belief:
    """A soft label from probabilities.

    Args:
        shares: Label -> probability, or anything in proportion to it.
        least: Labels believed in by less than this share are left out, unless they are the most believed.

    Raises:
        BadNumber: A share is negative or not finite, or all are 0.
    """
    total = math.fsum(shares.values()) if shares else 0.0
    if not (math.isfinite(total) and total > 0 and all(share >= 0 for share in shares.values())):
        raise BadNumber("a soft label believes in nothing, or in a negative or infinite share", "give probabilities")
    # Equal shares go by name, so that the order of the mapping decides nothing.
    ordered = sorted(shares.items(), key=lambda pair: (-pair[1], pair[0]))
    kept = ordered[:1] + [pair for pair in ordered[1:] if pair[1] >= least * total and pair[1] > 0]
    sum_kept = math.fsum(share for _, share in kept)
    return tuple((label, share / sum_kept) for label, share in kept)

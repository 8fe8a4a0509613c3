"""Building the output of an operator: different texts, marks and parents as the contract wants them."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from fedaug.augmentation.candidates import Candidate, Dependence, most_private
from fedaug.augmentation.corpora import normalise

_FRUITLESS = 60
"""After so many draws in a row that gave nothing new, the parents are taken to allow no more."""

Draw = Callable[[], tuple[str, Sequence[Candidate]] | None]
"""Makes one text and names its parents, or finds none."""


def collect(draw: Draw, parents: Sequence[Candidate], count: int, *, origin: str, reads: Dependence) -> list[Candidate]:
    """Draw until ``count`` texts are there that are new and no parent's; give up when none comes any more.

    Args:
        draw: Makes one text.
        parents: Whose texts are refused.
        count: Most texts.
        origin: The operator's name.
        reads: What the operator reads beside the parents.
    """
    refused = {parent.text.casefold() for parent in parents}
    made: list[Candidate] = []
    fruitless = 0
    while len(made) < count and fruitless < _FRUITLESS:
        fruitless += 1
        drawn = draw()
        if drawn is None:
            continue
        text, used = normalise(drawn[0]), drawn[1]
        if not text or text.casefold() in refused:
            continue
        fruitless = 0
        refused.add(text.casefold())
        made.append(
            Candidate(
                text,
                origin,
                "+".join(sorted({parent.source for parent in used})),
                _common_label(used),
                tuple(dict.fromkeys(parent.sample_id for parent in used)),
                # All parents were looked at to choose these, so the mark is that of all.
                most_private(reads, parents),
            )
        )
    return made


def _common_label(parents: Sequence[Candidate]) -> str | None:
    labels = {parent.label for parent in parents}
    return labels.pop() if len(labels) == 1 else None

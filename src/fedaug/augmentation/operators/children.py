"""Building the output of an operator: different texts, marks and parents as the contract wants them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from fedaug.augmentation.candidates import Belief, Candidate, Dependence, most_private
from fedaug.augmentation.corpora import normalise
from fedaug.errors import EmptySource, UnknownLabel

_FRUITLESS: Final = 60
"""After so many drafts in a row that gave nothing new, the parents are taken to allow no more."""


class Draft(NamedTuple):
    """A text that may become a candidate.

    Attributes:
        text: As it was made; it is normalised before it is compared.
        parents: What it was made of.
        label: Its label.
        belief: Its soft label, if it has one.
        source: What else it was made from, such as a model's name.
    """

    text: str
    parents: Sequence[Candidate]
    label: str | None
    belief: Belief = ()
    source: str = ""


def collect(
    drafts: Iterable[Draft | None], parents: Sequence[Candidate], count: int, *, origin: str, reads: Dependence
) -> list[Candidate]:
    """Take drafts until ``count`` texts are there that are new and no parent's; give up when none comes any more.

    Args:
        drafts: Made one by one as they are asked for, without end if need be; None where a try came to nothing.
        parents: Whose texts are refused.
        count: Most texts.
        origin: The operator's name.
        reads: What the operator reads beside the parents.
    """
    if count <= 0:
        return []
    refused = {parent.text.casefold() for parent in parents}
    # All parents were looked at to choose some, so the mark is that of all.
    mark = most_private(reads, parents)
    made: list[Candidate] = []
    fruitless = 0
    for draft in drafts:
        fruitless += 1
        text = normalise(draft.text) if draft is not None else ""
        if draft is not None and text and text.casefold() not in refused:
            fruitless = 0
            refused.add(text.casefold())
            sources = {parent.source for parent in draft.parents} | ({draft.source} if draft.source else set())
            ids = tuple(dict.fromkeys(parent.sample_id for parent in draft.parents))
            made.append(Candidate(text, origin, "+".join(sorted(sources)), draft.label, ids, mark, draft.belief))
        if len(made) == count or fruitless == _FRUITLESS:
            break
    return made


def derived(seed: int, *names: object) -> int:
    """A seed of its own for one of several uses of a seed."""
    return random.Random("/".join(map(str, (*names, seed)))).getrandbits(63)


def common_label(parents: Sequence[Candidate]) -> str | None:
    """The label that all of them have, or None."""
    labels = {parent.label for parent in parents}
    return labels.pop() if len(labels) == 1 else None


def require_parents(parents: Sequence[Candidate]) -> None:
    """Refuse to work on nothing.

    Raises:
        EmptySource: There are no parents.
    """
    if not parents:
        raise EmptySource("an operator was given no text to work on", "give it one at least")


def by_label(parents: Sequence[Candidate], *, at_least: int = 1) -> dict[str, list[Candidate]]:
    """Parents with text by label, each text once, in the order in which they came.

    Args:
        parents: At least one.
        at_least: Fewest labels.

    Raises:
        EmptySource: There are no parents.
        UnknownLabel: One has no label, or there are too few labels.
    """
    require_parents(parents)
    groups: dict[str, dict[str, Candidate]] = {}
    for parent in parents:
        if parent.label is None:
            raise UnknownLabel("an operator that goes by labels was given a text without one", "label it first")
        groups.setdefault(parent.label, {}).setdefault(parent.text, parent)
    if len(groups) < at_least:
        raise UnknownLabel(
            f"an operator needs texts of {at_least} labels, and was given {len(groups)}", "give it those of more labels"
        )
    return {label: list(group.values()) for label, group in groups.items()}

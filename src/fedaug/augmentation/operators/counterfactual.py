"""Counterfactual: a text is edited, as little as will do, until a teacher gives it another label."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from typing import Final

import numpy as np

from fedaug.augmentation.candidates import Candidate, Dependence, believed
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, by_label, collect, derived
from fedaug.augmentation.operators.teacher import Teacher, refuse_private_teacher
from fedaug.augmentation.operators.writer import Ask, Writer
from fedaug.errors import ConfigError, UnknownLabel

_SHARES: Final = (0.2, 0.35, 0.5, 0.7)  # of a text's words that are taken out, the fewest first
_MOST_TOKENS: Final = 24


class Counterfactual:
    """Takes out the span that a teacher's word hangs on and writes another, until the teacher's label flips.

    Ross, Marasović & Peters 2021, "Explaining NLP Models via Minimal Contrastive Editing (MiCE)", section 2: spans by
    importance, the smallest first, filled with the other label in the prompt, judged by the predictor. As training
    data: Kaushik, Hovy & Lipton 2020, and Wu et al. 2021, "Polyjuice".

    The other label is the teacher's second choice. A text whose own label is not the teacher's first choice is left
    out: of it there is nothing to flip.

    - reads: the model, each parent in its own prompts, and the teacher's word on every edit.
    - depends on: the most private of model, teacher and parents; a teacher that depends on ``PRIVATE`` is refused.
    - cost: for each parent one teacher's call for each word, and ``fills`` sampled spans for each of up to four sizes.

    Args:
        writer: Writes.
        teacher: Says how probable each label is.
        fills: Spans that are tried for each size of gap.

    Raises:
        ConfigError: Nothing is to be tried, or there is no teacher.
        PrivateOutput: The teacher was trained on records without DP.
    """

    name = "counterfactual"
    kind = OperatorKind.REFORM
    across_labels = True

    def __init__(self, writer: Writer, teacher: Teacher, *, fills: int = 8) -> None:
        if fills < 1:
            raise ConfigError("counterfactual is to try no edit", "give fills of 1 or more")
        refuse_private_teacher(teacher)
        self._writer, self._teacher, self._fills = writer, teacher, fills

    @property
    def reads(self) -> Dependence:
        """The most private of the model and the teacher."""
        return max(self._writer.dependence, self._teacher.dependence)

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` counterfactuals, one for each parent at most, in an order that the seed gives.

        Raises:
            EmptySource: There are no parents.
            UnknownLabel: A parent has no label, or one that the teacher does not know; or the teacher knows one only.
            MalformedRow: A parent is too long for the model.
        """
        groups = by_label(parents)
        if not groups.keys() <= set(self._teacher.labels) or len(self._teacher.labels) < 2:
            raise UnknownLabel("the teacher does not know the label of a parent, or no other", "train it on all labels")
        each = [one for group in groups.values() for one in group]
        for one in each:
            self._writer.require_room(self._writer.prompts.fill(one.text, ""), _MOST_TOKENS)
        order = random.Random(f"{self.name}/{seed}").sample(each, len(each))
        drafts = (self._flipped(parent, derived(seed, self.name, parent.sample_id)) for parent in order)
        return collect(_never_tired(drafts), parents, count, origin=self.name, reads=self.reads)

    def _flipped(self, parent: Candidate, seed: int) -> Draft | None:
        labels = self._teacher.labels
        own = labels.index(str(parent.label))
        first = self._teacher.probabilities([parent.text])[0]
        words = parent.text.split()
        if int(first.argmax()) != own or len(words) < 2:
            return None
        other = int(np.argsort(-first, kind="stable")[1])
        weight = self._importance(words, own, float(first[own]))
        for size in dict.fromkeys(max(1, round(share * len(words))) for share in _SHARES):
            start = _heaviest(weight, size)
            before, after = " ".join(words[:start]), " ".join(words[start + size :])
            edited = self._fill(before, after, labels[other], derived(seed, size))
            if not edited:
                continue
            found = self._teacher.probabilities(edited)
            flips = [row for row in range(len(edited)) if int(found[row].argmax()) != own]
            if flips:
                best = max(flips, key=lambda row: (float(found[row].max()), -row))
                belief = believed(dict(zip(labels, found[best].tolist(), strict=True)))
                return Draft(edited[best], (parent,), belief[0][0], belief, self._writer.name)
        return None

    def _importance(self, words: Sequence[str], own: int, whole: float) -> list[float]:
        """Of each word, how much less the teacher believes in the label without it."""
        without = [" ".join([*words[:place], *words[place + 1 :]]) for place in range(len(words))]
        return [whole - float(share) for share in self._teacher.probabilities(without)[:, own]]

    def _fill(self, before: str, after: str, label: str, seed: int) -> list[str]:
        """Texts with the gap filled: half of the fills fit the gap, half go on from its left under the other label."""
        asks = (
            Ask(self._writer.prompts.fill(before, after), True, most_tokens=_MOST_TOKENS, cut=False)
            if number % 2
            else Ask(self._writer.prompts.write(label, ()), False, before, most_tokens=_MOST_TOKENS)
            for number in range(self._fills)
        )
        found: dict[str, None] = {}
        for ask, text in self._writer.each(asks, seed, self._fills):
            if text:
                parts = (before, text, after) if ask.about else (text, after)
                found.setdefault(self._writer.joined(*parts))
        return list(found)


def _heaviest(weight: Sequence[float], size: int) -> int:
    """Where the run of so many words begins that weighs most."""
    sums = [sum(weight[start : start + size]) for start in range(len(weight) - size + 1)]
    return max(range(len(sums)), key=lambda start: (sums[start], -start))


def _never_tired(drafts: Iterator[Draft | None]) -> Iterator[Draft | None]:
    """Without the tries that came to nothing: each parent is tried once only, so there is an end to them."""
    return (draft for draft in drafts if draft is not None)

"""Mix: two texts of different labels blended into one, with a soft label."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, NamedTuple

from fedaug.augmentation.candidates import Belief, Candidate, believed
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, by_label, collect, derived
from fedaug.augmentation.operators.writer import Ask, Writing

_SHARES: Final = (0.25, 0.75)  # of the first text's words: beyond, it would be the one text or the other
_BRIDGE_TOKENS: Final = 16
_MOST_MISFITS: Final = 100


class Blend(NamedTuple):
    """The two sides of a gap, and whose words they are."""

    first: Candidate
    second: Candidate
    head: str
    tail: str


class Mix(Writing):
    """Joins the beginning of one text to the end of another of a different label, by words that the model puts between.

    Yoo et al. 2021, "GPT3Mix: Leveraging Large-scale Language Models for Text Augmentation" (a model blends samples,
    and the label is soft); the soft label is the share of words that come from each, as in Yoon, Kim & Park 2021,
    "SSMix: Saliency-Based Span Mixup for Text Classification", section 3, so that no likelihood has to be trusted.

    - reads: the model, and two parents in one prompt.
    - depends on: the most private of the model and the parents.
    - cost: one sampled span for each try.

    Args:
        writer: Writes.
    """

    name = "mix"
    kind = OperatorKind.REFORM
    across_labels = True

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` blends.

        Raises:
            EmptySource: There are no parents.
            UnknownLabel: A parent has no label, or all have the same.
            MalformedRow: A parent is too long for the model.
        """
        groups = list(by_label(parents, at_least=2).values())
        for one in (one for group in groups for one in group):
            # A blend has no more words than the longer of its texts.
            self._writer.require_room(self._writer.prompts.fill(one.text, ""), _BRIDGE_TOKENS)
        asks = self._asks(groups, random.Random(f"{self.name}/{seed}"))
        drafts = (
            self._draft(ask.about, bridge) for ask, bridge in self._writer.each(asks, derived(seed, self.name), count)
        )
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)

    def _asks(self, groups: Sequence[Sequence[Candidate]], rng: random.Random) -> Iterator[Ask[Blend]]:
        misfits = 0
        while True:
            first, second = (rng.choice(group) for group in rng.sample(groups, 2))
            share = rng.uniform(*_SHARES)
            words, others = first.text.split(), second.text.split()
            head = " ".join(words[: max(1, round(share * len(words)))])
            tail = " ".join(others[-max(1, round((1 - share) * len(others))) :])
            prompt = self._writer.prompts.fill(head, tail)
            if self._writer.room(prompt) < _BRIDGE_TOKENS and misfits < _MOST_MISFITS:
                misfits += 1  # a text's long words may all be on the side that was taken
                continue
            misfits = 0
            yield Ask(prompt, Blend(first, second, head, tail), most_tokens=_BRIDGE_TOKENS, cut=False)

    def _draft(self, blend: Blend, bridge: str) -> Draft | None:
        if not bridge:
            return None
        belief = _blended(blend)
        text = self._writer.joined(blend.head, bridge, blend.tail)
        return Draft(text, (blend.first, blend.second), belief[0][0], belief, self._writer.name)


def _blended(blend: Blend) -> Belief:
    """What is believed of the two, each as far as words of it are there."""
    shares: Counter[str] = Counter()
    for parent, kept in ((blend.first, blend.head), (blend.second, blend.tail)):
        for label, share in parent.weighted_labels:
            shares[label] += share * len(kept.split())  # type: ignore[assignment]  # a Counter of floats
    return believed(shares)

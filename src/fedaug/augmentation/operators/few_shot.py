"""Few-shot: new texts of a label, after some texts of it."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from itertools import count as numbers
from typing import Final

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, by_label, collect, derived
from fedaug.augmentation.operators.writer import Ask, Writer, Writing
from fedaug.errors import ConfigError, PrivateOutput

_ROOM: Final = 48  # tokens that demonstrations have to leave for the text
About = tuple[str, tuple[Candidate, ...]]


class FewShot(Writing):
    """Writes new texts of each label, shown a few of that label.

    Brown et al. 2020, "Language Models are Few-Shot Learners", section 2; label by label as in Schick & Schütze 2021,
    "Generating Datasets with Pretrained Language Models", section 3.

    - reads: the model, and ``demonstrations`` of its parents, which it puts into the prompt. No record may stand in a
      prompt, so parents that depend on ``PRIVATE`` are refused.
    - depends on: the most private of the model and the parents.
    - cost: one sampled text for each try, its prompt longer by the demonstrations.

    Args:
        writer: Writes.
        demonstrations: Most texts that are shown at once; fewer where the model has no room for more.

    Raises:
        ConfigError: No text is to be shown.
    """

    name = "few-shot"
    kind = OperatorKind.CREATE
    across_labels = False

    def __init__(self, writer: Writer, *, demonstrations: int = 3) -> None:
        if demonstrations < 1:
            raise ConfigError("few-shot is to show no text", "give demonstrations of 1 or more")
        super().__init__(writer)
        self._most = demonstrations

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` new texts, the labels in turn.

        Raises:
            EmptySource: There are no parents.
            UnknownLabel: A parent has no label.
            PrivateOutput: A parent depends on records without a DP mechanism in between.
            MalformedRow: A parent is too long for the model even alone.
        """
        groups = by_label(parents)
        refuse_private(parents)
        require_short(self._writer, groups)
        asks = few_shot_asks(self._writer, groups, self._most, random.Random(f"{self.name}/{seed}"))
        drafts = (
            Draft(text, ask.about[1], ask.about[0], source=self._writer.name)
            for ask, text in self._writer.each(asks, derived(seed, self.name), count)
        )
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)


def refuse_private(parents: Sequence[Candidate]) -> None:
    """Refuse to put into a prompt what depends on records.

    Raises:
        PrivateOutput: A parent depends on records without a DP mechanism in between.
    """
    if any(not parent.dependence < Dependence.PRIVATE for parent in parents):
        raise PrivateOutput("a text that depends on records was to stand in a prompt", "show PUBLIC or DP texts only")


def require_short(writer: Writer, groups: Mapping[str, Sequence[Candidate]]) -> None:
    """Refuse texts that a model cannot be shown, before any is written: which are drawn first decides nothing.

    Raises:
        MalformedRow: One is too long for the model even alone.
    """
    for label, group in groups.items():
        for one in group:
            writer.require_room(writer.prompts.write(label, [one.text]))


def few_shot_asks(
    writer: Writer, groups: Mapping[str, Sequence[Candidate]], most: int, rng: random.Random
) -> Iterator[Ask[About]]:
    """Asks without end, the labels in turn, each with its own draw of texts to show."""
    labels = list(groups)
    for number in numbers():
        label = labels[number % len(labels)]
        shown = rng.sample(groups[label], min(most, len(groups[label])))
        prompt = writer.prompts.write(label, [one.text for one in shown])
        while len(shown) > 1 and writer.room(prompt) < _ROOM:
            shown = shown[:-1]
            prompt = writer.prompts.write(label, [one.text for one in shown])
        yield Ask(prompt, (label, tuple(shown)), most_tokens=_length_like(writer, shown))


def _length_like(writer: Writer, shown: Sequence[Candidate]) -> int:
    """Half as long again as the longest that is shown, as far as there is room."""
    return max(_ROOM // 2, max(writer.tokens(one.text) for one in shown) * 3 // 2)

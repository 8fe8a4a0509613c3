"""Tune-then-generate: new texts of a label from a model that was tuned on private texts under DP."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count as numbers

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, by_label, collect, derived
from fedaug.augmentation.operators.writer import Ask, Writer, Writing
from fedaug.errors import PrivateOutput


class TuneThenGenerate(Writing):
    """Writes texts of each label with a model that was adapted to private texts by DP-SGD, steered by its label alone.

    Yue et al. 2023, "Synthetic Text Generation with Differential Privacy: A Simple and Practical Recipe"
    (control codes in front of each text, DP-SGD, then sampling); without DP, Meng et al. 2023, "Tuning Language Models
    as Training Data Generators". Whatever is sampled is post-processing, so more texts cost no budget.

    - reads: the adapted model; of its parents the labels, and their texts only to make none of them again.
    - depends on: the most private of the model, which is ``DP``, and the parents.
    - cost: one sampled text for each try.

    Args:
        writer: Writes with the adapted model.

    Raises:
        PrivateOutput: The model was adapted without DP.
    """

    name = "tune-then-generate"
    kind = OperatorKind.CREATE
    across_labels = False

    def __init__(self, writer: Writer) -> None:
        if not writer.dependence < Dependence.PRIVATE:
            raise PrivateOutput("a model was adapted to records without DP", "adapt it under DP")
        super().__init__(writer)

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` new texts, the labels in turn; they name no parents, since none was read to write them.

        Raises:
            EmptySource: There are no parents.
            UnknownLabel: A parent has no label.
        """
        asks = self._asks(list(by_label(parents)))
        drafts = (
            Draft(text, (), ask.about, source=self._writer.name)
            for ask, text in self._writer.each(asks, derived(seed, self.name), count)
        )
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)

    def _asks(self, labels: Sequence[str]) -> Iterator[Ask[str]]:
        for number in numbers():
            label = labels[number % len(labels)]
            yield Ask(self._writer.prompts.write(label, ()), label)

"""Paraphrase: each text said in other words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, collect, derived, require_parents
from fedaug.augmentation.operators.writer import Ask, Writer, Writing
from fedaug.errors import ConfigError

_GROWTH: Final = 1.6  # a paraphrase is at most so many times as long as what it says again
_TRIES: Final = 3  # for each rewrite that is wanted: a model often says what was said before


class Paraphrase(Writing):
    """Rewrites each text ``rewrites`` times; the label stays.

    Dai et al. 2023, "AugGPT: Leveraging ChatGPT for Text Data Augmentation", section 3; as the variation step of
    private evolution, Xie et al. 2024, "Differentially Private Synthetic Data via Foundation Model APIs 2: Text".

    - reads: the model, and each parent in its own prompt.
    - depends on: the most private of the model and the parents: a rewrite of a record is ``PRIVATE``.
    - cost: one to three sampled texts for each rewrite.

    Args:
        writer: Writes.
        rewrites: Most rewrites of one text.

    Raises:
        ConfigError: No rewrite is to be made.
    """

    name = "paraphrase"
    kind = OperatorKind.REFORM
    across_labels = False

    def __init__(self, writer: Writer, *, rewrites: int = 3) -> None:
        if rewrites < 1:
            raise ConfigError("paraphrase is to make no rewrite", "give rewrites of 1 or more")
        super().__init__(writer)
        self._rewrites = rewrites

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` rewrites, the parents in turn.

        Raises:
            EmptySource: There are no parents.
            MalformedRow: A parent is too long for the model.
        """
        require_parents(parents)
        for parent in parents:
            self._writer.require_room(self._writer.prompts.rewrite(parent.text))
        made: dict[str, int] = {}

        def drafts() -> Iterator[Draft | None]:
            seen: set[str] = set()
            for ask, text in self._writer.each(self._asks(parents), derived(seed, self.name), count):
                parent, told = ask.about, text.casefold()
                if told in seen or made.get(parent.sample_id, 0) >= self._rewrites or told == parent.text.casefold():
                    yield None
                    continue
                seen.add(told)
                made[parent.sample_id] = made.get(parent.sample_id, 0) + 1
                yield Draft(text, (parent,), parent.label, parent.belief, self._writer.name)

        return collect(drafts(), parents, count, origin=self.name, reads=self.reads)

    def _asks(self, parents: Sequence[Candidate]) -> Iterator[Ask[Candidate]]:
        """Every parent once, then every one again, and so on."""
        for _ in range(self._rewrites * _TRIES):
            for parent in parents:
                prompt = self._writer.prompts.rewrite(parent.text)
                most = int(_GROWTH * self._writer.tokens(parent.text)) + 4
                yield Ask(prompt, parent, most_tokens=min(most, self._writer.room(prompt)))

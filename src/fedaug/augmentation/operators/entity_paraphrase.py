"""Entity-preserving paraphrase: words around inline tags change, the tags stay."""

from __future__ import annotations

import random
import re
from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from fedaug.augmentation.candidates import Candidate
from fedaug.augmentation.operators import OperatorKind
from fedaug.augmentation.operators.children import Draft, collect, derived, require_parents
from fedaug.augmentation.operators.writer import Ask, Writer, Writing
from fedaug.errors import ConfigError

#: A tag that stands for an entity, such as ``[PERSON]`` or ``[DATE_TIME 2]``.
TAG: Final = re.compile(r"\[[A-Z][A-Z_]*(?:[ _-]?\d+)?\]")
_LEAST_WORDS, _MOST_WORDS = 2, 8  # of a span that is written anew
_MOST_TOKENS: Final = 24
_BRACKET: Final = re.compile(r"[\[\]]")


class Edit(NamedTuple):
    """A text on its way: which parent it comes from, how it stands, and what stays on both sides of the gap."""

    parent: Candidate
    text: str
    before: str
    after: str


class EntityParaphrase(Writing):
    """Writes spans between inline tags anew; each tag of a text stays, exactly as often as it was there.

    Labels that stand in the text survive augmentation only if they are kept from change: Ding et al. 2020, "DAGA", and
    Zhou et al. 2022, "MELM", section 3, put them in line and generate around them. Here the tags are never generated:
    only stretches between them are, so that a weak model can lose none.

    - reads: the model, and each parent in its own prompt.
    - depends on: the most private of the model and the parents.
    - cost: one sampled span for each edit of each try.

    Args:
        writer: Writes.
        edits: Spans of a text that are written anew, one after the other.

    Raises:
        ConfigError: No span is to be written.
    """

    name = "entity-paraphrase"
    kind = OperatorKind.REFORM
    across_labels = False

    def __init__(self, writer: Writer, *, edits: int = 2) -> None:
        if edits < 1:
            raise ConfigError("entity-paraphrase is to change nothing", "give edits of 1 or more")
        super().__init__(writer)
        self._edits = edits

    def apply(self, parents: Sequence[Candidate], count: int, seed: int) -> list[Candidate]:
        """At most ``count`` variations of parents that have two words in a row outside tags.

        Raises:
            EmptySource: There are no parents.
            MalformedRow: A parent is too long for the model.
        """
        require_parents(parents)
        for parent in parents:
            self._writer.require_room(self._writer.prompts.fill(parent.text, ""))
        usable = [parent for parent in parents if _gaps(parent.text)]
        if not usable:
            return []
        drafts = self._drafts(usable, count, seed)
        return collect(drafts, parents, count, origin=self.name, reads=self.reads)

    def _drafts(self, parents: Sequence[Candidate], count: int, seed: int) -> Iterator[Draft | None]:
        rng = random.Random(f"{self.name}/{seed}")
        texts: Iterator[tuple[Candidate, str]] = ((one, one.text) for one in _again_and_again(parents, rng))
        for number in range(self._edits):
            texts = self._edited(texts, count, derived(seed, self.name, number))
        for parent, text in texts:
            kept = sorted(TAG.findall(text)) == sorted(TAG.findall(parent.text))
            yield Draft(text, (parent,), parent.label, parent.belief, self._writer.name) if kept else None

    def _edited(self, texts: Iterator[tuple[Candidate, str]], count: int, seed: int) -> Iterator[tuple[Candidate, str]]:
        """Each text with one span written anew; as it was where the model wrote nothing that may stand there."""
        for ask, span in self._writer.each(self._asks(texts, seed), seed, count):
            parent, text, before, after = ask.about
            gone = not span or _BRACKET.search(span)
            yield parent, text if gone else self._writer.joined(before, span, after)

    def _asks(self, texts: Iterator[tuple[Candidate, str]], seed: int) -> Iterator[Ask[Edit]]:
        rng = random.Random(seed)
        for parent, text in texts:
            start, end = _gap(_gaps(text) or [(0, len(text))], text, rng)
            before, after = text[:start].rstrip(), text[end:].lstrip()
            prompt = self._writer.prompts.fill(before, after)
            yield Ask(prompt, Edit(parent, text, before, after), most_tokens=_MOST_TOKENS, cut=False)


def _again_and_again(parents: Sequence[Candidate], rng: random.Random) -> Iterator[Candidate]:
    while True:
        yield from rng.sample(parents, len(parents))


def _gaps(text: str) -> list[tuple[int, int]]:
    """Stretches between tags that hold enough words."""
    edges = [0, *(place for match in TAG.finditer(text) for place in match.span()), len(text)]
    stretches = list(pairwise(edges))[::2]
    return [(start, end) for start, end in stretches if len(text[start:end].split()) >= _LEAST_WORDS]


def _gap(stretches: Sequence[tuple[int, int]], text: str, rng: random.Random) -> tuple[int, int]:
    """A run of words within one of the stretches."""
    start, end = rng.choice(stretches)
    words = [(start + match.start(), start + match.end()) for match in re.finditer(r"\S+", text[start:end])]
    if not words:
        return start, end
    size = rng.randint(min(_LEAST_WORDS, len(words)), min(_MOST_WORDS, len(words)))
    first = rng.randint(0, len(words) - size)
    return words[first][0], words[first + size - 1][1]

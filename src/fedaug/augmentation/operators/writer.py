"""Asks a local language model for texts: one for each ask, the same whatever is asked for beside it."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Final, Generic, TypeVar

from fedaug.augmentation.candidates import Dependence
from fedaug.augmentation.language.sampling import Prompt, Sampler
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.augmentation.operators.prompts import Setting, prompts_for
from fedaug.errors import MalformedRow

_About = TypeVar("_About")
_FEWEST_AT_ONCE: Final = 8  # a model reads so many rows in hardly more time than one
_SENTENCES: Final = re.compile(r".*[.!?](?=\s|$)", re.DOTALL)
_MARKS: Final = tuple(",.;:!?)")
_LEAST_ROOM: Final = 8  # tokens that a prompt has to leave for a text


@dataclass(frozen=True)
class Ask(Generic[_About]):
    """One text that is wanted.

    Args:
        prompt: What the model is told.
        about: What the caller wants to know again when the text comes.
        begun: The beginning of the text, which the model goes on with.
        most_tokens: Most tokens of a text; None leaves the writer's own setting.
        cut: Whether a text that did not end may be cut at its last sentence; else it is dropped.
    """

    prompt: str = field(repr=False)
    about: _About = field(repr=False)
    begun: str = field(default="", repr=False)
    most_tokens: int | None = None
    cut: bool = True


class Writer:
    """Writes with one model.

    Attributes:
        dependence: What the model's weights depend on.

    Args:
        sampler: Draws from the model.
        setting: What the campaign's texts are.
        settings: How to draw.
        batch: Most texts that are asked for at once; changes the time that it takes, and no text.
        trained_on: What the model depends on, if that is more than it says itself.
    """

    def __init__(
        self,
        sampler: Sampler,
        setting: Setting | None = None,
        settings: SamplingSettings | None = None,
        *,
        batch: int = 64,
        trained_on: Dependence = Dependence.PUBLIC,
    ) -> None:
        self.sampler = sampler
        self.setting = setting or Setting()
        self.prompts = prompts_for(sampler.model, self.setting)
        self.dependence = max(trained_on, sampler.model.dependence)
        self._settings = settings or SamplingSettings()
        self._batch = batch

    @property
    def name(self) -> str:
        """Its model's."""
        return self.sampler.model.name

    def tokens(self, text: str) -> int:
        """How many tokens a text has."""
        return len(self.sampler.model.encode([text])[0])

    def room(self, prompt: str) -> int:
        """Tokens that are left for a text after a prompt; may be negative."""
        return self.sampler.model.max_tokens - self.tokens(prompt) - (self.sampler.model.begin_id is not None)

    def require_room(self, prompt: str, tokens: int = _LEAST_ROOM) -> None:
        """Refuse a prompt that leaves too little room.

        Raises:
            MalformedRow: It is too long for the model.
        """
        if not self.room(prompt) >= tokens:
            raise MalformedRow(
                f"a text is too long for {self.name}, which reads {self.sampler.model.max_tokens} tokens",
                "have the length gate leave such texts out, or use another model",
            )

    def joined(self, before: str, written: str, after: str = "") -> str:
        """What the model wrote, between two stretches that may be empty; inside a sentence it begins small.

        A model whose tokens know no case spells each text as one that begins with a capital.
        """
        if before and not before.endswith((".", "!", "?")):
            written = self._inside(written)
        text = before
        for part in (written, after):
            text += part if not text or not part or part.startswith(_MARKS) else f" {part}"
        return text

    def _inside(self, written: str) -> str:
        spell = self.sampler.model.spell
        first, _, rest = written.partition(" ")
        if spell is None or written.startswith(_MARKS):
            return written
        # Spelt again behind another word, so that names and "I" keep their capitals.
        return " ".join(word for word in (spell(f"so {first.lower()}")[3:], rest) if word)

    def each(self, asks: Iterator[Ask[_About]], seed: int, expected: int) -> Iterator[tuple[Ask[_About], str]]:
        """Every ask with its text, in order; an empty one where the model made none.

        Args:
            asks: Without end if need be: no more are drawn than texts are taken, but for a batch.
            seed: Of every draw; a text follows from this, its ask and its place alone.
            expected: How many the caller thinks to take.
        """
        size = min(self._batch, max(_FEWEST_AT_ONCE, expected))
        place = 0
        while batch := list(islice(asks, size)):
            yield from zip(batch, self._texts(batch, place, seed), strict=True)
            place += len(batch)

    def _texts(self, asks: Sequence[Ask[_About]], first: int, seed: int) -> list[str]:
        texts = [""] * len(asks)
        by_length: defaultdict[int, list[int]] = defaultdict(list)
        for row, ask in enumerate(asks):
            by_length[self._most(ask)].append(row)
        for most, rows in sorted(by_length.items()):
            settings = replace(
                self._settings, max_new_tokens=most, min_new_tokens=min(most, self._settings.min_new_tokens)
            )
            prompts = [Prompt(str(first + row), self._ids(asks[row])) for row in rows]
            for sample in self.sampler.sample(prompts, settings, seed):
                row = int(sample.key) - first
                text = sample.text if sample.ended else _whole(sample.text) if asks[row].cut else ""
                texts[row] = self.joined(asks[row].begun, text) if text else ""
        return texts

    def _most(self, ask: Ask[_About]) -> int:
        """Most tokens, as a power of two: asks of one power are sampled together."""
        wanted = self._settings.max_new_tokens if ask.most_tokens is None else max(1, ask.most_tokens)
        return int(2 ** (wanted - 1).bit_length())

    def _ids(self, ask: Ask[_About]) -> tuple[int, ...]:
        model = self.sampler.model
        begun = f" {ask.begun}" if ask.begun and not ask.prompt.endswith(" ") else ask.begun
        self.require_room(ask.prompt + begun)
        begin = () if model.begin_id is None else (model.begin_id,)
        # An empty prompt to a model without a begin token: the end of a text is where the next one begins.
        return (*begin, *model.encode([ask.prompt + begun])[0]) or (model.end_id,)


class Writing:
    """What operators have in common that write and ask nothing else: what they read is the model.

    Args:
        writer: Writes.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    @property
    def reads(self) -> Dependence:
        """What the model depends on."""
        return self._writer.dependence


def _whole(text: str) -> str:
    """A text without the sentence that did not end."""
    found = _SENTENCES.match(text)
    return found[0] if found else ""

"""Sampling texts in batches: prompts in, texts out as they end, the same ones whatever the batch."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

import torch

from fedaug.augmentation.language.banned_words import BannedWords
from fedaug.augmentation.language.capabilities import way_of
from fedaug.augmentation.language.choice import choose, forbid_repeated_runs, penalise
from fedaug.augmentation.language.draws import row_key
from fedaug.augmentation.language.model import LanguageModel
from fedaug.augmentation.language.settings import SamplingSettings
from fedaug.augmentation.language.stepping import Rows, Way
from fedaug.errors import ConfigError

Progress = Callable[[int, int], None]

_MOST_ROWS: Final = 256
_MOST_TOKENS: Final = 16_384  # of a batch: what bounds its KV cache
_DROP_SHARE: Final = 8  # rows that have ended are dropped once they are one in so many: dropping copies the cache


@dataclass(frozen=True)
class Prompt:
    """What a text is to continue.

    Args:
        key: Names the text to be made; the draw follows from the seed and this alone. Different for each prompt.
        ids: Tokens, begin included.
    """

    key: str
    ids: tuple[int, ...] = field(repr=False)


@dataclass(frozen=True)
class Sample:
    """A text that was made.

    Args:
        key: Its prompt's.
        text: Without the prompt, in one line.
        tokens: How many were drawn.
        ended: Whether the model ended it; else it was cut at the most tokens.
    """

    key: str
    text: str = field(repr=False)
    tokens: int
    ended: bool


class Sampler(Protocol):
    """Makes texts. What it yields is finished: a caller that is interrupted keeps it, and asks again for the rest."""

    @property
    def model(self) -> LanguageModel:
        """Whose tokenizer, name and dependence hold; its weights may lie elsewhere."""

    def sample(
        self, prompts: Sequence[Prompt], settings: SamplingSettings, seed: int, progress: Progress | None = None
    ) -> Iterator[Sample]:
        """Texts in the order in which they end; one that holds a banned word is left out.

        Args:
            prompts: What to continue; a text depends on its own prompt, the settings and the seed only.
            settings: How to sample.
            seed: Of every draw.
            progress: Called with (texts done, texts in all).
        """


class LocalSampler:
    """Samples a model in this process, with a KV cache where the model has one.

    In float32 a text is the same whatever the batch: where two tokens are so close that rounding, which differs
    between batches of different shapes, may decide, the row is computed again alone. In bfloat16 (GPUs) rounding is
    coarse, and another batch size may now and then lead to another text; the same run gives the same texts.

    Args:
        model: What to sample.
        banned: Words and phrases that no text may hold.
        rows: Most rows of a batch.
        way: How to run the model; found by trying, unless given.

    Raises:
        UnknownFormat: The model is no causal language model.
    """

    def __init__(
        self,
        model: LanguageModel,
        banned: BannedWords | None = None,
        *,
        rows: int = _MOST_ROWS,
        way: Way | None = None,
    ) -> None:
        self.model = model
        self._banned = banned or BannedWords(())
        self._starts = self._banned.token_runs(model)
        self._rows = rows
        self._way = way or way_of(model)
        self._stops: dict[tuple[int, str], bool] = {}

    def sample(
        self, prompts: Sequence[Prompt], settings: SamplingSettings, seed: int, progress: Progress | None = None
    ) -> Iterator[Sample]:
        """Texts in the order in which they end.

        Raises:
            ConfigError: A prompt leaves no room for a text, or two have one key.
        """
        checked_prompts(prompts, self.model)
        done = 0
        for batch in self._batches(prompts, settings):
            for sample in self._run(batch, settings, seed):
                done += 1
                if progress is not None:
                    progress(done, len(prompts))
                if not self._banned.found_in(sample.text):
                    yield sample

    def _batches(self, prompts: Sequence[Prompt], settings: SamplingSettings) -> Iterator[list[Prompt]]:
        """Prompts by length, so that little is padded; equal ones stand together and are read once."""
        batch: list[Prompt] = []
        for prompt in sorted(prompts, key=lambda prompt: (len(prompt.ids), prompt.ids)):
            room = _MOST_TOKENS // (len(prompt.ids) + settings.max_new_tokens)
            other = bool(batch) and not self._way.padded and len(batch[0].ids) != len(prompt.ids)
            if batch and (other or len(batch) >= min(self._rows, max(1, room))):
                yield batch
                batch = []
            batch.append(prompt)
        if batch:
            yield batch

    def _run(self, batch: list[Prompt], settings: SamplingSettings, seed: int) -> Iterator[Sample]:
        rows = Rows(self.model, [prompt.ids for prompt in batch], self._way)
        logits = rows.first()
        keys = torch.tensor([row_key(seed, prompt.key) for prompt in batch], device=logits.device)
        generated = torch.empty(len(batch), 0, dtype=torch.long, device=logits.device)
        running: list[Prompt | None] = list(batch)  # None where a row has ended and is not dropped yet
        for step in range(settings.max_new_tokens):
            tokens = self._draw(rows, logits, generated, keys, settings)
            generated = torch.cat([generated, tokens[:, None]], 1)
            for row, token in enumerate(tokens.tolist()):
                prompt = running[row]
                if prompt is not None and self._has_ended(prompt, token, step + 1, settings):
                    running[row] = None
                    yield sample_of(self.model, prompt, generated[row].tolist(), settings)
            alive = [row for row, prompt in enumerate(running) if prompt is not None]
            if not alive:
                return
            if (len(running) - len(alive)) * _DROP_SHARE >= len(running):
                kept = torch.tensor(alive, device=logits.device)
                rows.keep(kept.to(self.model.device))
                tokens, generated, keys = tokens[kept], generated[kept], keys[kept]
                running = [running[row] for row in alive]
            logits = rows.then(tokens.to(self.model.device))

    def _draw(
        self,
        rows: Rows,
        logits: torch.Tensor,
        generated: torch.Tensor,
        keys: torch.Tensor,
        settings: SamplingSettings,
    ) -> torch.Tensor:
        step = generated.shape[1]
        choice = choose(self._constrained(logits, generated, settings), keys, step, settings)
        if self.model.model.dtype == torch.float32:
            for row in choice.close.nonzero()[:, 0].tolist():
                own = slice(row, row + 1)
                again = self._constrained(rows.alone(row), generated[own], settings)
                choice.tokens[own] = choose(again, keys[own], step, settings).tokens
        return choice.tokens

    def _constrained(self, logits: torch.Tensor, generated: torch.Tensor, settings: SamplingSettings) -> torch.Tensor:
        logits = logits[:, : self.model.vocabulary].clone()  # rows beyond the tokenizer's are padding
        penalise(logits, generated, settings.repetition_penalty)
        forbid_repeated_runs(logits, generated, settings.no_repeat_ngram)
        self._starts.forbid(logits, generated)
        logits[:, self.model.never_written] = -torch.inf
        if generated.shape[1] < settings.min_new_tokens:
            logits[:, sorted(self.model.end_ids)] = -torch.inf
        return logits

    def _has_ended(self, prompt: Prompt, token: int, length: int, settings: SamplingSettings) -> bool:
        return (
            token in self.model.end_ids
            or length == settings.max_new_tokens
            or len(prompt.ids) + length == self.model.max_tokens
            or self._stops_at(token, settings.stop)
        )

    def _stops_at(self, token: int, stop: str) -> bool:
        if not stop:
            return False
        if (token, stop) not in self._stops:
            self._stops[token, stop] = any(character in self.model.decode([token]) for character in stop)
        return self._stops[token, stop]


def checked_prompts(prompts: Sequence[Prompt], model: LanguageModel) -> None:
    """Refuse prompts that cannot be sampled.

    Raises:
        ConfigError: A prompt leaves no room for a text, or two have one key.
    """
    if len({prompt.key for prompt in prompts}) < len(prompts):
        raise ConfigError("two prompts have one key", "give each text that is to be made a key of its own")
    for prompt in prompts:
        if not 0 < len(prompt.ids) < model.max_tokens:
            raise ConfigError(
                f"a prompt has {len(prompt.ids)} tokens, and the model takes 1 to {model.max_tokens - 1}",
                "shorten it, or use another model",
            )


def sample_of(model: LanguageModel, prompt: Prompt, ids: list[int], settings: SamplingSettings) -> Sample:
    """The text of tokens that were drawn: without what ended it, in one line."""
    ended = bool(ids) and ids[-1] in model.end_ids
    text = model.decode(ids[:-1] if ended else ids)
    places = [place for character in settings.stop if (place := text.find(character)) >= 0]
    if places:
        text, ended = text[: min(places)], True
    return Sample(prompt.key, " ".join(text.split()), len(ids), ended)

"""Words and phrases that no text may hold. Lists are public: one made of records would tell of them by its gaps."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Final, Self

import torch

from fedaug.augmentation.language.model import LanguageModel
from fedaug.errors import ConfigError, MissingFile, NotUtf8
from fedaug.privacy.vetting.words import words

_MOST_PHRASES: Final = 100_000


class BannedWords:
    """Words and phrases, compared as gates compare: after Unicode normalisation, without case and punctuation.

    Args:
        phrases: Public ones; each must hold a word.

    Attributes:
        written: The phrases, each once.

    Raises:
        ConfigError: A phrase holds no word, or there are too many.
    """

    def __init__(self, phrases: Iterable[str]) -> None:
        self.written = tuple(dict.fromkeys(phrases))
        self._runs: dict[str, set[tuple[str, ...]]] = defaultdict(set)  # by their first word
        for phrase in self.written:
            run = words(phrase)
            if not run:
                raise ConfigError("a banned phrase holds no word", "take it off the list")
            self._runs[run[0]].add(run)
        if len(self.written) > _MOST_PHRASES:
            raise ConfigError(f"more than {_MOST_PHRASES:,} phrases are banned", "give a shorter list")

    @classmethod
    def read(cls, path: Path) -> Self:
        """A file with one word or phrase a line; empty lines and those that begin with ``#`` are left out.

        Raises:
            MissingFile: It cannot be read.
            NotUtf8: It is not UTF-8 text.
        """
        try:
            lines = path.read_text("utf-8-sig").splitlines()
        except UnicodeDecodeError:
            raise NotUtf8(f"the list {path.name} is not UTF-8 text", "save it as UTF-8") from None
        except OSError:
            raise MissingFile(f"the list {path.name} cannot be read", "check its path and permissions") from None
        return cls(line.strip() for line in lines if line.strip() and not line.startswith("#"))

    def found_in(self, text: str) -> bool:
        """Whether a text holds one, however its words were cut into tokens."""
        if not self._runs:
            return False
        found = words(text)
        return any(
            found[place : place + len(run)] == run
            for place, word in enumerate(found)
            for run in self._runs.get(word, ())
        )

    def token_runs(self, model: LanguageModel) -> ForbiddenRuns:
        """The phrases as a model's tokens, so that they are not even begun; :meth:`found_in` has the last word."""
        forms = {
            form
            for phrase in self.written
            for form in (phrase, phrase.lower(), phrase.upper(), phrase.capitalize(), phrase.title())
        }
        ordered = sorted(forms)
        bare, spaced = model.encode(ordered), model.encode([f" {form}" for form in ordered])
        runs, starts = set(), set()
        for own, after_space in zip(bare, spaced, strict=True):
            runs.add(tuple(after_space))
            if own != after_space:
                starts.add(tuple(own))  # without its space it may be the end of a longer word: "ash" in "cash"
        return ForbiddenRuns(runs - {()}, starts - {()})


class ForbiddenRuns:
    """Runs of tokens that a text may not hold.

    Args:
        anywhere: Forbidden wherever they come.
        at_start: Forbidden as the first tokens of a text.
    """

    def __init__(self, anywhere: set[tuple[int, ...]], at_start: set[tuple[int, ...]]) -> None:
        self._single = sorted(run[0] for run in anywhere if len(run) == 1)
        self._longer = _by_beginning(run for run in anywhere if len(run) > 1)
        self._starts = _by_beginning(at_start)
        self._lengths = sorted({len(beginning) for beginning in self._longer})
        self._most_at_start = max((len(beginning) for beginning in self._starts), default=-1)

    def forbid(self, logits: torch.Tensor, generated: torch.Tensor) -> None:
        """Forbid the last token of each run whose other tokens a row ends with, in place.

        Args:
            logits: [rows, vocabulary].
            generated: Tokens of each row's text so far, [rows, tokens].
        """
        if self._single:
            logits[:, self._single] = -torch.inf
        length = generated.shape[1]
        if not (self._longer or length <= self._most_at_start):
            return
        texts = generated.tolist()
        for row, text in enumerate(texts):
            ends = [self._longer.get(tuple(text[length - most :]), ()) for most in self._lengths if most <= length]
            if length <= self._most_at_start:
                ends.append(self._starts.get(tuple(text), ()))
            forbidden = [token for tokens in ends for token in tokens]
            if forbidden:
                logits[row, forbidden] = -torch.inf


def _by_beginning(runs: Iterable[tuple[int, ...]]) -> dict[tuple[int, ...], tuple[int, ...]]:
    found: dict[tuple[int, ...], list[int]] = defaultdict(list)
    for run in runs:
        found[run[:-1]].append(run[-1])
    return {beginning: tuple(ends) for beginning, ends in found.items()}

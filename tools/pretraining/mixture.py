"""The endless stream of training rows: a function of the seed and the step, so that a run goes on where it stopped."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

import torch
from tokenizers import Tokenizer
from tools.pretraining import piece as pieces
from tools.pretraining import tasks
from tools.pretraining.piece import Piece
from tools.pretraining.prepare import FREQUENCIES
from torch import Tensor

from fedaug.augmentation.embedded.loading import BEGIN, END, PAD

MAX_TOKENS = 160  # prompt and text
_FILLED = 0.12  # of all pieces
_REWRITTEN, _SHOWN = 0.15, 0.15  # of pieces whose class has others
#: Sources whose labels are classes of texts that say about the same.
_CLASSES = frozenset({"clinc150_money", "clinc150_other", "nlupp_banking", "written_money", "written_health"})
_SECTIONS = frozenset({"clinical_notes", "written_notes"})


@dataclass(frozen=True)
class Row:
    """One text after its prompt.

    Attributes:
        ids: Begin, prompt, text, end.
        first: Where the text begins: what stands before it is not learnt.
    """

    ids: list[int]
    first: int


@dataclass(frozen=True)
class Batch:
    """Rows of about the same length.

    Attributes:
        ids: [rows, length], filled up behind.
        learnt: Which tokens are predicted, bool [rows, length].
    """

    ids: Tensor
    learnt: Tensor


class Mixture:
    """Draws pieces of all sources by their weights.

    Args:
        folder: What ``prepare`` wrote.
        weights: Of sources, by name; shares of word pieces.
        tokenizer: The model's; neither pads nor truncates.
        seed: Of every choice.
    """

    def __init__(self, folder: Path, weights: Mapping[str, float], tokenizer: Tokenizer, seed: int) -> None:
        self._tokenizer, self._seed = tokenizer, seed
        self._documents: dict[str, int] = json.loads((folder / FREQUENCIES).read_bytes())
        self._pieces = {name: list(pieces.read(folder / f"{name}.jsonl")) for name in weights}
        self._classes: dict[tuple[str, str], list[Piece]] = defaultdict(list)
        for name in (_CLASSES | _SECTIONS) & set(weights):
            for piece in self._pieces[name]:
                self._classes[name, piece.label].append(piece)
        self._names = sorted(weights)
        # A source of short pieces is drawn from more often for the same share of tokens.
        self._draws = [weights[name] / self._mean_words(name) for name in self._names]

    def _mean_words(self, name: str) -> float:
        own = self._pieces[name]
        return sum(len(piece.text.split()) for piece in own) / len(own) + 4

    def step(self, number: int, tokens: int, rows_of: int) -> list[Batch]:
        """The batches of one update.

        Args:
            number: Of the update.
            tokens: Drawn for it, prompts included.
            rows_of: Most tokens of one batch, filled-up places included.
        """
        rng = Random(f"{self._seed}/{number}")
        rows: list[Row] = []
        drawn = 0
        while drawn < tokens:
            row = self._row(rng)
            if row is not None:
                rows.append(row)
                drawn += len(row.ids)
        return list(batches(rows, rows_of))

    def _row(self, rng: Random) -> Row | None:
        name = rng.choices(self._names, self._draws)[0]
        piece = rng.choice(self._pieces[name])
        others = self._classes.get((name, piece.label), [])
        draw = rng.random()
        if draw < _FILLED:
            return self.encode(*tasks.fill(piece, rng))
        if draw < _FILLED + _REWRITTEN and name in _CLASSES:
            return self.encode(*tasks.rewrite(piece, rng.choice(others)))
        tokens = len(self._tokenizer.encode(piece.text, add_special_tokens=False).ids)
        asked = tasks.write(piece, tokens, self._documents, rng)
        if others and rng.random() < _SHOWN:
            asked = tasks.after(asked, [each.text for each in rng.choices(others, k=rng.choice((1, 2, 3)))])
        return self.encode(*asked)

    def encode(self, prompt: str, text: str) -> Row | None:
        """A row, or None where it would be too long."""
        return encode(self._tokenizer, prompt, text)


def encode(tokenizer: Tokenizer, prompt: str, text: str) -> Row | None:
    """Prompt and text as a row; None where there are too many tokens or none."""
    before = [BEGIN, *tokenizer.encode(prompt, add_special_tokens=False).ids] if prompt else [BEGIN]
    after = tokenizer.encode(text, add_special_tokens=False).ids
    ids = [*before, *after, END]
    return Row(ids, len(before)) if after and len(ids) <= MAX_TOKENS else None


def batches(rows: Sequence[Row], most: int) -> Iterator[Batch]:
    """Rows by length, in batches of at most so many tokens, what fills them up included."""
    held: list[Row] = []
    for row in sorted(rows, key=lambda row: len(row.ids)):
        if held and len(row.ids) * (len(held) + 1) > most:
            yield _batch(held)
            held = []
        held.append(row)
    if held:
        yield _batch(held)


def _batch(rows: Sequence[Row]) -> Batch:
    length = max(len(row.ids) for row in rows)
    ids = torch.full((len(rows), length), PAD)
    learnt = torch.zeros(len(rows), length, dtype=torch.bool)
    for index, row in enumerate(rows):
        ids[index, : len(row.ids)] = torch.tensor(row.ids)
        learnt[index, row.first : len(row.ids)] = True
    return Batch(ids, learnt)

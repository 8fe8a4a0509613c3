"""Records as rows of tokens: which of them carry the loss, which of a unit's records count, and in what shape.

All of it is a function of one unit, the plan and the step's number. In particular a row's padded length is its unit's
own, and the number of rows of a batch follows from that length alone (docs/adr/0003, docs/adr/0021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Final

import numpy as np
from numpy.typing import NDArray

from fedaug.augmentation.language.model import LanguageModel
from fedaug.client.training.adaptation_plan import AdaptationPlan
from fedaug.errors import ConfigError
from fedaug.strategies.adaptation import RecordChoice

#: Tokens between one padded length and the next: finer steps leave more batches half empty, coarser ones pad more.
_LENGTH_STEP: Final = 16
#: Tokens of a batch: more of them take no less time a token, and rows that only fill a batch up cost as much as others.
_BATCH_TOKENS: Final = 256


@dataclass(frozen=True)
class Passage:
    """One record's text, and what stands before it.

    Attributes:
        text: What is learnt.
        prefix: Control words before it, such as a label. It is read and carries no loss.
    """

    text: str = field(repr=False)
    prefix: str = field(default="", repr=False)


@dataclass(frozen=True)
class Row:
    """One record's tokens.

    Attributes:
        tokens: Begin, prefix, text and end, int64.
        first_target: Place of the first token that is to be predicted; those before it carry no loss.
    """

    tokens: NDArray[np.int64] = field(repr=False)
    first_target: int = field(repr=False)

    @property
    def inputs(self) -> int:
        """Tokens that the model reads: all but the last."""
        return max(1, len(self.tokens) - 1)

    @property
    def targets(self) -> int:
        """Tokens that carry the loss."""
        return max(0, len(self.tokens) - self.first_target)


EncodedUnit = tuple[Row, ...]


def encode_units(model: LanguageModel, units: Sequence[Sequence[Passage]], plan: AdaptationPlan) -> list[EncodedUnit]:
    """Each unit's records as rows; a record is cut at the plan's ``max_tokens``.

    Raises:
        ConfigError: The plan's rows are longer than the model takes, or it protects records and a unit has several.
    """
    if plan.max_tokens > model.max_tokens:
        raise ConfigError(f"the model takes {model.max_tokens} tokens at most", "set max_tokens to that or below")
    if plan.records_per_unit == 1 and plan.unit == "record" and any(len(unit) > 1 for unit in units):
        raise ConfigError("a unit holds several records, and the plan protects single ones", 'set unit = "subject"')
    return [tuple(_row(model, passage, plan.max_tokens) for passage in unit) for unit in units]


def _row(model: LanguageModel, passage: Passage, most: int) -> Row:
    prefix, text, whole = model.encode([passage.prefix, passage.text, f"{passage.prefix} {passage.text}"])
    if prefix and whole[: len(prefix)] == prefix:  # as a sampled text would go on: many tokenizers keep the space
        text = whole[len(prefix) :]
    before = ([] if model.begin_id is None else [model.begin_id]) + prefix
    tokens = [*before, *text, model.end_id][:most]
    return Row(np.array(tokens, np.int64), max(1, len(before)))  # nothing predicts the very first token


def rows_at(unit: EncodedUnit, plan: AdaptationPlan, step: int) -> EncodedUnit:
    """The unit's records that count at a step."""
    most = plan.records_per_unit
    if len(unit) <= most:
        return unit
    start = 0 if plan.record_choice is RecordChoice.FIRST else step * most
    return tuple(unit[(start + place) % len(unit)] for place in range(most))


def padded_length(rows: EncodedUnit) -> int:
    """To how many tokens a unit's rows are padded: by its longest record, so that all its rows share batches."""
    return -(-max(row.inputs for row in rows) // _LENGTH_STEP) * _LENGTH_STEP


def batch_rows(length: int) -> int:
    """How many rows a batch of that padded length has, whoever is in it."""
    return max(1, _BATCH_TOKENS // length)


def all_lengths(max_tokens: int) -> list[int]:
    """Every padded length that a record of so many tokens can get."""
    longest = -(-max(1, max_tokens - 1) // _LENGTH_STEP) * _LENGTH_STEP
    return list(range(_LENGTH_STEP, longest + 1, _LENGTH_STEP))


@dataclass(frozen=True)
class Batch:
    """Rows that go through the model together. Its shape follows from the padded length alone.

    Attributes:
        tokens: int64 [rows, length + 1]; the model reads all but the last column and predicts all but the first.
        weights: What each predicted token's loss counts, float32 [rows, length]; 0 for padding and prefixes.
        starts: Where a unit's rows begin, in order; the first may go on from the batch before.
        ends: Where they end.
        goes_on: Whether the first unit began in the batch before.
        ends_open: Whether the last unit goes on in the next batch.
    """

    tokens: NDArray[np.int64]
    weights: NDArray[np.float32]
    starts: NDArray[np.int64]
    ends: NDArray[np.int64]
    goes_on: bool
    ends_open: bool


def batches(units: Sequence[EncodedUnit], pad_id: int) -> Iterator[Batch]:
    """All rows of all units in batches of fixed shapes, a unit's rows one after the other and in its order.

    A row's loss is the mean over its own targets, and a unit's the mean over its rows.

    Args:
        units: Rows that count at this step; units without rows contribute nothing.
        pad_id: Fills rows up.
    """
    by_length: dict[int, list[EncodedUnit]] = {}
    for unit in units:
        if unit:
            by_length.setdefault(padded_length(unit), []).append(unit)
    for length in sorted(by_length):
        yield from _of_one_length(by_length[length], length, pad_id)


def _of_one_length(units: list[EncodedUnit], length: int, pad_id: int) -> Iterator[Batch]:
    rows = [(row, number, 1.0 / len(unit)) for number, unit in enumerate(units) for row in unit]
    size, before = batch_rows(length), -1
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        tokens = np.full((size, length + 1), pad_id, np.int64)
        weights = np.zeros((size, length), np.float32)
        for place, (row, _, share) in enumerate(part):
            tokens[place, : len(row.tokens)] = row.tokens
            if row.targets:
                weights[place, row.first_target - 1 : len(row.tokens) - 1] = share / row.targets
        owners = np.array([number for _, number, _ in part])
        starts = np.flatnonzero(np.diff(owners, prepend=-1))
        following = rows[start + size][1] if start + size < len(rows) else -1
        yield Batch(
            tokens,
            weights,
            starts,
            np.append(starts[1:], len(part)),
            goes_on=bool(owners[0] == before),
            ends_open=bool(owners[-1] == following),
        )
        before = int(owners[-1])

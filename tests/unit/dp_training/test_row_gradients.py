"""Each row's gradients are those of a one-by-one loop, for every architecture, and no row sees another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import pytest
import torch
from tests.adapting import MODELS, VOCABULARY, Attached, plan, rows, units_of
from torch import Tensor

from fedaug.client.training.passages import Batch, all_lengths, batch_rows, batches
from fedaug.client.training.taps import RowGradients
from fedaug.client.training.token_loss import TokenLoss
from fedaug.client.training.trainable import check_rows_apart
from fedaug.errors import ConfigError, DefectError


def worst_difference(attached: Attached, count: int = 12) -> float:
    """The largest difference to a one-by-one loop, relative to the largest gradient of the same weight and row."""
    own = rows(count)
    gradients, worst, seen = attached.gradients(), 0.0, 0
    by_tokens = {row.tokens.tobytes(): row for row in own}
    for batch in batches([(row,) for row in own], 0):
        found = [each.clone() for each in gradients.of_rows(batch)]
        for place in range(len(batch.starts)):
            length = int(np.flatnonzero(batch.weights[place]).max()) + 2
            expected = attached.one_by_one(by_tokens[batch.tokens[place, :length].tobytes()])
            for mine, theirs in zip(found, expected, strict=True):
                worst = max(worst, float((mine[place] - theirs).abs().max() / theirs.abs().max()))
            seen += 1
    assert seen == count
    return worst


@pytest.mark.parametrize("ffa", [False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_gradients_of_rows_are_those_of_a_one_by_one_loop(kind: str, ffa: bool) -> None:
    assert worst_difference(Attached(kind, plan(ffa=ffa))) < 1e-5


@pytest.mark.parametrize("kind", ["gpt2", "bert as a decoder"])
def test_attention_alone_can_be_trained(kind: str) -> None:
    assert worst_difference(Attached(kind, plan(targets=["attention"]))) < 1e-5


def test_bfloat16_gives_about_the_same_gradients() -> None:
    assert 1e-4 < worst_difference(Attached(chosen=plan(precision="bfloat16"))) < 0.2


def test_a_rule_without_the_scale_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    """Else the comparison might be one of zeros."""
    take = RowGradients.take
    monkeypatch.setattr(RowGradients, "take", lambda self: [each * 1.0001 for each in take(self)])
    assert worst_difference(Attached()) > 5e-5


def test_prefixes_and_padding_carry_no_loss() -> None:
    """A row that is all prefix has no gradient; what stands after the end of a row changes nothing."""
    attached = Attached()
    (row,) = rows(1)
    (batch,) = batches([(row,)], 0)
    before = [each[0].clone() for each in attached.gradients().of_rows(batch)]
    other = batch.tokens.copy()
    other[0, len(row.tokens) :] = 7
    after = attached.gradients().of_rows(replaced(batch, tokens=other))
    assert all(torch.equal(one, two[0]) for one, two in zip(before, after, strict=True))
    none = attached.gradients().of_rows(replaced(batch, weights=np.zeros_like(batch.weights)))
    assert not any(each.any() for each in none)


def replaced(batch: Batch, **changes: Any) -> Batch:
    values = {name: getattr(batch, name) for name in ("tokens", "weights", "starts", "ends", "goes_on", "ends_open")}
    return Batch(**(values | changes))


@pytest.mark.parametrize("kind", MODELS)
def test_a_units_clipped_gradient_is_the_same_to_the_bit_whatever_else_is_in_the_batch(kind: str) -> None:
    attached = Attached(kind, plan(unit="subject", records_per_unit=5, clip=0.05))
    units = units_of(rows(40, seed=2), [1, 3, 5, 1, 2, 4, 1, 1, 5, 2, 3, 1, 4, 2, 5])
    everybody = attached.total(units)
    summed = np.zeros_like(everybody)
    for place, unit in enumerate(units):
        alone = attached.total([unit])
        assert alone.any()
        assert np.array_equal(alone, everybody - attached.total([*units[:place], *units[place + 1 :]]))
        summed += alone
    assert np.array_equal(summed, everybody)
    assert np.array_equal(everybody, attached.total(units[::-1]))


def test_units_lie_in_several_batches_in_that_test() -> None:
    units = units_of(rows(40, seed=2), [1, 3, 5, 1, 2, 4, 1, 1, 5, 2, 3, 1, 4, 2, 5])
    found = list(batches(units, 0))
    assert len({batch.tokens.shape for batch in found}) >= 2
    many = [(row,) * 40 for row in rows(4)]
    assert any(batch.goes_on for batch in batches(many, 0))
    attached = Attached(chosen=plan(unit="subject", records_per_unit=40, clip=0.05))
    assert np.array_equal(attached.total(many), sum(attached.total([unit]) for unit in many))


def built_in_loss(self: TokenLoss, tokens: Tensor, weights: Tensor) -> None:
    """The defect: Hugging Face's loss, which averages over all tokens of the batch."""
    labels = torch.where(weights > 0, tokens[:, 1:], -100)
    labels = torch.cat([torch.full_like(labels[:, :1], -100), labels], 1)
    padded = torch.cat([tokens[:, :-1], tokens[:, -1:]], 1)
    self._model(input_ids=padded, labels=labels).loss.backward()


def test_the_built_in_loss_is_caught(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(TokenLoss, "backward", built_in_loss)
    assert worst_difference(Attached()) > 0.01
    with pytest.raises(ConfigError, match="depend on the rows beside it"):
        check_rows_apart(Attached().gradients().of_rows, all_lengths(64), VOCABULARY)


@pytest.mark.parametrize("kind", MODELS)
def test_rows_are_shown_to_be_apart_on_public_tokens(kind: str) -> None:
    check_rows_apart(Attached(kind).gradients().of_rows, [16, 64], VOCABULARY)


def nudged_by_neighbours(of_rows: Callable[[Batch], list[Tensor]]) -> Callable[[Batch], list[Tensor]]:
    def changed(batch: Batch) -> list[Tensor]:
        return [each + 1e-6 * each.mean(0) for each in of_rows(batch)]

    return changed


def nudged_by_place(of_rows: Callable[[Batch], list[Tensor]]) -> Callable[[Batch], list[Tensor]]:
    def changed(batch: Batch) -> list[Tensor]:
        found = of_rows(batch)
        for each in found:
            each[len(each) // 2] *= 1 + 1e-6
        return found

    return changed


@pytest.mark.parametrize("defect", [nudged_by_neighbours, nudged_by_place])
def test_rows_that_are_not_apart_are_refused(defect: Callable[..., Callable[[Batch], Sequence[Tensor]]]) -> None:
    with pytest.raises(ConfigError, match="depend on the rows beside it at 16 tokens"):
        check_rows_apart(defect(Attached().gradients().of_rows), [16], VOCABULARY)


def test_a_batchs_shape_follows_from_its_units_length_alone() -> None:
    for count in (1, 7, 100):
        for batch in batches([(row,) for row in rows(count)], 0):
            size, length = batch.weights.shape
            assert length % 16 == 0
            assert size == batch_rows(length)


def test_a_layer_that_gave_no_gradient_is_a_defect() -> None:
    attached = Attached()
    taps = RowGradients(attached.layers)
    with taps.tapped(), pytest.raises(DefectError, match="gave no gradient"):
        taps.take()


def test_taps_are_off_after_a_failure() -> None:
    attached = Attached()
    gradients = attached.gradients()
    (batch,) = batches([(rows(1)[0],)], 0)
    with pytest.raises(IndexError):
        gradients.of_rows(replaced(batch, tokens=batch.tokens + VOCABULARY))
    assert all(layer.tap is None for layer in attached.layers.values())
    assert attached.model.get_output_embeddings() is not None
    assert gradients.of_rows(batch)[0].any()

"""Products in blocks are all products, each once, and no block is larger than was asked for."""

from __future__ import annotations

import numpy as np
import pytest

from fedaug.privacy.products import products

RNG = np.random.default_rng(4)
ASKED, KNOWN = RNG.normal(size=(37, 5)), RNG.normal(size=(23, 5))


@pytest.mark.parametrize("cells", [1, 22, 23, 24, 100, 10_000])
@pytest.mark.parametrize("known_at_a_time", [None, 1, 7, 23, 50])
def test_blocks_make_up_the_whole_product(cells: int, known_at_a_time: int | None) -> None:
    whole = np.full((len(ASKED), len(KNOWN)), np.nan)
    for mine, theirs, block in products(ASKED, KNOWN, cells=cells, known_at_a_time=known_at_a_time):
        assert block.size <= max(cells, min(known_at_a_time or len(KNOWN), len(KNOWN)))
        assert np.isnan(whole[mine, theirs]).all()  # no pair twice
        whole[mine, theirs] = block
    assert whole == pytest.approx(ASKED @ KNOWN.T)


def test_without_a_limit_on_known_rows_every_block_is_whole_rows() -> None:
    blocks = list(products(ASKED, KNOWN, cells=30))
    assert len(blocks) == len(ASKED)
    assert all((theirs.start, theirs.stop) == (0, len(KNOWN)) for _, theirs, _ in blocks)


@pytest.mark.parametrize(("asked", "known"), [(0, 3), (3, 0), (0, 0)])
def test_of_nothing_there_is_no_block(asked: int, known: int) -> None:
    assert not list(products(np.zeros((asked, 2)), np.zeros((known, 2)), cells=4))


def test_single_precision_stays_single() -> None:
    for _, _, block in products(ASKED.astype(np.float32), KNOWN.astype(np.float32), cells=50):
        assert block.dtype == np.float32

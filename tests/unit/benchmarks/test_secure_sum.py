"""The cost table of masked sums at a reduced size: whole rounds, with and without dropouts, and the plain sum's."""

from __future__ import annotations

import pytest
from benchmarks.secure_sum import cell, planned


def test_a_cell_holds_figures_of_whole_rounds() -> None:
    pytest.importorskip("flwr")
    found = cell(5, 200, 1)
    assert all(value > 0 for value in found.values())
    assert found["plain_bytes_per_site"] < found["bytes_per_site"] < found["plain_bytes_per_site"] + 10_000


def test_a_fifth_may_drop_out_of_what_is_measured() -> None:
    assert [(planned(n, 1).survivors, planned(n, 1).colluders) for n in (5, 10, 50)] == [(4, 0), (8, 1), (40, 5)]

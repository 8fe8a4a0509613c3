"""Planted identifiers and a generator that knows the site's store by heart: what de-identification alone lets through.

At most 100 records hold them, since de-identification is no DP and misses in many records are not covered by anything.
If none of n leaves, at most 1 - 0.05^(1/n) of such identifiers do, at 95 %: 3 % for 100, 26 % for 10.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.planted_identifiers import REPEATS, left_by, plant
from tests.seeded_noise import SeededNoise
from tests.small import SmallEncoder
from tests.tiny_example import write_example

from fedaug.privacy.audit.identifiers import MOST_RECORDS, IdentifiersFinding
from fedaug.privacy.vetting import make_gate
from fedaug.simulation.example import Example


def found(folder: Path, repeats: tuple[int, ...], *, deidentified: bool, gated: bool = False) -> IdentifiersFinding:
    example = Example.load(write_example(folder / "tiny"))
    planted = plant(example, sum(repeats), SeededNoise(len(repeats)), repeats)
    gates = [make_gate("identifier")] if gated else []
    return left_by(example, folder / "site", planted, SmallEncoder(), deidentified=deidentified, gates=gates)


def test_no_more_than_100_records_are_planted() -> None:
    assert {times: sum(repeats) for times, repeats in REPEATS.items()} == dict.fromkeys(REPEATS, MOST_RECORDS)
    assert set(REPEATS) == {1, 10, 100}


@pytest.mark.parametrize("times", REPEATS)
def test_no_planted_identifier_leaves(times: int, tmp_path: Path) -> None:
    left = found(tmp_path, REPEATS[times], deidentified=True)
    assert left.records == MOST_RECORDS
    assert left.planted.trials == MOST_RECORDS // times
    assert left.planted.successes == 0, left.types
    assert left.controls.successes == 0


def test_without_deidentification_planted_identifiers_leave(tmp_path: Path) -> None:
    left = found(tmp_path, REPEATS[10], deidentified=False)
    assert left.planted.successes == left.planted.trials == 10
    assert left.controls.successes == 0


def test_the_gate_stops_them_where_deidentification_is_off(tmp_path: Path) -> None:
    assert found(tmp_path, REPEATS[10], deidentified=False, gated=True).planted.successes == 0

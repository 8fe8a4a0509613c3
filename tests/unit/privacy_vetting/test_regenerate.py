"""Making texts until they pass: capped, and never at a charge that was not reserved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.nearness import support_event

from fedaug.errors import ConfigError, NotReserved, PolicyRefused
from fedaug.privacy.events import AboveThresholdEvent
from fedaug.privacy.vetting import Batch, Gate, LengthGate, VerdictCode
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.regenerate import ChargedGate, regenerate
from fedaug.privacy.vetting.support import Answers, NearnessGate

AXES = np.eye(2, dtype=np.float32)
EVENTS = [replace(support_event(), key=f"support/{attempt}") for attempt in range(4)]


def make(attempt: int) -> Batch:
    """One long enough and one too short, and a third that nobody is near."""
    return Batch((f"the text of attempt {attempt}", "no", f"far away in {attempt}"), (), np.eye(3, dtype=np.float32))


def nearness(event: AboveThresholdEvent, batch: Batch) -> NearnessGate:
    """Says yes of the first candidate alone."""
    assert batch.vectors is not None
    above = np.array([1.0] + [0.0] * (len(batch) - 1))
    return NearnessGate(batch.vectors, [Answers(above, event)])


def test_it_ends_when_enough_have_passed() -> None:
    found = regenerate(make, [LengthGate()], wanted=3, attempts=10)
    assert [text for text, _ in found.kept] == ["the text of attempt 0", "far away in 0", "the text of attempt 1"]
    assert (found.attempts, found.offered, found.refused) == (2, 6, {"length": 2})
    assert found.codes == {VerdictCode.TOO_SHORT: 2}
    assert found.charged == ()


def test_it_ends_at_the_public_cap_however_few_have_passed() -> None:
    made: list[int] = []

    def short(attempt: int) -> Batch:
        made.append(attempt)
        return Batch(("no",))

    found = regenerate(short, [LengthGate()], wanted=5, attempts=4)
    assert (found.kept, found.attempts, made) == ((), 4, [0, 1, 2, 3])


def test_each_attempt_that_asks_a_charged_gate_has_a_planned_release_of_its_own() -> None:
    found = regenerate(
        make,
        [LengthGate()],
        wanted=3,
        attempts=4,
        charged=lambda attempt, batch: [nearness(EVENTS[attempt], batch)],
        planned=EVENTS,
    )
    assert len(found.kept) == 3
    assert found.charged == tuple(EVENTS[:3])
    assert found.refused == {"length": 3, "nearness": 3}


def test_asking_again_on_an_old_charge_is_refused() -> None:
    with pytest.raises(NotReserved, match="asked again without a release of its own"):
        regenerate(
            make, [], wanted=9, attempts=2, charged=lambda _, batch: [nearness(EVENTS[0], batch)], planned=EVENTS
        )


def test_asking_beyond_the_plan_is_refused() -> None:
    with pytest.raises(NotReserved, match="plan one release for each attempt"):
        regenerate(
            make, [], wanted=9, attempts=4, charged=lambda k, batch: [nearness(EVENTS[k], batch)], planned=EVENTS[:2]
        )


def charged_for_nothing(_: int, __: Batch) -> Sequence[ChargedGate]:
    return [LengthGate()]  # type: ignore[list-item]  # wrong on purpose


def test_no_gate_that_reads_records_is_asked_on_the_quiet() -> None:
    closest: Gate = ClosestRecordGate(AXES)
    with pytest.raises(PolicyRefused, match="until texts pass"):
        regenerate(make, [closest], wanted=1, attempts=1)
    with pytest.raises(PolicyRefused, match="charged for nothing"):
        regenerate(make, [], wanted=1, attempts=1, charged=lambda _, __: [closest])  # type: ignore[list-item]
    with pytest.raises(PolicyRefused, match="charged for nothing"):
        regenerate(make, [], wanted=1, attempts=1, charged=charged_for_nothing)


@pytest.mark.parametrize(("wanted", "attempts"), [(0, 1), (1, 0), (1, 101)])
def test_a_cap_out_of_range_is_refused(wanted: int, attempts: int) -> None:
    with pytest.raises(ConfigError, match="more than 100 times, or never"):
        regenerate(make, [], wanted=wanted, attempts=attempts)

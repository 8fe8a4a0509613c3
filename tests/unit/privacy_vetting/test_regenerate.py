"""Making texts until they pass: capped, and never at a charge that was not reserved."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from tests.nearness import support_event

from fedaug.errors import ConfigError, NotReserved, PolicyRefused
from fedaug.privacy.events import AboveThresholdEvent, Event
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


def of_release(event: Event, batch: Batch) -> Sequence[ChargedGate]:
    assert isinstance(event, AboveThresholdEvent)
    return [nearness(event, batch)]


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
        charged=of_release,
        planned=EVENTS,
    )
    assert len(found.kept) == 3
    assert found.charged == tuple(EVENTS[:3])
    assert found.refused == {"length": 3, "nearness": 3}


def test_answering_from_another_attempts_release_is_refused() -> None:
    with pytest.raises(NotReserved, match="another release than its attempt's"):
        regenerate(
            make, [], wanted=9, attempts=4, charged=lambda _, batch: [nearness(EVENTS[0], batch)], planned=EVENTS
        )


@pytest.mark.parametrize("planned", [EVENTS[:3], [*EVENTS[:3], EVENTS[0]], []])
def test_without_a_release_for_each_attempt_nothing_is_made_and_no_record_read(
    planned: list[AboveThresholdEvent],
) -> None:
    """Also where the first attempts would do: whether another follows would tell what the records answered."""
    made: list[int] = []
    asked: list[object] = []

    def making(attempt: int) -> Batch:
        made.append(attempt)
        return make(attempt)

    def asking(event: Event, batch: Batch) -> Sequence[ChargedGate]:
        asked.append(event)
        return [nearness(EVENTS[0], batch)]

    with pytest.raises(NotReserved, match="plan one release for each attempt"):
        regenerate(making, [], wanted=1, attempts=4, charged=asking, planned=planned)
    assert (made, asked) == ([], [])


def test_each_attempt_is_handed_the_release_that_is_its_own() -> None:
    """Each attempt's release is handed over in the plan's order, and none for an attempt that no text came out of."""
    asked: list[Event] = []

    def asking(event: Event, batch: Batch) -> Sequence[ChargedGate]:
        asked.append(event)
        assert isinstance(event, AboveThresholdEvent)
        return [nearness(event, batch)]

    found = regenerate(
        lambda attempt: make(attempt) if attempt != 1 else Batch(("no",), (), np.eye(1, dtype=np.float32)),
        [LengthGate()],
        wanted=9,
        attempts=4,
        charged=asking,
        planned=EVENTS,
    )
    assert asked == [EVENTS[0], EVENTS[2], EVENTS[3]]
    assert found.charged == tuple(asked)


def charged_for_nothing(_: Event, __: Batch) -> Sequence[ChargedGate]:
    return [LengthGate()]  # type: ignore[list-item]  # wrong on purpose


def test_no_gate_that_reads_records_is_asked_on_the_quiet() -> None:
    closest: Gate = ClosestRecordGate(AXES)
    with pytest.raises(PolicyRefused, match="until texts pass"):
        regenerate(make, [closest], wanted=1, attempts=1)
    with pytest.raises(PolicyRefused, match="charged for nothing"):
        regenerate(make, [], wanted=1, attempts=1, charged=lambda _, __: [closest], planned=EVENTS)  # type: ignore[list-item]
    with pytest.raises(PolicyRefused, match="charged for nothing"):
        regenerate(make, [], wanted=1, attempts=1, charged=charged_for_nothing, planned=EVENTS)


@pytest.mark.parametrize(("wanted", "attempts"), [(0, 1), (1, 0), (1, 101)])
def test_a_cap_out_of_range_is_refused(wanted: int, attempts: int) -> None:
    with pytest.raises(ConfigError, match="more than 100 times, or never"):
        regenerate(make, [], wanted=wanted, attempts=attempts)

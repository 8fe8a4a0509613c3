"""What the gates of class D and S keep to beyond what every gate does: their charges, and their codes."""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence

import numpy as np
import pytest
from tests.nearness import support_event

from fedaug.privacy.discretisation import grid_for
from fedaug.privacy.events import DiscreteGaussianEvent, ReleaseKind
from fedaug.privacy.vetting import Batch, Gate, GateClass, VerdictCode
from fedaug.privacy.vetting.closest import ClosestRecordGate
from fedaug.privacy.vetting.copies import CopyGate
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES
from fedaug.privacy.vetting.planted import PlantedGate, SurrogateGate
from fedaug.privacy.vetting.regenerate import ChargedGate
from fedaug.privacy.vetting.support import Answers, Ballot, NearnessGate, SupportGate

RNG = np.random.default_rng(7)
COUNT, WIDTH = 90, 12
VECTORS = RNG.standard_normal((COUNT, WIDTH)).astype(np.float32)
VECTORS /= np.linalg.norm(VECTORS, axis=1, keepdims=True)
SECRET = "a quillfeather was seen to lie beneath the ninth pillow of the old ward"
TEXTS = tuple(f"{SECRET} {row}" if row % 3 else f"text {row} of none, by badge KEST-90{row}" for row in range(COUNT))
SAMPLE = Batch(TEXTS, tuple("ab"[row % 2] for row in range(COUNT)), VECTORS)
EVENT = DiscreteGaussianEvent("votes/0", ReleaseKind.NOISY_VOTES, 1.0, 2.0, grid_for(2.0), COUNT)
PLANTED = tuple(f"KEST-90{row}" for row in range(0, COUNT, 3))

GATES: dict[str, Callable[[], Gate]] = {
    "support": lambda: SupportGate(
        [Ballot(VECTORS, SAMPLE.labels, np.arange(COUNT, dtype=np.float64), 2.0, (EVENT,))], units=40
    ),
    "nearness": lambda: NearnessGate(
        VECTORS, [Answers((np.arange(COUNT) % 2).astype(np.float64), support_event(positives=COUNT))]
    ),
    "copy": lambda: CopyGate([SECRET]),
    "closest": lambda: ClosestRecordGate(VECTORS[::4]),
    "planted": lambda: PlantedGate(PLANTED),
    "surrogate": lambda: SurrogateGate(PLANTED),
}
each_gate = pytest.mark.parametrize("name", GATES)


def codes(gate: Gate, rows: Sequence[int]) -> list[VerdictCode]:
    return [verdict.code for verdict in gate.judge(SAMPLE.take(list(rows)))]


@each_gate
def test_a_verdict_is_the_texts_own_whatever_is_judged_beside_it(name: str) -> None:
    gate = GATES[name]()
    among = codes(gate, range(COUNT))
    assert among == codes(GATES[name](), range(COUNT))
    rows = random.Random(1).sample(range(COUNT), COUNT)
    assert codes(gate, rows) == [among[row] for row in rows]
    assert [codes(gate, [row]) for row in rows[:20]] == [[among[row]] for row in rows[:20]]


@each_gate
def test_a_gate_of_class_d_names_its_charge_and_says_nothing_of_single_records(name: str) -> None:
    gate = GATES[name]()
    found = {verdict.code for verdict in gate.judge(SAMPLE) if not verdict.passed}
    if gate.gate_class is GateClass.CHARGED:
        assert isinstance(gate, ChargedGate)
        assert gate.charged
        assert found == {VerdictCode.UNSUPPORTED}
    else:
        assert gate.gate_class is GateClass.SITE_ONLY
        assert found <= SITE_ONLY_CODES
        assert all(verdict.item is None for verdict in gate.judge(SAMPLE))

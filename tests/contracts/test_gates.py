"""What every vetting gate keeps to, whoever wrote it."""

import inspect
import random

import pytest
from tests.gate_cases import SAMPLE, SETTINGS, maker

from fedaug.errors import ConfigError, DefectError
from fedaug.privacy.vetting import Batch, Gate, GateClass, Verdict, VerdictCode, gate_names, make_gate, vet
from fedaug.privacy.vetting.gate import SITE_ONLY_CODES, judged

GATES = {name: maker(name) for name in gate_names()}
#: These judge a text by all that is offered beside it.
WHOLE_BATCH = {"balance", "collapse", "trigger"}
TEXTS = SAMPLE.texts

each_gate = pytest.mark.parametrize("name", sorted(GATES))
each_gate_of_single_texts = pytest.mark.parametrize("name", sorted(set(GATES) - WHOLE_BATCH))


def test_the_gates_that_every_step_asks_for_are_installed() -> None:
    assert {"length", "repetition", "duplicate", "identifier", "contamination", "language", "copy"} <= set(GATES)
    assert set(SETTINGS) <= set(GATES)


@each_gate
def test_a_gate_says_who_it_is(name: str) -> None:
    gate = GATES[name]()
    assert isinstance(gate, Gate)
    assert gate.name == name
    assert isinstance(gate.gate_class, GateClass)
    assert gate.cost > 0


@each_gate
def test_there_is_one_verdict_per_text_with_a_known_code(name: str) -> None:
    verdicts = GATES[name]().judge(SAMPLE)
    assert len(verdicts) == len(SAMPLE)
    assert {verdict.gate for verdict in verdicts} == {name}
    assert all(isinstance(verdict.code, VerdictCode) for verdict in verdicts)
    if name not in WHOLE_BATCH:
        assert {verdict.passed for verdict in verdicts} == {True, False}, "the sample passes or fails as a whole"


@each_gate
def test_no_texts_give_no_verdicts(name: str) -> None:
    assert GATES[name]().judge(SAMPLE.take([])) == []


@each_gate
def test_a_gate_keeps_nothing_between_calls(name: str) -> None:
    gate = GATES[name]()
    assert gate.judge(SAMPLE) == gate.judge(SAMPLE) == GATES[name]().judge(SAMPLE)


@each_gate_of_single_texts
def test_later_texts_do_not_change_a_verdict(name: str) -> None:
    gate = GATES[name]()
    first = [verdict.code for verdict in gate.judge(SAMPLE.take(range(70)))]
    assert first == [verdict.code for verdict in gate.judge(SAMPLE)[:70]]


@each_gate_of_single_texts
def test_a_text_alone_passes_if_it_passes_among_others(name: str) -> None:
    gate = GATES[name]()
    among = gate.judge(SAMPLE)
    for index in random.Random(2).sample(range(len(SAMPLE)), 40):
        if among[index].passed:
            assert gate.judge(SAMPLE.take([index]))[0].passed


@each_gate
def test_a_verdict_holds_no_text(name: str) -> None:
    text = "zebrastripe zebrastripe zebrastripe zebrastripe 219-09-9999"
    assert SAMPLE.vectors is not None
    batch = Batch((text, text), ("a", "b"), SAMPLE.vectors[:2])
    assert "zebra" not in repr(GATES[name]().judge(batch))


@each_gate
def test_a_gate_that_reads_no_records_takes_none(name: str) -> None:
    gate = GATES[name]()
    if gate.gate_class is GateClass.FREE:
        assert list(inspect.signature(gate.judge).parameters) == ["batch"]


@each_gate
def test_a_gate_gives_the_codes_of_its_class_alone(name: str) -> None:
    gate = GATES[name]()
    verdicts = judged(gate, SAMPLE)
    found = {verdict.code for verdict in verdicts if not verdict.passed}
    if gate.gate_class is GateClass.SITE_ONLY:
        assert found
        assert found <= SITE_ONLY_CODES
        assert {verdict.item for verdict in verdicts} == {None}
    else:
        assert not found & SITE_ONLY_CODES


@each_gate
def test_a_gate_that_gives_a_code_of_another_class_is_noticed(name: str) -> None:
    """A registered gate with one verdict put out of its class: the check above can fail, whatever the gate."""
    gate = GATES[name]()
    wrong = VerdictCode.DUPLICATE if gate.gate_class is GateClass.SITE_ONLY else VerdictCode.TOO_CLOSE

    class Wrong:
        gate_class, cost = gate.gate_class, gate.cost

        def __init__(self) -> None:
            self.name = name

        def judge(self, batch: Batch) -> list[Verdict]:
            return [*gate.judge(batch)[:-1], Verdict(name, wrong)]

    with pytest.raises(DefectError, match="FA901: a gate gave a code that its class may not give"):
        judged(Wrong(), SAMPLE)


@each_gate
def test_gates_run_one_behind_the_other(name: str) -> None:
    gate = GATES[name]()
    result = vet(SAMPLE, [gate], allowed=set(GateClass))
    assert result.refused_by == {name: len(SAMPLE) - len(result.kept)}


@each_gate
def test_a_setting_that_a_gate_has_not_is_refused(name: str) -> None:
    with pytest.raises(ConfigError, match="FA101: a gate does not take the settings"):
        make_gate(name, no_such_setting=1)

"""What every vetting gate keeps to, whoever wrote it."""

import inspect
import random
from collections.abc import Callable

import pytest
from tests.deid_samples import texts

from fedaug.privacy.vetting import (
    Batch,
    DuplicateGate,
    Gate,
    GateClass,
    LengthGate,
    RepetitionGate,
    VerdictCode,
    gate_names,
)
from fedaug.privacy.vetting import make_gate as make_installed_gate
from fedaug.privacy.vetting.identifiers import IdentifierGate

BUILT_IN: dict[str, Callable[[], Gate]] = {
    "length": LengthGate,
    "repetition": RepetitionGate,
    "duplicate": DuplicateGate,
    "identifier": IdentifierGate,
}
INSTALLED = {name: lambda name=name: make_installed_gate(name) for name in gate_names()}
GATES = BUILT_IN | INSTALLED
ODD = ["", " ", "\x00", "?!", "\ud800", "a" * 5000, "né 𝟙𝟚 ٣", "[DATE_TIME]", "a\u0301" * 30, "\n" * 50, "x y z " * 300]
SAMPLE = [*texts(60), *ODD, *texts(60)]

each_gate = pytest.mark.parametrize("name", sorted(GATES))


@each_gate
def test_a_gate_says_who_it_is(name: str) -> None:
    gate = GATES[name]()
    assert isinstance(gate, Gate)
    assert gate.name == name
    assert isinstance(gate.gate_class, GateClass)
    assert gate.cost > 0


@each_gate
def test_there_is_one_verdict_per_text_with_a_known_code(name: str) -> None:
    verdicts = GATES[name]().judge(Batch(tuple(SAMPLE)))
    assert len(verdicts) == len(SAMPLE)
    assert {verdict.gate for verdict in verdicts} == {name}
    assert all(isinstance(verdict.code, VerdictCode) for verdict in verdicts)
    assert {verdict.passed for verdict in verdicts} == {True, False}, "the sample neither passes nor fails as a whole"


@each_gate
def test_no_texts_give_no_verdicts(name: str) -> None:
    assert GATES[name]().judge(Batch(())) == []


@each_gate
def test_a_gate_keeps_nothing_between_calls(name: str) -> None:
    gate = GATES[name]()
    assert (
        gate.judge(Batch(tuple(SAMPLE)))
        == gate.judge(Batch(tuple(SAMPLE)))
        == GATES[name]().judge(Batch(tuple(SAMPLE)))
    )


@each_gate
def test_later_texts_do_not_change_a_verdict(name: str) -> None:
    gate = GATES[name]()
    assert gate.judge(Batch(tuple(SAMPLE[:70]))) == gate.judge(Batch(tuple(SAMPLE)))[:70]


@each_gate
def test_a_text_alone_passes_if_it_passes_among_others(name: str) -> None:
    gate = GATES[name]()
    among = gate.judge(Batch(tuple(SAMPLE)))
    for index in random.Random(2).sample(range(len(SAMPLE)), 40):
        if among[index].passed:
            assert gate.judge(Batch((SAMPLE[index],)))[0].passed


@each_gate
def test_a_verdict_holds_no_text(name: str) -> None:
    text = "zebrastripe zebrastripe zebrastripe zebrastripe 219-09-9999"
    assert "zebra" not in repr(GATES[name]().judge(Batch((text, text))))


@each_gate
def test_a_gate_that_reads_no_records_takes_none(name: str) -> None:
    gate = GATES[name]()
    if gate.gate_class is GateClass.FREE:
        assert list(inspect.signature(gate.judge).parameters) == ["batch"]

"""The order of gates, what later gates see, and what is counted."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from fedaug.errors import ConfigError, DefectError, PolicyRefused, UnknownPlugin
from fedaug.privacy.vetting import (
    Batch,
    DuplicateGate,
    GateClass,
    LengthGate,
    Verdict,
    VerdictCode,
    gate_names,
    make_gate,
    vet,
)


@dataclass
class WordGate:
    """Refuses texts that hold a word, and remembers what it was shown."""

    name: str
    word: str
    cost: float
    gate_class: GateClass = GateClass.FREE
    shown: list[str] = field(default_factory=list)

    def judge(self, batch: Batch) -> list[Verdict]:
        self.shown += batch.texts
        code = VerdictCode.PLANTED if self.gate_class is GateClass.SITE_ONLY else VerdictCode.IDENTIFIER
        return [Verdict(self.name, code if self.word in text else VerdictCode.PASSED) for text in batch.texts]


class ShortCount(WordGate):
    def judge(self, batch: Batch) -> list[Verdict]:
        return super().judge(batch)[1:]


class OtherName(WordGate):
    def judge(self, batch: Batch) -> list[Verdict]:
        return [Verdict("length", VerdictCode.PASSED) for _ in batch.texts]


TEXTS = ["a b", "a", "b", "c"]


def test_the_cheapest_gate_runs_first_and_a_refused_text_is_shown_to_no_later_one() -> None:
    dear, cheap = WordGate("dear", "b", cost=9), WordGate("cheap", "a", cost=1)
    result = vet(Batch(tuple(TEXTS)), [dear, cheap])
    assert cheap.shown == TEXTS
    assert dear.shown == ["b", "c"]
    assert result.kept == [3]
    assert {index: verdict.gate for index, verdict in result.refused.items()} == {0: "cheap", 1: "cheap", 2: "dear"}


def test_offered_is_kept_plus_what_each_gate_refused() -> None:
    result = vet(Batch(tuple(TEXTS)), [WordGate("one", "a", 1), WordGate("two", "b", 2), WordGate("three", "z", 3)])
    assert result.refused_by == {"one": 2, "two": 1, "three": 0}
    assert result.offered == len(result.kept) + sum(result.refused_by.values()) == 4
    assert result.codes == {VerdictCode.IDENTIFIER: 3}


def test_without_gates_all_is_kept_and_without_texts_no_gate_is_asked() -> None:
    assert vet(Batch(tuple(TEXTS)), []).kept == [0, 1, 2, 3]
    gate = ShortCount("any", "a", 1)
    assert vet(Batch(()), [gate]).refused_by == {"any": 0}
    assert gate.shown == []


@pytest.mark.parametrize("gate_class", [GateClass.CHARGED, GateClass.SITE_ONLY])
def test_a_gate_that_reads_private_records_decides_only_where_that_is_allowed(gate_class: GateClass) -> None:
    gate = WordGate("near", "a", 1, gate_class)
    with pytest.raises(PolicyRefused, match="FA302: a gate reads private records"):
        vet(Batch(tuple(TEXTS)), [LengthGate(), gate])
    assert gate.shown == []
    assert vet(Batch(tuple(TEXTS)), [gate], allowed={gate_class}).kept == [2, 3]


@pytest.mark.parametrize("gate", [ShortCount("bad", "a", 1), OtherName("bad", "a", 1)])
def test_a_gate_that_does_not_answer_for_each_text_lets_nothing_through(gate: WordGate) -> None:
    with pytest.raises(DefectError, match="FA901: a gate did not give one verdict"):
        vet(Batch(tuple(TEXTS)), [gate])


def test_two_gates_of_one_name_are_refused() -> None:
    with pytest.raises(ConfigError, match="FA101: two gates have the same name"):
        vet(Batch(tuple(TEXTS)), [LengthGate(), LengthGate(min_words=1)])


def test_a_result_holds_no_text() -> None:
    assert "zebra" not in repr(vet(Batch(("zebra", "zebra zebra zebra")), [LengthGate(), DuplicateGate()]))


def test_an_unknown_gate_is_named_as_such() -> None:
    with pytest.raises(UnknownPlugin, match="FA103: no installed gate has that name; use one of: "):
        make_gate("no-such-gate")


def test_installed_gates_are_listed_once() -> None:
    assert gate_names() == sorted(set(gate_names()))


def test_free_gates_run_before_gates_that_read_records_whatever_they_cost() -> None:
    reads = WordGate("reads", "z", 1, gate_class=GateClass.CHARGED)
    free = WordGate("free", "a", 9)
    result = vet(Batch(("a", "b")), [reads, free], allowed=set(GateClass))
    assert list(result.refused_by) == ["free", "reads"]
    assert reads.shown == ["b"]


def test_labels_and_vectors_follow_their_texts() -> None:
    batch = Batch(("a", "b", "c"), ("x", None, "y"), np.eye(3, dtype=np.float32))
    part = batch.take([2, 0])
    assert part.labels == ("y", "x")
    assert part.vectors is not None
    assert part.vectors.argmax(axis=1).tolist() == [2, 0]
    with pytest.raises(DefectError, match="one label and one vector"):
        Batch(("a", "b"), ("x",))
    assert "secret" not in repr(Batch(("secret",)))


@pytest.mark.parametrize("gate_class", list(GateClass))
def test_a_gate_that_gives_a_code_of_another_class_is_a_defect_whoever_allows_it(gate_class: GateClass) -> None:
    """A verdict that says a record was read must not be counted in public, nor one of the site be told as public."""
    wrong = VerdictCode.TOXIC if gate_class is GateClass.SITE_ONLY else VerdictCode.SURROGATE_USED

    class Wrong(WordGate):
        def judge(self, batch: Batch) -> list[Verdict]:
            return [Verdict(self.name, wrong if "a" in text else VerdictCode.PASSED) for text in batch.texts]

    gate = Wrong("wrong", "", 1, gate_class)
    assert vet(Batch(("b", "c")), [gate], allowed=set(GateClass)).kept == [0, 1]
    with pytest.raises(DefectError, match="a gate gave a code that its class may not give"):
        vet(Batch(tuple(TEXTS)), [gate], allowed=set(GateClass))

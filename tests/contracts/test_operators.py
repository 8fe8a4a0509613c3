"""What every operator keeps to, whoever wrote it."""

from collections.abc import Callable

import pytest

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.generators.clinical_notes import ClinicalNotes
from fedaug.augmentation.generators.label_phrases import LabelPhrases
from fedaug.augmentation.operators import Operator
from fedaug.augmentation.operators.splice import Splice
from fedaug.augmentation.operators.word_swap import WordSwap
from fedaug.augmentation.registry import OPERATORS, load_plugin, plugin_names

BUILT_IN: dict[str, Callable[[], Operator]] = {"splice": Splice, "word-swap": WordSwap}
INSTALLED = {name: lambda name=name: load_plugin(OPERATORS, name)() for name in plugin_names(OPERATORS)}
MADE = {name: make() for name, make in (INSTALLED | BUILT_IN).items()}
PARENTS = [
    *LabelPhrases(12).generate(["card_not_working", "cancel_transfer"], 1),
    *ClinicalNotes(12).generate(["GENHX", "PLAN"], 1),
]

each_operator = pytest.mark.parametrize("name", sorted(MADE))


@each_operator
def test_children_are_new_and_different(name: str) -> None:
    children = MADE[name].apply(PARENTS, 30, 5)
    known = {parent.text for parent in PARENTS}
    assert len(children) == 30
    assert len({child.text for child in children}) == 30
    assert not [child for child in children if child.text in known or not child.text.strip()]


@each_operator
def test_children_name_their_maker_and_their_parents(name: str) -> None:
    labels = {parent.sample_id: parent.label for parent in PARENTS}
    for child in MADE[name].apply(PARENTS, 30, 5):
        assert child.origin == name == MADE[name].name
        assert child.parents
        assert {labels[parent] for parent in child.parents} == {child.label}


@each_operator
def test_the_same_seed_gives_the_same_children_and_another_gives_others(name: str) -> None:
    assert MADE[name].apply(PARENTS, 20, 5) == MADE[name].apply(PARENTS, 20, 5)
    assert MADE[name].apply(PARENTS, 20, 5) != MADE[name].apply(PARENTS, 20, 6)


@each_operator
@pytest.mark.parametrize("mark", list(Dependence))
def test_one_parent_marks_all_children(name: str, mark: Dependence) -> None:
    one = PARENTS[0]
    marked = Candidate(one.text, one.origin, one.source, one.label, dependence=mark)
    children = MADE[name].apply([marked, *PARENTS[1:]], 30, 5)
    assert children
    assert {child.dependence for child in children} == {max(mark, MADE[name].reads)}


@each_operator
@pytest.mark.parametrize("count", [0, 1, 7])
def test_no_more_than_asked_for(name: str, count: int) -> None:
    assert len(MADE[name].apply(PARENTS, count, 5)) == count


@each_operator
@pytest.mark.parametrize("texts", [[], [""], ["?!"], ["yes"], ["same text", "same text"]])
def test_parents_that_allow_nothing_give_nothing_new_but_no_error(name: str, texts: list[str]) -> None:
    parents = [Candidate(text, "test", "test", "x") for text in texts]
    assert not {child.text for child in MADE[name].apply(parents, 5, 5)} & set(texts)

"""What every operator keeps to, whoever wrote it."""

import math
from dataclasses import replace

import pytest
from tests.operator_cases import NAMES, PARTS, WITHOUT_MODEL, made, parents

from fedaug.augmentation.candidates import Candidate, Dependence
from fedaug.augmentation.operators import OperatorKind
from fedaug.errors import EmptySource, InputError, MalformedRow, PrivateOutput
from fedaug.server.candidates import refuse_private

#: The label of what these make is not the parents' common one.
OTHER_LABELS = {"counterfactual", "mix"}
#: These may find that a parent allows nothing, or less than was asked for.
MAY_MAKE_FEWER = {"counterfactual"}

each_operator = pytest.mark.parametrize("name", NAMES)
each_with_a_model = pytest.mark.parametrize("name", sorted(PARTS))
each_without = pytest.mark.parametrize("name", WITHOUT_MODEL)
each_maker = pytest.mark.parametrize("name", [name for name in NAMES if not name.startswith("annotate")])
each_labeller = pytest.mark.parametrize("name", [name for name in NAMES if name.startswith("annotate")])


def test_all_operators_are_there() -> None:
    assert set(PARTS) | {"splice", "word-swap"} <= set(NAMES)
    assert {made(name).kind for name in NAMES} == set(OperatorKind)


@each_operator
def test_an_operator_says_what_it_is(name: str) -> None:
    operator = made(name)
    assert operator.name == name
    assert (operator.kind is OperatorKind.LABEL) == name.startswith("annotate")
    assert isinstance(operator.reads, Dependence)
    assert isinstance(operator.across_labels, bool)


@each_operator
def test_its_docstring_says_what_it_reads_and_costs_and_whose_it_is(name: str) -> None:
    text = " ".join((type(made(name)).__doc__ or "").split())
    assert "et al." in text or "&" in text or "(Kobayashi" in text or "(Luque" in text
    if name in PARTS:
        for said in ("- reads:", "- depends on:", "- cost:"):
            assert said in text


@each_maker
def test_children_are_new_and_different(name: str) -> None:
    children = made(name).apply(parents(name), 20, 5)
    known = {parent.text for parent in parents(name)}
    assert len(children) == 20 or (name in MAY_MAKE_FEWER and len(children) > 5)
    assert len({child.text for child in children}) == len(children)
    assert not [child for child in children if child.text in known or not child.text.strip()]


@each_maker
def test_children_name_their_maker_and_their_parents(name: str) -> None:
    operator = made(name)
    labels = {parent.sample_id: parent.label for parent in parents(name)}
    for child in operator.apply(parents(name), 20, 5):
        assert child.origin == name
        assert child.source
        assert set(child.parents) <= labels.keys()
        assert child.label in labels.values()
        if operator.kind is OperatorKind.REFORM:
            assert child.parents
        if name not in OTHER_LABELS:
            assert {labels[parent] for parent in child.parents} <= {child.label}
        if operator.kind is OperatorKind.CREATE:
            assert child.label is not None


@each_labeller
@pytest.mark.parametrize("count", [1, 7, 100])
def test_labelled_texts_are_the_parents_each_once(name: str, count: int) -> None:
    unlabelled = [replace(parent, label=None) for parent in parents(name)]
    labelled = made(name).apply([*unlabelled, *unlabelled], count, 5)
    by_text = {parent.text: parent for parent in unlabelled}
    assert len(labelled) == len({one.text for one in labelled}) == min(count, len(unlabelled))
    for one in labelled:
        assert one.sample_id == by_text[one.text].sample_id
        assert one.origin == name
        assert one.label == one.belief[0][0]
        assert 0 < one.confidence <= 1
        assert math.isclose(sum(share for _, share in one.belief), 1)


@each_operator
def test_the_same_seed_gives_the_same_candidates(name: str) -> None:
    first = made(name).apply(parents(name), 20, 5)
    assert first
    assert first == made(name).apply(parents(name), 20, 5)


@each_maker
def test_another_seed_gives_others(name: str) -> None:
    assert made(name).apply(parents(name), 20, 5) != made(name).apply(parents(name), 20, 6)


@each_with_a_model
def test_the_size_of_a_batch_changes_nothing(name: str) -> None:
    assert made(name, batch=1).apply(parents(name), 11, 5) == made(name, batch=7).apply(parents(name), 11, 5)


@each_operator
@pytest.mark.parametrize("mark", list(Dependence))
def test_one_parent_marks_all(name: str, mark: Dependence) -> None:
    """What depends on records is marked so and then refused by the gate, or refused by the operator itself."""
    one, *others = parents(name)
    given = [replace(one, dependence=mark), *others]
    try:
        children = made(name).apply(given, 20, 5)
    except PrivateOutput:
        assert mark is Dependence.PRIVATE
        return
    assert children
    assert {child.dependence for child in children} == {mark}
    if mark is Dependence.PRIVATE:
        with pytest.raises(PrivateOutput, match="FA305"):
            refuse_private(children)
    else:
        refuse_private(children)


@each_with_a_model
@pytest.mark.parametrize("mark", list(Dependence))
def test_what_a_model_depends_on_marks_all(name: str, mark: Dependence) -> None:
    try:
        operator = made(name, mark=mark)
    except PrivateOutput:
        assert mark is Dependence.PRIVATE
        return
    assert operator.reads is mark
    children = operator.apply(parents(name), 10, 5)
    assert {child.dependence for child in children} == {mark}
    if mark is Dependence.PRIVATE:
        with pytest.raises(PrivateOutput, match="FA305"):
            refuse_private(children)


@each_without
def test_without_a_model_only_public_things_are_read(name: str) -> None:
    assert made(name).reads is Dependence.PUBLIC


@each_operator
@pytest.mark.parametrize("count", [-1, 0, 1, 7])
def test_no_more_than_asked_for(name: str, count: int) -> None:
    assert len(made(name).apply(parents(name), count, 5)) == max(count, 0)


@each_operator
def test_no_parents_are_refused(name: str) -> None:
    with pytest.raises(EmptySource, match="FA204"):
        made(name).apply([], 5, 5)


@each_operator
@pytest.mark.parametrize("texts", [[""], ["?!"], ["yes"], ["same text", "same text"], ["[PERSON]"], ["word " * 2_000]])
def test_parents_that_allow_nothing_give_nothing_new_or_an_error_of_ours(name: str, texts: list[str]) -> None:
    given = [Candidate(text, "test", "test", "lost_card") for text in texts]
    operator = made(name)
    try:
        children = operator.apply(given, 5, 5)
    except InputError:
        return
    if operator.kind is not OperatorKind.LABEL:
        assert not {child.text for child in children} & set(texts)


@each_with_a_model
def test_a_text_too_long_for_the_model_is_refused_by_all_that_read_it(name: str) -> None:
    one, *others = parents(name)
    given = [replace(one, text="my card " * 500), *others]
    if name == "tune-then-generate":  # it reads labels only
        assert made(name).apply(given, 5, 5)
        return
    count = len(given) if name.startswith("annotate") else 1  # a labeller reads what it labels
    for last in (given, given[::-1]):
        with pytest.raises(MalformedRow, match="FA210: a text is too long for tiny, which reads 64 tokens"):
            made(name).apply(last, count, 5)


@each_operator
def test_no_repr_or_error_shows_a_text(name: str) -> None:
    children = made(name).apply(parents(name), 5, 5)
    assert not [child for child in children if child.text in repr(child)]

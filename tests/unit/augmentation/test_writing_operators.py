"""Operators that write: each with a tiny model that was taught a toy language, so that right and wrong are known."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from tests.operator_cases import NaiveBayes, annotator
from tests.tiny_writer import CORES, LABELS, candidates, label_in, language_model, marked, writer

from fedaug.augmentation.candidates import Candidate, Dependence, believed
from fedaug.augmentation.embedded.spelling import readable
from fedaug.augmentation.language.sampling import LocalSampler
from fedaug.augmentation.operators.counterfactual import Counterfactual
from fedaug.augmentation.operators.ensemble_select import EnsembleSelect
from fedaug.augmentation.operators.entity_paraphrase import TAG, EntityParaphrase
from fedaug.augmentation.operators.few_shot import FewShot
from fedaug.augmentation.operators.mix import Mix
from fedaug.augmentation.operators.paraphrase import Paraphrase
from fedaug.augmentation.operators.prompts import ControlledPrompts, PlainPrompts, Setting
from fedaug.augmentation.operators.teacher import VectorTeacher
from fedaug.augmentation.operators.tune_then_generate import TuneThenGenerate
from fedaug.augmentation.operators.writer import Ask, Writer
from fedaug.errors import ConfigError, MalformedRow, PrivateOutput, UnknownLabel

PARENTS = candidates(6)


def share_right(children: list[Candidate]) -> float:
    return float(np.mean([label_in(child.text) == child.label for child in children]))


def core(text: str) -> str | None:
    return next((said for said in (each for some in CORES.values() for each in some) if said in text), None)


@pytest.mark.parametrize("operator", [FewShot(writer()), TuneThenGenerate(writer())], ids=lambda one: one.name)
def test_what_is_created_is_of_its_label_and_of_every_label_as_often(operator: FewShot | TuneThenGenerate) -> None:
    children = operator.apply(PARENTS, 60, 1)
    assert share_right(children) > 0.9
    counts = [sum(child.label == label for child in children) for label in LABELS]
    assert min(counts) > 15


def test_few_shot_follows_what_it_is_shown_and_not_the_label_alone() -> None:
    """Shown texts of another label under a label's name, the model is drawn to what it is shown."""
    swapped = [replace(one, label="top_up") for one in PARENTS if one.label == "exchange_rate"]
    children = FewShot(writer()).apply(swapped, 40, 1)
    assert np.mean([label_in(child.text) == "exchange_rate" for child in children]) > 0.1
    without = TuneThenGenerate(writer()).apply(swapped, 40, 1)
    assert np.mean([label_in(child.text) == "exchange_rate" for child in without]) < 0.05


def test_few_shot_shows_fewer_texts_where_there_is_no_room_for_more() -> None:
    long = [replace(one, text=f"{one.text} {one.text}") for one in candidates(4, labels=("top_up",))]
    children = FewShot(writer(), demonstrations=4).apply(long, 5, 1)
    assert children
    assert all(len(child.parents) < 4 for child in children)


def test_few_shot_refuses_to_show_a_record() -> None:
    private = [*PARENTS, replace(PARENTS[0], text="a record", dependence=Dependence.PRIVATE)]
    for operator in (FewShot(writer()), EnsembleSelect(writer(), annotator())):
        with pytest.raises(PrivateOutput, match="FA305: a text that depends on records was to stand in a prompt"):
            operator.apply(private, 5, 1)


def test_an_adapted_model_makes_dp_texts_and_names_no_parents() -> None:
    children = TuneThenGenerate(writer(dependence=Dependence.DP)).apply(PARENTS, 10, 1)
    assert {child.dependence for child in children} == {Dependence.DP}
    assert {child.parents for child in children} == {()}
    with pytest.raises(PrivateOutput, match="FA305: a model was adapted to records without DP"):
        TuneThenGenerate(writer(dependence=Dependence.PRIVATE))


def test_ensemble_select_keeps_what_judges_agree_on() -> None:
    class Strict:
        """Judges that agree on one label only, whatever the text."""

        labels = LABELS
        dependence = Dependence.PUBLIC

        def opinions(self, text: str) -> np.ndarray:
            own = annotator().opinions(text)
            own[1] = np.roll(own[1], 1)
            return own

    plain = EnsembleSelect(writer(), annotator(), agreement=0.5).apply(PARENTS, 40, 1)
    assert share_right(plain) > 0.95
    assert EnsembleSelect(writer(), Strict()).apply(PARENTS, 40, 1) == []
    assert EnsembleSelect(writer(), Strict(), agreement=0.5).apply(PARENTS, 40, 1)
    assert {bool(child.parents) for child in plain} == {True, False}, "with and without demonstrations"
    with pytest.raises(UnknownLabel, match="FA206: the judges do not know"):
        EnsembleSelect(writer(), annotator()).apply([replace(PARENTS[0], label="no_such")], 5, 1)


def test_a_paraphrase_says_the_same_in_other_words() -> None:
    children = Paraphrase(writer(), rewrites=2).apply(PARENTS, 100, 1)
    by_id = {one.sample_id: one for one in PARENTS}
    assert len(children) > len(PARENTS)
    of_one = [sum(child.parents == (name,) for child in children) for name in by_id]
    assert max(of_one) == 2
    same = [core(child.text) == core(by_id[child.parents[0]].text) for child in children]
    assert np.mean(same) > 0.25, "by chance it would be one in eleven"
    assert all(child.label == by_id[child.parents[0]].label for child in children)


def test_a_paraphrase_keeps_a_soft_label() -> None:
    belief = believed({"lost_card": 0.8, "top_up": 0.2})
    soft = [replace(one, belief=belief) for one in PARENTS if one.label == "lost_card"]
    assert {child.belief for child in Paraphrase(writer()).apply(soft, 5, 1)} == {belief}


def test_tags_stay_each_as_often_as_it_was_there() -> None:
    said = "please help [PERSON] lost my card on [DATE_TIME 2] at the bank thank you [PERSON] for me"
    children = EntityParaphrase(writer(), edits=3).apply([Candidate(said, "toy", "toy", "lost_card")], 25, 1)
    assert len(children) > 5
    for child in children:
        assert TAG.findall(child.text) == ["[PERSON]", "[DATE_TIME 2]", "[PERSON]"]
        assert child.text != said


def test_a_text_of_tags_alone_is_left_alone() -> None:
    alone = [Candidate("[PERSON] [PHONE_NUMBER] called [PERSON]", "toy", "toy", "lost_card")]
    assert EntityParaphrase(writer()).apply(alone, 5, 1) == []


def test_a_mix_believes_in_both_labels_as_far_as_their_words_are_in_it() -> None:
    by_id = {one.sample_id: one for one in PARENTS}
    children = Mix(writer()).apply(PARENTS, 40, 1)
    assert len(children) == 40
    for child in children:
        first, second = (by_id[parent] for parent in child.parents)
        assert {label for label, _ in child.belief} == {first.label, second.label}
        assert 0.1 < child.belief[1][1] <= 0.5
        head, tail = child.text.split()[0], child.text.split()[-1]
        assert (head, tail) == (first.text.split()[0], second.text.split()[-1])


def test_a_mix_of_soft_labels_blends_them() -> None:
    soft = [
        replace(one, belief=believed({"lost_card": 0.75, "top_up": 0.25})) if one.label == "lost_card" else one
        for one in PARENTS
        if one.label != "top_up"
    ]
    for child in Mix(writer()).apply(soft, 10, 1):
        shares = dict(child.belief)
        assert shares["top_up"] == pytest.approx(shares["lost_card"] / 3)


def test_a_mix_needs_two_labels() -> None:
    with pytest.raises(UnknownLabel, match="FA206: an operator needs texts of 2 labels, and was given 1"):
        Mix(writer()).apply([one for one in PARENTS if one.label == "top_up"], 5, 1)


@pytest.mark.parametrize("operator", [FewShot(writer()), TuneThenGenerate(writer()), Mix(writer())], ids=type)
def test_parents_without_a_label_are_refused_by_those_that_go_by_it(operator: FewShot | TuneThenGenerate | Mix) -> None:
    with pytest.raises(UnknownLabel, match="FA206: an operator that goes by labels was given a text without one"):
        operator.apply([replace(PARENTS[0], label=None), *PARENTS[1:]], 5, 1)


def test_a_counterfactual_flips_the_teacher_and_keeps_part_of_the_text() -> None:
    teacher = NaiveBayes()
    by_id = {one.sample_id: one for one in PARENTS}
    children = Counterfactual(writer(), teacher).apply(PARENTS, 18, 1)
    assert len(children) > 5
    for child in children:
        (parent,) = (by_id[name] for name in child.parents)
        assert child.label != parent.label
        assert child.label == LABELS[int(teacher.probabilities([child.text])[0].argmax())]
        assert child.confidence == pytest.approx(teacher.probabilities([child.text])[0].max(), abs=0.01)
        assert set(child.text.split()) & set(parent.text.split())
    assert len({child.parents for child in children}) == len(children)


def test_a_counterfactual_of_what_the_teacher_sees_otherwise_is_not_tried() -> None:
    wrong = [replace(one, label="top_up") for one in PARENTS if one.label == "lost_card"]
    assert Counterfactual(writer(), NaiveBayes()).apply(wrong, 5, 1) == []


def test_a_private_teacher_is_refused() -> None:
    with pytest.raises(PrivateOutput, match="FA305: a teacher was trained on records without DP"):
        Counterfactual(writer(), NaiveBayes(Dependence.PRIVATE))


def test_a_teacher_of_vectors_is_one_of_texts() -> None:
    class Lengths:
        name, dimensions = "lengths", 2

        def embed(self, texts: list[str], progress: object = None) -> np.ndarray:
            return np.array([[len(text), 1] for text in texts], np.float32)

    teacher = VectorTeacher(Lengths(), "ab", lambda vectors: vectors / vectors.sum(1, keepdims=True), Dependence.DP)  # type: ignore[arg-type]
    np.testing.assert_allclose(teacher.probabilities(["abc"]), [[0.75, 0.25]])
    assert teacher.probabilities([]).shape == (0, 2)
    assert (teacher.labels, teacher.dependence) == (("a", "b"), Dependence.DP)


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: FewShot(writer(), demonstrations=0),
        lambda: Paraphrase(writer(), rewrites=0),
        lambda: EntityParaphrase(writer(), edits=0),
        lambda: Counterfactual(writer(), NaiveBayes(), fills=0),
        lambda: EnsembleSelect(writer(), annotator(), agreement=0),
        lambda: EnsembleSelect(writer(), annotator(), agreement=float("nan")),
    ],
)
def test_a_setting_out_of_range_is_refused(wrong: object) -> None:
    with pytest.raises(ConfigError, match="FA101"):
        wrong()  # type: ignore[operator]


def test_a_writer_gives_each_ask_its_text_whatever_stands_beside_it() -> None:
    asks = [
        Ask(f"{label.replace('_', ' ')} :", number, most_tokens=5 + 9 * number) for number, label in enumerate(LABELS)
    ]
    together = [text for _, text in writer().each(iter(asks), 3, 3)]
    alone = [text for _, text in writer(batch=1).each(iter(asks), 3, 1)]
    assert together == alone
    assert writer(batch=1).room(asks[0].prompt) == 64 - 1 - 3


def test_a_prompt_that_leaves_no_room_is_refused() -> None:
    with pytest.raises(MalformedRow, match="FA210"):
        list(writer().each(iter([Ask("card " * 60, None)]), 3, 1))


def test_a_model_without_control_is_asked_in_plain_words() -> None:
    plain = Writer(LocalSampler(language_model(controlled=False)), Setting("finance", "query"))
    assert isinstance(plain.prompts, PlainPrompts)
    assert plain.prompts.write("lost_card", ["where is it"]) == (
        "Messages from customers in finance about lost card:\n- where is it\n-"
    )
    assert plain.prompts.fill("my", "is gone").endswith("The missing words:")
    assert plain.prompts.rewrite("my\ncard") == "A text: my card\nThe same in other words:"
    controlled = Writer(LocalSampler(marked(language_model(), Dependence.PUBLIC)), Setting("finance", "query"))
    assert isinstance(controlled.prompts, ControlledPrompts)
    assert controlled.prompts.write("lost_card", []) == "finance query | lost card :"
    assert controlled.prompts.write("lost_card", ["where is it"]) == "finance query | lost card | short : where is it."


def test_what_is_written_inside_a_sentence_begins_small_where_the_model_knows_no_case() -> None:
    cased = Writer(LocalSampler(replace(language_model(), spell=readable)))
    assert cased.joined("I lost", "My card and", "want it back.") == "I lost my card and want it back."
    assert cased.joined("I lost it.", "My card", "is gone") == "I lost it. My card is gone"
    assert cased.joined("when", "I", "paid") == "when I paid"
    assert cased.joined("", "My card", ", please") == "My card, please"
    assert cased.joined("I lost it", ", I think", "McCall") == "I lost it, I think McCall"
    plain = writer()
    assert plain.joined("from", "London", "") == "from London"

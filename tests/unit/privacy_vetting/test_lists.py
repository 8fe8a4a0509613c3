"""Word lists: shipped, edited, and what they find."""

from pathlib import Path

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.lists import BalanceGate, ToxicityGate
from fedaug.privacy.vetting.word_lists import Finder

P, TOXIC, UNBALANCED = VerdictCode.PASSED, VerdictCode.TOXIC, VerdictCode.UNBALANCED


def codes(gate: ToxicityGate | BalanceGate, texts: list[str], labels: list[str] | None = None) -> list[VerdictCode]:
    return [verdict.code for verdict in gate.judge(Batch(tuple(texts), tuple(labels or ())))]


def test_abuse_is_found_through_case_and_look_alike_letters_and_only_as_whole_words() -> None:
    toxic = ["where is my FUCKING card", "you idiots lost it", "I will kill you", "mоron", "shi\u200bt"]
    fine = ["Scunthorpe", "the cocktail", "he was shot in 1990", "killed by frost", "blood gas the next day", ""]
    assert codes(ToxicityGate(), toxic) == [TOXIC] * len(toxic)
    assert codes(ToxicityGate(), fine) == [P] * len(fine)


def test_lists_can_be_left_out_added_to_and_replaced(tmp_path: Path) -> None:
    texts = ["fucking card", "kill yourself", "blue heron here", "a heron"]
    assert codes(ToxicityGate(without=["profanity"]), texts) == [P, TOXIC, P, P]
    assert codes(ToxicityGate(also=["Blue heron"]), texts) == [TOXIC, TOXIC, TOXIC, P]
    own = tmp_path / "own.toml"
    own.write_text("birds = ['heron']", encoding="utf-8")
    assert codes(ToxicityGate(lists=own), texts) == [P, P, TOXIC, TOXIC]
    with pytest.raises(ConfigError, match="FA101: the toxicity gate is to leave out a list that it has not"):
        ToxicityGate(lists=own, without=["profanity"])


@pytest.mark.parametrize(
    ("content", "found"),
    [
        ("birds = 'heron'", "FA101: word lists are not lists of texts"),
        ("birds = [1]", "FA101: word lists are not lists of texts"),
        ("", "FA101: word lists are not lists of texts"),
        ("birds = ['?!']", "FA101: an entry of a word list has no word"),
        ("birds = ['a b c d e f g h i']", "FA101: an entry of a word list has no word, or over 8"),
        ("birds = [", "FA101: the file of word lists is not valid TOML"),
    ],
)
def test_a_file_that_holds_no_lists_is_refused_and_not_quoted(tmp_path: Path, content: str, found: str) -> None:
    own = tmp_path / "own.toml"
    own.write_text(content, encoding="utf-8")
    with pytest.raises(ConfigError, match=found) as caught:
        ToxicityGate(lists=own)
    assert "heron" not in str(caught.value)


def test_an_entry_of_several_words_and_one_inside_it_are_both_found() -> None:
    finder = Finder({"one": ("blue heron",), "two": ("heron", "blue heron flies")})
    assert finder.found("A blue heron.") == {"one", "two"}
    assert finder.found("heron blue") == {"two"}
    assert finder.found("blue") == frozenset()


def test_texts_of_a_group_beyond_its_share_of_a_label_are_refused_the_last_first() -> None:
    texts = ["he came"] * 9 + ["she came"] * 2 + ["they came", "he met her"]
    gate = BalanceGate(most_share=0.75, least_texts=10)
    found = codes(gate, texts, ["visit"] * len(texts))
    assert found == [P] * 6 + [UNBALANCED] * 3 + [P] * 4
    kept = [text for text, code in zip(texts, found, strict=True) if code is P and text in {"he came", "she came"}]
    assert kept.count("he came") / len(kept) == 0.75


def test_labels_are_balanced_each_by_itself_and_some_not_at_all() -> None:
    texts = ["he came"] * 10 + ["she came"] * 10
    labels = ["urology"] * 10 + ["gynaecology"] * 10
    assert set(codes(BalanceGate(least_texts=10), texts)) == {P}
    assert set(codes(BalanceGate(least_texts=10), texts, labels)) == {UNBALANCED}
    assert codes(BalanceGate(least_texts=10, without=["urology"]), texts, labels) == [P] * 10 + [UNBALANCED] * 10
    assert set(codes(BalanceGate(least_texts=11), texts, labels)) == {P}
    assert set(codes(BalanceGate(least_texts=10, most_share=1), texts, labels)) == {P}


def test_other_traits_and_other_lists_can_be_balanced(tmp_path: Path) -> None:
    texts = ["a muslim patient"] * 10
    assert set(codes(BalanceGate(least_texts=10), texts)) == {P}
    assert set(codes(BalanceGate(least_texts=10, traits=["religion"]), texts)) == {UNBALANCED}
    own = tmp_path / "own.toml"
    own.write_text("[bird]\nheron = ['heron']\ncrane = ['crane']", encoding="utf-8")
    assert set(codes(BalanceGate(lists=own, traits=["bird"], least_texts=10), ["heron"] * 10)) == {UNBALANCED}
    with pytest.raises(ConfigError, match="FA101: the balance gate was given a trait that its file has not"):
        BalanceGate(lists=own)


@pytest.mark.parametrize("setting", [{"most_share": 0.5}, {"most_share": float("nan")}, {"least_texts": 0}])
def test_a_balance_setting_out_of_range_is_refused(setting: dict[str, float]) -> None:
    with pytest.raises(ConfigError, match="FA101: a setting of the balance gate is out of range"):
        BalanceGate(**setting)  # type: ignore[arg-type]  # wrong on purpose

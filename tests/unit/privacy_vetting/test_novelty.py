import random

import pytest

from fedaug.errors import ConfigError
from fedaug.privacy.vetting import Batch, VerdictCode
from fedaug.privacy.vetting.novelty import NoveltyGate, rouge_l

ENOUGH = ["how", "do", "i", "get", "my", "money", "back", "from", "the", "shop"]


def slow_common(one: list[str], other: list[str]) -> int:
    """The textbook table (Cormen et al., section 15.4)."""
    above = [0] * (len(other) + 1)
    for word in one:
        row = [0]
        for place, theirs in enumerate(other):
            row.append(above[place] + 1 if word == theirs else max(above[place + 1], row[-1]))
        above = row
    return above[-1]


def test_rouge_l_is_the_textbook_one() -> None:
    rng = random.Random(0)
    for _ in range(300):
        one, other = ([rng.choice("abcdef") for _ in range(rng.randint(1, 90))] for _ in range(2))
        assert rouge_l(one, other) == 2 * slow_common(one, other) / (len(one) + len(other))
    assert rouge_l(["a"], ["b"]) == 0
    assert rouge_l(["a", "b"], ["a", "b"]) == 1


def test_the_example_of_the_paper() -> None:
    # Lin 2004, section 3.1, sentences S1, S2 and S3.
    told = ["police", "killed", "the", "gunman"]
    assert rouge_l(told, ["police", "kill", "the", "gunman"]) == 0.75
    assert rouge_l(told, ["the", "gunman", "kill", "police"]) == 0.5


@pytest.mark.parametrize("threshold", [0.4, 0.7, 0.9, 1.0])
def test_the_filter_finds_what_comparing_all_pairs_finds(threshold: float) -> None:
    rng = random.Random(1)
    said = [*ENOUGH, *(word[::-1] for word in ENOUGH)]
    texts = [" ".join(rng.choice(said) for _ in range(rng.randint(1, 9))) for _ in range(250)]
    known, offered = texts[:10], texts[10:]
    verdicts = NoveltyGate(threshold=threshold, known=known).judge(Batch(tuple(offered)))
    kept = [text.split() for text in known]
    for text, verdict in zip(offered, verdicts, strict=True):
        near = any(rouge_l(text.split(), other) >= threshold for other in kept)
        assert verdict.passed is not near
        if verdict.passed:
            kept.append(text.split())
    assert 10 < sum(verdict.passed for verdict in verdicts) < 240


def test_words_put_between_and_left_out_do_not_make_a_text_new() -> None:
    first = "how do i get my money back from the shop that sold it"
    changed = "so how do i get my money back from a shop that sold it"
    new = "the shop sold me something, and wants no money for it"
    verdicts = NoveltyGate().judge(Batch((first, changed, new)))
    assert [verdict.code for verdict in verdicts] == [
        VerdictCode.PASSED,
        VerdictCode.NEAR_DUPLICATE,
        VerdictCode.PASSED,
    ]
    assert verdicts[1].score == pytest.approx(2 * 12 / 27)


def test_a_known_text_counts_as_kept() -> None:
    gate = NoveltyGate(known=["My card was stolen on the train."])
    assert not gate.judge(Batch(("my CARD was stolen on that train!",)))[0].passed
    assert gate.judge(Batch(("a letter about fees has come",)))[0].passed


def test_a_text_that_was_refused_makes_no_other_one_old() -> None:
    one = "a b c d e f g h i j"
    near_one = "a b c d e f g x y z"
    near_the_refused = "q r s d e f g x y z"
    assert rouge_l(near_one.split(), near_the_refused.split()) == 0.7
    verdicts = NoveltyGate().judge(Batch((one, near_one, near_the_refused)))
    assert [verdict.passed for verdict in verdicts] == [True, False, True]


@pytest.mark.parametrize("threshold", [0, -1, 1.01, float("nan")])
def test_a_threshold_out_of_range_is_refused(threshold: float) -> None:
    with pytest.raises(ConfigError, match="FA101: the novelty gate's threshold"):
        NoveltyGate(threshold=threshold)
